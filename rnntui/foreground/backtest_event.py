"""A backtest of a target as plain values, for JSON."""

from __future__ import annotations

import math
from typing import Any

from rnntui.forecast.backtest import Backtest


def event_of(found: Backtest) -> dict[str, Any]:
    """One target as plain values."""
    methods = {
        name: {"rmse": _plain(s.rmse), "mae": _plain(s.mae), "mase": _plain(s.mase)}
        for name, s in found.methods.items()
    }
    return {
        "target": found.target,
        "series": found.series or None,
        "horizon": found.horizon,
        "origins": len(found.plan.outer),
        "methods": methods,
        "coverage": {str(level): known(share) for level, share in found.coverage.items()},
        "season": found.season or None,
        "best": found.best,
    }


def known(number: float) -> float | None:
    """Return a finite number, or None."""
    return number if math.isfinite(number) else None


def _plain(numbers: tuple[float, ...]) -> list[float | None]:
    return [known(n) for n in numbers]
