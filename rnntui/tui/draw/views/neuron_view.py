"""What the parts of the view of neurons share: the message, its passage, and number formats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, finite
from rnntui.protocol.insight import Neurons, Passage
from rnntui.tui.draw.bars import short_bar
from rnntui.tui.draw.rows import Glyphs, Run
from rnntui.tui.draw.tokens import bar, level
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.passage import Columns, columns, spelled_tokens, value_columns


@dataclass(frozen=True)
class NeuronView:
    """The message, its passage and how to show them."""

    neurons: Neurons
    passage: Passage
    options: ViewOptions

    @property
    def glyphs(self) -> Glyphs:
        """The glyph set."""
        return self.options.glyphs

    @property
    def at(self) -> int:
        """The selected position, or -1."""
        return -1 if self.options.at is None else self.options.at

    @cached_property
    def shares(self) -> Sequence[Number]:
        """The values of the unit from its low (0) to its high (1)."""
        neurons = self.neurons
        return shares_of(neurons.activation, neurons.low, neurons.high)

    @cached_property
    def text(self) -> Sequence[str]:
        """The tokens as they are shown."""
        return spelled_tokens(self.passage.tokens, self.glyphs)

    @property
    def described(self) -> int:
        """Position whose value is given: the one at the cursor, or the last one; -1 if none."""
        last = len(self.shares) - 1
        return self.at if 0 <= self.at <= last else last

    @property
    def visible(self) -> int:
        """Position that must be visible: the selected one, or the last one."""
        return self.at if self.at >= 0 else max(len(self.text), len(self.passage.rows)) - 1

    def columns(self, width: int) -> Columns:
        """Return the columns of the passage for rows of that width, without their label."""
        if self.passage.tokens:
            return columns([self.text], self.options.unit, width)
        return value_columns(len(self.passage.rows), width)


@lru_cache(maxsize=512)  # a map of units has thousands of cells, but ten levels
def level_cell(share: Number, glyphs: Glyphs, short: bool) -> Run:
    """Return the bar of a share in one cell, and its role; blank if unknown.

    `short` bars do not touch the row above.
    """
    if not finite(share):
        return " ", "muted"
    return (short_bar if short else bar)(share, glyphs), level(share)


def shares_of(values: Sequence[Number], low: float, high: float) -> list[Number]:
    """Return values as fractions of [low, high], or of their own range if that is not finite."""
    known = [value for value in values if finite(value)]
    if not (finite(low) and finite(high) and low < high) and known:
        low, high = min(known), max(known)
    half = high / 2 - low / 2
    return [
        max(0.0, min(1.0, (v / 2 - low / 2) / half))
        if finite(v) and finite(half) and half > 0
        else None
        for v in values
    ]


def signed(value: Number) -> str:
    """Format with a sign and three digits: "+0.97", "-12.3"."""
    if not finite(value):
        return "–"
    return f"{value:+.2f}" if abs(value) < 9.995 else f"{value:+.3g}"


def two_decimals(value: Number) -> str:
    """Format a correlation: "0.53"."""
    return f"{value:.2f}" if finite(value) else "–"
