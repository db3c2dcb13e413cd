"""`rnntui check` and `rnntui bench`: verify gradients and measure speed."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli

if TYPE_CHECKING:
    from rnntui.recipe import Recipe
    from rnntui.training.gradient_check import GradientCheck


@cli.command(short_help="Check a recipe's gradients against finite differences.")
@click.argument("source", required=False, shell_complete=completion.sources)
@click.option(
    "--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Set a recipe key; may be repeated."
)
def check(source: str | None, pairs: tuple[str, ...]) -> int:
    """Compare the gradients of training on SOURCE with finite differences.

    SOURCE is the same as for `rnntui train`. The loss of one chunk is recomputed in float64 with
    single entries of each parameter changed by a small amount in both directions; the slope must
    equal the gradient. The error shown is that of the worst entry, relative to the parameter's
    largest gradient. The exit code is 1 unless every error is below 1e-6.

    \b
    Examples:
      rnntui check                           the default recipe
      rnntui check tales --set cell=lstm     a recipe with another cell
      rnntui check mine.toml                 your own recipe
    """
    from rnntui.cli.options import recipe_of, settings_of
    from rnntui.data import load
    from rnntui.text import safe_text
    from rnntui.training.gradient_check import check_gradients
    from rnntui.training.loop import fit_to_data

    recipe, notes = recipe_of(source, settings_of({}, pairs))
    data = load(recipe, getattr(sys.stdin, "buffer", None))
    recipe, more = fit_to_data(recipe, data)
    for note in (*notes, *more):
        click.echo(f"rnntui: note: {safe_text(note)}", err=True)
    outcome = check_gradients(recipe, data)
    click.echo("\n".join(_lines(recipe, outcome)))
    return 0 if outcome.passes else 1


def _lines(recipe: Recipe, outcome: GradientCheck) -> list[str]:
    """Format what was checked, one row per parameter, and the result."""
    from rnntui.text import safe_text
    from rnntui.training.gradient_check import LIMIT

    model = recipe.model
    kind = f"{model.cell} {model.activation}" if model.cell == "rnn" else model.cell
    checked = f"{kind}, one chunk of {outcome.batch} x {outcome.steps} time steps, float64"
    lines = [safe_text(f"{recipe.name}: {checked}, loss {outcome.loss:.6g}")]
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
    if not 0.1 <= value <= 3600:  # true for NaN, too
        raise click.BadParameter(f"takes 0.1 to 3600, not {value:g}")
    return value


@cli.command(short_help="Measure how fast this machine trains and generates.")
@click.option(
    "--seconds",
    type=float,
    default=45.0,
    callback=_duration,
    metavar="S",
    help="Approximate duration in seconds; default: 45.",
)
@click.option("--plan", is_flag=True, help="Show the kernels that trials choose, and the gain.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def bench(seconds: float, plan: bool, as_json: bool) -> int:
    """Measure how fast this machine trains networks and generates text.

    First it measures the peak: the fastest matrix product on one core. Then it measures training
    for each cell in several sizes, with one process and with one per core, in tokens per second
    and as a fraction of the peak; then generation, one character at a time; and it suggests a
    batch and a number of workers. Other busy programs lower the figures.

    With --plan it only times the equivalent kernels that a run with plan = auto chooses from.

    \b
    Examples:
      rnntui bench
      rnntui bench --json > laptop.jsonl     one JSON object per line, to compare machines
      rnntui bench --plan                    the kernels that are fastest here
    """
    from rnntui.bench.command import bench as run_bench
    from rnntui.bench.command import bench_plans

    return bench_plans(as_json) if plan else run_bench(seconds, as_json)
