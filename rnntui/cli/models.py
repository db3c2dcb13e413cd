"""`rnntui generate` and `rnntui eval`: use the network of a run."""

from __future__ import annotations

import sys

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sampling_options import sampling_options
from rnntui.cli.sharing import ending_tidily, note_newer_keys, run_path, runs_dir_option

CHECKPOINT = "Checkpoint to use: last, best, or an update number."
MOST_RATE = 100.0  # of learning while a file is read


@cli.command(short_help="Generate text or a forecast with a run's network.")
@click.argument("run", required=False, shell_complete=completion.runs)
@click.option("--prompt", metavar="TEXT", help="Text to continue; numbers for a forecast.")
@click.option(
    "--length",
    type=click.IntRange(1, 100_000_000),
    metavar="N",
    help="Number of tokens to generate.",
)
@click.option(
    "--from",
    "moment",
    metavar="DATE",
    help="Time of the first row of a forecast; only rows before it are used.",
)
@sampling_options
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="Random seed; default: 0."
)
@click.option(
    "--checkpoint",
    metavar="WHICH",
    shell_complete=completion.checkpoints,
    help=f"{CHECKPOINT} Default: last for text, best for a forecast.",
)
@click.option(
    "--method",
    metavar="METHOD",
    help="Forecast by network, auto (what a backtest prefers), last value, seasonal naive, …",
)
@click.option(
    "--raw", is_flag=True, help="Print control characters and bytes unchanged, even on a terminal."
)
@runs_dir_option
def generate(
    run: str | None,
    prompt: str | None,
    length: int | None,
    moment: str | None,
    greedy: bool | None,
    seed: int | None,
    checkpoint: str | None,
    method: str | None,
    raw: bool,
    runs_dir: str | None,
    **sampling: str | None,
) -> int:
    """Generate text or a forecast with the network of RUN: print the prompt and its continuation.

    Without RUN, the newest run is used. The run may be training at the same time. Options that
    are not given default to the recipe. A byte-level run writes raw bytes to a file or a pipe.

    A forecast is CSV: the time (if the source has one), each target, and the bounds of its 80 % and
    95 % prediction intervals. Its prompt is rows to continue from, with or without the time.

    \b
    Examples:
      rnntui generate --prompt "Once upon" --length 500
      rnntui generate tales-calm-heron --checkpoint best --temperature 0.6 > tale.txt
      rnntui generate --samples 4 --length 200
      rnntui generate prices --length 24 > forecast.csv
      rnntui generate prices --from 2024-03-01 --length 31
    """
    from rnntui.cli.output import TextOutput
    from rnntui.data import TokenData
    from rnntui.foreground.waiting import SlowNote
    from rnntui.runs.forecasting import forecast, forecast_from
    from rnntui.runs.stored_recipe import stored_recipe
    from rnntui.runs.trained_model import generate as generated
    from rnntui.runs.trained_model import load_model, sampling_choice

    path = run_path(runs_dir, run)
    note_newer_keys(path)
    overrides = {key: text for key, text in sampling.items() if text is not None}
    if greedy is not None:
        overrides["greedy"] = "true" if greedy else "false"
    if method is not None:
        overrides["method"] = method
    recipe = stored_recipe(path)
    values = recipe.data.task == "values"
    if moment is not None and not values:
        raise click.UsageError("--from is for runs on numbers: this one learned text")
    if moment is not None and prompt is not None:
        raise click.UsageError("--from and --prompt cannot be combined")
    settings, notes = sampling_choice(recipe, overrides)
    model = load_model(path, checkpoint or ("best" if values else "last"), settings, seed or 0)
    terminal = sys.stdout.isatty()
    byte_level = isinstance(model.data, TokenData) and model.data.tokenizer.kind == "byte"
    output = TextOutput(sys.stdout, safe=terminal and not raw, as_bytes=byte_level)
    streams = terminal and (values or model.sampling.samples == 1)
    count = length or model.recipe.sample.sample_length
    slow = None if streams else SlowNote(note, "generating", count)
    if moment is not None:
        result = forecast_from(path, model, moment, length, slow)
    else:
        result = (forecast if values else generated)(model, prompt, length, slow)
    for remark in (*notes, *result.notes):
        note(remark)
    for piece in result.pieces:
        output.write(piece)
    output.finish(newline=terminal or not (raw and byte_level))
    return 0


