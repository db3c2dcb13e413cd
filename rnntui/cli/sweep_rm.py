"""`rnntui sweep rm`: remove sweeps, with the runs of their trials if that is wanted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.ending import confirmed
from rnntui.cli.sharing import line_width, runs_dir_option
from rnntui.cli.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rnntui.sweep.store import Sweep


@sweep.command(short_help="Remove sweeps permanently.")
@click.argument(
    "names", nargs=-1, required=True, metavar="NAME...", shell_complete=completion.sweeps
)
@click.option("--trials", is_flag=True, help="Remove the runs of the trials, too.")
@click.option("--yes", is_flag=True, help="Remove without asking for confirmation.")
@runs_dir_option
def rm(names: tuple[str, ...], trials: bool, yes: bool, runs_dir: str | None) -> int:
    """Remove each sweep NAME, after asking for confirmation.

    Its trials are ordinary runs and stay, unless --trials is given: then those that belong to it
    are removed before it. Full names only, and only intact sweeps. If any NAME is something else,
    or is being run, nothing is removed.

    \b
    Examples:
      rnntui sweep rm brackets-calm-heron
      rnntui sweep rm brackets-calm-heron --trials --yes
    """
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.removal import check_idle, removable_sweep, remove_sweep, runs_of_trials

    root = runs_root(runs_dir)
    found = [removable_sweep(root, name) for name in dict.fromkeys(names)]
    runs = {one.name: runs_of_trials(one) if trials else [] for one in found}
    for one in found:
        check_idle(one, runs[one.name])
    number = sum(map(len, runs.values()))
    which = "this sweep" if len(found) == 1 else f"these {len(found)} sweeps"
    more = f" and {number} run{'s' * (number != 1)}" if number else ""
    lines = _described(found, [path for paths in runs.values() for path in paths], root)
    if not confirmed("sweep rm", f"Permanently remove {which}{more}?", lines, yes):
        return 1
    for one in found:
        remove_sweep(one, runs[one.name])
    return 0


def _described(sweeps: list[Sweep], runs: list[Path], root: Path) -> Iterator[str]:
    """Yield what is to be removed: a line for each sweep, and the table of the runs."""
    from rnntui.cli.run_table import run_lines
    from rnntui.runs.listing import read_run
    from rnntui.sweep.board import counts, current_progress, rows_of

    for one in sweeps:
        rows = rows_of(one, current_progress(one))
        yield f"sweep {one.name}: {counts(rows, one.info.trials)}"
    if runs:
        yield from run_lines([read_run(path) for path in runs], root, line_width(sys.stderr))
