"""`rnntui train`: turn the options into a recipe and a view, then train."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sampling_options import SAMPLING_OPTIONS, Command, flag_of
from rnntui.cli.sharing import look_of, look_options, run_path, runs_dir_option

if TYPE_CHECKING:
    from pathlib import Path

    from rnntui.cli.options import View
    from rnntui.engine.early import EarlyProcess
    from rnntui.recipe import Recipe
    from rnntui.runs.job import Job

RECIPE_OPTIONS = (
    ("cell", "NAME", "Recurrent cell."),
    ("activation", "NAME", "Activation of the rnn cell."),
    ("hidden", "N", "Hidden units per layer."),
    ("layers", "N", "Number of recurrent layers."),
    ("dropout", "RATE", "Dropout rate between layers."),
    ("init", "NAME", "Weight initialisation."),
    ("seq_len", "N|full", "Time steps of truncated BPTT."),
    ("batch", "N", "Streams of the source read in parallel."),
    ("lr", "RATE", "Learning rate."),
    ("optimizer", "NAME", "Optimizer."),
    ("schedule", "NAME", "Learning-rate schedule."),
    ("clip", "BOUND", "Gradient clipping bound; 0: no clipping."),
    ("epochs", "N", "Stop after N passes over the source."),
    ("steps", "N", "Stop after N updates."),
    ("seconds", "S", "Stop after S seconds."),
    ("seed", "N", "Random seed."),
    ("workers", "N", "Processes that share an update; 0: choose the fastest number."),
    *SAMPLING_OPTIONS,
)


def run_job(job: Job, view: View, notes: tuple[str, ...], detach: bool = False) -> int:
    """Train in the dashboard, with lines, or detached; return the exit code.

    Notes for the dashboard are printed before it opens, so they stay in the scrollback.
    """
    early: EarlyProcess | None = click.get_current_context().obj
    if early is not None and (view.mode != "dashboard" or detach):
        early.close()
    if view.mode != "dashboard" and not detach:
        from rnntui.foreground.loop import train_in_foreground

        return train_in_foreground(job, view.mode == "json", view.every, notes)
    for note in notes:
        _print_note(note)
    if detach:
        from rnntui.engine.detached import train_detached
        from rnntui.foreground.waiting import Waiting

        click.echo(train_detached(job, Waiting(_print_note), _print_note))
        return 0
    from rnntui.tui import run_dashboard

    return run_dashboard(job, view.look, early)


class RecipeOption(click.Option):
    """The option of a recipe key, whose help lists the choices that the schema declares."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The flags and the help; the schema is imported only where help is shown."""
        from rnntui.recipe import find

        record, choices = super().get_help_record(ctx), find(str(self.name)).rule.choices
        if record is None or not choices:
            return record
        flags, text = record
        return flags, f"{text.rstrip('.')}: {', '.join(choices)}."


def _print_note(text: str) -> None:
    from rnntui.text import safe_text

    click.echo(f"rnntui: note: {safe_text(text)}", err=True)


def recipe_options(command: Command) -> Command:
    """Add an option for each of the common recipe keys; the recipe validates it, as for --set."""
    for name, metavar, text in reversed(RECIPE_OPTIONS):
        command = click.option(
            flag_of(name),
            name,
            cls=RecipeOption,
            metavar=metavar,
            help=text,
            shell_complete=completion.key_option,
        )(command)
    text = "Always take the most likely token instead of sampling."
    return click.option("--greedy", "greedy", flag_value="true", default=None, help=text)(command)


