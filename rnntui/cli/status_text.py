"""A run's status in words: all that is known of it, or one line at a time while it trains."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rnntui.numbers import (
    age,
    count,
    duration,
    finite,
    percent,
    plural,
    rounded,
    si,
    size_in_words,
)
from rnntui.runs.listing import ListedRun
from rnntui.runs.store.labels import Labels
from rnntui.runs.store.summary import RunSummary
from rnntui.text import safe_text
from rnntui.units import speed_unit_of


def remaining(run: ListedRun) -> float | None:
    """Return the expected seconds until the end of training; None if unknown."""
    one, seconds = run.summary, (run.settings or {}).get("seconds")
    if not one.active or not one.elapsed:
        return None
    left = []
    if one.total and one.step:
        left.append(one.elapsed / one.step * max(0, one.total - one.step))
    if isinstance(seconds, float) and seconds:
        left.append(max(0.0, seconds - one.elapsed))
    return min(left, default=None)


def status_lines(run: ListedRun, now: float) -> list[str]:
    """Describe a run; `now` is in seconds since 1970."""
    one = run.summary
    progress = f", {_progress(one)}" if one.usable else ""
    rows = [(name, text) for name, text in _rows(run, now) if text]
    return [f"{safe_text(one.name)}: {one.state}{progress}", *(f"  {n:<10}  {t}" for n, t in rows)]


def status_line(run: ListedRun) -> str:
    """Describe in one line how far a run is."""
    one = run.summary
    parts = (one.state, _progress(one), _known("loss ", one.loss), _best(one), one.problem)
    return "  ".join(part for part in parts if part)


def _progress(one: RunSummary) -> str:
    if not one.total or one.step > one.total:
        return f"update {one.step:,}"
    return f"update {one.step:,} of {one.total:,} ({percent(one.step / one.total)})"


def _rows(run: ListedRun, now: float) -> Iterator[tuple[str, str]]:
    one = run.summary
    mean = f" (mean of {plural(one.averaged, 'update')})" if one.averaged else ""
    yield "loss", f"{rounded(one.loss)}{mean}" if finite(one.loss) else ""
    yield "validation", "; ".join(filter(None, (_known("", one.validation), _best(one))))
    name = f" ({safe_text(one.baseline_name)})" if one.baseline_name else ""
    yield "baseline", f"{rounded(one.baseline)}{name}" if finite(one.baseline) else ""
    yield "time", _time(run)
    yield "saved", f"update {count(one.checkpoint)}" if one.checkpoint is not None else ""
    parameters = plural(one.parameters, "parameter") if one.parameters else ""
    made_of = (safe_text(one.recipe), safe_text(one.source), parameters)
    yield "recipe", "; ".join(dict.fromkeys(filter(None, made_of)))
    changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.updated))
    yield "changed", f"{changed}, {age(now - one.updated)} ago; {size_in_words(one.size)}"
    yield "trained by", one.holder if one.live else ""
    yield "tags", Labels(one.tags, one.note).line
    yield "findings", ", ".join(one.findings)
    yield "reason", one.reason
    yield "problem", one.faults


def _best(one: RunSummary) -> str:
    at = f" at update {one.best_step:,}" if one.best_step is not None else ""
    return f"best {rounded(one.best)}{at}" if finite(one.best) else ""


def _known(label: str, loss: float | None) -> str:
    return f"{label}{rounded(loss)}" if finite(loss) else ""


def _time(run: ListedRun) -> str:
    one, left = run.summary, remaining(run)
    if not finite(one.elapsed):
        return ""
    parts = [duration(one.elapsed)]
    if left is not None:
        parts.append(f"about {duration(left)} left")
    if one.active and one.tokens_per_second:
        parts.append(f"{si(one.tokens_per_second)} {speed_unit_of(run.settings)}")
    return "; ".join(parts)
