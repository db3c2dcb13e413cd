"""The steps of stream 0, and what stands still in a run, as messages with a bounded size."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.spread import spread
from rnntui.engine.health import Yardstick
from rnntui.engine.protocol import VERSION, Baseline, TokenSteps, ValueSteps, Welcome
from rnntui.recipe import Recipe
from rnntui.text import safe_text
from rnntui.trainer import Chunk, StaleChunkError, Steps, TrainState, total_steps

MOST_STEPS = 256  # as many as a wide terminal shows, with two to a braille cell
MOST_BYTES = 9000  # of one reply
MOST_FEATURES = 16
MOST_NOTES = 20
MOST_COUNTED = 1_000_000  # tokens


def steps_of(chunk: Chunk, data: Dataset) -> TokenSteps | ValueSteps | None:
    """The newest steps of an update, or None once the next one has begun."""
    with np.errstate(all="ignore"):
        try:
            steps = chunk.steps()
        except StaleChunkError:
            return None
        if isinstance(data, TokenData):
            return _tokens(chunk.step, steps, data)
        return _values(chunk.step, steps, data)


def _tokens(step: int, steps: Steps, data: TokenData) -> TokenSteps:
    show, p_true = data.tokenizer.show, steps.p_true
    columns = [
        [show(int(token)) for token in ids[-MOST_STEPS:]]
        for ids in (steps.inputs, steps.targets, steps.predictions)
    ]
    probability = [] if p_true is None else p_true[-MOST_STEPS:].tolist()
    size, first = 0, len(columns[0])
    while first and size <= MOST_BYTES:
        first -= 1
        size += 19 + sum(len(column[first].encode("utf-8", "replace")) for column in columns)
    first += size > MOST_BYTES
    return TokenSteps(
        step,
        tuple(columns[0][first:]),
        tuple(columns[1][first:]),
        tuple(columns[2][first:]),
        tuple(float(f"{p:.4g}") for p in probability[first:]),
    )


def _values(step: int, steps: Steps, data: ValueData) -> ValueSteps:
    features = min(len(data.features), MOST_FEATURES)
    newest = min(MOST_STEPS, MOST_BYTES // (3 * (12 * features + 3)))
    first = max(0, len(steps.inputs) - newest)
    own = [
        _rows(data.own(array[first:], steps.start + first + ahead)[:, :features])
        for array, ahead in ((steps.inputs, 0), (steps.targets, 1), (steps.predictions, 1))
    ]
    return ValueSteps(step, *own)


def _rows(array: NDArray[Any]) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(float(f"{v:.5g}") for v in row) for row in array.tolist())


def welcome(recipe: Recipe, data: Dataset, state: TrainState) -> Welcome:
    """What does not change while the run lasts."""
    features = data.features[:MOST_FEATURES] if isinstance(data, ValueData) else ()
    return Welcome(
        version=VERSION,
        pid=os.getpid(),
        parameters=state.parameters.count,
        source=safe_text(data.name)[:200],
        unit=data.unit,
        vocab_size=data.tokenizer.vocab_size if isinstance(data, TokenData) else 0,
        train_size=len(data.tokens if isinstance(data, TokenData) else data.values),
        validation_size=len(data.validation),
        split=safe_text(data.split)[:200],
        steps_per_epoch=state.stream.chunks_per_epoch,
        tokens_per_update=state.stream.steps * state.stream.batch,
        total_steps=total_steps(recipe, data),
        total_seconds=recipe.train.seconds or None,
        floor=data.floor if isinstance(data, TokenData) else None,
        baselines=(),
        features=tuple(safe_text(feature)[:40] for feature in features),
        notes=tuple(safe_text(note)[:200] for note in data.notes[:MOST_NOTES]),
        workers=state.workers,
    )


def as_baselines(pairs: tuple[tuple[str, float], ...]) -> tuple[Baseline, ...]:
    """Losses of simple models as messages."""
    return tuple(Baseline(safe_text(name)[:40], loss) for name, loss in pairs[:8])


def yardstick(data: Dataset) -> Yardstick:
    """The losses of models that have learned nothing."""
    if isinstance(data, ValueData):
        return Yardstick(float(0.5 * np.square(data.values).sum(axis=1).mean()))
    counts = np.bincount(spread(data.tokens, MOST_COUNTED))
    p = counts[counts > 0] / counts.sum()
    return Yardstick(float(np.log(data.tokenizer.vocab_size)), float(-(p * np.log(p)).sum()))


def largest_value(data: Dataset) -> float:
    """The largest magnitude among the values trained on; 0 for tokens."""
    return float(np.abs(data.values).max()) if isinstance(data, ValueData) else 0.0
