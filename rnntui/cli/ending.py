"""`rnntui stop` and `rm`: end training, and remove runs. Names are exact; filters ask."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import line_width, runs_dir_option

if TYPE_CHECKING:
    from pathlib import Path

    from rnntui.runs.listing import ListedRun

where_option = click.option(
    "--where",
    metavar="FILTER",
    shell_complete=completion.filter_line,
    help="Select runs as rnntui runs does, list them and ask for confirmation.",
)


@cli.command(short_help="Save runs and stop their training.")
@click.argument("names", nargs=-1, metavar="[RUN]...", shell_complete=completion.runs)
@where_option
@click.option("--yes", is_flag=True, help="With --where: stop without asking for confirmation.")
@runs_dir_option
def stop(names: tuple[str, ...], where: str | None, yes: bool, runs_dir: str | None) -> int:
    """Stop training each RUN after the current update and save a checkpoint to resume from.

    Full names only. Without RUN, the run that is being trained is stopped, if there is only one.
    The command waits until the checkpoint is on disk and prints its update.

    \b
    Examples:
      rnntui stop tales-calm-heron
      rnntui stop --where 'cell=rnn loss>3'
    """
    from rnntui.runs.store.find import live_run
    from rnntui.runs.store.root import runs_root
    from rnntui.runs.store.summary import summarize

    root = runs_root(runs_dir)
    if where is not None:
        found = [run for run in _selected(root, names, where) if run.summary.live]
        if not found:
            raise click.UsageError(f"no run that matches '{where}' is being trained")
        if not _confirmed("stop", "Stop", found, root, yes):
            return 1
        return _stop_each([run.summary.path for run in found])
    paths = _named(root, names) or [live_run(root)]
    for path in paths:
        if len(paths) > 1 and not summarize(path, measure=False).live:
            raise click.UsageError(f"run {path.name} is not being trained; no run was stopped")
    return _stop_each(paths)


def _stop_each(paths: Sequence[Path]) -> int:
    """Stop runs one after the other. Raises the first error after the last one."""
    from rnntui.engine.stopping import stop_run
    from rnntui.errors import RnntuiError
    from rnntui.runs.job import this_terminal

    terminal = this_terminal()
    how = "by rnntui stop" + (f" from {terminal}" if terminal else "")
    failure: RnntuiError | None = None
    for path in paths:
        try:
            click.echo(stop_run(path, how, lambda text: click.echo(text, err=True)))
        except RnntuiError as error:  # stop the other runs anyway
            failure = failure or error
    if failure is not None:
        raise failure
    return 0


@cli.command(short_help="Remove runs permanently.")
@click.argument("names", nargs=-1, metavar="[RUN]...", shell_complete=completion.runs)
@where_option
@click.option("--yes", is_flag=True, help="Remove without asking for confirmation.")
@runs_dir_option
def rm(names: tuple[str, ...], where: str | None, yes: bool, runs_dir: str | None) -> int:
    """Remove each RUN with its checkpoints, after asking for confirmation.

    Full names only. Only intact runs are removed. If any RUN is something else, or is being
    trained, none is removed; with --where, such runs are left out.

    \b
    Examples:
      rnntui rm tales-1 --yes
      rnntui rm --where 'age>30d tag!=keep'
    """
    from rnntui.runs.listing import read_run
    from rnntui.runs.store.create import check_removable, remove_runs
    from rnntui.runs.store.root import runs_root

    root = runs_root(runs_dir)
    if where is not None:
        found = _removable(_selected(root, names, where))
        if not found:
            raise click.UsageError(f"no run that matches '{where}' can be removed")
    else:
        paths = _named(root, names)
        if not paths:
            raise click.UsageError("name the runs to remove, or select them with --where")
        for path in paths:
            check_removable(path)
        found = [read_run(path) for path in paths]
    if not _confirmed("rm", "Permanently remove", found, root, yes):
        return 1
    remove_runs([run.summary.path for run in found])
    return 0


def _removable(runs: Sequence[ListedRun]) -> list[ListedRun]:
    """Leave out runs that may not be removed, with a note that says why."""
    from rnntui.errors import RnntuiError
    from rnntui.runs.store.create import check_removable
    from rnntui.text import safe_text

    found = []
    for run in runs:
        try:
            check_removable(run.summary.path)
        except RnntuiError as error:
            click.echo(f"rnntui: note: {error}", err=True)
            continue
        if run.summary.live:
            name = safe_text(run.summary.name)
            click.echo(f"rnntui: note: not removed: {name} is being trained", err=True)
            continue
        found.append(run)
    return found


def _named(root: Path, names: Sequence[str]) -> list[Path]:
    from rnntui.runs.store.find import exact_run

    return list(dict.fromkeys(exact_run(root, name) for name in names))


def _selected(root: Path, names: Sequence[str], where: str) -> list[ListedRun]:
    """Return the runs that match a filter. Raises UsageError for no filter, or names beside it."""
    from rnntui.runs.filtering.language import parse_filter
    from rnntui.runs.listing import matching, read_runs

    if names:
        raise click.UsageError("name the runs or use --where, not both")
    wanted = parse_filter(where)
    if not wanted.terms:
        raise click.UsageError("--where needs a filter, such as --where 'age>30d'")
    return matching(read_runs(root), wanted, time.time())


def _confirmed(command: str, action: str, runs: Sequence[ListedRun], root: Path, yes: bool) -> bool:
    """List runs and ask for confirmation, unless `yes`. Raises UsageError without a terminal."""
    from rnntui.cli.run_table import run_lines

    which = "this run" if len(runs) == 1 else f"these {len(runs)} runs"
    return confirmed(
        command, f"{action} {which}?", run_lines(runs, root, line_width(sys.stderr)), yes
    )


def confirmed(command: str, question: str, lines: Iterable[str], yes: bool) -> bool:
    """Print safe lines and ask, unless `yes`. Raises UsageError without a terminal."""
    for line in lines:
        click.echo(line, err=True)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{command} asks for confirmation, but stdin is not a terminal; add --yes"
        )
    return click.confirm(question, err=True)
