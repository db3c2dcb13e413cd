"""Where each panel is: one view, or two beside each other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.tui.draw.small import LEAST_HEIGHT
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import (
    BETWEEN,
    LEAST_PAIR,
    LEAST_WIDTH,
    Box,
    columns,
    pairs,
)
from rnntui.tui.views.placing import HEADS, placed, widths
from rnntui.tui.views.view import View
from rnntui.tui.views.watch import WATCH
from tests.conftest import examples

quick = settings(deadline=None, max_examples=examples(60))
heights = st.integers(LEAST_HEIGHT, 120)
seconds = st.sampled_from(VIEWS[1:])


def covered(boxes: dict[str, Box]) -> list[tuple[int, int]]:
    """Every cell of every box."""
    return [
        (x, y)
        for box in boxes.values()
        for x in range(box.x, box.x + box.width)
        for y in range(box.y, box.y + box.height)
    ]


@given(seconds, st.integers(LEAST_PAIR, 320), heights, st.booleans(), st.integers(0, 4))
@quick
def test_two_views_share_a_frame_and_never_overlap(
    view: View, width: int, height: int, values: bool, banner: int
) -> None:
    boxes = placed((WATCH, view), width, height, values=values, wanted={"banner": banner})
    cells = covered(boxes)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == width - 1 and max(y for _, y in cells) == height - 1
    assert {boxes[name].width for name in ("header", "footer")} == {width}
    left, right = boxes[HEADS[0]], boxes[HEADS[1]]
    assert left.y == right.y and right.x == left.width + BETWEEN
    assert boxes["prompt"].width == left.width and boxes[view.name].x == right.x
    ends = [boxes[name].y + boxes[name].height for name in ("prompt", view.name)]
    assert ends[0] == ends[1] <= boxes["footer"].y


@given(st.sampled_from(VIEWS), st.integers(LEAST_WIDTH, 320), heights, st.booleans())
@quick
def test_one_view_has_the_whole_width(view: View, width: int, height: int, values: bool) -> None:
    boxes = placed((view,), width, height, values=values)
    assert {(box.x, box.width) for box in boxes.values()} == {(0, width)}
    slots = view.arranged(height, values=values)
    assert {name: box.height for name, box in boxes.items()} == {
        name: slot.rows for name, slot in slots.items() if slot.rows
    }


def test_the_widths_of_two_views() -> None:
    assert not pairs(149) and pairs(150)
    assert [columns(width) for width in (150, 162, 200, 300)] == [
        (88, 60), (100, 60), (108, 90), (163, 135),
    ]  # fmt: skip
    found = widths((WATCH, VIEWS[1]), 200)
    assert (found["header"], found["plot"], found[VIEWS[1].name]) == (200, 108, 90)
    assert set(widths((WATCH,), 200).values()) == {200}


def test_what_the_first_view_shows_is_left_out_of_the_second() -> None:
    alone = placed((VIEWS[1],), 120, 40)
    beside = placed((WATCH, VIEWS[1]), 200, 40)
    assert "loss-line" in alone and "loss-line" not in beside
    assert beside[VIEWS[1].name].y == beside[HEADS[1]].y + 1
