"""What the screen that compares runs shows, as rows: pure functions of the state, without Textual.

The first frame is drawn with them before Textual is imported, and the screen uses the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast, get_args

from rnntui.charset import Glyphs
from rnntui.dataclass import dataclass
from rnntui.recipe import Data
from rnntui.tui.command import Command
from rnntui.tui.compare.commands import CompareCommands
from rnntui.tui.compare.state import CompareState
from rnntui.tui.display import Display
from rnntui.tui.draw.compare.lines import heading_row, selected_row
from rnntui.tui.draw.compare.placing import Place, places
from rnntui.tui.draw.compare.plot import compare_plot, prepare
from rnntui.tui.draw.compare.table import compare_table, head_height, natural_width
from rnntui.tui.draw.rows import Rows, block, spelled
from rnntui.tui.draw.small import fits, too_small
from rnntui.tui.frames import Part, joined
from rnntui.tui.key_entries import footer_entries, footer_row


@dataclass(frozen=True)
class Drawing:
    """Draws each part of the screen at a size."""

    state: CompareState
    options: Display

    def places(self, width: int, height: int) -> dict[str, Place]:
        """Return the places of the parts; only that of "small" if the terminal is too small."""
        if not fits(width, height):
            return {"small": Place(0, 0, width, height)}
        table = self.state.table()
        rows = head_height(table) + len(table.rows)
        news = len(self.state.followed.listing.news())
        return places(width, height, rows, natural_width(table), news)

    def rows(self, name: str, width: int, height: int) -> Rows:
        """Return the rows of a part other than "foot"."""
        glyphs = self.options.glyphs
        match name:
            case "plot":
                return compare_plot(self.state.plot(self._unit()), width, height, glyphs)
            case "table":
                return compare_table(self.state.table(), width, height, glyphs)
            case "small":
                return too_small(width, height, self.options.key_of("quit", "q", "ctrl+c"))
            case "head":
                rows: Rows = [heading_row(self.state.heading(), width, glyphs)]
            case "news":
                news = self.state.followed.listing.news()[-height:]
                rows = [[(spelled(f" {line}", glyphs), "muted")] for line in news]
            case _:
                rows = self._detail(width)
        return block(rows, width, height, glyphs)

    def needed(self, width: int, height: int) -> Iterator[None]:
        """Compute, a little at each step, what the plot needs that is to be drawn now."""
        return prepare(self.state.plot(self._unit()), width, height, self.options.glyphs)

    def ahead(self, width: int, height: int) -> Iterator[None]:
        """Compute, a little at each step, what the next keys may ask the plot to show."""
        names = get_args(Glyphs)
        at, unit = names.index(self.options.glyphs), self._unit()
        for plot in self.state.plots_ahead(unit):
            yield from prepare(plot, width, height, names[at])
        yield from prepare(self.state.plot(unit), width, height, names[(at + 1) % len(names)])

    def _detail(self, width: int) -> Rows:
        found, run = self.state.arranged, self.state.selected
        if run is None:
            return []
        settings = [column for column in found.columns if column.name in found.differing]
        mark, index = self.state.mark_of(run), self.state.matching.places[run]
        return [selected_row(run, mark, settings, index, width, self.options.glyphs)]

    def _unit(self) -> str:
        run = self.state.selected
        settings = run.recorded.settings if run else {}
        if settings.get("task") == "values":
            return "½ squared error per time step"
        tokenizer = str(settings.get("tokenizer", Data.tokenizer))
        return f"nats per {Data(tokenizer=tokenizer).unit}"


@dataclass(frozen=True)
class Outset:
    """The screen before it is there: what the commands in its last row ask it for."""

    state: CompareState
    commands: CompareCommands

    prompting = can_go_back = False

    @property
    def available_commands(self) -> list[Command]:
        """The commands that can be run now."""
        app = cast(Any, self)
        return [command for command in self.commands.commands if command.available(app)]


def first_rows(drawing: Drawing, outset: Outset, width: int, height: int) -> Rows:
    """Return the rows of the first frame."""
    parts: list[list[Part]] = [[] for _ in range(height)]
    for name, place in drawing.places(width, height).items():
        if name == "foot":
            rows: Rows = [footer_row(footer_entries(outset, width, drawing.options.glyphs))]
            rows = block(rows, place.width, place.height)
        else:
            rows = drawing.rows(name, place.width, place.height)
        for y, row in enumerate(rows, place.y):
            parts[y].append((place.x, place.width, row))
    return [joined(row, width) for row in parts]
