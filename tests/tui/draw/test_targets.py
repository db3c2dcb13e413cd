"""Clicks on a view: the same drawing, with what a click selects instead of colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rnntui.text import cell_width
from rnntui.tui.draw.rows import Rows, plain
from rnntui.tui.draw.targets import Target, position_rows, target_at, target_rows
from rnntui.tui.draw.views.guesses import guesses_rows
from rnntui.tui.draw.views.health import health_rows
from rnntui.tui.draw.views.memory import memory_rows
from rnntui.tui.draw.views.neurons import neurons_rows
from rnntui.tui.draw.views.options import ViewOptions
from tests.support.examples import guesses, health, memory, neurons

Draw = Callable[[ViewOptions, int, int], Rows]
SIZES = [(80, 19), (120, 35), (200, 50)]
WORDS = ViewOptions(unit="word")
TEXTS: dict[str, tuple[Draw, ViewOptions, tuple[str, ...]]] = {
    "guesses": (
        lambda o, w, h: guesses_rows(guesses.GUESSES, guesses.PASSAGE, o, w, h),
        ViewOptions(),
        guesses.PASSAGE.tokens,
    ),
    "guesses of words": (
        lambda o, w, h: guesses_rows(guesses.WORD_GUESSES, guesses.WORD_PASSAGE, o, w, h),
        WORDS,
        guesses.WORD_PASSAGE.tokens,
    ),
    "memory": (
        lambda o, w, h: memory_rows(memory.MEMORY, memory.MEMORY_PASSAGE, o, w, h),
        ViewOptions(),
        memory.MEMORY_PASSAGE.tokens,
    ),
    "neurons": (
        lambda o, w, h: neurons_rows(neurons.NEURONS, neurons.PASSAGE, o, w, h),
        ViewOptions(),
        neurons.PASSAGE.tokens,
    ),
    "neurons of words": (
        lambda o, w, h: neurons_rows(neurons.WORD_NEURONS, neurons.WORD_PASSAGE, o, w, h),
        WORDS,
        neurons.WORD_PASSAGE.tokens,
    ),
}
VALUES: dict[str, Draw] = {
    "guesses": lambda o, w, h: guesses_rows(
        guesses.VALUE_GUESSES, guesses.VALUE_PASSAGE, replace(o, features=guesses.FEATURES), w, h
    ),
    "memory": lambda o, w, h: memory_rows(
        memory.VALUE_MEMORY, guesses.VALUE_PASSAGE, replace(o, features=guesses.FEATURES), w, h
    ),
}


def starts(row: list[tuple[str, str]]) -> list[tuple[int, str, str]]:
    """Return the first cell of each run, with its text and role."""
    found, x = [], 0
    for text, role in row:
        found.append((x, text, role))
        x += cell_width(text)
    return found


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("size", SIZES)
def test_a_click_on_a_token_selects_its_position(name: str, size: tuple[int, int]) -> None:
    draw, options, tokens = TEXTS[name]
    rows = draw(replace(options, targets=True), *size)
    assert plain(rows) == plain(draw(options, *size))
    found = 0
    for y, row in enumerate(rows):
        if row[0][0].strip() not in ("text", "passage"):
            continue
        for x, text, _ in starts(row)[1:]:
            target = target_at(rows, x, y)
            if target is not None and target.kind == "position":
                token = text.strip().rstrip("…")
                assert tokens[target.number].startswith(token)
                assert target_at(rows, x + cell_width(text) - 1, y) == target
                found += 1
    assert found >= 8


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("at", [0, 7])
def test_what_was_clicked_is_then_the_selected_one(name: str, at: int) -> None:
    draw, options, _ = TEXTS[name]
    options = replace(options, at=at)
    rows, targets = draw(options, 120, 35), draw(replace(options, targets=True), 120, 35)
    chosen = [(x, y) for y, row in enumerate(rows) for x, _, r in starts(row) if r.endswith("!")]
    assert chosen
    kinds = [target_at(targets, x, y) for x, y in chosen]
    assert {t for t in kinds if t and t.kind == "position"} == {Target("position", at)}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("size", SIZES)
def test_a_click_on_a_curve_selects_its_time_step(name: str, size: tuple[int, int]) -> None:
    draw, steps = VALUES[name], len(guesses.VALUE_PASSAGE.rows)
    for at in (0, steps // 3, steps - 1):
        rows = draw(ViewOptions(at=at), *size)
        targets = draw(ViewOptions(at=at, targets=True), *size)
        assert plain(targets) == plain(rows)
        lines = [
            (x, y) for y, row in enumerate(rows) for x, text, role in starts(row)
            if (text, role) == ("┊", "mark")
        ]  # fmt: skip
        assert lines
        for x, y in lines:
            target = target_at(targets, x, y)
            assert target is not None and target.kind == "position"
            assert abs(target.number - at) <= 1  # a cell may stand for several
        assert target_at(targets, 0, lines[0][1]) is None  # the axis


@pytest.mark.parametrize("size", SIZES)
def test_a_click_on_a_unit_selects_it(size: tuple[int, int]) -> None:
    draw, options, _ = TEXTS["neurons"]
    rows = draw(replace(options, targets=True), *size)
    texts, found = plain(rows), set()
    for y, text in enumerate(texts):
        for x in (4, size[0] - 60, size[0] - 40):
            if (target := target_at(rows, x, y)) and target.kind == "unit":
                found.add(target.number)
                assert str(target.number) in text.split()
    listed = {follows.unit for follows in neurons.FOLLOWS}
    assert len(found & listed) >= 4 and (found - listed or size[1] < 40)


@pytest.mark.parametrize("selected", [0, 1])
@pytest.mark.parametrize("size", SIZES[1:])
def test_a_click_on_a_finding_selects_it(size: tuple[int, int], selected: int) -> None:
    options = ViewOptions(finding=selected, targets=True)
    rows = health_rows(health.HEALTH, health.FINDINGS, options, *size)
    found = set()
    for y, text in enumerate(plain(rows)):
        if text.startswith("   also  "):
            target = target_at(rows, 12, y)
            assert target is not None and target.kind == "finding"
            assert health.FINDINGS[target.number].title in text
            found.add(target.number)
    assert found == {0, 1, 2} - {selected}


def test_next_to_targets_there_is_nothing() -> None:
    rows: Rows = [[("ab", "muted")], *target_rows([[("漢字", "")]], Target("unit", 3, 1))]
    assert target_at(rows, 3, 1) == Target("unit", 3, 1)
    for x, y in ((0, 0), (4, 1), (-1, 1), (0, -1), (0, 2)):
        assert target_at(rows, x, y) is None
    wide = position_rows([[("漢b", "")]], lambda x: x if x else None)
    assert target_at(wide, 1, 0) is None and target_at(wide, 2, 0) == Target("position", 2)
