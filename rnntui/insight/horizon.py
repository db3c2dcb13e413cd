"""Backtests of the live network for a view: from copies of its weights, a slice at a time."""

from __future__ import annotations

import math
from time import thread_time

from rnntui.forecast.backtest import Backtest, Scores, overall
from rnntui.forecast.slices import Slices
from rnntui.nn.model import Parameters
from rnntui.protocol.forecasts import Backtested, MethodErrors, TargetErrors
from rnntui.runs.backtest import Backtester, Results
from rnntui.text import safe_text

SLICE = 0.003  # seconds
MOST_TARGETS, MOST_AHEAD = 6, 16  # that a message has

Number = float | None


class HorizonMeter:
    """Repeats the backtest with the weights of the moment; `newest` is the last complete one."""

    def __init__(self, backtester: Backtester) -> None:
        self._backtester = backtester
        self._copy: Parameters | None = None
        self._work: Slices[Results] | None = None
        self._count = 0
        self.newest: Backtested | None = None

    def work(self, step: int, parameters: Parameters) -> None:
        """Do a slice of the work; `parameters` are the weights of update `step`.

        Raises DataError if the data are too short for the horizon.
        """
        if self._work is None:
            self._copy = self._copy or Parameters(parameters.shape)
            self._copy.flat[...] = parameters.flat
            self._work = self._backtester.slices(self._copy, step)
        end = thread_time() + SLICE
        try:
            next(self._work)
            while thread_time() < end:
                next(self._work)
        except StopIteration as done:
            self._work = None
            self._count += 1
            self.newest = as_message(done.value, self._count)

    @property
    def busy(self) -> bool:
        """Whether a backtest has been begun."""
        return self._work is not None


def as_message(found: Results, number: int) -> Backtested:
    """The first targets of a backtest as a message of bounded size."""
    targets = tuple(map(_target, found.tests[:MOST_TARGETS]))
    return Backtested(number, found.step, len(found.tests), targets)


def _target(test: Backtest) -> TargetErrors:
    ahead = _spread(test.horizon, MOST_AHEAD)
    totals = overall(test.methods)
    methods = tuple(
        _method(name, scores, ahead, totals[name]) for name, scores in test.methods.items()
    )
    held = {level: _known(share) for level, share in test.coverage.items()}
    return TargetErrors(
        target=safe_text(test.target)[:40],
        horizon=test.horizon,
        origins=len(test.plan.outer),
        season=test.season,
        ahead=ahead,
        methods=methods,
        held80=held.get(80),
        held95=held.get(95),
    )


def _spread(horizon: int, most: int) -> tuple[int, ...]:
    """Up to `most` numbers of rows from 1 to the horizon, evenly."""
    if horizon <= most:
        return tuple(range(1, horizon + 1))
    return tuple(1 + round(n * (horizon - 1) / (most - 1)) for n in range(most))


def _method(name: str, scores: Scores, ahead: tuple[int, ...], total: float) -> MethodErrors:
    return MethodErrors(
        name=name,
        by_horizon=tuple(_known(scores.rmse[h - 1]) for h in ahead),
        rmse=_known(total),
        mae=_known(math.fsum(scores.mae) / len(scores.mae)),
        mase=_known(math.fsum(scores.mase) / len(scores.mase)),
    )


def _known(number: float) -> Number:
    return float(f"{number:.4g}") if math.isfinite(number) else None
