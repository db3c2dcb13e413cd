"""What was decided about a table, as the rows of a short table: labels and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnntui.data.cells import listed
from rnntui.data.clock import Clock, Times
from rnntui.data.columns import pick
from rnntui.data.table import Table
from rnntui.recipe import Data

Facts = tuple[tuple[str, str], ...]


def decisions(
    table: Table,
    kept: Sequence[int],
    targets: int,
    clock: Clock | None,
    times: Times | None,
    filled: str,
    data: Data,
) -> Facts:
    """The facts of a table of which the columns `kept` are learned, the first `targets` forecast.

    `filled` says what was done about missing values.
    """
    names = [table.features[i] for i in kept]
    facts = [
        ("time", _time(table, clock, times)),
        ("rows", _rows(table)),
        ("missing", filled),
        ("series", listed(list(dict.fromkeys(table.series)))),
        ("target", listed(names[:targets])),
        ("inputs", listed(names[targets:])),
        ("calendar", ", ".join(clock.cycles) if clock else ""),
        ("left out", _left_out(table, names, data)),
    ]
    return tuple((label, words) for label, words in facts if words)


def _time(table: Table, clock: Clock | None, times: Times | None) -> str:
    """The columns of the time, their step, the first and the last one."""
    if clock is None or times is None:
        return "rows have none"
    columns = [index for index in table.used if index not in table.apart]
    first, last = (clock.write(time) for time in times[[0, -1]].tolist())
    return f"{table.cells.label(columns)} · {clock.words} · {first} to {last}"


def _rows(table: Table) -> str:
    """How many rows were read, in which order, and what became of them."""
    there = table.origin[table.origin >= 0]
    words = [f"{table.read:,} read"]
    back = np.diff(there) < 0
    if back.any() and not table.series:
        words.append("newest first, turned round" if back.mean() > 0.9 else "sorted by time")
    put_in, lost = len(table.origin) - len(there), table.read - len(there)
    if table.series:
        words.append(f"side by side at {len(table.origin):,} times")
    elif put_in:
        words.append(f"{put_in:,} put in")
    if lost > 0 and not table.series:
        words.append(f"{lost:,} left out")
    return ", ".join(words)


def _left_out(table: Table, names: Sequence[str], data: Data) -> str:
    """The columns that are not learned, by the reason why."""
    cells, reasons = table.cells, dict[str, list[str]]()
    learned = {name.rpartition(" (")[0] if table.series else name for name in names}
    chosen = bool(data.columns.strip() or data.target.strip())
    excluded = pick(data.exclude, cells.header, cells.name) if data.exclude.strip() else []
    for index, title in enumerate(cells.header):
        if title in learned or index in table.used:
            continue
        unwanted = chosen or index in excluded
        reason = "not chosen" if unwanted else "constant or mostly missing"
        if not cells.count(index):
            reason = "no numbers"
        elif index in table.counted:
            reason = "row numbers"
        reasons.setdefault(reason, []).append(title)
    return "; ".join(f"{listed(titles)} ({reason})" for reason, titles in reasons.items())
