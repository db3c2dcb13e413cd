"""The loss in one row."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from rnntui.tui.draw.loss import Bins, LossPlot
from rnntui.tui.draw.loss_line import loss_line
from rnntui.tui.draw.rows import Glyphs
from tests.support.drawing import check, glyph_sets, numbers, picture, widths

_FALLING = [1.43 + 2.65 * math.exp(-n / 9) for n in range(60)]
PLOT = LossPlot(Bins(2, _FALLING, _FALLING, _FALLING, _FALLING, [0] * 60), update=240)


@pytest.mark.parametrize(
    ("width", "glyphs", "shown"),
    [
        (
            80,
            "braille",
            " loss  ⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  4.080 → now 1.434  nats per character",
        ),
        (60, "braille", " loss  ⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  4.080 → now 1.434"),
        (
            80,
            "blocks",
            " loss  ▇▆▅▄▄▃▃▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  4.080 → now 1.434  nats per character",
        ),
        (
            80,
            "ascii",
            " loss  98654322111100000000000000000000  4.080 -> now 1.434  nats per character",
        ),
        (30, "braille", " loss    4.080 → now 1.434"),
    ],
)
def test_pictures(width: int, glyphs: Glyphs, shown: str) -> None:
    assert picture([loss_line(PLOT, width, glyphs)]) == [shown]


def test_without_a_loss_it_says_what_it_waits_for() -> None:
    assert picture([loss_line(LossPlot(), 60)]) == [" loss  waiting for the first update"]


def test_a_spike_does_not_flatten_the_rest() -> None:
    spiked = [*_FALLING[:30], 1e9, *_FALLING[30:]]
    bins = Bins(2, spiked, spiked, spiked, spiked, [0] * 61)
    row = picture([loss_line(LossPlot(bins, update=244), 90, "blocks")])[0]
    assert len(set(row) & set("▁▂▃▄▅▆▇█")) >= 3


@given(numbers, widths, glyph_sets)
def test_any_history_has_its_width(smooth: list[float | None], width: int, glyphs: Glyphs) -> None:
    bins = Bins(0, smooth, smooth, smooth, smooth, [0] * len(smooth))
    for log in (False, True):
        plot = LossPlot(bins, update=len(smooth), log=log)
        check([loss_line(plot, width, glyphs)], width, 1)
