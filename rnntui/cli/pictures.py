"""Pictures of stored runs, drawn by a dashboard without a terminal."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import Pictures
from rnntui.export.picture import Screen


def pictures() -> Pictures:
    """Return what can be drawn."""
    from rnntui.tui import THEMES
    from rnntui.tui.picture import PICTURES

    return Pictures(PICTURES, THEMES, draw)


def draw(run: Path, view: str, theme: str, size: tuple[int, int]) -> Screen:
    """Draw a view of a run. Raises RnntuiError."""
    from rnntui.export.stored_source import StoredSource
    from rnntui.tui.picture import take_picture

    source = StoredSource(run)
    return take_picture(source.recipe, source, view, theme, size)
