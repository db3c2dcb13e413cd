"""The loss plot and the views as on the screen, as SVG."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import PICTURE, Export, Format


def create(export: Export, target: Path) -> None:
    """Write the picture, or a folder with all of them."""
    from rnntui.export.drawing import create_pictures

    create_pictures(export, target, FORMAT.suffix, str.encode)


def _is_folder(export: Export) -> bool:
    from rnntui.export.drawing import is_folder

    return is_folder(export)


FORMAT = Format(
    name="svg",
    about="a picture of the loss plot, of a view, or of all views, sharp at any size",
    suffix=".svg",
    create=create,
    folder=_is_folder,
    options=PICTURE,
)
