"""The view of experiments: recorded pictures, what they conclude, and that any can be drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from rnntui.protocol.insight import Experiments
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.views.experiments import experiments_rows
from rnntui.tui.draw.views.explain import explain_experiments
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.race import guesses_from, longest_memory
from tests.conftest import examples, quick_where
from tests.support.drawing import check, glyph_sets, picture, roles_of
from tests.support.examples.experiments import EXPERIMENTS, RACE, RATE_TEST
from tests.support.view_pictures import Kept, kept
from tests.support.views_drawn import experiments, view_heights, view_widths


@pytest.mark.parametrize("one", kept("experiments"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


@given(experiments, view_widths, view_heights, glyph_sets)
@settings(max_examples=examples(40), deadline=None)
def test_any_message_fits_its_block(
    message: Experiments, width: int, height: int, glyphs: Glyphs
) -> None:
    check(experiments_rows(message, ViewOptions(glyphs), width, height), width, height)
    rows = explain_experiments(message, ViewOptions(glyphs), width)
    check(rows, width, len(rows))


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize(
    "width", quick_where([60, 79, 100, 149, 150, 200], lambda width: width in (60, 149))
)
def test_the_example_fits_every_size(width: int, glyphs: Glyphs) -> None:
    for height in range(10, 61, 5):
        check(experiments_rows(EXPERIMENTS, ViewOptions(glyphs), width, height), width, height)


def text_of(message: Experiments | None, width: int = 120, height: int = 35) -> str:
    return "\n".join(picture(experiments_rows(message, ViewOptions(), width, height)))


@pytest.mark.parametrize(("width", "height"), [(60, 16), (80, 19), (120, 35), (200, 54)])
def test_before_anything_ran_each_key_says_what_it_does_and_costs(width: int, height: int) -> None:
    text = text_of(None, width, height)
    for words in ("R  race", "L  learning-rate test", "r  again with a change"):
        assert words in text
    flat = " ".join(text.split())
    assert "seconds" in flat
    assert "100 updates" in flat or "About 100" in flat


def test_with_room_an_earlier_race_shows_what_one_would_see() -> None:
    assert "example  a race on the recipe brackets, 492k characters each" in text_of(None)
    assert "example" not in text_of(None, 80, 19)


def test_the_lowest_loss_and_the_longest_memory_are_named() -> None:
    text = text_of(EXPERIMENTS)
    assert "b has the lowest loss, having made 4" in text
    assert longest_memory(RACE) == 2
    assert [guesses_from(RACE, lane) for lane in RACE.lanes] == [2, None, 4]
    assert longest_memory(replace(RACE, running=True)) == -1


def test_one_lane_can_be_best_at_both() -> None:
    race = replace(RACE, lanes=RACE.lanes[:2])
    assert "b has the lowest loss and remembers" in text_of(replace(EXPERIMENTS, race=race))


def test_without_brackets_there_is_no_table_of_closings() -> None:
    lanes = tuple(replace(lane, correct=()) for lane in RACE.lanes)
    text = text_of(replace(EXPERIMENTS, race=replace(RACE, lanes=lanes)))
    assert "correct closings" not in text
    assert "b has the lowest loss." in text


def test_a_running_race_says_how_far_it_is_and_concludes_nothing() -> None:
    text = text_of(replace(EXPERIMENTS, race=replace(RACE, running=True), activity="race"))
    assert text.startswith(" running  race   x stop")
    assert "running, 100 %" in text
    assert "lowest loss" not in text


def test_a_race_without_a_loss_yet_says_so() -> None:
    lanes = tuple(replace(lane, loss=(), tokens=(), correct=()) for lane in RACE.lanes)
    text = text_of(Experiments(0, replace(RACE, lanes=lanes, running=True)))
    assert "validation losses will appear here" in text


def test_the_rate_test_offers_its_rate_once_it_is_finished() -> None:
    rows = experiments_rows(EXPERIMENTS, ViewOptions(), 120, 35)
    assert roles_of(rows, "0.006") == ["accent", ""]
    assert roles_of(rows, "0.04") == ["warning"]
    running = text_of(replace(EXPERIMENTS, rate_test=replace(RATE_TEST, running=True, best=None)))
    assert "not known yet   now 0.0021" in running
    assert "enter" not in running


def test_a_race_that_was_stopped_is_not_finished_and_concludes_nothing() -> None:
    lanes = (RACE.lanes[0], *(replace(one, tokens=one.tokens[:4]) for one in RACE.lanes[1:]))
    stopped = replace(RACE, lanes=lanes)
    text = text_of(replace(EXPERIMENTS, race=stopped))
    assert "stopped at" in text and "lowest loss" not in text
    assert longest_memory(stopped) == -1
    assert "stopped at 0 %" in text_of(Experiments(0, replace(RACE, total=0)))


def test_after_the_end_no_rate_is_offered_and_nothing_is_said_to_be_paused() -> None:
    rows = experiments_rows(EXPERIMENTS, ViewOptions(ended=True), 120, 35)
    text = "\n".join(plain(rows))
    assert "falls fastest at 0.006" in text
    assert "enter" not in text and "paused" not in text


def test_what_needs_a_run_that_trains_is_not_offered_for_a_stored_one() -> None:
    def offered(options: ViewOptions) -> set[str]:
        rows = experiments_rows(None, options, 80, 18)
        return {row[0][0].strip()[0] for row in rows if row and row[0][1] == "accent"}

    assert offered(ViewOptions()) == {"R", "L", "r"}
    assert offered(ViewOptions(ended=True, stored=True)) == {"r"}
    assert offered(ViewOptions(ended=True, gone=True)) == set()


def test_a_rate_test_without_a_fall_says_so() -> None:
    test = replace(RATE_TEST, best=None, least_diverging=None)
    assert "no rate made the loss fall clearly" in text_of(Experiments(0, rate_test=test))


def test_wide_blocks_show_both_side_by_side() -> None:
    first = text_of(EXPERIMENTS, 200, 54).splitlines()[0]
    assert "race" in first
    assert "learning-rate test" in first
    assert "about  what a race teaches\n" in text_of(EXPERIMENTS, 200, 54)
    assert "tokens ÷ (seq_len × batch)" in text_of(None, 200, 54)


def test_the_explanation_has_the_results() -> None:
    text = " ".join(" ".join(plain(explain_experiments(EXPERIMENTS, ViewOptions(), 100))).split())
    assert "no better than chance (33 %) from 8–15 back on" in text
    assert "Here the loss falls fastest at 0.006; the run's rate is 0.0021." in text


def test_joined_lines_keep_the_dots_of_earlier_ones() -> None:
    canvas = Canvas(2, 1, "braille")
    canvas.line([(0, 0), (1, 0)], "muted")
    canvas.line([(0, 1), (1, 1)], "line", join=True)
    assert canvas.rows() == [[("⣉⣉", "line")]]
    canvas = Canvas(2, 1, "blocks")
    canvas.line([(0, 0), (1, 0)], "muted")
    canvas.line([(0, 1), (1, 1)], "line", join=True)
    assert canvas.rows() == [[("██", "line")]]
