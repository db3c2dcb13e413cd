"""The view of neurons: recorded pictures, what each part says, and that any can be drawn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rnntui.protocol.insight import Neurons, Passage
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.views.explain import explain_neurons
from rnntui.tui.draw.views.neurons import neurons_rows
from rnntui.tui.draw.views.options import ViewOptions
from tests.conftest import examples, quick_where
from tests.support.drawing import check, glyph_sets, picture, roles_of
from tests.support.examples.neurons import (
    NEURONS,
    PASSAGE,
    VALUE_NEURONS,
    VALUE_PASSAGE,
    WORD_NEURONS,
    WORD_PASSAGE,
)
from tests.support.view_pictures import Kept, kept
from tests.support.views_drawn import neurons, passages, places, view_heights, view_widths


@pytest.mark.parametrize("one", kept("neurons"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


@given(neurons, passages, view_widths, view_heights, glyph_sets, places)
@settings(max_examples=examples(40), deadline=None)
def test_any_message_fits_its_block(
    message: Neurons, passage: Passage, width: int, height: int, glyphs: Glyphs, at: int
) -> None:
    for unit in ("character", "word"):
        options = ViewOptions(glyphs, unit, at=at)
        check(neurons_rows(message, passage, options, width, height), width, height)
    rows = explain_neurons(message, passage, options, width)
    check(rows, width, len(rows))


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize(
    "width", quick_where([60, 79, 100, 149, 150, 200], lambda width: width in (60, 149))
)
def test_the_example_fits_every_size(width: int, glyphs: Glyphs) -> None:
    for height in range(10, 61, 5):
        check(neurons_rows(NEURONS, PASSAGE, ViewOptions(glyphs), width, height), width, height)


def test_without_a_message_it_says_when_there_will_be_one() -> None:
    text = "\n".join(picture(neurons_rows(None, None, ViewOptions(), 80, 10)))
    assert text.strip() == "The passage is read as soon as training starts."


def test_small_blocks_keep_the_text_and_the_best_unit() -> None:
    rows = picture(neurons_rows(NEURONS, PASSAGE, ViewOptions(), 60, 10))
    assert rows[0].startswith(" neurons  unit 24 of 64")
    assert rows[1].startswith(" text  ")
    assert rows[4].startswith(" found  unit per feature")
    assert rows[5].startswith(" ▸ bracket depth     unit 24")
    assert not any(row.startswith(" units ") for row in rows)


def test_wide_blocks_show_the_units_beside_the_features() -> None:
    rows = picture(neurons_rows(NEURONS, PASSAGE, ViewOptions(), 200, 54))
    both = [row for row in rows if "bracket depth" in row]
    assert both[0].startswith(" text  ")
    assert any("contexts" in row for row in rows)
    assert sum(len(row) > 130 for row in rows) > 30, "the right half is not empty"


def test_the_text_has_the_colours_of_the_unit() -> None:
    rows = neurons_rows(NEURONS, PASSAGE, ViewOptions(at=50), 120, 35)
    text = [run for run in rows[1] if run[0].strip() and run[1] not in ("muted", "")]
    assert {role.rstrip("!") for _, role in text} == {"p0", "p1", "p2", "p3", "p4"}
    assert [run for run in rows[1] if run[1].endswith("!")] == [("{", "p0!")]


def test_a_feature_that_is_no_better_than_untrained_is_muted_and_says_so() -> None:
    rows = neurons_rows(NEURONS, PASSAGE, ViewOptions(), 120, 35)
    assert roles_of(rows, "closes next") == ["muted"]
    assert roles_of(rows, "no better than untrained") == ["muted"] * 3
    narrow = "\n".join(plain(neurons_rows(NEURONS, PASSAGE, ViewOptions(), 62, 24)))
    assert "(-0.36)" in narrow
    assert "(-0.87)" not in narrow


def test_an_earlier_position_is_visible_in_every_row_of_units() -> None:
    rows = neurons_rows(NEURONS, PASSAGE, ViewOptions(at=3), 70, 30)
    title = next(n for n, text in enumerate(plain(rows)) if text.startswith(" units "))
    units = rows[title + 1 : title + 10]
    assert all(any(role.endswith("!") for _, role in row) for row in units)


def test_unknown_values_leave_gaps() -> None:
    rows = picture(neurons_rows(WORD_NEURONS, WORD_PASSAGE, ViewOptions(unit="word"), 120, 20))
    assert rows[2].startswith("   3   ▁▁▁ ▄▄▄▄▄▄ ▆▆▆ ████      ▅▅▅▅▅▅▅")


def test_the_explanation_has_the_numbers_of_the_position() -> None:
    text = " ".join(
        " ".join(plain(explain_neurons(NEURONS, PASSAGE, ViewOptions(at=57), 100))).split()
    )
    assert "At position 58 it is -0.42." in text
    assert "r = -0.87, so r² = 0.76; untrained 0.28. The gain is +0.48: found." in text
    assert "σ(Wir x + bir + Whr h + bhr) 0.91 0.12" in text


def test_the_explanation_needs_no_message() -> None:
    rows = plain(explain_neurons(None, None, ViewOptions("ascii"), 60))
    assert all(row.isascii() for row in rows)
    assert len(rows) > 20


def test_values_have_a_curve_and_no_contexts() -> None:
    rows = picture(neurons_rows(VALUE_NEURONS, VALUE_PASSAGE, ViewOptions(), 200, 54))
    assert any("200┤" in row for row in rows)
    assert not any("contexts" in row for row in rows)
