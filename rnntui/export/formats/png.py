"""The loss plot and the views as on the screen, as PNG."""

from __future__ import annotations

from pathlib import Path

from rnntui.errors import OutputError
from rnntui.export.format import PICTURE, Export, Format
from rnntui.export.picture import FAMILY

_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
# resvg draws no text at all if it finds none of a text's fonts.
_LETTER = _NOTHING.replace("><", f'><text y="9" font-family="{FAMILY}">M</text><')
SCALE = 2  # pixels of the picture per pixel of the SVG: readable on any screen


def create(export: Export, target: Path) -> None:
    """Write the picture, or a folder with all of them."""
    from rnntui.export.drawing import create_pictures

    create_pictures(export, target, FORMAT.suffix, encode)


def encode(svg: str) -> bytes:
    """Render an SVG document. Raises OutputError without a font for its letters."""
    if not finds_a_font():
        raise OutputError(
            "no monospaced font is installed to draw letters with: install one, such as "
            "DejaVu Sans Mono, or use svg"
        )
    return _render(svg)


def finds_a_font() -> bool:
    """Return whether a font of the pictures is installed."""
    return _render(_LETTER) != _render(_NOTHING)


def _render(svg: str) -> bytes:
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=SCALE))


def _is_folder(export: Export) -> bool:
    from rnntui.export.drawing import is_folder

    return is_folder(export)


FORMAT = Format(
    name="png",
    about="the same pictures as PNG, for programs that take no SVG",
    suffix=".png",
    create=create,
    folder=_is_folder,
    options=PICTURE,
    extra="png",
    modules=("resvg_py",),
)
