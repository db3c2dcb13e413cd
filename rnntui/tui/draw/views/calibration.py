"""Whether the probabilities of first guesses can be trusted: a table or chart, and a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, percent
from rnntui.protocol.insight import Reliability
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.frame import Layout, sides, x_axis
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.prose import heading, paragraph
from rnntui.tui.draw.y_axis import LABEL_WIDTH

_CHART_FROM = 9  # rows from which it is a chart
_CHART_MOST, _CHART_WIDEST = 14, 44  # rows and cells
_JUDGED = 200  # guesses from which there is a verdict
_FEW, _SMALL = 30, 0.03  # guesses, and share of all, below which a bin says little
_CALIBRATED = 0.03  # mean difference between given and came true that counts as none
_UNEVEN = 0.08  # mean size of that difference, by bin, that counts as calibrated
_SURE = 0.95  # probability from which a guess is no good example


def calibration_part(bins: Sequence[Reliability], width: int, rank: int, glyphs: Glyphs) -> Part:
    """How often guesses of a given probability come true: a table, or a chart if there is room."""
    return Part(rank, 3, _CHART_MOST, lambda rows: _rows(bins, width, rows, glyphs))


def _rows(bins: Sequence[Reliability], width: int, height: int, glyphs: Glyphs) -> Rows:
    details = [
        "how often first guesses of a probability come true",
        "do its guesses come true?",
        "do guesses come true?",
        "of guesses",
    ]
    rows = [heading("calibration", details, width, glyphs)]
    words = paragraph(verdict(bins), width, glyphs, "muted")
    if height >= _CHART_FROM and width >= 30:
        chart = _chart(bins, width, height - 1 - len(words), glyphs)
        return [*rows, *chart, *words]
    rows += _table(bins, width)
    return [*rows, *words] if len(rows) + len(words) <= height else rows


def _table(bins: Sequence[Reliability], width: int) -> Rows:
    most = max(1, (width - 12) // 6)
    every = -(-len(bins) // most) or 1
    shown = bins[::-1][::every][::-1]
    said: Row = [(" said     ", "muted"), ("".join(f"{b.given:6.2f}" for b in shown), "")]
    came: Row = [(" came true", "muted"), ("".join(f"{b.came_true:6.2f}" for b in shown), "")]
    return [said, came]


def _chart(bins: Sequence[Reliability], width: int, height: int, glyphs: Glyphs) -> Rows:
    left = LABEL_WIDTH + 1
    size = max(1, min(width - left - 1, _CHART_WIDEST))
    place = Layout(False, height - 2, 2, left, size, 0)
    canvas = Canvas(place.width, place.plot, glyphs)
    canvas.line([(0, 0), (1, 1)], "floor", ".", dash=1)
    certain = _certain(bins)
    canvas.line([_point(b) for b in certain], "line", "*")
    ring, few = ("o", ".") if glyphs == "ascii" else ("○", "·")
    for b in bins:
        x, y = _point(b)
        full = b in certain
        canvas.put(canvas.column(x), canvas.row(y), ring if full else few, "strong" if full else "")
    labels = {canvas.row(share): f"{100 * share:.0f} %" for share in (0.0, 0.5, 1.0)}
    ticks = [(canvas.column(share), f"{100 * share:.0f} %") for share in (0.0, 0.5, 1.0)]
    rows = sides(canvas, place, labels, {}) + x_axis(place, ticks, [], "", glyphs)
    return block(rows, left + place.width, height, glyphs)


def _point(b: Reliability) -> tuple[float, float]:
    return min(1.0, max(0.0, b.given)), min(1.0, max(0.0, b.came_true))


def _certain(bins: Sequence[Reliability]) -> list[Reliability]:
    """Return the bins with enough guesses to say something."""
    total = sum(b.count for b in bins)
    return [b for b in bins if b.count >= max(_FEW, _SMALL * total)]


def verdict(bins: Sequence[Reliability]) -> str:
    """Return what the bins say, in words; bins count by the number of their guesses."""
    certain = _certain(bins)
    total = sum(b.count for b in certain)
    if total < _JUDGED:
        return f"Too few guesses to judge: {count(sum(b.count for b in bins))}."
    gap = sum((b.given - b.came_true) * b.count for b in certain) / total
    size = sum(abs(b.given - b.came_true) * b.count for b in certain) / total
    if abs(gap) >= _CALIBRATED:
        head = "Overconfident" if gap > 0 else "Underconfident"
        sign = 1 if gap > 0 else -1
        example = max(certain, key=lambda b: sign * (b.given - b.came_true) * b.count)
    elif size >= _UNEVEN:
        head = "Right on average only"
        example = max(certain, key=lambda b: abs(b.given - b.came_true) * b.count)
    else:
        head = "Well calibrated"
        example = max(certain, key=lambda b: b.count * (b.given < _SURE))
    return (
        f"{head}: given {example.given:.2f}, it is right in {percent(example.came_true)} of "
        f"{count(example.count)} cases."
    )
