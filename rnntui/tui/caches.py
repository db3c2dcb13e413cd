"""Clears caches in Rich and Textual that would otherwise waste memory.

These caches suit screens that change little. Here numbers rarely repeat, and entries computed for
one theme are useless for another. A full cache whose entries are constantly replaced also fragments
memory: the few entries that stay pin the memory around them. The caches are private, so one that a
version lacks is skipped; a test checks which ones exist.
"""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any

DRAWING = (
    "rich.segment:Segment._split_cells",  # 16,384 texts
    "textual._styles_cache:StylesCache.get_inner_outer",  # 1,024 widgets, of closed pages too
    "textual.geometry:Region.intersection",  # 4,096 places
    "rich.cells:cached_cell_len",  # 4,096 widths
    "rnntui.tui.widgets.cells:_cells",  # 2,048 texts
    "rnntui.tui.draw.rows:_fitted",  # 1,024 rows
    "rnntui.tui.draw.compare.table:_run",  # 512 rows
)
THEME = (
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
    "rnntui.tui.escapes:transition",
    "rnntui.tui.themes:role_style",
)


def forget_drawing_caches() -> None:
    """Clear the caches of drawn text and geometry, which is rarely drawn again."""
    for place in DRAWING:
        _clear(place)


def forget_theme_caches() -> None:
    """Clear the caches of colours and styles after a change of theme."""
    for place in THEME:
        _clear(place)


def cache_at(place: str) -> Any:
    """Return the cached function at "module:name", or None if there is none."""
    module, _, name = place.partition(":")
    try:
        found = reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        return None
    return found if hasattr(found, "cache_clear") else None


def _clear(place: str) -> None:
    cached = cache_at(place)
    if cached is not None:
        cached.cache_clear()
