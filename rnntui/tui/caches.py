"""What Rich and Textual remember of what was drawn, and when to let go of it.

Their caches are made for a screen that changes little: numbers seldom come again, and what was
reckoned for a theme is of no use to another. A full cache that is always renewed is worse than an
empty one, too: the few things that stay keep the memory of all others around them. The caches are
a private affair: one that another version does not have is passed over, and a test tells which
ones there are.
"""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

DRAWN = (
    "rich.segment:Segment._split_cells",  # 16,384 texts
    "textual._styles_cache:StylesCache.get_inner_outer",  # 1,024 widgets, of closed pages too
    "textual.geometry:Region.intersection",  # 4,096 places
    "rich.cells:cached_cell_len",  # 4,096 widths
    "rnntui.tui.widgets.cells:_units",  # 2,048 rows
)
LOOKS = (
    "rich.color:Color.downgrade",
    "rich.color:Color.get_ansi_codes",
    "rich.color:Color.parse",
    "rich.palette:Palette.match",
    "rich.style:Style._add",
    "rich.style:Style.normalize",
    "rich.style:Style.parse",
    "textual._segment_tools:make_blank",
    "textual.color:Color.blend",
    "textual.color:Color.darken",
    "textual.color:Color.from_rich_color",
    "textual.color:Color.get_contrast_text",
    "textual.color:Color.parse",
    "textual.color:Color.tint",
    "textual.filter:ANSIToTruecolor.truecolor_style",
    "textual.strip:Strip.blank",
    "textual.strip:Strip.render_ansi",
    "textual.style:Style.__add__",
    "rnntui.tui.painter:transition",
    "rnntui.tui.themes:role_style",
)


def forget_drawn() -> None:
    """Let go of what will hardly be drawn again."""
    for place in DRAWN:
        _forget(place)


def forget_looks() -> None:
    """Let go of the colours and styles of a theme that is left."""
    for place in LOOKS:
        _forget(place)


def cache_at(place: str) -> Any:
    """The function with a cache at "module:name"; None where there is none."""
    module, _, name = place.partition(":")
    try:
        found = reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        return None
    return found if hasattr(found, "cache_clear") else None


def _forget(place: str) -> None:
    cached = cache_at(place)
    if cached is not None:
        cached.cache_clear()
