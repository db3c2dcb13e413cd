"""The view of health: recorded pictures, findings and fixes, and that any message can be drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.insight import Evidence, Finding, Health
from rnntui.tui.draw.bars import bar_chart, horizontal_bar, resampled, sparkline
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.views.explain import explain_health
from rnntui.tui.draw.views.health import health_rows
from rnntui.tui.draw.views.options import ViewOptions
from tests.conftest import examples, quick_where
from tests.support.drawing import check, floats, glyph_sets, picture, roles_of
from tests.support.examples.health import (
    BOUNCING,
    CHECKED,
    FINDINGS,
    HEALTH,
    OVERFITTING,
    SATURATED,
)
from tests.support.view_pictures import Kept, kept
from tests.support.views_drawn import findings, healths, view_heights, view_widths


@pytest.mark.parametrize("one", kept("health"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


@given(healths, findings, view_widths, view_heights, glyph_sets, st.integers(-2, 9))
@settings(max_examples=examples(40), deadline=None)
def test_any_message_fits_its_block(
    health: Health,
    found: tuple[Finding, ...],
    width: int,
    height: int,
    glyphs: Glyphs,
    selected: int,
) -> None:
    options = ViewOptions(glyphs, finding=selected)
    check(health_rows(health, found, options, width, height), width, height)
    rows = explain_health(health, found, options, width)
    check(rows, width, len(rows))


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize(
    "width", quick_where([60, 79, 100, 149, 150, 200], lambda width: width in (60, 149))
)
def test_the_example_fits_every_size(width: int, glyphs: Glyphs) -> None:
    for height in range(10, 61, 5):
        check(health_rows(HEALTH, FINDINGS, ViewOptions(glyphs), width, height), width, height)


def text_of(health: Health | None, found: tuple[Finding, ...], selected: int = 0) -> str:
    return "\n".join(picture(health_rows(health, found, ViewOptions(finding=selected), 120, 35)))


def test_the_selected_finding_is_shown_with_its_fixes() -> None:
    text = text_of(HEALTH, FINDINGS)
    assert "▸ m  Restore the weights of update 400" in text
    assert "r  run again beside this one with dropout = 0.3, layers = 2" in text
    assert "also  Units are saturated" in text
    shown = "▸ enter  Halve the learning rate ([ changes it by 1.25 only)"
    assert shown in text_of(HEALTH, FINDINGS, 2)


def test_advice_without_a_key_has_no_mark() -> None:
    text = text_of(HEALTH, (SATURATED,))
    assert "\n        Start again with smaller weights.\n" in text
    assert "▸ r  run again beside this one with init_scale = 0" in text
    assert "1 of" not in text


def test_no_key_is_offered_that_would_change_a_run_that_has_ended() -> None:
    options = ViewOptions(ended=True, restorable=False)
    text = "\n".join(picture(health_rows(HEALTH, FINDINGS, options, 120, 35)))
    assert "▸ m" not in text and "Restore the weights of update 400" in text
    assert "▸ r  run again beside this one with dropout = 0.3, layers = 2" in text


def test_weights_can_still_be_restored_after_the_last_update() -> None:
    options = ViewOptions(ended=True)
    text = "\n".join(picture(health_rows(HEALTH, FINDINGS, options, 120, 35)))
    assert "▸ m  Restore the weights of update 400" in text


def test_names_of_the_evidence_are_words() -> None:
    found = replace(BOUNCING, evidence=(Evidence("loss_before", 4.0),))
    assert "loss before 4" in text_of(HEALTH, (found,))


def test_a_selection_beyond_the_findings_shows_the_last() -> None:
    assert "▲ Updates are too large" in text_of(HEALTH, FINDINGS, 99)


def test_dismissed_findings_are_hidden() -> None:
    text = text_of(replace(HEALTH, dismissed=("overfitting",)), (OVERFITTING, BOUNCING))
    assert "memorised" not in text
    assert "▲ Updates are too large" in text


def test_without_findings_it_says_what_was_looked_for() -> None:
    text = text_of(HEALTH, ())
    assert text.startswith(" No findings: nothing looks wrong now.")
    assert "looked for, not found  bad start, diverging" in text


def test_what_is_said_without_findings_never_ends_in_mid_sentence() -> None:
    whole = "and, if one is known, a key that fixes it."
    for height in range(5, 24):
        rows = picture(health_rows(HEALTH, (), ViewOptions(), 60, height))
        text = " ".join(" ".join(rows).split())
        assert ("The rules below are checked" in text) == (whole in text), height


def test_before_training_it_says_when_there_will_be_signs() -> None:
    assert text_of(None, ()).strip() == "Signs are measured as soon as training starts."


def test_a_stored_run_that_was_never_measured_is_not_called_healthy() -> None:
    unmeasured = replace(HEALTH, signs=(), tensors=())
    text = "\n".join(picture(health_rows(unmeasured, (), ViewOptions(stored=True), 120, 35)))
    assert "This run was not checked" in text
    assert "nothing looks wrong" not in text and "looked for" not in text
    assert "nothing looks wrong" in text_of(unmeasured, ())


def test_small_blocks_keep_the_fix_and_the_unusual_sign() -> None:
    rows = picture(health_rows(HEALTH, FINDINGS, ViewOptions(), 60, 10))
    assert any("▸ m" in row for row in rows)
    assert any("validation − training" in row for row in rows)
    assert not any("tensors" in row for row in rows)


def test_cut_evidence_has_an_ellipsis() -> None:
    long = replace(OVERFITTING, short="one two three four five six seven " * 20)
    rows = picture(health_rows(HEALTH, (long,), ViewOptions(), 80, 19))
    assert rows[2].endswith("…")
    assert "▸ m" in rows[3]


def test_what_does_not_fit_of_the_rules_is_counted() -> None:
    many = replace(HEALTH, absent=tuple(f"a rather long title, number {n}" for n in range(15)))
    text = " ".join("\n".join(picture(health_rows(many, FINDINGS, ViewOptions(), 80, 19))).split())
    assert ", 12 more" in text


def test_the_gradient_check_names_its_key_or_its_result() -> None:
    assert "gradient check  not yet in this run   c run it now" in text_of(HEALTH, ())
    stored = "\n".join(picture(health_rows(HEALTH, (), ViewOptions(stored=True), 120, 35)))
    assert "gradient check  for runs that train: resume this one first" in stored
    passed = text_of(replace(HEALTH, check=CHECKED), ())
    assert "gradient check  passed at update 1,300: largest relative difference" in passed
    failed = health_rows(
        replace(HEALTH, check=replace(CHECKED, passed=False)), (), ViewOptions(), 120, 35
    )
    assert roles_of(failed, "FAILED") == ["warning"]


def test_wide_blocks_have_tall_charts_and_all_findings_with_their_evidence() -> None:
    text = "\n".join(picture(health_rows(HEALTH, FINDINGS, ViewOptions(), 200, 54)))
    assert "An update moves the weights by 4.1 %" in text
    assert "how signs are measured" in text
    assert text.count("█") > 300


def test_the_explanation_has_the_evidence() -> None:
    text = " ".join(
        " ".join(plain(explain_health(HEALTH, FINDINGS, ViewOptions(finding=1), 100))).split()
    )
    assert "Units are saturated (saturated)" in text
    assert "saturated 0.94" in text
    assert "rms(Δw) ÷ rms(w)" in text


@pytest.mark.parametrize(
    ("values", "width", "shown"),
    [
        ([0, 1, 2, 3], 4, "▁▃▅▇"),
        ([0, 1], 4, "▁▁▇▇"),
        ([0, 0, 4, 4, None, None], 3, "▁▇ "),
        ([12.0, 12.1, 12.0], 3, "▁▁▁"),  # hardly any difference stays small
        ([1, 10, 100, 1000], 4, "▁▃▅▇"),
        ([], 3, "   "),
    ],
)
def test_sparklines(values: list[float | None], width: int, shown: str) -> None:
    assert sparkline(values, width) == shown


def test_sparklines_in_ascii_are_digits() -> None:
    assert sparkline([0, 5, 9.9, 10], 4, "ascii") == "0599"


def test_bar_charts_rise_from_the_bottom() -> None:
    assert bar_chart([0, 4, 8], 3, 2) == ["  █", "▁██"]
    assert bar_chart([0, 4, 8], 3, 2, "ascii") == ["  #", "1##"]


@given(st.lists(floats, max_size=50), st.integers(0, 70), st.integers(0, 6), glyph_sets)
def test_small_bars_have_their_size(
    values: list[float | None], width: int, height: int, glyphs: Glyphs
) -> None:
    assert len(sparkline(values, width, glyphs)) == width
    assert [len(row) for row in bar_chart(values, width, height, glyphs)] == [width] * height
    assert len(resampled(values, width)) == (width if values else 0)
    assert all(len(horizontal_bar(value, width, glyphs)) == width for value in values)


def test_horizontal_bars() -> None:
    assert horizontal_bar(0.5, 5) == "━━╸  "
    assert horizontal_bar(0.5, 5, "blocks") == "▄▄▖  "
    assert horizontal_bar(1, 5, "ascii") == "#####"
    assert horizontal_bar(None, 2) == "  "
