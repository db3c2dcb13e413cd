"""`rnntui backtest`: how good the forecasts of a run are."""

from __future__ import annotations

import sys

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.models import CHECKPOINT
from rnntui.cli.sharing import note_newer_keys, run_path, runs_dir_option
from rnntui.text import safe_text


@cli.command(short_help="Compare a run's forecasts with simple methods.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option(
    "--horizon",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Rows to forecast from each origin; default: the recipe's.",
)
@click.option(
    "--checkpoint",
    metavar="WHICH",
    default="best",
    shell_complete=completion.checkpoints,
    help=CHECKPOINT,
)
@click.option("--json", is_flag=True, help="Print one JSON object per target.")
@click.option("--csv", is_flag=True, help="Print a row per target, method and horizon.")
@runs_dir_option
def backtest(
    run: str | None,
    horizon: int | None,
    checkpoint: str,
    json: bool,
    csv: bool,
    runs_dir: str | None,
) -> int:
    """Forecast from many origins in the validation split, and compare with what came.

    Without RUN, the newest run is used. The network of RUN is compared with the last value, the
    last season, autoregressions of values and of changes, exponential smoothing, the theta method
    and an adaptive mean of regressions, all fitted on the training split. Errors are in the file's
    units; mase is the mean absolute error divided by that of the seasonal naive forecast of the
    next row in the training split. "auto" is the mean of methods that origins inside the training
    split prefer. The last line says how many of the values the prediction intervals of the recipe's
    method held.

    \b
    Examples:
      rnntui backtest
      rnntui backtest prices --horizon 24
      rnntui backtest prices --csv > errors.csv
    """
    from rnntui.cli.models import note
    from rnntui.foreground.backtest import as_csv, as_json, as_text
    from rnntui.runs.backtest import backtest_run
    from rnntui.runs.trained_model import load_model

    if json and csv:
        raise click.UsageError("--json and --csv cannot be combined")
    path = run_path(runs_dir, run)
    note_newer_keys(path)
    model = load_model(path, checkpoint)
    found, remark = backtest_run(path, model, horizon or 0)
    if remark:
        note(remark)
    lines = list(as_csv(found)) if csv else []
    for test in found if not csv else ():
        lines += [as_json(test)] if json else as_text(test, model.recipe.sample.method)
    # To a file or a pipe, names are written as the source has them.
    bare = (csv or json) and not sys.stdout.isatty()
    click.echo("\n".join(lines if bare else map(safe_text, lines)))
    return 0
