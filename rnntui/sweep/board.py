"""The table of a sweep: its trials, the best first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean, stdev
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.numbers import percent, plural, rounded
from rnntui.runs.differing import setting_text
from rnntui.sweep.halving import is_over
from rnntui.sweep.progress import Progress, Result, progress_of
from rnntui.sweep.results import has_finished, result_of
from rnntui.sweep.space import Settings, parse_draw
from rnntui.sweep.store import Sweep
from rnntui.sweep.trials import varied
from rnntui.text import cell_width, fit, pad, safe_text

_LONGEST_VALUE = 16
_BAR = 30  # cells


@dataclass(frozen=True)
class Row:
    """A trial in the table. `state`: finished, pruned, failed, stopped; or training, waiting."""

    run: str
    settings: Settings
    state: str
    result: Result
    reason: str = ""

    @property
    def word(self) -> str:
        """The state in a word for people; scripts know it by another name."""
        return "cut" if self.state == "pruned" else self.state

    def as_json(self) -> dict[str, Any]:
        """Return what scripts get about the trial."""
        more = {"reason": self.reason} if self.reason else {}
        about = {"run": self.run, "settings": self.settings, **asdict(self.result)}
        return {**about, "state": self.state, **more}


def current_progress(sweep: Sweep) -> dict[int, Progress]:
    """Return the progress of each trial, with those that a user continued to their end."""
    trials = [trial.number for trial in sweep.trials]
    progress = progress_of(trials, sweep.lines)
    for number, one in progress.items():
        run = sweep.run_path(number)
        if one.state not in ("waiting", "finished") and has_finished(run):
            progress[number] = replace(one, state="finished", result=result_of(run), reason="")
    return progress


def rows_of(sweep: Sweep, progress: Mapping[int, Progress], live: bool = False) -> list[Row]:
    """Return the trials, the best first, those without a loss last.

    `live`: the sweep is being run, so trials without an end are training or waiting; otherwise they
    are stopped.
    """
    over = is_over(progress, sweep.info.halving)
    rows = []
    for trial in sweep.trials:
        one = progress[trial.number]
        result = one.result
        if one.started and one.state in ("training", "waiting"):
            result = result_of(sweep.run_path(trial.number))
        name, state = sweep.run_name(trial.number), _state(one, live, over)
        rows.append(Row(name, trial.settings, state, result, one.reason))
    return sorted(rows, key=lambda row: _order(row.result.best))


def _state(progress: Progress, live: bool, over: bool) -> str:
    if progress.state in ("finished", "failed", "stopped"):
        return progress.state
    if progress.state == "paused" and over:
        return "pruned"
    if live:
        return "waiting" if progress.state == "paused" else progress.state
    return "stopped"


def _order(loss: float | None) -> float:
    return math.inf if loss is None else loss


def keys_of(sweep: Sweep) -> tuple[str, ...]:
    """Return the keys that vary, also those of trials still to be chosen."""
    keys = varied([trial.settings for trial in sweep.trials])
    drawn = [parse_draw(text).key for text in sweep.info.draws]
    return tuple(dict.fromkeys((*keys, *drawn)))


def best_row(rows: Sequence[Row]) -> Row | None:
    """Return the row with the lowest loss, if any has one."""
    return next((row for row in rows if row.result.best is not None), None)


def counts(rows: Sequence[Row], total: int = 0) -> str:
    """Return how many trials there are in each state: "8 trials, 6 cut, 2 finished".

    `total`: with those that a sampler will add.
    """
    states = [row.word for row in rows]
    parts = [f"{states.count(state)} {state}" for state in sorted(set(states))]
    return ", ".join([plural(max(total, len(rows)), "trial"), *parts])


def table(rows: Sequence[Row]) -> list[str]:
    """Return the table; with several seeds, the mean of each of the other settings first."""
    keys = varied([row.settings for row in rows])
    lines = []
    if "seed" in keys and len(keys) > 1:
        lines += [*_aligned(_means(rows, [key for key in keys if key != "seed"])), ""]
    cells = [("run", "best", "update", *keys, "state")]
    for row in rows:
        values = (_value(row.settings, key) for key in keys)
        cells.append(
            (row.run, rounded(row.result.best), _update(row.result.best_step), *values, row.word)
        )
    return lines + _aligned(cells)


def _means(rows: Sequence[Row], keys: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the mean and the standard deviation over the seeds, the lowest mean first."""
    groups: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        if row.result.best is not None:
            group = tuple(_value(row.settings, key) for key in keys)
            groups.setdefault(group, []).append(row.result.best)
    cells = [(*keys, "mean", "±", "seeds")]
    for group, losses in sorted(groups.items(), key=lambda item: fmean(item[1])):
        spread = rounded(stdev(losses)) if len(losses) > 1 else "–"
        cells.append((*group, rounded(fmean(losses)), spread, str(len(losses))))
    return cells


def importance_lines(shares: Mapping[str, float]) -> list[str]:
    """Return a bar for each key: its share of what the losses differ by."""
    if not shares:
        return ["importance of settings: too few finished trials, or no setting differs"]
    width = max(map(len, shares))
    lines = [
        f"{key:<{width}}  {'#' * round(_BAR * share):<{_BAR}}  {percent(share)}"
        for key, share in shares.items()
    ]
    return ["importance: share of what the best losses differ by", *lines]


def _value(settings: Settings, key: str) -> str:
    return fit(setting_text(settings[key]), _LONGEST_VALUE) if key in settings else "–"


def _update(step: int | None) -> str:
    return "–" if step is None else f"{step:,}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align the columns: the first and the last to the left, the others to the right."""
    widths = [max(cell_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    last = len(widths) - 1
    return [
        "  ".join(
            pad(safe_text(text), widths[n], "<" if n in (0, last) else ">")
            for n, text in enumerate(row)
        ).rstrip()
        for row in rows
    ]
