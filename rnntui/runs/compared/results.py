"""What comparing runs finds: whether they can be ranked, their order, and what differs. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.runs.compared.comparable import why_not
from rnntui.runs.compared.ordering import ordered
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.differing import differing_effective
from rnntui.text import safe_text

FIELDS = (
    "name",
    "best",
    "best_step",
    "best_seconds",
    "step",
    "seconds",
    "parameters",
    "tokens_per_second",
    "baseline",
    "ratio",
    "state",
    "problem",
    "path",
)


@dataclass(frozen=True, eq=False)
class Results:
    """Runs, the best first if they can be ranked; `reason` says why they cannot."""

    runs: tuple[ComparedRun, ...]
    differing: tuple[str, ...]
    reason: str = ""


def results_of(runs: Sequence[ComparedRun]) -> Results:
    """Compare runs."""
    reason = why_not(runs)
    ranked = tuple(runs) if reason else tuple(ordered(runs, "best"))
    return Results(ranked, differing_of(runs), reason)


def differing_of(runs: Sequence[ComparedRun]) -> tuple[str, ...]:
    """Return the recipe keys in which runs differ, as far as their settings are known."""
    return differing_effective(run.recorded.effective for run in runs if run.readable)


def as_table(results: Results) -> dict[str, Any]:
    """Return the results as plain values for JSON; a `reason` only if there is one."""
    runs = [{**_fields(run), "settings": dict(run.recorded.effective)} for run in results.runs]
    table: dict[str, Any] = {"runs": runs, "differing": list(results.differing)}
    return {**table, "reason": results.reason} if results.reason else table


def csv_text(results: Results) -> str:
    """Return a head and a line for each run: what was measured, then the settings that differ.

    Characters that act on a terminal, or are invisible, are escaped.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_csv_rows(results))
    return text.getvalue()


def _csv_rows(results: Results) -> list[list[str]]:
    rows = [[*FIELDS[:-1], *results.differing]]
    for run in results.runs:
        fields, settings = _fields(run), run.recorded.effective
        known = [fields[name] for name in FIELDS[:-1]]
        known += [settings.get(name) for name in results.differing]
        rows.append([_text(value) for value in known])
    return [[safe_text(cell) for cell in row] for row in rows]


def _fields(run: ComparedRun) -> Mapping[str, Any]:
    best = run.best
    values = (
        run.name,
        best.loss if best else None,
        best.update or None if best else None,
        best.seconds or None if best else None,
        run.update,
        run.seconds,
        run.summary.parameters or None,
        run.speed,
        run.baseline,
        run.ratio,
        run.state,
        run.problem or run.summary.problem or None,
        str(run.path),
    )
    return dict(zip(FIELDS, values, strict=True))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
