"""The view of memory: whole pictures as text, and what must hold at every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.insight import Gate, LayerMemory, Passage
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.views.explain import explain_memory
from rnntui.tui.draw.views.memory import memory_rows
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.passage import partner
from tests.support.drawing import check, floats, glyph_sets, heights, widths, words
from tests.support.examples.guesses import FEATURES, PASSAGE, VALUE_PASSAGE
from tests.support.examples.memory import MEMORY, MEMORY_PASSAGE, TWO_LAYERS, VALUE_MEMORY
from tests.support.view_pictures import Kept, drawn, kept

SIZES = [(60, 10), (80, 19), (120, 35), (160, 30), (200, 60)]


@pytest.mark.parametrize("one", kept("memory"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


@pytest.mark.parametrize("at", [0, 1, 50, len(MEMORY_PASSAGE.tokens) - 1])
@pytest.mark.parametrize("size", SIZES)
def test_the_selected_position_is_always_visible(at: int, size: tuple[int, int]) -> None:
    rows = memory_rows(replace(MEMORY, at=at), MEMORY_PASSAGE, ViewOptions(), *size)
    check(rows, *size)
    chosen = [text for row in rows for text, role in row if role.endswith("!")]
    assert chosen[0] == MEMORY_PASSAGE.tokens[at]
    text = plain(rows)
    passage = next(n for n, row in enumerate(text) if row.startswith(" passage"))
    assert text[passage][text[passage + 1].index("▲")] == MEMORY_PASSAGE.tokens[at]


@pytest.mark.parametrize("size", SIZES)
def test_values_mark_the_selected_time_step(size: tuple[int, int]) -> None:
    options = ViewOptions(features=FEATURES)
    rows = memory_rows(replace(VALUE_MEMORY, at=40), VALUE_PASSAGE, options, *size)
    check(rows, *size)
    assert any(("┊", "mark") in row for row in rows)


def test_the_most_important_is_left_at_the_smallest_size() -> None:
    text = "\n".join(plain(memory_rows(MEMORY, MEMORY_PASSAGE, ViewOptions(), 60, 10)))
    for part in ("32 of 32 steps", "100 %", "passage", "moved by", "It depends most on the {"):
        assert part in text


def test_reach_bars_fall_with_the_gradient() -> None:
    """One decade per row: what is 1 % of the peak fills no more than the lowest row."""
    layer = LayerMemory((1.0, 0.1, 0.01, 0.001, None), (), 2, 0, (), None)
    rows = plain(
        memory_rows(replace(MEMORY, layers=(layer,)), MEMORY_PASSAGE, ViewOptions(), 60, 10)
    )
    bars = [row[7:] for row in rows[1:4]]
    heights = [sum(row[n * 2] == "█" for row in bars) for n in range(4)]
    assert heights == [3, 2, 1, 0]
    assert "at update" not in rows[0]


def test_layers_are_chosen_and_compared() -> None:
    for layer, reach in ((0, "9 of 32 steps"), (1, "32 of 32 steps"), (-1, "32 of 32 steps")):
        options = ViewOptions(layer=layer)
        rows = plain(memory_rows(TWO_LAYERS, MEMORY_PASSAGE, options, 120, 35))
        assert reach in rows[0] and f"layer {layer % 2 + 1}" in rows[0]
        assert any("reach by layer" in row and "1: 9" in row and "2: 32" in row for row in rows)
        assert any(row.split()[:4] == ["layer", "1", "62", "%"] for row in rows)


def test_the_strongest_position_is_named() -> None:
    text = "\n".join(plain(memory_rows(MEMORY, MEMORY_PASSAGE, ViewOptions(), 120, 35)))
    assert "most on the { 7 characters back, which it closes" in text
    elsewhere = replace(MEMORY, moved=(None,) * 90 + (0.2, 1.0))
    text = "\n".join(plain(memory_rows(elsewhere, MEMORY_PASSAGE, ViewOptions(), 120, 35)))
    assert "closes" not in text
    unmoved = replace(MEMORY, moved=())
    text = "\n".join(plain(memory_rows(unmoved, MEMORY_PASSAGE, ViewOptions(), 120, 35)))
    assert "No earlier position moves this prediction" in text


def test_partners() -> None:
    tokens = tuple("[(a)]{)")
    assert [partner(tokens, n) for n in range(-1, 8)] == [
        None, None, None, None, 1, 0, None, None, None,
    ]  # fmt: skip


def test_what_moved_another_position_is_not_shown() -> None:
    text = "\n".join(plain(memory_rows(MEMORY, MEMORY_PASSAGE, ViewOptions(at=20), 120, 35)))
    assert MEASURING in text and "7 characters back" not in text


def test_the_longest_bar_is_the_position_that_moves_it_most() -> None:
    """Whatever the scale of the numbers."""
    small = replace(MEMORY, moved=tuple(v and v / 50 for v in MEMORY.moved))
    draw = [memory_rows(m, MEMORY_PASSAGE, ViewOptions(), 80, 19) for m in (MEMORY, small)]
    assert draw[0] == draw[1]


def test_the_chosen_column_is_drawn_once_it_is_measured() -> None:
    options = ViewOptions(features=FEATURES, feature=1)
    text = "\n".join(plain(memory_rows(VALUE_MEMORY, VALUE_PASSAGE, options, 120, 35)))
    assert "value of flux was raised" in text and MEASURING in text
    measured = replace(VALUE_MEMORY, feature=1)
    text = "\n".join(plain(memory_rows(measured, VALUE_PASSAGE, options, 120, 35)))
    assert "20┤" in text and "predicted: 142.1; it depends most on" in text


def test_nothing_to_draw_yet() -> None:
    for message, passage in ((None, None), (MEMORY, None), (MEMORY, PASSAGE)):
        rows = memory_rows(message, passage, ViewOptions(), 80, 19)
        check(rows, 80, 19)
        assert "".join(plain(rows)).strip() == MEASURING


@pytest.mark.parametrize("name", ["memory", "memory-layers", "memory-values"])
def test_ascii_is_ascii(name: str) -> None:
    for width, height in SIZES:
        assert "".join(plain(drawn(name, width, height, "ascii"))).isascii()
        assert "".join(plain(drawn(name, width, 0, "ascii"))).isascii()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", ""])
def test_the_explanation_has_the_formula_of_the_cell(cell: str) -> None:
    passage = replace(MEMORY_PASSAGE, cell=cell)
    rows = explain_memory(MEMORY, passage, ViewOptions(), 80)
    check(rows, 80, len(rows))
    formulas = {"rnn": "f(W x[t]", "gru": "(1 - z) ⊙ n + z ⊙ h", "lstm": "f ⊙ c[t-1]"}
    text = "\n".join(plain(rows)).split("at the selected position")[0]
    assert [part in text for part in formulas.values()] == [name == cell for name in formulas]


shares = st.floats(0, 1)
gates = st.builds(Gate, words, words, shares, shares, shares)
curves = st.lists(floats, max_size=70).map(tuple)
layers = st.builds(
    LayerMemory,
    curves,
    curves,
    st.integers(0, 99),
    st.integers(0, 99),
    st.lists(gates, max_size=4).map(tuple),
    floats,
)


@given(
    st.lists(words, max_size=40),
    st.lists(st.lists(floats, max_size=2).map(tuple), max_size=40),
    st.lists(layers, max_size=3),
    curves,
    floats,
    st.integers(-1, 60),
    widths,
    heights,
    glyph_sets,
    st.integers(-1, 4),
)
@settings(deadline=None)
def test_any_memory_can_be_drawn(
    text: list[str],
    rows: list[tuple[float | None, ...]],
    found: list[LayerMemory],
    moved: tuple[float | None, ...],
    probability: float | None,
    at: int,
    width: int,
    height: int,
    glyphs: Glyphs,
    layer: int,
) -> None:
    message = replace(
        MEMORY, layers=tuple(found), at=at, moved=moved, probability=probability, target="日"
    )
    options = ViewOptions(glyphs=glyphs, layer=layer)
    for passage in (
        Passage(3, "prompt", 0, tokens=tuple(text), cell="gru"),
        Passage(3, "prompt", 0, rows=tuple(rows), cell="lstm"),
    ):
        check(memory_rows(message, passage, options, width, height), width, height)
        explained = explain_memory(message, passage, options, width)
        check(explained, width, len(explained))
