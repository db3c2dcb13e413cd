"""`rnntui attach` and `resume`: return to an existing run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import (
    exact_run_path,
    look_of,
    look_options,
    run_path,
    runs_dir_option,
)
from rnntui.cli.training import check_output, not_negative, run_job

if TYPE_CHECKING:
    from rnntui.recipe import Recipe

BOUNDS = ("epochs", "steps", "seconds")


@cli.command(short_help="Show a run in the dashboard, with full control.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option("--read-only", is_flag=True, help="Watch without being able to change anything.")
@look_options
@runs_dir_option
def attach(
    run: str | None,
    read_only: bool,
    look_given: dict[str, str | bool | None],
    runs_dir: str | None,
) -> int:
    """Show RUN in the dashboard, while it trains or after it has ended.

    Without RUN, the newest run is used. The beginning of a name is enough. Several terminals may
    attach at once: q stops training for all of them; d and ctrl+c only detach.

    \b
    Examples:
      rnntui attach
      rnntui attach tales-calm-heron --read-only
    """
    from rnntui.cli.attaching import show_run
    from rnntui.cli.options import has_terminal

    look = look_of(look_given)
    path = run_path(runs_dir, run)
    if not has_terminal():
        raise click.UsageError("attach needs a terminal; rnntui runs shows the status of each run")
    return show_run(path, look, read_only)


@cli.command(short_help="Resume a run where it stopped.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option("--epochs", metavar="N", help="Continue to a total of N passes over the source.")
@click.option("--steps", metavar="N", help="Continue to a total of N updates.")
@click.option("--seconds", metavar="S", help="Continue to a total of S seconds.")
@click.option("--plain", is_flag=True, help="Print lines of text instead of the dashboard.")
@click.option(
    "--json", is_flag=True, help="Print one JSON object per line instead of the dashboard."
)
@click.option(
    "--every", type=int, callback=not_negative, metavar="N", help="Print a line every N updates."
)
@click.option("--detach", is_flag=True, help="Train in the background, without the dashboard.")
@click.option("--takeover", is_flag=True, help="Take over from an unresponsive host.")
@click.option(
    "--source",
    metavar="SOURCE",
    shell_complete=completion.files,
    help="Where the run's source is now, if it was moved or the run was imported.",
)
@look_options
@runs_dir_option
def resume(
    run: str | None,
    plain: bool,
    json: bool,
    every: int | None,
    detach: bool,
    takeover: bool,
    source: str | None,
    look_given: dict[str, str | bool | None],
    runs_dir: str | None,
    **bounds: str | None,
) -> int:
    """Resume RUN from its last checkpoint, exactly as if it had never stopped.

    Without RUN, the newest run is used. To continue a finished run, give a new bound (--epochs,
    --steps or --seconds). --takeover needs the full name.

    \b
    Examples:
      rnntui resume
      rnntui resume tales-calm-heron --steps 20000
    """
    from rnntui.cli.options import View, mode_of
    from rnntui.runs.job import Job, this_terminal
    from rnntui.runs.store.summary import summarize
    from rnntui.runs.stored_recipe import stored_recipe

    check_output(plain, json, every, detach)
    if takeover and run is None:
        raise click.UsageError("--takeover needs the full name of the run")
    path = exact_run_path(runs_dir, run) if takeover and run else run_path(runs_dir, run)
    recipe = _source(stored_recipe(path, exact=True), source)
    settings = {key: text for key, text in bounds.items() if text is not None}
    if settings:
        recipe = recipe.override({**dict.fromkeys(BOUNDS, "0"), **settings})
    elif summarize(path).state == "finished":
        raise click.UsageError(
            f"run {path.name} has finished; to continue, run rnntui resume {path.name} --steps N"
        )
    look = look_of(look_given)
    mode = mode_of(plain or detach, json, recipe.data.source)
    view = View(mode, every, look)
    job = Job(
        recipe,
        run=str(path),
        terminal=this_terminal(),
        takeover=takeover,
        new_bounds=bool(settings),
        argv=tuple(sys.argv[1:]),
    )
    return run_job(job, view, (), detach)


def _source(recipe: Recipe, given: str | None) -> Recipe:
    """Return the recipe with its source where it is now. Raises UsageError or DataError.

    Whether it is the same source is checked when it is read.
    """
    from pathlib import Path

    from rnntui.data.source import lasting_source, parse_source, precheck

    if given is None:
        source = parse_source(recipe.data.source)
        if source.kind == "file" and not Path(source.rest).exists():
            raise click.UsageError(
                f"{source.rest}: no such file; if it was moved, add --source FILE"
            )
        return recipe
    precheck(given)
    source = parse_source(given)
    return recipe.replace(source=lasting_source(source.rest) if source.kind == "file" else given)
