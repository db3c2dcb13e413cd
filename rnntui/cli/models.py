"""`rnntui generate` and `rnntui eval`: use what a run has learned."""

from __future__ import annotations

import sys

import click

from rnntui.cli.group import cli
from rnntui.cli.sharing import run_path, runs_dir_option

CHECKPOINT = "Which checkpoint: last, best, or the number of an update."


@cli.command(short_help="Write with what a run has learned.")
@click.argument("run", required=False)
@click.option("--prompt", metavar="TEXT", help="What to go on from; numbers for a forecast.")
@click.option("--length", type=click.IntRange(1, 100_000_000), metavar="N", help="How many tokens.")
@click.option("--temperature", metavar="T", help="Below 1 likelier, above 1 bolder.")
@click.option("--top-k", metavar="K", help="Only from the K likeliest tokens; 0: from all.")
@click.option("--top-p", metavar="P", help="Only from the likeliest that have this share.")
@click.option("--greedy", is_flag=True, help="Always the likeliest token.")
@click.option("--samples", metavar="N", help="So many texts at once, one below the other.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="0 unless given.")
@click.option("--checkpoint", metavar="WHICH", default="last", help=CHECKPOINT)
@click.option("--raw", is_flag=True, help="Control characters as they are, on a terminal too.")
@runs_dir_option
def generate(
    run: str | None,
    prompt: str | None,
    length: int | None,
    greedy: bool,
    seed: int | None,
    checkpoint: str,
    raw: bool,
    runs_dir: str | None,
    **sampling: str | None,
) -> int:
    """Print what the network of RUN writes: the prompt and what follows, on stdout.

    Without RUN it is the newest one. The run may be training meanwhile.

    \b
    Examples:
      rnntui generate --prompt "Once upon" --length 500
      rnntui generate tales-calm-heron --checkpoint best --temperature 0.6 > tale.txt
      rnntui generate --samples 4 --length 200
    """
    from rnntui.recording.model import load_model, write
    from rnntui.text import safe_text

    settings = {key: text for key, text in sampling.items() if text is not None}
    model = load_model(run_path(runs_dir, run), checkpoint, settings, seed or 0)
    safe = sys.stdout.isatty() and not raw
    count = model.recipe.sample.samples if "samples" in settings else 1
    for piece in write(model, prompt, length, greedy, count):
        click.echo(safe_text(piece, newlines=True) if safe else piece, nl=False)
    click.echo()
    return 0


@cli.command("eval", short_help="The loss of a run's network on a file.")
@click.argument("run")
@click.argument("file")
@click.option("--checkpoint", metavar="WHICH", default="best", help=CHECKPOINT)
@click.option("--json", is_flag=True, help="One JSON object.")
@runs_dir_option
def evaluate(run: str, file: str, checkpoint: str, json: bool, runs_dir: str | None) -> int:
    """Print the loss of the network of RUN on FILE, all of it, in one pass.

    FILE is read as the run's own source was. For tokens the loss is in nats per token, with bits
    and perplexity; for values it is half the squared error per step.

    \b
    Examples:
      rnntui eval tales-calm-heron other.txt
    """
    from rnntui.recording.model import evaluate_file, load_model

    model = load_model(run_path(runs_dir, run), checkpoint)
    click.echo(evaluate_file(model, file, json))
    return 0
