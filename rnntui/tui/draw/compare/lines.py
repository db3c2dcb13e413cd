"""The rows around plot and table: what is compared, the selected run, and what happened."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import count, finite, fixed, plural, rounded
from rnntui.runs.compared.columns import Column
from rnntui.runs.compared.run import ComparedRun
from rnntui.text import safe_text
from rnntui.tui.draw.rows import Glyphs, Row, exactly, row_width, spelled

_LIVE = {"braille": "●", "blocks": "●", "ascii": "*"}


@dataclass(frozen=True)
class Heading:
    """What the first row says."""

    title: str  # safe: what the runs have in common
    runs: int
    shown: int  # those that match the filter
    training: int
    reading: int = 0  # runs whose losses are still being read


def heading_row(heading: Heading, width: int, glyphs: Glyphs) -> Row:
    """Return the first row: what is compared, and how many of the runs are training."""
    head: Row = [(" rnntui ", "title"), (" compare  ", "strong")]
    if heading.title:
        head.append((f"{heading.title}  ", ""))
    some = heading.shown != heading.runs
    words = f"{count(heading.shown)} of " if some else ""
    head.append((words + plural(heading.runs, "run"), "muted"))
    tail: Row = []
    if heading.reading:
        tail.append((f"reading {plural(heading.reading, 'run')} ", "muted"))
    if heading.training:
        tail.append((f"  {_LIVE[glyphs]} {count(heading.training)} training ", "accent"))
    head, tail = _spelled(head, glyphs), _spelled(tail, glyphs)
    space = width - row_width(head) - row_width(tail)
    return exactly([*head, (" " * space, ""), *tail] if space > 0 else head, width)


def selected_row(
    run: ComparedRun, mark: str, columns: Sequence[Column], index: int, width: int, glyphs: Glyphs
) -> Row:
    """Return the selected run in words, with the settings that the table may have no room for."""
    row: Row = [(f" {mark} ", "line"), (safe_text(run.name), "strong")]
    if run.problem or not run.readable:
        return exactly(_spelled([*row, (f"  {run.problem}", "warning")], glyphs), width)
    curve = run.curve
    if (losses := curve.training.losses) and finite(loss := losses[-1]):
        row += [("  train ", "muted"), (fixed(loss).strip(), "")]
    if curve.validation and finite(loss := curve.validation[-1].loss):
        row += [("  validation ", "muted"), (fixed(loss).strip(), "")]
    if run.best and run.best.update and finite(run.best.loss):
        words = f"{rounded(run.best.loss)} at {count(run.best.update)} of {count(run.update)}"
        row += [("  best ", "muted"), (words, "")]
    for column in columns:
        row += [(f"  {column.head} ", "muted"), (column.texts[index], "")]
    return exactly(_spelled(row, glyphs), width)


def _spelled(row: Row, glyphs: Glyphs) -> Row:
    return [(spelled(text, glyphs), role) for text, role in row]
