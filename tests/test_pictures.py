"""The pictures show the dashboard as it is."""

from __future__ import annotations

import pytest

from tests.conftest import quick_first
from tests.support.pictures import FILM, PICTURES, PICTURES_MADE, RECORDINGS, draw, frames


@pytest.mark.parametrize("name", quick_first(PICTURES_MADE, 6))
async def test_a_picture_is_not_stale(name: str) -> None:
    _, text = await draw(PICTURES_MADE[name])
    kept = (RECORDINGS / f"{name}.txt").read_text("utf-8")
    assert text + "\n" == kept, "stale: run python -m tests.support.pictures draw"
    assert (PICTURES / f"{name}.png").stat().st_size > 10_000


@pytest.mark.slow
async def test_the_animation_is_not_stale() -> None:
    texts = [text for _, text in await frames()]
    kept = (RECORDINGS / f"{FILM}.txt").read_text("utf-8")
    assert "\f".join(texts) + "\n" == kept, "stale: run python -m tests.support.pictures film"
    assert (PICTURES / "learning.gif").stat().st_size > 10_000
