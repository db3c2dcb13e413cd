"""Sends a terminal only what changed: Textual's own partial updates send much more.

In Textual 8.2 every changed span is sent from the first cell of its widget's line on, and each run
of text restates all its colours and takes them back. Here a span begins where it begins, and
between two runs only what differs is sent: about a fifth of the bytes. And only the widgets that
have a part in a change are asked for their lines. It leans on private parts of Textual; a test
holds what it sends against what Textual itself would send.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

Piece = tuple[int, int, Strip]  # column, row, what stands there from there on
_PLAIN = Style.null()


class ThriftyScreen(Screen[None]):
    """A screen that sends little."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ThriftyCompositor()

    def on_screen_suspend(self) -> None:
        """Let go of what was drawn: a closed page waits for the collector with all its lines."""
        for widget in self.walk_children(Widget, with_self=True):
            widget._styles_cache.clear()


class ThriftyCompositor(Compositor):
    """Textual's compositor with thriftier updates."""

    _changed: tuple[Region, ...] = ()  # what a partial update is about, while it is rendered

    def render_partial_update(self) -> ChopsUpdate | None:
        """What changed since the last update."""
        self._changed = tuple(self._dirty_regions)
        try:
            update = super().render_partial_update()
        finally:
            self._changed = ()
        return update and ThriftyChops(update.chops, update.spans, update.chop_ends)

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """The widgets drawn, for a partial update only those that have a part in it."""
        if not self._changed:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            if seen and any(seen.overlaps(changed) for changed in self._changed):
                inside = Region(seen.x - region.x, seen.y - region.y, seen.width, seen.height)
                yield region, clip, widget.render_lines(inside)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """The whole screen."""
        update = super().render_full_update(simplify=simplify)
        return ThriftyLayout(update.strips, update.region)


class ThriftyChops(ChopsUpdate):
    """Spans of lines."""

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        return paint(self._pieces(), console)

    def _pieces(self) -> Iterator[Piece]:
        for y, first, end in self.spans:
            for chop_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, first), min(chop_end, end)
                if strip is not None and start < stop:
                    yield start, y, strip.crop(start - x, stop - x)


class ThriftyLayout(LayoutUpdate):
    """Whole lines."""

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        return paint(self._pieces(), console)

    def _pieces(self) -> Iterator[Piece]:
        for y, line in enumerate(self.strips, self.region.y):
            yield self.region.x, y, Strip.join(line)


def paint(pieces: Iterable[Piece], console: Console) -> str:
    """Escape sequences that put each piece at its place."""
    system = getattr(console, "_color_system", None)
    out: list[str] = []
    before = _PLAIN
    at: tuple[int, int] | None = None
    for x, y, strip in pieces:
        if at != (x, y):
            out.append(f"\x1b[{y + 1};{x + 1}H")
        for segment in strip:
            if segment.control:
                continue
            style = segment.style or _PLAIN
            out += (transition(before, style, system), segment.text)
            before = style
        at = (x + strip.cell_length, y)
    if before is not _PLAIN:
        out.append("\x1b[0m")
    return "".join(out)


@lru_cache(maxsize=4096)
def transition(before: Style, after: Style, system: ColorSystem | None) -> str:
    """The sequence that changes how text looks from one style to another."""
    if before == after or system is None:
        return ""
    if _attributes(before) != _attributes(after) or after == _PLAIN:
        full = after.render(" ", color_system=system).partition("m ")
        codes = full[0].removeprefix("\x1b[") if full[1] else ""
        return f"\x1b[0;{codes}m" if codes else "\x1b[0m"
    codes_now = []
    if before.color != after.color:
        codes_now += _codes(after.color, system, True) or ["39"]
    if before.bgcolor != after.bgcolor:
        codes_now += _codes(after.bgcolor, system, False) or ["49"]
    return f"\x1b[{';'.join(codes_now)}m" if codes_now else ""


def _attributes(style: Style) -> tuple[bool, ...]:
    return tuple(
        bool(value)
        for value in (
            style.bold,
            style.dim,
            style.italic,
            style.underline,
            style.blink,
            style.blink2,
            style.reverse,
            style.conceal,
            style.strike,
            style.underline2,
            style.frame,
            style.encircle,
            style.overline,
        )
    )


def _codes(colour: Any, system: ColorSystem, foreground: bool) -> list[str]:
    if colour is None:
        return []
    return list(colour.downgrade(system).get_ansi_codes(foreground=foreground))
