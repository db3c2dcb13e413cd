"""What Rich and Textual remember of what was drawn, and when to let go of it.

Their caches are made for a screen that changes little: numbers seldom come again, and what was
reckoned for a theme is of no use to another. It is a private affair of theirs; a test holds that
there is still something of it to let go of.
"""

from __future__ import annotations

import rich.color
import rich.palette
import rich.style
import textual.color
import textual.style
from rich.segment import Segment
from textual._segment_tools import make_blank
from textual._styles_cache import StylesCache
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip

from rnntui.tui.painter import transition
from rnntui.tui.themes import role_style

DRAWN = (Segment._split_cells, StylesCache.get_inner_outer, Region.intersection)
LOOKS = (
    rich.color.Color.downgrade,
    rich.color.Color.get_ansi_codes,
    rich.color.Color.parse,
    rich.palette.Palette.match,
    rich.style.Style._add,
    rich.style.Style.normalize,
    rich.style.Style.parse,
    textual.color.Color.blend,
    textual.color.Color.darken,
    textual.color.Color.from_rich_color,
    textual.color.Color.get_contrast_text,
    textual.color.Color.parse,
    textual.color.Color.tint,
    textual.style.Style.__add__,
    ANSIToTruecolor.truecolor_style,
    Strip.blank,
    Strip.render_ansi,
    make_blank,
    role_style,
    transition,
)


def forget_drawn() -> None:
    """Let go of up to 16,384 texts that were cut, 1,024 widgets of closed pages, 4,096 places."""
    for cached in DRAWN:
        cached.cache_clear()


def forget_looks() -> None:
    """Let go of the colours and styles of a theme that is left."""
    for cached in LOOKS:
        cached.cache_clear()
