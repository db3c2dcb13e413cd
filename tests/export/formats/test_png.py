"""A picture as PNG. Skipped without resvg."""

from __future__ import annotations

import struct

import pytest

from rnntui.errors import OutputError
from rnntui.export.formats import png
from rnntui.export.picture import Run, Screen, to_svg

pytest.importorskip("resvg_py", reason="draws with resvg, which is not installed")

needs_a_font = pytest.mark.skipif(
    not png.finds_a_font(), reason="needs a monospaced font (Debian: fonts-dejavu-core)"
)


def drawn(text: str, colour: str) -> bytes:
    """The picture of a line."""
    screen = Screen(((Run(text, colour, "#121212"),),), 20, "#121212")
    return png.encode(to_svg(screen, "a"))


@needs_a_font
def test_the_screen_is_drawn_at_twice_its_size():
    data = drawn("██ ⣿", "#5fd7af")
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (2 * (20 * 10 + 30), 2 * (20 + 30))


@needs_a_font
def test_shapes_letters_and_colours_are_drawn():
    pictures = [drawn(text, "#5fd7af") for text in (" ", "█", "⣿", "⣾", "a", "b")]
    assert len({*pictures, drawn("█", "#ff0000")}) == 7


def test_without_a_font_nothing_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(png, "_LETTER", png._NOTHING)
    with pytest.raises(OutputError, match="no monospaced font"):
        png.encode(png._NOTHING)
