"""A run's journal as tables: rows of plain values, in order, without what a resumed run voided."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.runs.edits import BY_TRIALS, Edit, edits_of
from rnntui.runs.store.files import failed
from rnntui.runs.store.journal import (
    EVENTS,
    METRICS,
    ROLLBACK,
    JournalReader,
    Line,
    number,
    read_journal,
    whole,
)
from rnntui.session.findings import FINDING
from rnntui.update_numbers import JOURNALED

Cell = str | int | float | None
Row = tuple[Cell, ...]
UPDATES = (
    "step", "updates", "epoch", "seconds", "time", "loss", "low", "high", "bad",
    *(name for name, _ in JOURNALED),
)  # fmt: skip
_WHOLE = ("step", "updates", "bad")
VALIDATIONS = ("step", "epoch", "seconds", "time", "loss", "final")
EVENTS_TABLE = ("step", "seconds", "at", "kind", "text", "who", "edit", "value")
FINDINGS = ("step", "state", "id", "title", "short", "advice")


@dataclass(frozen=True)
class Metrics:
    """The losses of a run: a row per line of its journal, and a row per validation."""

    updates: list[Row]
    validations: list[Row]


def read_metrics(run: Path) -> Metrics:
    """Read a run's metrics. Raises DataError or RunError."""
    updates: list[Row] = []
    validations: list[Row] = []
    for line in _lines(run, METRICS):
        if (step := line.get(ROLLBACK)) is not None and type(step) is int:
            for rows in (updates, validations):
                while rows and (rows[-1][0] or 0) > step:  # type: ignore[operator]
                    rows.pop()
            continue
        if whole(line, "step") is None:
            continue
        if whole(line, "updates") != 0:  # 0: only validated
            updates.append(_update(line))
        if "validation" in line:
            validations.append(_validation(line))
    return Metrics(updates, _without_void(validations))


def _lines(run: Path, stem: str) -> Iterator[Line]:
    reader = JournalReader(run, stem)
    try:
        while lines := reader.read():
            yield from lines
    except OSError as error:
        raise failed(f"read the {stem} of", run, error) from None


def _update(line: Line) -> Row:
    return tuple(
        whole(line, name) or 0 if name in _WHOLE else _number(line, name) for name in UPDATES
    )


def _validation(line: Line) -> Row:
    final = "true" if line.get("final") is True else ""
    known = (whole(line, "step"), *(_number(line, name) for name in ("epoch", "seconds", "time")))
    return (*known, _number(line, "validation"), final)


def _number(line: Mapping[str, Any], name: str) -> Cell:
    """Return a number; one that is not finite as "nan", "inf" or "-inf"."""
    if (found := number(line, name)) is not None:
        return found
    unusual = line.get("nonfinite")
    text = unusual.get(name) if isinstance(unusual, dict) else None
    return text if text in ("nan", "inf", "-inf") else None


def _without_void(rows: list[Row]) -> list[Row]:
    """Drop validations made because the run ended where it has been continued since."""
    return [row for n, row in enumerate(rows) if not row[-1] or n == len(rows) - 1]


def read_events(run: Path) -> list[Line]:
    """Read a run's events, those of findings included. Raises DataError or RunError."""
    try:
        return read_journal(run, EVENTS)[0]
    except OSError as error:
        raise failed("read the events of", run, error) from None


def event_rows(lines: Iterable[Line]) -> list[Row]:
    """Return the rows of the table of events."""
    return [
        tuple(_cell(line, name) for name in EVENTS_TABLE)
        for line in lines
        if isinstance(line.get("text"), str) and line.get("kind") != FINDING
    ]


def finding_rows(lines: Iterable[Line]) -> list[Row]:
    """Return the rows of the table of findings: when each was found or withdrawn."""
    rows: list[Row] = []
    for line in lines:
        finding = line.get(FINDING)
        if isinstance(finding, dict):
            about = (_cell(finding, name) for name in FINDINGS[2:])
            rows.append((whole(line, "step"), _cell(line, "state"), *about))
    return rows


def _cell(line: Mapping[str, Any], name: str) -> Cell:
    value = line.get(name)
    return value if isinstance(value, str) or type(value) is int else number(line, name)


def changes_by_hand(run: Path) -> list[Edit]:
    """Return the changes that users made during a run. Raises DataError or RunError."""
    return [edit for edit in edits_of(read_events(run)) if edit.kind not in BY_TRIALS]


def finite(rows: Iterable[Row], column: int) -> Iterator[tuple[Row, float]]:
    """Yield the rows with a finite number in a column, and that number."""
    for row in rows:
        value = row[column]
        if isinstance(value, float) and math.isfinite(value):
            yield row, value
