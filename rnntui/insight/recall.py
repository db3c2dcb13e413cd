"""Answers that must be remembered: entries of a sequence that only the past decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.generated import text_task
from rnntui.data.generated.task import (
    Probe,
    RowProbe,
    SeriesTask,
    TextTask,
    by_distance,
    chance,
)
from rnntui.data.source import generated_task
from rnntui.dataclass import dataclass
from rnntui.nn.kernels.layout import Array
from rnntui.recipe import Recipe

LEAST = 10  # answers at a distance; fewer say nothing
_BRACKETS = "brackets"  # the task whose rules hold for any text with brackets


@dataclass(frozen=True, eq=False)
class Recall:
    """The answers within a sequence (M,) or (M, D), and whether outputs contain them.

    `is_right(probe, outputs)` judges a probe by the `columns` (all, if that is None) of outputs
    (M - 1, width); row i is for entry i + 1. `chance` is the share right by guessing, if known.
    """

    probes: tuple[Probe | RowProbe, ...]
    is_right: Callable[[Any, Array], bool]
    chance: float | None = None
    columns: NDArray[Any] | None = None

    def needed(self, outputs: Array) -> Array:
        """The columns of outputs (n, width) that the answers are chosen from."""
        return outputs if self.columns is None else outputs[:, self.columns]

    @property
    def labels(self) -> tuple[str, ...]:
        """The ranges of distances, as in "4–7"."""
        return tuple(share.label for share in by_distance(self.probes, [True] * len(self.probes)))

    def shares(self, outputs: Array) -> tuple[float | None, ...]:
        """The share of right answers in each range; None where there are too few to tell.

        `outputs`: what `needed` leaves of them.
        """
        right = [self.is_right(probe, outputs) for probe in self.probes]
        found = by_distance(self.probes, right)
        return tuple(one.right / one.total if one.total >= LEAST else None for one in found)


def recall_of(
    recipe: Recipe, data: Dataset, sequence: NDArray[Any], counts: Callable[[int], bool]
) -> Recall | None:
    """Find the answers within a sequence of the data whose position `counts`.

    None if the data have no such answers: neither a generated task's own nor brackets.
    """
    task = generated_task(recipe.data.source)
    if isinstance(data, ValueData):
        return _of_rows(task, data, sequence, counts) if isinstance(task, SeriesTask) else None
    if data.unit != "character" or isinstance(task, SeriesTask):
        return None
    return _of_text(task, data, sequence, counts)


def _of_text(
    task: TextTask | None, data: TokenData, sequence: NDArray[Any], counts: Callable[[int], bool]
) -> Recall | None:
    brackets = text_task(_BRACKETS)
    assert brackets is not None and brackets.probes is not None
    find = task.probes if task and task.probes else brackets.probes
    text, known = data.tokenizer.decode(sequence), set(data.tokenizer.decode(np.unique(sequence)))
    if len(text) != len(sequence):  # a token that is not one character
        return None
    kept = [
        probe for probe in find(text) if counts(probe.at) and known.issuperset(probe.candidates)
    ]
    if len(kept) < LEAST:
        return None
    chars = sorted({char for probe in kept for char in probe.candidates})
    ids = np.array([data.tokenizer.encode(char)[0] for char in chars], np.intp)
    column = {char: n for n, char in enumerate(chars)}

    def is_right(probe: Probe, outputs: Array) -> bool:
        candidates = [column[char] for char in probe.candidates]
        best = candidates[int(np.argmax(outputs[probe.at - 1, candidates]))]
        return bool(ids[best] == sequence[probe.at])

    return Recall(tuple(kept), is_right, chance(kept), ids)


def _of_rows(
    task: SeriesTask, data: ValueData, sequence: NDArray[Any], counts: Callable[[int], bool]
) -> Recall | None:
    if task.probes is None or data.levels is not None or data.features != task.columns:
        return None
    rows = data.unscale(sequence, 0)
    kept = [probe for probe in task.probes([*map(tuple, rows.tolist())]) if counts(probe.at)]
    if len(kept) < LEAST:
        return None

    def is_right(probe: RowProbe, outputs: Array) -> bool:
        predicted = data.unscale(outputs[probe.at - 1 : probe.at], 0)[0, probe.column]
        return bool(abs(predicted - rows[probe.at, probe.column]) < probe.tolerance)

    return Recall(tuple(kept), is_right)
