"""The network of a run, from its files alone: to write with, and to measure on another text."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData, load
from rnntui.errors import DataError, UsageError
from rnntui.nn.arena import Array
from rnntui.nn.evaluate import Evaluator
from rnntui.nn.model import ModelShape, Parameters, load_named_parameters
from rnntui.recipe import Recipe
from rnntui.recording.vocabulary import rebuild
from rnntui.run.checkpoint import Checkpoint
from rnntui.run.directory import open_run
from rnntui.run.picking import pick
from rnntui.run.stored import stored_recipe
from rnntui.text import safe_text
from rnntui.writing import Author, writer, writers

MOST_EVALUATED = 20_000_000  # tokens, all of them in memory


@dataclass(eq=False, kw_only=True)
class Model(Author):
    """A network that has learned, after update `step`, and what its outputs mean."""

    recipe: Recipe
    data: Dataset


def load_model(
    path: Path, which: str = "last", sampling: Mapping[str, str] | None = None, seed: int = 0
) -> Model:
    """The network of a run at its last or best checkpoint, or at that of an update.

    `sampling` are recipe keys as texts. Raises UsageError, DataError or RunError in one line.
    """
    run = open_run(path)
    recipe = stored_recipe(path).override(sampling or {})
    data = rebuild(run.vocabulary())
    checkpoint = _find(run.checkpoints, which, path.name)
    return model_of(recipe, data, checkpoint, seed)


def _find(checkpoints: Path, which: str, name: str) -> Checkpoint:
    try:
        return pick(checkpoints, which)
    except DataError as error:
        raise DataError(f"run {name}: {error}") from None


def model_of(recipe: Recipe, data: Dataset, checkpoint: Checkpoint, seed: int = 0) -> Model:
    """The network in a checkpoint. Raises DataError where it does not fit."""
    task = "tokens" if isinstance(data, TokenData) else "values"
    width = data.tokenizer.vocab_size if isinstance(data, TokenData) else len(data.features)
    parameters = Parameters(ModelShape.of(recipe.replace(task=task), width))
    load_named_parameters(parameters, checkpoint.model)
    return Model(
        parameters=parameters,
        prompt_random=np.random.RandomState([seed, 2]),
        temperature=recipe.sample.temperature,
        top_k=recipe.sample.top_k,
        top_p=recipe.sample.top_p,
        recipe=recipe,
        data=data,
        step=checkpoint.step,
    )


def write(
    model: Model, prompt: str | None, length: int | None, greedy: bool, count: int = 1
) -> Iterator[str]:
    """The prompt and what follows it, piece by piece.

    Of a `count` above 1, each text has a line with its number before it. Raises UsageError where
    several forecasts are wanted.
    """
    sample = model.recipe.sample
    prompt, length = sample.prompt if prompt is None else prompt, length or sample.sample_length
    if isinstance(model.data, TokenData):
        rows = writers(model, model.data, count, prompt, greedy=greedy)
        wanted = itertools.islice(rows, length)
        return _one(prompt, wanted) if count == 1 else _numbered(prompt, wanted)
    if count > 1:
        raise UsageError("--samples: a forecast is not drawn by chance, so there is only one")
    forecast = writer(model, model.data, prompt)
    return _table(model.data, itertools.islice(forecast, length))


def _one(prompt: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    return itertools.chain([prompt], (piece for (piece,) in rows))


def _numbered(prompt: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    texts = list(zip(*rows, strict=True))
    for number, text in enumerate(texts, start=1):
        yield f"-- {number} of {len(texts)} --\n"
        yield prompt + "".join(text)
        yield "" if number == len(texts) else "\n"


def _table(data: ValueData, rows: Iterator[Any]) -> Iterator[str]:
    yield ",".join(safe_text(name) for name in data.features)
    for row in rows:
        yield "\n" + ",".join(f"{value:.6g}" for value in row)


def evaluate_file(model: Model, file: str, as_json: bool) -> str:
    """The loss on all of a file, in words or as JSON. Raises DataError or UsageError."""
    settings: dict[str, str | int | float] = {
        "source": file,
        "repeat": 1,
        "split": 0.0,
        "batch": 1,
        "seq_len": 1,
    }
    recipe = model.recipe.replace(**settings, standardize=False)
    found = load(recipe)
    if isinstance(found, TokenData) and len(found.tokens) > MOST_EVALUATED:
        most = f"up to {MOST_EVALUATED:,} {found.unit}s"
        raise DataError(f"{found.name}: eval takes {most}: give it a part, as head -c 10M does")
    sequence, left_out = _sequence(model.data, found)
    if len(sequence) < 2:
        raise DataError(f"{found.name}: has nothing that the network knows")
    loss = Evaluator(model.parameters, sequence).loss()
    told: dict[str, float | int | str] = {"loss": loss, "steps": len(sequence) - 1}
    if isinstance(model.data, TokenData):
        told |= {"bits": loss / math.log(2), "perplexity": math.exp(min(loss, 700.0))}
        told["left_out"] = left_out
    if as_json:
        return json.dumps({"event": "eval", "step": model.step, **told})
    line = f"loss {loss:.4f}"
    if isinstance(model.data, TokenData):
        line += f" nats per {model.data.unit} · {told['bits']:.4f} bits · perplexity "
        line += f"{told['perplexity']:.4g} · {len(sequence) - 1:,} {model.data.unit}s"
        line += f" · {left_out:,} unknown ones left out" if left_out else ""
    return f"{line} · weights of update {model.step:,}"


def _sequence(known: Dataset, found: Dataset) -> tuple[Array, int]:
    """What was found as the network takes it, and how much of it was unknown."""
    if isinstance(known, TokenData) and isinstance(found, TokenData):
        text = found.tokenizer.decode(found.tokens)
        ids = known.tokenizer.encode(text, unknown="skip")
        return ids, max(0, len(text) - len(known.tokenizer.decode(ids)))
    assert isinstance(known, ValueData) and isinstance(found, ValueData)
    if found.features != known.features:
        wanted = ", ".join(map(safe_text, known.features))[:80]
        raise UsageError(f"{found.name}: takes the columns the run was trained on: {wanted}")
    return (found.values - known.mean) / known.deviation, 0