def note(text: str) -> None:
    """Print a note on stderr."""
    from rnntui.text import safe_text

    click.echo(f"rnntui: note: {safe_text(text)}", err=True)


def rate_in_range(
    _ctx: click.Context, _option: click.Parameter, value: float | None
) -> float | None:
    """Refuse rates out of range, and nan."""
    if value is not None and not 0 < value <= MOST_RATE:
        raise click.BadParameter(f"{value:g} is not above 0 and at most {MOST_RATE:g}")
    return value


@cli.command("eval", short_help="Compute the loss of a run's network on a file.")
@click.argument("run", shell_complete=completion.runs)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--checkpoint",
    metavar="WHICH",
    default="best",
    shell_complete=completion.checkpoints,
    help=CHECKPOINT,
)
@click.option("--json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--dynamic",
    type=float,
    callback=rate_in_range,
    metavar="RATE",
    help="Text: also the loss of a copy that learns from FILE as it reads it; try 0.1.",
)
@click.option(
    "--predictions",
    metavar="CSV",
    shell_complete=completion.files,
    help="For a series: write time, true and predicted value of every step to this file.",
)
@click.option("--force", is_flag=True, help="Replace the file of --predictions.")
@runs_dir_option
def evaluate(
    run: str,
    file: str,
    checkpoint: str,
    json: bool,
    dynamic: float | None,
    predictions: str | None,
    force: bool,
    runs_dir: str | None,
) -> int:
    """Compute the loss of the network of RUN on FILE, in one pass from start to end.

    FILE is read like the run's own source: with the same vocabulary, columns (matched by name)
    and scaling; - is standard input. With state = reset, the hidden state is zeroed every seq_len
    time steps, as in training. For tokens, the loss is in nats per token, with bits and
    perplexity; for values, it is half the squared error per time step, and errors are in the
    file's units.

    Text is also read cold, as transformers are judged: random windows of 256 tokens, each from the
    zero state, with all tokens counted, ± the standard error. The hidden state that is carried
    from start to end knows more, so that the two losses must not be compared with each other, nor
    with that of --dynamic. The stored run is never changed.

    Baselines are the losses of simple models on the same data. For values, errors
    stand beside those of simple methods, which are fitted on the rows that the run trained on.

    \b
    Examples:
      rnntui eval tales-calm-heron other.txt
      rnntui eval tales-calm-heron other.txt --dynamic 0.1
      rnntui eval prices newer.csv --predictions predictions.csv
    """
    from pathlib import Path

    from rnntui.export.writing import check_target, write_table, write_whole
    from rnntui.foreground.evaluation import as_json, as_text
    from rnntui.foreground.waiting import SlowNote
    from rnntui.runs.evaluation import evaluate_file, reset_length
    from rnntui.runs.trained_model import load_model

    path = run_path(runs_dir, run)
    note_newer_keys(path)
    model = load_model(path, checkpoint)
    if dynamic and model.recipe.data.task == "values":
        raise click.UsageError("--dynamic is for runs on text: this one learned numbers")
    out = None if predictions is None else Path(predictions)
    if out is not None:
        if model.recipe.data.task != "values":
            raise click.UsageError("--predictions is for runs on numbers: this one learned text")
        check_target(out, path, force, "--predictions")
    stdin = getattr(sys.stdin, "buffer", None)
    reset = reset_length(path, model)
    found = evaluate_file(
        model,
        file,
        reset,
        stdin,
        lambda steps: SlowNote(note, "evaluating", steps),
        dynamic or 0.0,
    )
    for remark in found.notes:
        note(remark)
    table = found.predictions
    if out is not None and table is not None:
        with ending_tidily():

            def create(beside: Path) -> None:
                write_table(beside, table.header, table.rows)

            write_whole(create, out, path, force, "--predictions")
    click.echo((as_json if json else as_text)(found))
    return 0
