"""Which weights forecast best: a rolling backtest on rows that are kept out of training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.forecast.slices import result_of
from rnntui.generation.rolling import roll
from rnntui.nn.model import Parameters

Numbers = NDArray[np.float64]

MOST_ORIGINS = 12
READ = 200  # rows before each origin


class Selector:
    """Forecasts from up to 12 places of the last rows before the validation part."""

    def __init__(self, parameters: Parameters, data: ValueData) -> None:
        """`data.outlook` holds some rows back."""
        assert data.outlook is not None
        self._parameters, self._data = parameters, data
        held, behind = data.outlook.held, int(data.levels is not None)
        self._horizon = max(1, min(data.outlook.horizon, held // 2))
        end = len(data.values) + behind
        places = np.linspace(end - held, end - self._horizon, MOST_ORIGINS).astype(int)
        self._origins = sorted(set(places.tolist()))
        rows, targets = data.rows(), len(data.forecast)
        ahead = np.array(self._origins)[:, None] + np.arange(self._horizon)
        self._true = rows[ahead, :targets]
        last = rows[np.array(self._origins) - 1, None, :targets]
        self._last_value = self._squares(np.broadcast_to(last, self._true.shape))

    def error(self) -> float:
        """The RMSE over the horizon, as a share of that of repeating the last value.

        Of several columns it is the geometric mean. Infinite if a forecast is not finite.
        """
        with np.errstate(all="ignore"):
            work = roll(self._parameters, self._data, self._origins, self._horizon, READ)
            ahead = result_of(work)
            ratios = self._squares(ahead[..., : self._true.shape[-1]]) / self._last_value
            error = float(np.exp(0.5 * np.log(ratios).mean()))
        return error if np.isfinite(error) else np.inf

    def _squares(self, ahead: Numbers) -> Numbers:
        """The mean square (D,) of the errors of forecasts (K, H, D); never zero."""
        scale = np.square(self._data.deviation[: ahead.shape[-1]])
        found: Numbers = np.square(ahead - self._true).mean(axis=(0, 1)) + 1e-12 * scale
        return found
