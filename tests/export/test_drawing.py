"""Pictures of stored runs, drawn by a dashboard without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnntui.cli.pictures import draw
from rnntui.errors import UsageError
from rnntui.export.drawing import create_pictures
from rnntui.export.format import Export, Pictures
from rnntui.tui.picture import PICTURES
from tests.conftest import quick_first
from tests.tui.test_exporting import text_of

SHOWS = {
    "loss": "nats per character",
    "watch": "generated",
    "guesses": "guesses",
    "memory": "reach",
    "neurons": "neurons",
    "health": "health",
    "experiments": "experiments",
}


@pytest.mark.parametrize("view", quick_first(["loss", *(v for v in SHOWS if v != "loss")]))
def test_every_view_of_a_stored_run_is_drawn(text_run: Path, view: str):
    screen = draw(text_run, view, "light", (100, 30))
    assert len(screen.rows) == 30
    assert SHOWS[view] in text_of(screen).lower()
    assert set(SHOWS) == set(PICTURES)
    assert screen.ground == "#ffffff"


def test_unknown_views_and_themes_are_refused(tmp_path: Path):
    pictures = Pictures(PICTURES, ("dark", "light"), draw)
    for options, why in (({"view": "memry"}, "did you mean 'memory'"), ({"theme": "x"}, "dark")):
        with pytest.raises(UsageError, match=why):
            create_pictures(
                Export(tmp_path, pictures=pictures, **options), tmp_path / "a", ".svg", str.encode
            )
