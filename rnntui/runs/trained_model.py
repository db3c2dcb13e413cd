"""Load the network of a run from its files, and generate with it."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from rnntui.data import Dataset, TokenData
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.generation.generate import Generator, writers
from rnntui.generation.prompt import fit_prompt
from rnntui.nn.model import Parameters, load_named_parameters
from rnntui.recipe import DRAWING_KEYS, Recipe, SamplingSettings
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.select_checkpoint import select_checkpoint
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.runs.vocabulary import rebuild
from rnntui.training.shape import shape_of

Part = TypeVar("Part")


@dataclass(eq=False, kw_only=True)
class Model(Generator):
    """A trained network after update `step`, with its recipe and data."""

    recipe: Recipe
    data: Dataset


def load_model(
    path: Path, which: str = "last", sampling: Mapping[str, str] | None = None, seed: int = 0
) -> Model:
    """Load the network of a run from its last or best checkpoint, or from that of an update.

    `sampling`: recipe keys as texts. Raises UsageError, DataError or RunError with one line.
    """
    run = open_run(path)
    recipe = stored_recipe(path).override(sampling or {})
    data = rebuild(run.vocabulary())
    checkpoint = _find(run.checkpoints, which, path.name)
    return model_of(recipe, data, checkpoint, seed)


def find_checkpoint(path: Path, which: str = "last") -> Checkpoint:
    """Load the newest or the best valid checkpoint of a run.

    Raises DataError or RunError with one line.
    """
    return _find(open_run(path).checkpoints, which, path.name)


def _find(checkpoints: Path, which: str, name: str) -> Checkpoint:
    try:
        return select_checkpoint(checkpoints, which)
    except DataError as error:
        raise DataError(f"run {name}: {error}") from None


def model_of(recipe: Recipe, data: Dataset, checkpoint: Checkpoint, seed: int = 0) -> Model:
    """Build the network of a checkpoint. Raises DataError if they do not match."""
    task = "tokens" if isinstance(data, TokenData) else "values"
    parameters = Parameters(shape_of(recipe.replace(task=task), data))
    load_named_parameters(parameters, checkpoint.model)
    return Model(
        parameters=parameters,
        prompt_random=np.random.RandomState([seed, 2]),
        sampling=SamplingSettings.of(recipe.sample),
        recipe=recipe,
        data=data,
        step=checkpoint.step,
    )


@dataclass(frozen=True, eq=False)
class Generation:
    """A text or a forecast, piece by piece, and notes about what was asked for.

    Bytes above 127 of a byte-level run are encoded with `surrogateescape`.
    """

    notes: tuple[str, ...]
    pieces: Iterator[str]


def generate(
    model: Model,
    prompt: str | None = None,
    length: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generation:
    """Generate text with the given prompt and length, or the recipe's.

    Several samples are each preceded by a line with their number. `progress` is called with the
    number of tokens so far.
    """
    sample = model.recipe.sample
    prompt, length = sample.prompt if prompt is None else prompt, length or sample.sample_length
    assert isinstance(model.data, TokenData)
    fitted = fit_prompt(model.data, prompt)
    texts = writers(model, model.data, model.sampling.samples, prompt, exact=True)
    wanted = _watched(itertools.islice(texts, length), progress)
    pieces = (_one if model.sampling.samples == 1 else _numbered)(fitted.text, wanted)
    return Generation((fitted.warning,) if fitted.warning else (), pieces)


def _watched(parts: Iterator[Part], progress: Callable[[int], None] | None) -> Iterator[Part]:
    for number, part in enumerate(parts, 1):
        yield part
        if progress:
            progress(number)


def _one(prompt: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    return itertools.chain([prompt], (piece for (piece,) in rows))


def _numbered(prompt: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    texts = list(zip(*rows, strict=True))
    for number, text in enumerate(texts, start=1):
        yield f"-- {number} of {len(texts)} --\n"
        yield prompt + "".join(text)
        yield "" if number == len(texts) else "\n"


def as_csv(names: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Iterator[str]:
    """Yield CSV lines with full names and exact numbers, without a final line break."""
    yield _csv_line(names)
    for row in rows:
        yield "\n" + _csv_line(row)


def _csv_line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    # csv quotes cells that contain characters of the line terminator.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def sampling_choice(
    recipe: Recipe, settings: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the effective sampling keys as texts, and notes about conflicts with the recipe.

    A setting of how tokens are drawn turns off the recipe's `greedy = true`.
    """
    drawn = [key for key in DRAWING_KEYS if key in settings]
    if not drawn:
        return dict(settings), ()
    named = ", ".join(drawn)
    if settings.get("greedy") == "true":
        return dict(settings), (f"no effect with --greedy: {named}",)
    if "greedy" in settings or not recipe.sample.greedy:
        return dict(settings), ()
    note = f"sampling tokens because {named} was given (the recipe says greedy = true)"
    return {**settings, "greedy": "false"}, (note,)
