"""`rnntui check` and `rnntui bench`: what this program computes, and how fast, put to the test."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli.group import cli

if TYPE_CHECKING:
    from rnntui.gradient_check import GradientCheck
    from rnntui.recipe import Recipe


@cli.command(short_help="Check a recipe's gradients against finite differences.")
@click.argument("source", required=False)
@click.option(
    "--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Any recipe key; repeat for more."
)
def check(source: str | None, pairs: tuple[str, ...]) -> int:
    """Compare the gradients that training SOURCE uses with finite differences.

    SOURCE is what `rnntui train` takes. The loss of one chunk of its data is computed again with
    single entries of each parameter moved a little to either side, in float64; the slope between
    the two must be the gradient. The error shown is that of the worst entry, relative to the
    parameter's largest gradient. Exits with 1 if one is not below 1e-6.

    \b
    Examples:
      rnntui check                           the default recipe
      rnntui check tales --set cell=lstm     a recipe with other settings
      rnntui check mine.toml                 a recipe of your own
    """
    from rnntui.data import load
    from rnntui.gradient_check import check_gradients
    from rnntui.options import recipe_of, settings_of
    from rnntui.text import safe_text

    recipe, notes = recipe_of(source, settings_of({}, pairs))
    data = load(recipe, getattr(sys.stdin, "buffer", None))
    for note in notes:
        click.echo(f"rnntui: note: {safe_text(note)}", err=True)
    outcome = check_gradients(recipe, data)
    click.echo("\n".join(_lines(recipe, outcome)))
    return 0 if outcome.passes else 1


def _lines(recipe: Recipe, outcome: GradientCheck) -> list[str]:
    """What was checked, a row for each parameter, and the verdict."""
    from rnntui.gradient_check import LIMIT
    from rnntui.text import safe_text

    model = recipe.model
    kind = f"{model.cell} {model.activation}" if model.cell == "rnn" else model.cell
    what = f"{kind}, one chunk of {outcome.batch} x {outcome.steps} steps, float64"
    lines = [safe_text(f"{recipe.name}: {what}, loss {outcome.loss:.6g}")]
    lines += [f"with {outcome.note}", ""] if outcome.note else [""]
    rows = [("parameter", "shape", "entries checked", "relative error")]
    for p in outcome.parameters:
        size = " x ".join(map(str, p.shape))
        entries = f"{p.entries} of {math.prod(p.shape):,}"
        rows.append((p.name, size, entries, f"{p.error:.1e}"))
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, *cells in rows:
        aligned = (f"{cell:>{width}}" for cell, width in zip(cells, others, strict=True))
        lines.append("  ".join((f"{name:<{first}}", *aligned)))
    worst, verdict = outcome.worst, "passes" if outcome.passes else "FAILS"
    return [*lines, "", f"worst: {worst.name} {worst.error:.1e}, limit {LIMIT:g}: {verdict}"]


def _duration(_ctx: click.Context, _option: click.Parameter, value: float) -> float:
    if not 0.1 <= value <= 3600:  # nor is NaN
        raise click.BadParameter(f"takes 0.1 to 3600, not {value:g}")
    return value


@cli.command(short_help="Measure how fast this machine trains and writes.")
@click.option(
    "--seconds",
    type=float,
    default=45.0,
    callback=_duration,
    metavar="S",
    help="Roughly how long it may take; 45 if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def bench(seconds: float, as_json: bool) -> int:
    """Measure how fast this machine trains networks and writes with them.

    First the peak: the fastest product of matrices that one core can do. Then training, for each
    cell in several sizes, with one process and with one for each core, in tokens per second and as
    a share of that peak; writing, a character at a time; and which batch and how many workers suit
    this machine. Other programs that are busy make it slower.

    \b
    Examples:
      rnntui bench
      rnntui bench --json > laptop.jsonl     a JSON object a line, to compare machines
    """
    from rnntui.bench.command import bench as run_bench

    return run_bench(seconds, as_json)
