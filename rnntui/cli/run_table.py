"""The table of runs: one line per run or, on a narrow terminal, a line and its details below."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from rnntui.cli.status_text import remaining
from rnntui.dataclass import dataclass
from rnntui.numbers import age, rounded, short, size_in_words
from rnntui.recipe import Value
from rnntui.runs.differing import setting_text
from rnntui.runs.listing import ListedRun, differences
from rnntui.runs.store.labels import Labels
from rnntui.runs.store.summary import RunSummary
from rnntui.text import cell_width, fit, pad, safe_json, safe_text

NAME_WIDTH, VALUE_WIDTH = 64, 24
LEAST_WIDTH = 20  # cells of a line, however narrow the terminal is
UNKNOWN = "–"
# Those before CHANGED stay in the first line of a run.
_LOSSES = ("LOSS", "BEST VAL", "AT", "BASELINE")
_COLUMNS = ("RUN", "STATE", "UPDATE", *_LOSSES, "CHANGED", "AGE", "SIZE")
_FIRST, _LEFT = _COLUMNS.index("CHANGED"), ("RUN", "STATE", "CHANGED")
_GAP = "  "


@dataclass(frozen=True)
class Row:
    """A run's cells, one for each of the columns, and what follows them without a column."""

    cells: tuple[str, ...]
    settings: dict[str, str]  # the differing ones, as key=value
    remarks: tuple[str, ...]


def run_lines(
    runs: Sequence[ListedRun], root: Path, width: int | None = None, now: float | None = None
) -> list[str]:
    """List the runs as a table of at most `width` cells; None: one line for each run.

    `now` is in seconds since 1970.
    """
    if not runs:
        return [f"no runs in {safe_text(str(root))}: start one with rnntui train"]
    now = time.time() if now is None else now
    pairs = zip(runs, differences(runs), strict=True)
    rows = [_row(run.summary, differing, now) for run, differing in pairs]
    table = _one_line_each(rows)
    if width is None or max(map(cell_width, table)) <= width:
        return _with_remarks(table, rows, width)
    return _two_lines_each(rows, width)


def _row(run: RunSummary, differing: dict[str, Value], now: float) -> Row:
    # A run whose weights were restored near the end has made more updates than its recipe says.
    bounded = run.total and run.state != "finished" and run.step <= run.total
    cells = (
        fit(safe_text(run.name), NAME_WIDTH),
        run.state,
        f"{run.step:,}" + (f" of {short(run.total)}" if bounded else ""),
        _loss(run.loss),
        _loss(run.best),
        UNKNOWN if run.best_step is None else f"{run.best_step:,}",
        _loss(run.baseline),
        time.strftime("%Y-%m-%d %H:%M", time.localtime(run.updated)),
        age(now - run.updated),
        size_in_words(run.size),
    )
    settings = {key: f"{key}={_value(key, value)}" for key, value in differing.items()}
    problem = run.problem or ", ".join(run.findings) or (run.holder if run.live else "")
    remarks = (Labels(run.tags, run.note).line, problem)
    return Row(cells, settings, tuple(text for text in remarks if text))


def _loss(loss: float | None) -> str:
    return UNKNOWN if loss is None or not math.isfinite(loss) else rounded(loss)


def _value(key: str, value: Value) -> str:
    text = setting_text(value)
    if key == "source" and PurePath(text).is_absolute():
        text = PurePath(text).name
    return fit(safe_text(text), VALUE_WIDTH) or '""'


def _one_line_each(rows: Sequence[Row]) -> list[str]:
    """Return the heading, and a line of all columns for each run."""
    table = _aligned([row.cells for row in rows], _known(rows))
    settings = _settings(rows)
    width = max(map(cell_width, settings))
    if not width:
        return table
    beside = [pad(text, width) for text in ("DIFFERS", *settings)]
    return [_GAP.join(pair).rstrip() for pair in zip(table, beside, strict=True)]


def _with_remarks(table: Sequence[str], rows: Sequence[Row], width: int | None) -> list[str]:
    """Add the remarks on each run behind its line or, if there is no room, below."""
    heading, *lines = table
    found = [heading]
    for line, row in zip(lines, rows, strict=True):
        whole = _GAP.join((pad(line, max(map(cell_width, table))), *row.remarks)).rstrip()
        if width is None or cell_width(whole) <= width:
            found.append(whole)
        else:
            found += [line, *wrapped_parts(row.remarks, width)]
    return found


def _settings(rows: Sequence[Row]) -> list[str]:
    """Return the settings of each run in one text, with those of a key below each other."""
    order = dict.fromkeys(key for row in rows for key in row.settings)
    widths = {key: max(cell_width(row.settings.get(key, "")) for row in rows) for key in order}
    return [" ".join(pad(row.settings.get(k, ""), n) for k, n in widths.items()) for row in rows]


def _two_lines_each(rows: Sequence[Row], width: int) -> list[str]:
    columns = [n for n in _known(rows) if n < _FIRST]
    table = _aligned([row.cells for row in rows], columns)
    apart = max(map(cell_width, table)) > width  # names stand on lines of their own
    if apart:
        table = _aligned([row.cells for row in rows], columns[1:])
    lines = [_GAP + table[0] if apart else table[0]]
    for line, row in zip(table[1:], rows, strict=True):
        lines += [row.cells[0], _GAP + line] if apart else [line]
        changed, old, size = row.cells[_FIRST:]
        settings = " ".join(row.settings.values())
        details = (f"{changed}, {old} ago", size, *([settings] if settings else []), *row.remarks)
        lines += wrapped_parts(details, width)
    return lines


def wrapped_parts(parts: Sequence[str], width: int) -> list[str]:
    """Join parts in indented lines; one that is too long for a line is broken between words."""
    room, lines = max(LEAST_WIDTH, width - len(_GAP)), [""]
    for part in parts:
        words = [part] if cell_width(part) <= room else part.split(" ")
        for gap, word in zip((_GAP, *" " * len(words)), words, strict=False):
            if not lines[-1]:
                lines[-1] = word
            elif cell_width(lines[-1] + gap + word) <= room:
                lines[-1] += gap + word
            else:
                lines.append(word)
    return [_GAP + fit(line, room) for line in lines]


def _known(rows: Sequence[Row]) -> list[int]:
    """Return the columns in which something is known."""
    return [n for n in range(len(_COLUMNS)) if any(row.cells[n] != UNKNOWN for row in rows)]


def _aligned(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> list[str]:
    """Return the heading and the rows, with the given columns aligned."""
    table = [_COLUMNS, *rows]
    widths = {n: max(cell_width(row[n]) for row in table) for n in columns}
    aligns = {n: "<" if _COLUMNS[n] in _LEFT else ">" for n in columns}
    return [_GAP.join(pad(row[n], widths[n], aligns[n]) for n in columns) for row in table]


def run_json(run: ListedRun) -> dict[str, Any]:
    """Return a run as a JSON object: the fields of its summary, and its settings."""
    fields = dataclasses.asdict(run.summary)
    settings = dict(run.settings) if run.settings is not None else None
    return {**fields, "path": str(run.summary.path), "settings": settings}


def runs_as_json(runs: Sequence[ListedRun]) -> list[str]:
    """List every run as a JSON object."""
    return [_json_line(run_json(run)) for run in runs]


def status_json(run: ListedRun) -> str:
    """Return a run as a JSON object, with the expected seconds until its end."""
    return _json_line({**run_json(run), "remaining": remaining(run)})


def _json_line(table: dict[str, Any]) -> str:
    return safe_json(json.dumps(table, allow_nan=False))
