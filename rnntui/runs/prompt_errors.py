"""How far off forecasts within the rows of a prompt were, for the intervals of what follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.data.calendar import ahead_of
from rnntui.forecast.backtest import After, Plan, errors_of
from rnntui.forecast.methods import NETWORK, Method
from rnntui.forecast.slices import result_of
from rnntui.generation.rolling import roll
from rnntui.nn.model import Parameters
from rnntui.runs.forecast_start import Start

Numbers = NDArray[np.float64]

LEAST_READ = 20  # rows of another series before the first forecast
MOST_ORIGINS = 80  # the last ones


class PromptErrors:
    """Forecasts from rows of a prompt that are not the source's, as far as the prompt goes."""

    def __init__(
        self,
        parameters: Parameters,
        data: ValueData,
        start: Start,
        where: Plan,
        methods: Iterable[Method],
    ) -> None:
        """`where` is the plan of the source's backtest; `methods` are all that forecast."""
        self._start, self._horizon = start, where.horizon
        behind = max([method.least_rows for method in methods], default=1)
        first = max(start.new or LEAST_READ, behind)
        self._origins = list(range(first, len(start.rows), where.stride))[-MOST_ORIGINS:]
        self._rows_before = data.row_count - start.new
        self._network: Numbers | None = None
        again = _as_data(data, start)
        if self._origins and again is not None:
            work = roll(parameters, again, self._origins, self._horizon)
            self._network = result_of(work)

    @property
    def row(self) -> int:
        """The number of the row after the prompt, as if the prompt followed the source."""
        return self._rows_before + len(self._start.rows)

    def of(self, place: int, fitted: Mapping[str, Method]) -> After | None:
        """The errors for the target in column `place`; None without any."""
        if self._network is None:
            return None
        values = self._start.rows[:, place]
        ahead = {
            name: m.forecast(values, self._origins, self._horizon) for name, m in fitted.items()
        }
        ahead[NETWORK] = self._network[..., place]
        padded = np.concatenate([values, np.full(self._horizon, np.nan)])
        errors = {name: errors_of(padded, self._origins, found) for name, found in ahead.items()}
        return After(tuple(self._rows_before + origin for origin in self._origins), errors)


def _as_data(data: ValueData, start: Start) -> ValueData | None:
    """The rows of a prompt as data; None if their calendar is not known."""
    scaled, ahead = data.scaled(start.rows), None
    if data.ahead is not None:
        clock, last = data.clock, start.last
        if clock is None or last is None:
            return None
        times = [clock.after(last, -place) for place in reversed(range(len(scaled)))]
        ahead = ahead_of(clock, np.array(times, np.int64))
    levels = None if data.levels is None else start.rows
    return replace(data, values=scaled, validation=scaled[:0], levels=levels, ahead=ahead)
