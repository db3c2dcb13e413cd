"""Format a backtest: a table per target, a line of JSON per target, or CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence

from rnntui.forecast.backtest import Backtest, overall
from rnntui.forecast.verdict import verdict
from rnntui.foreground.backtest_event import event_of, known
from rnntui.foreground.json_report import json_line
from rnntui.numbers import figure, plural
from rnntui.text import cell_width, fit, pad, safe_text

DIGITS = 5
COLUMNS = ("target", "series", "method", "h", "rmse", "mae", "mase")
_NAME_WIDTH = 40
_MOST_FINAL = 4  # targets in the report at the end of a run


def as_json(found: Backtest) -> str:
    """One target as a line of JSON; numbers that are not known are null."""
    return json_line(event_of(found))


def as_csv(found: Iterable[Backtest]) -> Iterator[str]:
    """Lines of CSV: every method of every target at every horizon."""
    yield _csv(COLUMNS)
    for test in found:
        for name, s in test.methods.items():
            for h, errors in enumerate(zip(s.rmse, s.mae, s.mase, strict=True), 1):
                cells = ("" if known(e) is None else e for e in errors)
                yield _csv((test.target, test.series, name, h, *cells))


def as_text(found: Backtest, method: str) -> list[str]:
    """A table of the errors over the whole horizon, and what they mean; `method` forecasts."""
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
    said = verdict(totals, method)
    return [
        *lines,
        *(["  " + ", ".join(shares)] if shares else []),
        *([f"  {said.text}"] if said.text else []),
    ]


def final_lines(tests: Sequence[Backtest], method: str) -> Iterator[str]:
    """Lines for the end of a run: the errors of each target's forecasts, and what they mean."""
    for test in tests[:_MOST_FINAL]:
        of = f" of {fit(safe_text(test.target), _NAME_WIDTH)}" if len(tests) > 1 else ""
        totals = overall(test.methods)
        errors = ", ".join(f"{name} {figure(error, DIGITS)}" for name, error in totals.items())
        yield f"forecasts{of} {plural(test.horizon, 'row')} ahead, RMSE: {errors}"
        if (said := verdict(totals, method)).loses:
            yield f"  {said.text}"
    if len(tests) > _MOST_FINAL:
        yield f"  and {plural(len(tests) - _MOST_FINAL, 'more column')}: see rnntui backtest"


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([pad(*first), *(pad(text, width, ">") for text, width in others)]).rstrip()


def _csv(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")
