"""Format a backtest: a table per target, a line of JSON per target, or CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

from rnntui.forecast.backtest import Backtest, overall
from rnntui.forecast.methods import NETWORK
from rnntui.foreground.json_report import json_line
from rnntui.numbers import figure
from rnntui.text import cell_width, fit, pad, safe_text

DIGITS = 5
COLUMNS = ("target", "series", "method", "h", "rmse", "mae", "mase")
_NAME_WIDTH = 40


def as_json(found: Backtest) -> str:
    """One target as a line of JSON; numbers that are not known are null."""
    methods = {
        name: {"rmse": _plain(s.rmse), "mae": _plain(s.mae), "mase": _plain(s.mase)}
        for name, s in found.methods.items()
    }
    event: dict[str, Any] = {
        "target": found.target,
        "series": found.series or None,
        "horizon": found.horizon,
        "origins": len(found.plan.outer),
        "methods": methods,
        "coverage": {str(level): _known(share) for level, share in found.coverage.items()},
        "season": found.season or None,
        "best": found.best,
    }
    return json_line(event)


def as_csv(found: Iterable[Backtest]) -> Iterator[str]:
    """Lines of CSV: every method of every target at every horizon."""
    yield _csv(COLUMNS)
    for test in found:
        for name, s in test.methods.items():
            for h, errors in enumerate(zip(s.rmse, s.mae, s.mase, strict=True), 1):
                cells = ("" if _known(e) is None else e for e in errors)
                yield _csv((test.target, test.series, name, h, *cells))


def as_text(found: Backtest) -> list[str]:
    """A table of the errors over the whole horizon, and what they mean."""
    season = f"season {found.season} rows" if found.season else "no season"
    name = fit(safe_text(found.target), _NAME_WIDTH)
    head = f"{name}: {found.horizon} rows ahead, {len(found.plan.outer)} origins, {season}"
    rows = [("method", "rmse", "mae", "mase")]
    totals = overall(found.methods)
    for method, s in found.methods.items():
        mae, mase = (sum(e) / len(e) for e in (s.mae, s.mase))
        rows.append((method, *(figure(n, DIGITS) for n in (totals[method], mae, mase))))  # type: ignore[arg-type]
    widths = [max(map(cell_width, cells)) for cells in zip(*rows, strict=True)]
    lines = [head, *("  " + _aligned(row, widths) for row in rows)]
    shares = [
        f"{level} % intervals held {100 * share:.0f} %"
        for level, share in found.coverage.items()
        if math.isfinite(share)
    ]
    return [*lines, *(["  " + ", ".join(shares)] if shares else []), *_verdict(totals)]


def _verdict(totals: dict[str, float]) -> list[str]:
    """A sentence if a simple method is better than the network."""
    better = [name for name in totals if totals[name] < totals.get(NETWORK, -math.inf)]
    if not better:
        return []
    best = min(better, key=lambda name: totals[name])
    return [f"  {best} is better than the network here; method = auto mixes both"]


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([pad(*first), *(pad(text, width, ">") for text, width in others)]).rstrip()


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _plain(numbers: tuple[float, ...]) -> list[float | None]:
    return [_known(n) for n in numbers]


def _csv(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")
