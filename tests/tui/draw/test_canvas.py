"""Lines whose x never falls, as dots: drawn once, kept, and joined with others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from rnntui.tui.draw.canvas import Canvas, Columns, every_other, graph, last_dots, united
from rnntui.tui.draw.rows import Glyphs, plain

WIDTH, HEIGHT = 20, 8


def dots_of(columns: Columns) -> set[tuple[int, int]]:
    """The dots, by column and row from the top."""
    return {(x, y) for x, rows in enumerate(columns) for y in range(99) if rows >> y & 1}


def graph_on(canvas: Canvas, xs: Sequence[float], shares: Sequence[float | None]) -> Columns:
    return graph(xs, shares, *last_dots(canvas.width, canvas.height, canvas.glyphs))


def points(seed: int, count: int = 60) -> tuple[list[float], list[float | None]]:
    """Places with steps, gaps and parts above and below the canvas."""
    rng = random.Random(seed)
    xs = sorted(rng.choice((rng.random(), 0.0, 0.5, 1.0)) for _ in range(count))
    return xs, [rng.choice((rng.uniform(-0.5, 1.5), 0.0, 1.0, 0.5, None)) for _ in xs]


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize("seed", range(20))
def test_a_graph_joins_its_points(seed: int, glyphs: Glyphs) -> None:
    canvas = Canvas(WIDTH, HEIGHT, glyphs)
    tall, wide = HEIGHT * canvas.dots_per_row, canvas.finest
    xs, shares = points(seed)
    found = dots_of(graph_on(canvas, xs, shares))
    at = [
        None if share is None else (round(x * (wide - 1)), (1 - share) * (tall - 1))
        for x, share in zip(xs, shares, strict=True)
    ]
    assert all(0 <= x < wide and 0 <= y < tall for x, y in found)
    for place in at:
        if place is not None and 0 <= place[1] <= tall - 1:
            assert (place[0], round(place[1])) in found
    for one, other in pairwise(at):
        if one is None or other is None:
            continue
        (x0, y0), (x1, y1) = one, other
        for x in range(x0, x1 + 1):  # every column between two points has a dot near the line
            y = y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y0
            if 1 <= y <= tall - 2 and min(y0, y1) >= -1 and max(y0, y1) <= tall:
                assert any((x, round(y) + near) in found for near in (-1, 0, 1)), (x, y)


def test_nothing_joins_across_a_gap_or_reaches_beyond_the_edges() -> None:
    canvas = Canvas(WIDTH, HEIGHT, "braille")
    assert dots_of(graph_on(canvas, [0.0, 0.5, 1.0], [0.5, None, 0.5])) == {(0, 16), (39, 16)}
    assert not dots_of(graph_on(canvas, [0.0, 1.0], [1.5, 1.5]))
    assert not dots_of(graph_on(canvas, [1.5, 2.0], [0.5, 0.5]))
    steep = dots_of(graph_on(canvas, [0.5, 0.5], [-9.0, 9.0]))
    assert {y for _, y in steep} == {*range(32)} and len({x for x, _ in steep}) == 1


def test_dots_of_several_graphs_are_united() -> None:
    canvas = Canvas(WIDTH, HEIGHT, "braille")
    one, other = graph_on(canvas, [0.0, 1.0], [0.0, 1.0]), graph_on(canvas, [0.0, 1.0], [1.0, 0.0])
    assert dots_of(united([one, other])) == dots_of(one) | dots_of(other)
    assert dots_of(every_other(one)) == {(x, y) for x, y in dots_of(one) if x % 2 == 0}
    assert united([]) == ()


@pytest.mark.parametrize(("glyphs", "shown"), [("braille", "⡠⠊"), ("blocks", "▄▀"), ("ascii", "*")])
def test_a_graph_is_stamped_with_the_glyphs(glyphs: Glyphs, shown: str) -> None:
    canvas = Canvas(len(shown), 1, glyphs)
    canvas.stamp_columns(
        graph_on(canvas, [0.0, 1.0], [0.0, 1.0]), "line", "*" if shown == "*" else ""
    )
    assert plain(canvas.rows()) == [shown]
