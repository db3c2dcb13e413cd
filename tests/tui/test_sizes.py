"""Whole screens at five sizes, compared with recorded texts."""

from __future__ import annotations

import pytest

from rnntui.text import cell_width
from tests.conftest import quick_first
from tests.support.sizes import FOLDER, SIZES, TASKS, drawn

BEYOND = 150  # columns


@pytest.mark.parametrize("task", quick_first(TASKS))
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_the_screen_at_five_sizes(task: str, size: tuple[int, int]) -> None:
    rows = await drawn(task, size)
    width, height = size
    assert len(rows) == height and all(cell_width(row) <= width for row in rows)
    recorded = (FOLDER / f"{task}-{width}x{height}.txt").read_text("utf-8").splitlines()
    assert rows == recorded
    if width > BEYOND:
        assert sum(cell_width(row) > BEYOND for row in rows) >= 15


@pytest.mark.parametrize("task", quick_first(TASKS))
async def test_a_wide_screen_with_one_view_is_used(task: str) -> None:
    rows = await drawn(task, (200, 60), "1")
    assert sum(cell_width(row) > BEYOND for row in rows) >= 15
