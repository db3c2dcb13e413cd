"""`rnntui runs`, `attach`, `resume`, `stop` and `rm`: what to do with runs that were begun."""

from __future__ import annotations

import sys

import click

from rnntui.cli.group import cli
from rnntui.cli.sharing import check_theme, look_options, run_path, runs_dir_option
from rnntui.cli.training import carry_out, not_negative

ENDS = ("epochs", "steps", "seconds")


@cli.command(short_help="List the runs that were kept.")
@click.option("--json", is_flag=True, help="One JSON object a line.")
@runs_dir_option
def runs(json: bool, runs_dir: str | None) -> int:
    """List the runs, the newest first: state, update, loss, age and size.

    A run that is "crashed" ended without a word, as with a power cut: rnntui resume goes on from
    its last checkpoint.

    \b
    Examples:
      rnntui runs
      rnntui runs --json | grep finished
    """
    from rnntui.listing import run_lines, runs_as_json
    from rnntui.run.root import runs_root
    from rnntui.run.summary import list_runs

    root = runs_root(runs_dir)
    found = list_runs(root)
    for line in runs_as_json(found) if json else run_lines(found, root):
        click.echo(line)
    return 0


@cli.command(short_help="Watch a run again, with full control.")
@click.argument("run", required=False)
@click.option("--read-only", is_flag=True, help="Look without changing anything.")
@look_options
@runs_dir_option
def attach(
    run: str | None, read_only: bool, glyphs: str, theme: str, no_mouse: bool, runs_dir: str | None
) -> int:
    """Show RUN in the dashboard: one that trains, or one that has ended, from its files.

    Without RUN it is the newest one. The beginning of a name is enough. Several terminals may be
    attached at once; q ends training for all, d leaves it to go on.

    \b
    Examples:
      rnntui attach
      rnntui attach tales-calm-heron --read-only
    """
    from rnntui.engine.process import RunningEngine
    from rnntui.options import has_terminal
    from rnntui.order import Order, this_terminal
    from rnntui.run.living import living_socket
    from rnntui.run.stored import stored_recipe
    from rnntui.tui import Look, attach_dashboard, run_dashboard

    check_theme(theme)
    path = run_path(runs_dir, run)
    if not has_terminal():
        raise click.UsageError("attach needs a terminal: rnntui runs shows how the run stands")
    look = Look(glyphs, theme or None, not no_mouse)  # type: ignore[arg-type]
    recipe = stored_recipe(path)
    if found := living_socket(path):
        return attach_dashboard(recipe, RunningEngine(*found, path), look, read_only)
    return run_dashboard(Order(recipe, run=str(path), shown=True, terminal=this_terminal()), look)


@cli.command(short_help="Go on with a run where it stopped.")
@click.argument("run", required=False)
@click.option("--epochs", metavar="N", help="Go on until N passes are made in all.")
@click.option("--steps", metavar="N", help="Go on until N updates are made in all.")
@click.option("--seconds", metavar="S", help="Go on until S seconds are spent in all.")
@click.option("--plain", is_flag=True, help="Lines of text instead of the dashboard.")
@click.option("--json", is_flag=True, help="One JSON object a line instead of the dashboard.")
@click.option(
    "--every", type=int, callback=not_negative, metavar="N", help="A line every N updates."
)
@click.option("--detach", is_flag=True, help="Train in the background; no dashboard.")
@click.option("--takeover", is_flag=True, help="Take it from a host that has fallen silent.")
@look_options
@runs_dir_option
def resume(
    run: str | None,
    plain: bool,
    json: bool,
    every: int | None,
    detach: bool,
    takeover: bool,
    glyphs: str,
    theme: str,
    no_mouse: bool,
    runs_dir: str | None,
    **bounds: str | None,
) -> int:
    """Go on with RUN from its last checkpoint, exactly as if it had never stopped.

    Without RUN it is the newest one. A run that reached its end goes on with a new bound.

    \b
    Examples:
      rnntui resume
      rnntui resume tales-calm-heron --steps 20000
    """
    from rnntui.options import View, mode_of
    from rnntui.order import Order, this_terminal
    from rnntui.run.stored import stored_recipe
    from rnntui.run.summary import summarize

    if plain and json:
        raise click.UsageError("--plain and --json exclude each other")
    path = run_path(runs_dir, run)
    recipe = stored_recipe(path)
    settings = {key: text for key, text in bounds.items() if text is not None}
    if settings:
        recipe = recipe.override({**dict.fromkeys(ENDS, "0"), **settings})
    elif summarize(path).state == "finished":
        raise click.UsageError(
            f"run {path.name} has finished: rnntui resume {path.name} --steps N goes on to update N"
        )
    check_theme(theme)
    mode = mode_of(plain or detach, json, recipe.data.source)
    view = View(mode, every, glyphs, theme, mouse=not no_mouse)  # type: ignore[arg-type]
    order = Order(
        recipe,
        run=str(path),
        terminal=this_terminal(),
        takeover=takeover,
        argv=tuple(sys.argv[1:]),
    )
    return carry_out(order, view, (), detach)


@cli.command(short_help="Save a run and end its training.")
@click.argument("run", required=False)
@runs_dir_option
def stop(run: str | None, runs_dir: str | None) -> int:
    """End the training of RUN after its update, with a checkpoint to resume from.

    Without RUN it is the newest one.

    \b
    Examples:
      rnntui stop tales-calm-heron
    """
    from rnntui.run.living import stop_run

    click.echo(stop_run(run_path(runs_dir, run)))
    return 0


@cli.command(short_help="Remove runs for good.")
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@runs_dir_option
def rm(names: tuple[str, ...], yes: bool, runs_dir: str | None) -> int:
    """Remove each RUN with its checkpoints. Asks first.

    \b
    Examples:
      rnntui rm tales-1 --yes
    """
    from rnntui.listing import run_lines
    from rnntui.run.create import remove_run
    from rnntui.run.summary import summarize

    paths = [run_path(runs_dir, name) for name in names]
    for line in run_lines([summarize(path) for path in paths], paths[0].parent):
        click.echo(line, err=True)
    question = f"Remove {'this run' if len(paths) == 1 else f'these {len(paths)} runs'} for good?"
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("rm asks first, and nobody is there to answer: give --yes")
        if not click.confirm(question, err=True):
            return 1
    for path in paths:
        remove_run(path)
    return 0
