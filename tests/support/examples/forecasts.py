"""Messages of forecasts: yearly sunspots, whose network is best, and CO2, whose network loses."""

from __future__ import annotations

import math

from rnntui.protocol.forecasts import (
    Backtested,
    Band,
    Earlier,
    MethodErrors,
    Outlook,
    TargetErrors,
)
from rnntui.tui.draw.value_curves import ValuePlot


def _method(name: str, rmse: float, mase: float, growth: float, count: int) -> MethodErrors:
    by_horizon = tuple(round(rmse * (n / (count / 2)) ** growth, 4) for n in range(1, count + 1))
    return MethodErrors(name, by_horizon, rmse, round(0.8 * rmse, 4), mase)


SUNSPOTS = TargetErrors(
    target="sunspots",
    horizon=11,
    origins=34,
    season=11,
    ahead=tuple(range(1, 12)),
    methods=(
        _method("network", 24.31, 0.81, 0.3, 11),
        _method("last value", 58.7, 2.31, 0.5, 11),
        _method("seasonal naive", 36.84, 1.22, 0.05, 11),
        _method("autoregression", 26.62, 0.9, 0.35, 11),
        _method("differencing", 27.9, 0.95, 0.3, 11),
        _method("exponential smoothing", 51.02, 1.98, 0.4, 11),
        _method("theta", 49.7, 1.92, 0.4, 11),
        _method("adaptive mean", 26.1, 0.88, 0.35, 11),
        _method("auto", 24.02, 0.8, 0.3, 11),
    ),
    held80=0.78,
    held95=0.934,
)
CO2 = TargetErrors(
    target="co2",
    horizon=52,
    origins=36,
    season=52,
    ahead=(1, 4, 8, 11, 15, 18, 21, 25, 28, 32, 35, 38, 42, 45, 49, 52),
    methods=(
        _method("network", 5.333, 3.643, 0.6, 16),
        _method("last value", 3.312, 2.114, 0.5, 16),
        _method("seasonal naive", 2.034, 1.416, 0.02, 16),
        _method("autoregression", 0.9868, 0.645, 0.3, 16),
        _method("differencing", 1.041, 0.68, 0.3, 16),
        _method("exponential smoothing", 1.786, 1.123, 0.5, 16),
        _method("theta", 1.652, 1.04, 0.5, 16),
        _method("adaptive mean", 0.9702, 0.631, 0.3, 16),
        _method("auto", 0.9617, 0.618, 0.3, 16),
    ),
    held80=0.82,
    held95=0.96,
)
WINS = Backtested(3, 12_400, 1, (SUNSPOTS,))
LOSES = Backtested(1, 10_000, 2, (CO2, SUNSPOTS))


# ---- a forecast beside what was held out --------------------------------------------------------


def _wave(rows: range, by: float = 0.0) -> tuple[float, ...]:
    return tuple(round(20 + 8 * math.sin(n * math.pi / 6) + 0.05 * n + by, 3) for n in rows)


def _month(n: int) -> str:
    return f"{1990 + n // 12}-{n % 12 + 1:02}-01"


_BAND = Band(
    tuple(0.8 + 0.15 * n for n in range(12)),
    tuple(1.6 + 0.25 * n for n in range(12)),
)
OUTLOOK = Outlook(
    method="autoregression 55 %, network 45 %",
    verdict="autoregression forecasts better than the network: RMSE 1.2 against 1.9; "
    "method = auto mixes both",
    loses=True,
    times_before=tuple(map(_month, range(60))),
    times=tuple(map(_month, range(60, 72))),
    bands=(_BAND, _BAND),
    earlier=(Earlier(_wave(range(48, 60), 1.0), _BAND), Earlier(_wave(range(51, 63)), _BAND)),
)
PLOT = ValuePlot(
    true=tuple(zip(_wave(range(60)), _wave(range(3, 63)), strict=True)),
    forecast=tuple(zip(_wave(range(60, 72)), _wave(range(63, 75)), strict=True)),
    features=("temperature", "load"),
    feature=0,
    update=1200,
    times=OUTLOOK.times_before,
    outlook=OUTLOOK,
)
