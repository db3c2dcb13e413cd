"""The time steps of an update, and the constants of a run, as messages of bounded size."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.clock import Clock
from rnntui.protocol.messages import (
    MOST_STREAMS,
    VERSION,
    Baseline,
    Fact,
    TokenSteps,
    ValueSteps,
    Welcome,
)
from rnntui.recipe import Recipe
from rnntui.text import fit, safe_text
from rnntui.training.loop import Chunk, StaleChunkError, Steps, TrainState, total_steps

MOST_STEPS = 256  # as many as a wide terminal shows, with two to a braille cell
MOST_BYTES = 9000  # of one reply
MOST_STREAM_BYTES = 9000  # of all further streams together
MOST_OUTPUTS = 1 << 19  # read for them: a few milliseconds
MOST_FEATURES = 16
MOST_NOTES = 20
MOST_CELLS = 200  # of a note
MOST_FACTS = 12


def steps_of(chunk: Chunk, data: Dataset) -> TokenSteps | ValueSteps | None:
    """Return the newest time steps of an update; None once the next one has begun."""
    with np.errstate(all="ignore"):
        try:
            steps = chunk.steps()
        except StaleChunkError:
            return None
    return as_message(chunk.step, steps, data)


def as_message(step: int, steps: Steps, data: Dataset, first: int = 0) -> TokenSteps | ValueSteps:
    """Return the newest time steps; `first`: the first of several updates that were joined."""
    with np.errstate(all="ignore"):
        if isinstance(data, TokenData):
            return dataclasses.replace(_tokens(step, steps, data), first=first)
        return dataclasses.replace(_values(step, steps, data), first=first)


def streams_of(chunk: Chunk, data: Dataset, count: int) -> tuple[TokenSteps, ...]:
    """Return the newest time steps of up to `count` further streams, as many as are quick to read.

    Values have none: their curves fill any width.
    """
    if not isinstance(data, TokenData):
        return ()
    found: list[TokenSteps] = []
    size = outputs = 0
    with np.errstate(all="ignore"):
        for stream in range(1, min(1 + min(count, MOST_STREAMS), chunk.streams)):
            try:
                steps = chunk.steps(stream)
            except StaleChunkError:
                return ()
            one = _tokens(chunk.step, steps, data)
            size += sum(map(_bytes, one.input, one.true, one.predicted))
            outputs += len(steps.inputs) * data.tokenizer.vocab_size
            if size > MOST_STREAM_BYTES or outputs > MOST_OUTPUTS:
                break
            found.append(one)
    return tuple(found)


def _bytes(*tokens: str) -> int:
    """Return the bytes of a time step with these tokens in a message, about."""
    return 19 + sum(len(token.encode("utf-8", "replace")) for token in tokens)


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
        size += _bytes(*(column[first] for column in columns))
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
    first = max(0, len(steps.inputs) - MOST_STEPS)
    original = [
        data.unscale(array[first:], steps.start + first + ahead)[:, :features]
        for array, ahead in ((steps.inputs, 0), (steps.targets, 1), (steps.predictions, 1))
    ]
    decimals = [_decimals(column) for column in np.concatenate(original[:2]).T]
    rows = [_rounded(array, decimals) for array in original]
    times = _times_of(data, steps.start + first + 1, len(rows[0]))
    size, at = 0, len(rows[0])
    while at and size <= MOST_BYTES:
        at -= 1
        size += sum(len(repr(row[at])) for row in rows) + (len(times[at]) + 3 if times else 0)
    at += size > MOST_BYTES
    input_, true, predicted = (tuple(part[at:]) for part in rows)
    return ValueSteps(step, input_, true, predicted, times=times[at:])


def _times_of(data: ValueData, start: int, count: int) -> tuple[str, ...]:
    """Return the times of `count` values from one on; empty if they are not known."""
    if data.clock is None or data.times is None:
        return ()
    write = _written(data.clock)
    start += data.levels is not None  # change i leads to row i + 1
    return tuple(write(time) for time in data.times[start : start + count].tolist())


@lru_cache(maxsize=2)
def _written(clock: Clock) -> Callable[[float], str]:
    """Return what writes times; the same ones come again in each pass."""
    return lru_cache(maxsize=4096)(lambda time: safe_text(clock.write(time))[:40])


def _decimals(column: NDArray[Any]) -> int:
    """Return the decimals needed to resolve 1/10,000 of a column's spread."""
    known = column[np.isfinite(column)]
    spread = float(np.ptp(known)) if len(known) else 0.0
    size = spread or float(np.abs(known).max(initial=0.0))
    return 4 - math.floor(math.log10(size)) if 0 < size < math.inf else 0


def _rounded(array: NDArray[Any], decimals: list[int]) -> list[tuple[float, ...]]:
    return [
        tuple(round(v, d) if math.isfinite(v) else v for v, d in zip(row, decimals, strict=True))
        for row in array.tolist()
    ]


def welcome(recipe: Recipe, data: Dataset, state: TrainState) -> Welcome:
    """Describe what does not change during the run."""
    features = data.features[:MOST_FEATURES] if isinstance(data, ValueData) else ()
    facts = data.facts if isinstance(data, ValueData) else ()
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
        floor=data.floor,
        baselines=(),
        features=tuple(safe_text(feature)[:40] for feature in features),
        notes=tuple(fit(safe_text(note), MOST_CELLS) for note in data.notes[:MOST_NOTES]),
        facts=tuple(Fact(label, safe_text(words)[:200]) for label, words in facts[:MOST_FACTS]),
        by_size=tuple(Fact(key, f"{recipe.get(key)}") for key in recipe.by_size),
        workers=state.workers,
        batch=recipe.train.batch,
        turns=recipe.train.turns,
        seq_len=recipe.train.seq_len if isinstance(recipe.train.seq_len, int) else 0,
    )


def as_baselines(pairs: tuple[tuple[str, float], ...]) -> tuple[Baseline, ...]:
    """Convert the losses of simple models to messages."""
    return tuple(Baseline(safe_text(name)[:40], loss) for name, loss in pairs[:8])


def largest_value(data: Dataset) -> float:
    """Return the largest magnitude of the training values; 0 for tokens."""
    return float(np.abs(data.values).max()) if isinstance(data, ValueData) else 0.0