def not_negative(_ctx: click.Context, _option: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise click.BadParameter(f"{value} is below 0")
    return value


def check_output(plain: bool, json: bool, every: int | None, detach: bool) -> None:
    """Raise UsageError for options that contradict each other in what is printed."""
    if plain and json:
        raise click.UsageError("--plain and --json cannot be combined")
    given = {"--plain": plain, "--json": json, "--every": every is not None}
    for option, is_given in given.items():
        if detach and is_given:
            raise click.UsageError(f"--detach and {option} cannot be combined")


def pace_in_range(
    _ctx: click.Context, _option: click.Parameter, value: float | None
) -> float | None:
    if value is None:
        return None
    from rnntui.protocol.requests import LEAST_PACE, MOST_PACE

    if not LEAST_PACE <= value <= MOST_PACE:
        raise click.BadParameter(f"{value:g} is not from {LEAST_PACE:g} to {MOST_PACE:,.0f}")
    return value


@cli.command(short_help="Train a recipe, a corpus or a file.")
@click.argument("source", required=False, shell_complete=completion.sources)
@click.option(
    "--recipe",
    "like",
    metavar="NAME",
    shell_complete=completion.recipes,
    help="Train on a corpus or a file with the settings of that recipe.",
)
@click.option(
    "--set",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=completion.key_value,
    help="Set any recipe key; may be repeated.",
)
@recipe_options
@click.option("--plain", is_flag=True, help="Print lines of text instead of the dashboard.")
@click.option(
    "--json", is_flag=True, help="Print one JSON object per line instead of the dashboard."
)
@click.option(
    "--every",
    type=int,
    callback=not_negative,
    metavar="N",
    help="Print a line every N updates; 0: only validations, samples and the end.",
)
@click.option(
    "--pace",
    type=float,
    callback=pace_in_range,
    metavar="N",
    help="Make at most N updates per second, to watch a short run; - and = change it.",
)
@look_options
@click.option("--detach", is_flag=True, help="Train in the background, without the dashboard.")
@click.option("--name", metavar="NAME", help="Name of the run; generated if omitted.")
@click.option("--no-save", is_flag=True, help="Store nothing on disk.")
@click.option(
    "--replay",
    metavar="RUN",
    shell_complete=completion.runs,
    help="Repeat the training of RUN, including the changes made to it.",
)
@runs_dir_option
def train(
    source: str | None,
    like: str | None,
    pairs: tuple[str, ...],
    plain: bool,
    json: bool,
    every: int | None,
    pace: float | None,
    look_given: dict[str, str | bool | None],
    detach: bool,
    name: str | None,
    no_save: bool,
    replay: str | None,
    runs_dir: str | None,
    **common: str | None,
) -> int:
    """Train a network on SOURCE and watch it learn.

    SOURCE is a recipe or a corpus (listed by rnntui recipes and rnntui corpora), a text, CSV or
    NPY file, your own recipe (.toml), or - for standard input. Recipes take precedence over
    corpora, and corpora over files; ./name is always the file.

    A bound given here (--epochs, --steps, --seconds) replaces those of the recipe. --set changes
    any key that `rnntui recipes NAME` prints. Without a terminal to draw on, lines are printed
    instead of the dashboard.

    \b
    Examples:
      rnntui train                                  the default recipe
      rnntui train hello-world-cured                a bundled recipe
      rnntui train elnino --hidden 64 --lr 0.002    a corpus, with other settings
      rnntui train notes.txt --set tokenizer=word   your own text, word by word
      rnntui train notes.txt --recipe python        settings of another recipe
      rnntui train prices.csv --seq-len 30          columns of numbers
      rnntui train mine.toml                        your own recipe
      cat notes.txt | rnntui train -                standard input
      rnntui train --plain --seconds 10             lines of text
      rnntui train counting --pace 20               20 updates per second, to watch them
      rnntui train counting --json --every 1        each update as JSON
      rnntui train --detach --name tales-1          in the background: rnntui attach
      rnntui train --replay tales-1                 repeat, including manual changes
    """
    from rnntui.cli.options import View, mode_of, recipe_of, settings_of
    from rnntui.runs.job import Job, this_terminal
    from rnntui.runs.store.names import check_name
    from rnntui.runs.store.root import runs_root

    check_output(plain, json, every, detach)
    if no_save and (detach or name):
        raise click.UsageError("--no-save cannot be combined with --detach or --name")
    settings = settings_of(common, pairs)
    if replay is None:
        recipe, notes = recipe_of(source, settings, like)
    else:
        recipe, notes, replay = _replayed(source or like, settings, run_path(runs_dir, replay))
    look = look_of(look_given)
    job = Job(
        recipe,
        runs="" if no_save else str(runs_root(runs_dir)),
        name=check_name(name) if name else "",
        replay=replay or "",
        terminal=this_terminal(),
        pace=pace,
        argv=tuple(sys.argv[1:]),
    )
    mode = mode_of(plain or detach, json, recipe.data.source)
    view = View(mode, every, look)
    return run_job(job, view, notes, detach)


def _replayed(
    source: str | None, settings: dict[str, str], path: Path
) -> tuple[Recipe, tuple[str, ...], str]:
    """Return the recipe of a run to repeat, a note, and the directory of the run."""
    from rnntui.runs.stored_recipe import stored_recipe

    if source is not None or settings:
        raise click.UsageError("--replay uses the settings of the run; remove the other settings")
    recipe = stored_recipe(path, exact=True)
    return recipe, (f"replaying the changes made to {path.name}",), str(path)
