"""The screen that compares runs: plot, table, and the lines around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from rnntui.recipe import Data
from rnntui.tui.compare.state import CompareState
from rnntui.tui.compare.widgets import AskLine, Drawn, KeyRow
from rnntui.tui.draw import Row, Rows, block
from rnntui.tui.draw.compare.lines import heading_row, selected_row
from rnntui.tui.draw.compare.placing import Place, places
from rnntui.tui.draw.compare.plot import compare_plot
from rnntui.tui.draw.compare.table import compare_table, head_height, natural_width
from rnntui.tui.draw.small import too_small
from rnntui.tui.painter import DiffingScreen
from rnntui.tui.state import Display
from rnntui.tui.views.arrangement import fits
from rnntui.tui.widgets.cells import spelled

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp


class CompareScreen(DiffingScreen, inherit_bindings=False):
    """The parts, and where each of them is."""

    AUTO_FOCUS = ""
    app: CompareApp

    def __init__(self, state: CompareState, display: Display) -> None:
        super().__init__()
        self.state = state
        self._options = display
        self.head = Drawn("head", self._head)
        self.plot = Drawn("plot", self._plot)
        self.table = Drawn("table", self._table)
        self.news = Drawn("news", self._news)
        self.detail = Drawn("detail", self._detail)
        self.foot = KeyRow(display)
        self.small = Drawn("small", self._small)
        self.ask = AskLine()
        self.notice: tuple[str, str] = ("", "")  # a text in place of the keys, and its role

    def compose(self) -> ComposeResult:
        """Yield the parts."""
        yield from self.parts
        yield self.ask
        yield self.small

    @property
    def parts(self) -> tuple[Drawn, ...]:
        """What is drawn, from top to bottom."""
        return (self.head, self.plot, self.table, self.news, self.detail, self.foot)

    # ---- places -----------------------------------------------------------------------------

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange the parts at the new size."""
        self.place()
        self.call_after_refresh(self.app.show_frames)

    def place(self) -> None:
        """Give each part its place at the current size."""
        width, height = self.app.size
        fit = fits(width, height)
        self.small.display = not fit
        found = self._places(width, height) if fit else {}
        if not fit:
            _put(self.small, Place(0, 0, width, height))
        for part in self.parts:
            part.display = part.id in found
            if place := found.get(part.id or ""):
                _put(part, place)
        asking = fit and bool(self.ask.kind)
        self.ask.display = asking
        if asking:
            _put(self.ask, found["detail"])
            self.detail.display = False

    def _places(self, width: int, height: int) -> dict[str, Place]:
        table = self.state.table()
        rows = head_height(table) + len(table.rows)
        news = len(self.state.followed.listing.news())
        return places(width, height, rows, natural_width(table), news)

    def redraw(self) -> None:
        """Draw everything again: only cells that differ are sent."""
        self.place()
        self.state.keep_in_view(self.room)
        for part in (*self.parts, self.small):
            part.redraw()

    def redraw_foot(self) -> None:
        """Draw the keys, or what is shown in their place."""
        text, role = self.notice
        if text:
            width = self.foot.size.width
            row: Row = [(f" {text}", role or "accent")]
            self.foot.show(block(spelled([row], self._options.glyphs), width, 1))
        else:
            self.foot.redraw()

    @property
    def room(self) -> int:
        """The rows of the table for runs."""
        return max(1, self.table.size.height - head_height(self.state.table()))

    # ---- drawing ----------------------------------------------------------------------------

    def _head(self, width: int, height: int) -> Rows:
        row = heading_row(self.state.heading(), width, self._options.glyphs)
        return block([row], width, height, self._options.glyphs)

    def _plot(self, width: int, height: int) -> Rows:
        return compare_plot(self.state.plot(self._unit()), width, height, self._options.glyphs)

    def _unit(self) -> str:
        run = self.state.selected
        settings = run.recorded.settings if run else {}
        if settings.get("task") == "values":
            return "½ squared error per time step"
        tokenizer = str(settings.get("tokenizer", Data.tokenizer))
        return f"nats per {Data(tokenizer=tokenizer).unit}"

    def _table(self, width: int, height: int) -> Rows:
        return compare_table(self.state.table(), width, height, self._options.glyphs)

    def _news(self, width: int, height: int) -> Rows:
        lines = self.state.followed.listing.news()[-height:]
        rows: Rows = [[(f" {line}", "muted")] for line in lines]
        return block(spelled(rows, self._options.glyphs), width, height, self._options.glyphs)

    def _detail(self, width: int, height: int) -> Rows:
        found, run = self.state.arranged, self.state.selected
        if run is None:
            return block([], width, height)
        settings = [column for column in found.columns if column.name in found.differing]
        mark, index = self.state.mark_of(run), found.runs.index(run)
        row = selected_row(run, mark, settings, index, width, self._options.glyphs)
        return block([row], width, height, self._options.glyphs)

    def _small(self, width: int, height: int) -> Rows:
        key = self._options.key_of("quit", "q", "ctrl+c")
        return too_small(width, height, key)


def _put(widget: Widget, place: Place) -> None:
    widget.styles.offset = (place.x, place.y)
    widget.styles.width, widget.styles.height = place.width, place.height
