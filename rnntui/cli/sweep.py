"""`rnntui sweep`: train many runs that differ in a few settings, and rank them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import HELP_NAMES, cli
from rnntui.cli.sharing import runs_dir_option
from rnntui.cli.sweep_group import (
    START,
    SourceCommand,
    SweepCommands,
    positive,
    progress_options,
    rungs,
)
from rnntui.cli.training import not_negative

if TYPE_CHECKING:
    from rnntui.sweep.store import Sweep


@cli.group(
    cls=SweepCommands,
    short_help="Train many variants of a recipe and rank them.",
    context_settings={"help_option_names": HELP_NAMES},
    options_metavar="",
    subcommand_metavar="SOURCE [OPTIONS] | show NAME | resume NAME | stop NAME | rm NAME",
)
def sweep() -> None:
    """Train variants of SOURCE, several at a time, and rank them by their validation loss.

    SOURCE is what rnntui train takes, or a sweep.toml. A trial is an ordinary run, NAME-1, NAME-2
    and so on: attach, resume, compare and generate work on it. On a terminal, a leaderboard is
    shown while the sweep runs in the background. What is left to do is stored, so that rnntui sweep
    resume continues after a kill or a reboot.

    \b
    Examples:
      rnntui sweep brackets --grid lr=1e-3,3e-3 --grid hidden=32,64 --steps 300
      rnntui sweep notes.txt --random 40 --draw lr=log:1e-4..3e-2 --seconds 60
      rnntui sweep show brackets-calm-heron
      rnntui sweep resume brackets-calm-heron
    """


@sweep.command(START, cls=SourceCommand, add_help_option=False)
@click.argument("source", shell_complete=completion.sources)
@click.option(
    "--grid",
    "axes",
    metavar="KEY=A,B,…",
    multiple=True,
    shell_complete=completion.key_value,
    help="Try each of these values, in every combination; may be repeated.",
)
@click.option(
    "--random", "count", type=int, callback=positive, metavar="N", help="Try N random draws, too."
)
@click.option(
    "--draw",
    "draws",
    metavar="KEY=A..B",
    multiple=True,
    shell_complete=completion.key_value,
    help="What to draw from: A..B, log:A..B, or A,B,…; may be repeated.",
)
@click.option(
    "--draw-seed",
    type=int,
    callback=not_negative,
    metavar="N",
    help="Random seed of the draws.",
)
@click.option(
    "--sampler",
    type=click.Choice(("random", "tpe")),
    help="How draws are chosen; tpe learns from the trials so far (needs rnntui[sweep]).",
)
@click.option(
    "--seeds", type=int, callback=positive, metavar="N", help="Train each variant with N seeds."
)
@click.option("--steps", metavar="N", help="Stop each trial after N updates.")
@click.option("--seconds", metavar="S", help="Stop each trial after S seconds.")
@click.option(
    "--set",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=completion.key_value,
    help="Set a recipe key of all trials; may be repeated.",
)
@click.option(
    "--recipe",
    "like",
    metavar="NAME",
    shell_complete=completion.recipes,
    help="Train on a corpus or a file with the settings of that recipe.",
)
@click.option(
    "--halving",
    callback=rungs,
    metavar="N,N,…",
    help="After these updates, only the better half of the trials continues.",
)
@click.option(
    "--jobs",
    type=int,
    callback=positive,
    metavar="N",
    help="Trials at a time; default: the processor's cores.",
)
@click.option(
    "--on",
    metavar="PLACE",
    help="Where to train: local, ssh:HOST,HOST (needs rnntui[sweep]) or slurm (rnntui[slurm]).",
)
@click.option("--name", metavar="NAME", help="Name of the sweep; generated if omitted.")
@progress_options
@runs_dir_option
def start(
    source: str,
    axes: tuple[str, ...],
    count: int | None,
    draws: tuple[str, ...],
    draw_seed: int | None,
    sampler: str | None,
    seeds: int | None,
    steps: str | None,
    seconds: str | None,
    pairs: tuple[str, ...],
    like: str | None,
    halving: tuple[int, ...],
    jobs: int | None,
    on: str | None,
    name: str | None,
    plain: bool,
    json: bool,
    detach: bool,
    runs_dir: str | None,
) -> int:
    """Train variants of SOURCE."""
    import dataclasses

    from rnntui.cli.options import recipe_of, settings_of
    from rnntui.data import load
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.prepare import Plan, prepare
    from rnntui.sweep.remote.place import LOCAL, parse_place
    from rnntui.sweep.request import Request, is_sweep_file, read_sweep_file
    from rnntui.sweep.run import run_sweep
    from rnntui.sweep.space import parse_axis, parse_draw
    from rnntui.training.workers.prestart import usable_cores

    _one_mode(plain, json, detach)
    asked = read_sweep_file(source) if is_sweep_file(source) else Request(source)
    place = parse_place((asked.on or LOCAL) if on is None else on)
    asked = dataclasses.replace(
        asked,
        settings={**asked.settings, **settings_of({"steps": steps, "seconds": seconds}, pairs)},
        axes=(*asked.axes, *map(parse_axis, axes)),
        draws=(*asked.draws, *map(parse_draw, draws)),
        count=count or asked.count,
        draw_seed=asked.draw_seed if draw_seed is None else draw_seed,
        sampler=sampler or asked.sampler,
        seeds=seeds or asked.seeds,
        halving=halving or asked.halving,
        jobs=jobs or asked.jobs,
    )
    recipe, notes = recipe_of(asked.source, asked.settings, like)
    plan = Plan.of(asked, recipe, usable_cores(), notes)
    root = runs_root(runs_dir)
    if not place.is_local:
        plan = plan.at(place, root, _note)
    found, expected = prepare(plan, root, name or "", sys.argv[1:], _note)
    if detach or _has_screen(plain, json):
        count, at_once = len(plan.settings), plan.jobs
        _note(f"{count} trials, {at_once} at a time: {expected.text}")
        return _run_aside(found, detach, None)
    return run_sweep(found, json, lambda: load(found.recipe), expected=expected)


@sweep.command(short_help="Print the trials of a sweep, the best first.")
@click.argument("name", required=False, shell_complete=completion.sweeps)
@click.option("--plain", is_flag=True, help="Print a table instead of the screen.")
@click.option("--json", is_flag=True, help="Print a JSON object.")
@click.option("--importance", is_flag=True, help="Weigh the settings, too (needs rnntui[sweep]).")
@runs_dir_option
def show(name: str | None, plain: bool, json: bool, importance: bool, runs_dir: str | None) -> int:
    """Show the trials of the sweep NAME, the best first; it may be running at the same time.

    Without NAME, the newest sweep is shown. On the screen, trials can be cut, continued and opened.
    Without a terminal, a table is printed.
    """
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.showing import newest_or, show_sweep
    from rnntui.sweep.store import open_sweep

    if plain and json:
        raise click.UsageError("--plain and --json cannot be combined")
    root = runs_root(runs_dir)
    found = open_sweep(root, newest_or(root, name))
    if not importance and _has_screen(plain, json):
        return _leaderboard(found)
    return show_sweep(found, json, importance)


@sweep.command(short_help="Stop a sweep and save its trials.")
@click.argument("name", shell_complete=completion.sweeps)
@runs_dir_option
def stop(name: str, runs_dir: str | None) -> int:
    """Stop the sweep NAME, wherever it was started, and wait until its trials are saved.

    rnntui sweep resume continues it.
    """
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.spawn import stop_sweep
    from rnntui.sweep.store import open_sweep

    stop_sweep(open_sweep(runs_root(runs_dir), name))
    click.echo(f"sweep {name} stopped: rnntui sweep resume {name} continues it")
    return 0


@sweep.command(short_help="Train the trials that have not ended.")
@click.argument("name", shell_complete=completion.sweeps)
@click.option(
    "--jobs", type=int, callback=positive, metavar="N", help="Trials at a time; default: as before."
)
@click.option("--on", metavar="PLACE", help="Where to train; default: as before.")
@progress_options
@runs_dir_option
def resume(
    name: str,
    jobs: int | None,
    on: str | None,
    plain: bool,
    json: bool,
    detach: bool,
    runs_dir: str | None,
) -> int:
    """Train the trials of the sweep NAME that have not ended.

    Interrupted trials continue from their last checkpoint, exactly as if nothing had happened. A
    trial that was stopped with rnntui stop stays stopped: rnntui resume continues it alone.
    """
    from rnntui.data import load
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.prepare import check_hosts, check_source
    from rnntui.sweep.remote.place import SLURM, parse_place
    from rnntui.sweep.run import run_sweep
    from rnntui.sweep.store import open_sweep
    from rnntui.training.workers.prestart import usable_cores

    _one_mode(plain, json, detach)
    found = open_sweep(runs_root(runs_dir), name)
    place = parse_place(found.info.on if on is None else on)
    check_source(found, _note)
    cores = check_hosts(place, found.recipe, found.root, _note)
    if on and not jobs and place.kind != SLURM:
        jobs = cores or usable_cores()
    if detach or _has_screen(plain, json):
        return _run_aside(found, detach, jobs, place.text)
    return run_sweep(found, json, lambda: load(found.recipe), jobs, on=place.text)


def _one_mode(plain: bool, json: bool, detach: bool) -> None:
    if sum((plain, json, detach)) > 1:
        raise click.UsageError("--plain, --json and --detach cannot be combined")


def _has_screen(plain: bool, json: bool) -> bool:
    from rnntui.cli.options import has_terminal

    return not plain and not json and sys.platform != "win32" and has_terminal()


def _run_aside(found: Sweep, detach: bool, jobs: int | None, on: str = "") -> int:
    """Run a sweep in a process of its own, and show its leaderboard unless that is not wanted."""
    from rnntui.sweep.spawn import run_in_background

    run_in_background(found, jobs, on)
    if not detach:
        return _leaderboard(found)
    click.echo(f"sweep {found.name} runs in the background: rnntui sweep show {found.name}")
    return 0


def _leaderboard(found: Sweep) -> int:
    """Show the trials on the screen until the user leaves; return the exit code."""
    from rnntui.cli.attaching import show_run
    from rnntui.cli.sharing import look_of
    from rnntui.settings.declared import LOOK
    from rnntui.sweep.leaderboard import SweepList
    from rnntui.tui.compare import run_compare
    from rnntui.tui.compare.sweeping import sweep_group

    board = SweepList(found.root, found.name)
    look = look_of(dict.fromkeys(setting.name for setting in LOOK))
    code = run_compare(board, look, show_run, (sweep_group(board),))
    if board.sweep.held:
        click.echo(f"the sweep continues: rnntui sweep show {found.name}", err=True)
    return code


def _note(text: str) -> None:
    from rnntui.text import safe_text

    click.echo(f"rnntui: note: {safe_text(text)}", err=True)
