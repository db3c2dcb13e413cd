"""Which weights a run forecasts with: its present ones, or the chosen ones once it has finished."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rnntui.data import Dataset, ValueData
from rnntui.errors import DataError, RunError
from rnntui.generation.generate import Generator
from rnntui.recipe import Recipe
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.runs.trained_model import Model, model_of

RETRY = 2.0  # seconds after which a checkpoint that could not be read is tried again


class Forecaster:
    """While a run trains, its live weights; once it has finished, those of `rnntui generate`.

    These are the live ones if the run is not stored, or its checkpoint cannot be read.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        live: Generator,
        finished: Callable[[], bool],
        best: Callable[[], Checkpoint],
    ) -> None:
        """`best` loads the chosen checkpoint; it may raise DataError or RunError."""
        self._recipe, self._data, self._live = recipe, data, live
        self._finished, self._best = finished, best
        self._chosen: tuple[int, Model] | None = None  # and the update at which the run finished
        self._due = 0.0

    def __call__(self) -> Generator:
        """Return the weights to forecast with now."""
        if not isinstance(self._data, ValueData) or not self._finished():
            return self._live
        if self._chosen is not None and self._chosen[0] == self._live.step:
            return self._chosen[1]
        if monotonic() < self._due:
            return self._live
        try:
            model = model_of(self._recipe, self._data, self._best())
        except (DataError, RunError):
            self._due = monotonic() + RETRY
            return self._live
        self._chosen = self._live.step, model
        return model
