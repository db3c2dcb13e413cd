"""`rnntui train`: options to a recipe and a view, and to what trains and shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rnntui.cli.group import cli
from rnntui.cli.sharing import check_theme, look_options, run_path, runs_dir_option

if TYPE_CHECKING:
    from rnntui.options import Glyphs, View
    from rnntui.order import Order
    from rnntui.recipe import Recipe

RECIPE_OPTIONS = (
    ("cell", "NAME", "Recurrent cell: rnn, gru, lstm."),
    ("activation", "NAME", "Of the rnn cell: tanh, relu, sigmoid."),
    ("hidden", "N", "Hidden units of a layer."),
    ("layers", "N", "Recurrent layers."),
    ("dropout", "SHARE", "Of what goes from layer to layer, left out in training."),
    ("init", "NAME", "Initial weights: uniform, normal, glorot, orthogonal."),
    ("seq_len", "N|full", "Steps a gradient runs back: truncated BPTT."),
    ("batch", "N", "Parallel streams of the source."),
    ("lr", "RATE", "Learning rate."),
    ("optimizer", "NAME", "Update rule: sgd, momentum, rmsprop, adagrad, adam, adamw."),
    ("schedule", "NAME", "Of the rate: constant, step, cosine, exponential, plateau."),
    ("clip", "BOUND", "Bound on the gradient; 0: none."),
    ("epochs", "N", "Stop after N passes over the source."),
    ("steps", "N", "Stop after N updates."),
    ("seconds", "S", "Stop after S seconds."),
    ("seed", "N", "Of every random number."),
    ("workers", "N", "Processes that share an update; 0: as many as make it faster."),
    ("temperature", "T", "Of what is written: low is likely, high is bold."),
    ("top_k", "K", "Write from the K likeliest tokens only; 0: from all."),
    ("top_p", "SHARE", "Write from the likeliest tokens that have this share together."),
    ("samples", "N", "Texts written at once."),
)

Command = TypeVar("Command", bound=Callable[..., Any])


def carry_out(order: Order, view: View, notes: tuple[str, ...], detach: bool = False) -> int:
    """Train in the dashboard, with lines, or without either; the exit code.

    The notes of a run on the whole screen stand above it in the scrollback.
    """
    from rnntui.text import safe_text

    if view.mode != "dashboard" and not detach:
        from rnntui.foreground import train_in_foreground

        return train_in_foreground(order, view, notes)
    for note in notes:
        click.echo(f"rnntui: note: {safe_text(note)}", err=True)
    if detach:
        from rnntui.engine.detached import train_detached
        from rnntui.waiting import Waiting

        waiting = Waiting(lambda text: click.echo(f"rnntui: note: {safe_text(text)}", err=True))
        click.echo(train_detached(order, waiting))
        return 0
    from rnntui.tui import Look, run_dashboard

    return run_dashboard(order, Look(view.glyphs, view.theme or None, view.mouse))


def recipe_options(command: Command) -> Command:
    """An option for each of the common recipe keys; the recipe checks their texts, as for --set."""
    for name, metavar, text in reversed(RECIPE_OPTIONS):
        option = click.option(f"--{name.replace('_', '-')}", name, metavar=metavar, help=text)
        command = option(command)
    text = "Write the likeliest token instead of one drawn by probability."
    return click.option("--greedy", "greedy", flag_value="true", default=None, help=text)(command)


def not_negative(_ctx: click.Context, _option: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise click.BadParameter(f"{value} is below 0")
    return value


@cli.command(short_help="Train a recipe, a corpus or a file.")
@click.argument("source", required=False)
@click.option(
    "--recipe", "like", metavar="NAME", help="Train a corpus or a file as that recipe says."
)
@click.option(
    "--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Any recipe key; repeat for more."
)
@recipe_options
@click.option("--plain", is_flag=True, help="Lines of text instead of the dashboard.")
@click.option("--json", is_flag=True, help="One JSON object a line instead of the dashboard.")
@click.option(
    "--every",
    type=int,
    callback=not_negative,
    metavar="N",
    help="A line every N updates; 0: none but validations, samples and the end.",
)
@look_options
@click.option("--detach", is_flag=True, help="Train in the background; no dashboard.")
@click.option("--name", metavar="NAME", help="The run's name; without it, it gets one.")
@click.option("--no-save", is_flag=True, help="Keep nothing on disk.")
@click.option("--replay", metavar="RUN", help="Train as RUN was, with the changes made to it.")
@runs_dir_option
def train(
    source: str | None,
    like: str | None,
    pairs: tuple[str, ...],
    plain: bool,
    json: bool,
    every: int | None,
    glyphs: Glyphs,
    theme: str,
    no_mouse: bool,
    detach: bool,
    name: str | None,
    no_save: bool,
    replay: str | None,
    runs_dir: str | None,
    **common: str | None,
) -> int:
    """Train a network on SOURCE and watch it learn.

    SOURCE is a recipe, a corpus (rnntui recipes, rnntui corpora), a text, CSV or NPY file, a
    recipe of your own (.toml), or - for standard input. A bare name is a recipe before it is a
    corpus, and a corpus before it is a file; ./name is always the file.

    A bound given here (--epochs, --steps, --seconds) replaces the recipe's own. What --set can
    change is what `rnntui recipes NAME` prints. Lines instead of the dashboard come by themselves
    where there is no terminal to draw on.

    \b
    Examples:
      rnntui train                                  the default recipe
      rnntui train hello-world-cured                a bundled recipe
      rnntui train elnino --hidden 64 --lr 0.002    a corpus, with other settings
      rnntui train notes.txt --set tokenizer=word   your own text, word by word
      rnntui train notes.txt --recipe python        as a recipe says
      rnntui train prices.csv --seq-len 30          columns of numbers
      rnntui train mine.toml                        a recipe of your own
      cat notes.txt | rnntui train -                standard input
      rnntui train --plain --seconds 10             lines of text
      rnntui train counting --json --every 1        each update as JSON
      rnntui train --detach --name tales-1          in the background: rnntui attach
      rnntui train --replay tales-1                 again, with the changes made by hand
    """
    from rnntui.options import View, mode_of, recipe_of, settings_of
    from rnntui.order import Order, this_terminal
    from rnntui.run.names import check_name
    from rnntui.run.root import runs_root

    if plain and json:
        raise click.UsageError("--plain and --json exclude each other")
    if no_save and (detach or name):
        raise click.UsageError("--no-save keeps nothing: leave out --detach and --name")
    settings = settings_of(common, pairs)
    if replay is None:
        recipe, notes = recipe_of(source, settings, like)
    else:
        recipe, notes, replay = _replayed(source or like, settings, run_path(runs_dir, replay))
    check_theme(theme)
    order = Order(
        recipe,
        runs="" if no_save else str(runs_root(runs_dir)),
        name=check_name(name) if name else "",
        replay=replay or "",
        terminal=this_terminal(),
        argv=tuple(sys.argv[1:]),
    )
    mode = mode_of(plain or detach, json, recipe.data.source)
    view = View(mode, every, glyphs, theme, mouse=not no_mouse)
    return carry_out(order, view, notes, detach)


def _replayed(
    source: str | None, settings: dict[str, str], path: Path
) -> tuple[Recipe, tuple[str, ...], str]:
    """The recipe of a run that is to be trained again, and its directory."""
    from rnntui.run.stored import stored_recipe

    if source is not None or settings:
        raise click.UsageError("--replay trains what the run trained: leave out other settings")
    return stored_recipe(path), (f"with the changes that were made to {path.name}",), str(path)
