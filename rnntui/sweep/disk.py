"""What a trial will take on disk, at most, by its updates and its time."""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.recipe import Recipe
from rnntui.runs.recorder import SAVE_EVERY
from rnntui.runs.store.metrics import EARLY, EARLY_INTERVAL, INTERVAL

KEPT = 4  # checkpoints: the last three and the best
FIXED = 20_000  # bytes of the files that are written once or replaced
LINE, SIGNS, SAMPLE = 280, 320, 500  # bytes of a line of the journals
_SIGNS_EVERY = 5.0  # seconds; more often in the first minutes
_EARLY_SIGNS = 120  # lines
# Bytes of a checkpoint beside its tensors: losses and signs, which are thinned out in the end.
STATE, STATE_PER_UPDATE, MOST_UPDATES = 25_000, 70, 2_000


@dataclass(frozen=True)
class Length:
    """How long a trial is, about."""

    updates: float
    seconds: float


def bytes_on_disk(recipe: Recipe, tensors: int, vocabulary: int, length: Length) -> int:
    """Return the bytes of a trial's run; `tensors`: of a checkpoint, `vocabulary`: of its file."""
    state = STATE + STATE_PER_UPDATE * min(length.updates, MOST_UPDATES)
    journals = _metrics(recipe, length) + _signs(length) + _samples(recipe, length)
    return int(FIXED + vocabulary + journals + _checkpoints(recipe, length) * (tensors + state))


def _checkpoints(recipe: Recipe, length: Length) -> float:
    """Return how many checkpoints there are in the end."""
    most = KEPT + recipe.train.keep
    return min(most, KEPT + 2.0 * _saved(recipe, length))  # the best one comes with another


def _saved(recipe: Recipe, length: Length) -> float:
    every = recipe.train.checkpoint_every
    by_update = length.updates / every if every else 0.0
    return by_update + length.seconds / SAVE_EVERY


def _metrics(recipe: Recipe, length: Length) -> float:
    early = min(length.seconds, EARLY)
    timed = early / EARLY_INTERVAL + (length.seconds - early) / INTERVAL
    forced = length.updates / recipe.train.eval_every + _saved(recipe, length)
    return LINE * min(length.updates, timed + forced + 1)


def _signs(length: Length) -> float:
    return SIGNS * min(length.updates, _EARLY_SIGNS + length.seconds / _SIGNS_EVERY)


def _samples(recipe: Recipe, length: Length) -> float:
    every = recipe.sample.sample_every
    return SAMPLE * (1 + length.updates / every) if every else 0.0
