"""The pictures show the dashboard as it is."""

from __future__ import annotations

import pytest

from tests.pictures import PICTURES, PICTURES_MADE, RECORDINGS, draw


@pytest.mark.parametrize("name", PICTURES_MADE)
async def test_a_picture_is_not_stale(name: str) -> None:
    _, text = await draw(PICTURES_MADE[name])
    kept = (RECORDINGS / f"{name}.txt").read_text("utf-8")
    assert text + "\n" == kept, "stale: run python -m tests.pictures draw"
    assert (PICTURES / f"{name}.png").stat().st_size > 10_000
