"""`rnntui train`: options to a recipe and a view, and to what trains and shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rnntui.cli.group import cli

if TYPE_CHECKING:
    from rnntui.options import Glyphs, View
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


def _dashboard(recipe: Recipe, view: View, notes: tuple[str, ...]) -> int:
    """Show the run on the whole screen; the notes stand above it in the scrollback."""
    from rnntui.engine.order import Order
    from rnntui.recipe import nearest
    from rnntui.text import safe_text
    from rnntui.tui import THEMES, Look, run_dashboard

    if view.theme and view.theme not in THEMES:
        hint = nearest(view.theme, THEMES, f"there is {', '.join(THEMES[:6])} …")
        raise click.UsageError(f"no theme '{view.theme}'{hint}")
    for note in notes:
        click.echo(f"rnntui: note: {safe_text(note)}", err=True)
    look = Look(view.glyphs, view.theme or None, view.mouse)
    return run_dashboard(Order(recipe), look)


def recipe_options(command: Command) -> Command:
    """An option for each of the common recipe keys; the recipe checks their texts, as for --set."""
    for name, metavar, text in reversed(RECIPE_OPTIONS):
        option = click.option(f"--{name.replace('_', '-')}", name, metavar=metavar, help=text)
        command = option(command)
    text = "Write the likeliest token instead of one drawn by probability."
    return click.option("--greedy", "greedy", flag_value="true", default=None, help=text)(command)


def _not_negative(_ctx: click.Context, _option: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise click.BadParameter(f"{value} is below 0")
    return value


@cli.command(short_help="Train a recipe, a corpus or a file.")
@click.argument("source", required=False)
@click.option(
    "--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Any recipe key; repeat for more."
)
@recipe_options
@click.option("--plain", is_flag=True, help="Lines of text instead of the dashboard.")
@click.option("--json", is_flag=True, help="One JSON object a line instead of the dashboard.")
@click.option(
    "--every",
    type=int,
    callback=_not_negative,
    metavar="N",
    help="A line every N updates; 0: none but validations, samples and the end.",
)
@click.option(
    "--glyphs",
    type=click.Choice(["braille", "blocks", "ascii"]),
    default="braille",
    metavar="KIND",
    help="What the dashboard draws with: braille, blocks, ascii.",
)
@click.option("--theme", metavar="NAME", default="", help="Colours, as dark or light.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
def train(
    source: str | None,
    pairs: tuple[str, ...],
    plain: bool,
    json: bool,
    every: int | None,
    glyphs: Glyphs,
    theme: str,
    no_mouse: bool,
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
      rnntui train prices.csv --seq-len 30          columns of numbers
      rnntui train mine.toml                        a recipe of your own
      cat notes.txt | rnntui train -                standard input
      rnntui train --plain --seconds 10             lines of text
      rnntui train counting --json --every 1        each update as JSON
    """
    from rnntui.options import View, mode_of, recipe_of, settings_of

    if plain and json:
        raise click.UsageError("--plain and --json exclude each other")
    recipe, notes = recipe_of(source, settings_of(common, pairs))
    mode = mode_of(plain, json, recipe.data.source)
    view = View(mode, every, glyphs, theme, mouse=not no_mouse)
    if mode == "dashboard":
        return _dashboard(recipe, view, notes)
    from rnntui.foreground import train_in_foreground

    return train_in_foreground(recipe, view, notes)
