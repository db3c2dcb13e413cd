"""What the formats of pictures share: which ones are wanted, and their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rnntui.errors import UsageError
from rnntui.export.format import Export
from rnntui.export.picture import to_svg
from rnntui.suggestions import nearest

ALL = "all"
VIEW, SIZE = "loss", (120, 40)
THEMES = ("dark", "light")
Encode = Callable[[str], bytes]


def is_folder(export: Export) -> bool:
    """Whether several pictures are wanted."""
    return export.view == ALL


def create_pictures(export: Export, target: Path, suffix: str, encode: Encode) -> None:
    """Write one picture, or a folder with every view. Raises UsageError, RnntuiError or OSError."""
    pictures = export.pictures
    if pictures is None:
        raise UsageError("pictures cannot be drawn here")
    for given, known, what in (
        (export.view, (*pictures.views, ALL), "view"),
        (export.theme, pictures.themes, "theme"),
    ):
        if given is not None and given not in known:
            raise UsageError(f"unknown {what} '{given[:30]}'{nearest(given, known)}")

    def draw(view: str, theme: str) -> bytes:
        screen = pictures.draw(export.run, view, theme, export.size or SIZE)
        return encode(to_svg(screen, f"{export.run.name}: {view}"))

    if not is_folder(export):
        target.write_bytes(draw(export.view or VIEW, export.theme or THEMES[0]))
        return
    target.mkdir()
    for theme in (export.theme,) if export.theme else THEMES:
        for view in pictures.views:
            (target / f"{view}-{theme}{suffix}").write_bytes(draw(view, theme))
