"""Which weights forecast best: a rolling backtest on rows that are kept out of training."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.forecast.slices import result_of
from rnntui.generation.rolling import roll
from rnntui.nn.model import Parameters

Numbers = NDArray[np.float64]

MOST_ORIGINS = 24
READ = 200  # rows before each origin


class Selector:
    """Forecasts from up to 24 places of the last rows before the validation part."""

    def __init__(self, parameters: Parameters, data: ValueData) -> None:
        """`data.outlook` holds some rows back."""
        assert data.outlook is not None
        self._parameters, self._data = parameters, data
        held, behind = data.outlook.held, int(data.levels is not None)
        self._horizon = max(1, min(data.outlook.horizon, held // 2))
        end = len(data.values) + behind
        places = np.linspace(end - held, end - 1, MOST_ORIGINS).astype(int)
        self._origins = sorted(set(places.tolist()))
        rows, targets = data.rows()[:end, : len(data.forecast)], len(data.forecast)
        ahead = np.array(self._origins)[:, None] + np.arange(self._horizon)
        self._known = ahead < end  # (K, H): forecasts from the last places reach beyond
        self._true = rows[np.minimum(ahead, end - 1)]
        last = rows[np.array(self._origins) - 1, None, :targets]
        self._last_value = self._squares(np.broadcast_to(last, self._true.shape))

    def error(self) -> float:
        """The root mean square error as a share of that of repeating the last value.

        It is the geometric mean over how far ahead (each counts as often as it was seen) and over
        columns. Infinite if a forecast is not finite.
        """
        work = roll(self._parameters, self._data, self._origins, self._horizon, READ)
        with np.errstate(all="ignore"):
            ahead = result_of(work)[..., : self._true.shape[-1]]
            ratios = np.log(self._squares(ahead) / self._last_value).mean(axis=1)
            error = math.exp(min(0.5 * float(np.average(ratios, weights=self._counts)), 700.0))
        return error if math.isfinite(error) else math.inf

    @property
    def _counts(self) -> Numbers:
        """How often each horizon was seen, (H,)."""
        counts: Numbers = self._known.sum(axis=0, dtype=np.float64)
        return counts

    def _squares(self, ahead: Numbers) -> Numbers:
        """The mean squares (H, D) of the errors of forecasts (K, H, D); never zero."""
        scale = np.square(self._data.deviation[: ahead.shape[-1]])
        errors = np.where(self._known[..., None], np.square(ahead - self._true), 0.0)
        found: Numbers = errors.sum(axis=0) / self._counts[:, None] + 1e-12 * scale
        return found
