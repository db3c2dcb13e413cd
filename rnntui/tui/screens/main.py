"""The dashboard's screen: arranges its panels and passes news on to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from rnntui.tui.draw import Rows, block
from rnntui.tui.painter import ThriftyScreen
from rnntui.tui.screens.arrangement import LEAST_HEIGHT, LEAST_WIDTH, arrange, fits
from rnntui.tui.state import Display, RunState
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.loss import LossPanel
from rnntui.tui.widgets.panel import Panel
from rnntui.tui.widgets.prompt import PromptInput
from rnntui.tui.widgets.steps import StepsPanel
from rnntui.tui.widgets.top import Banner, Header, Notice, Status
from rnntui.tui.widgets.writing import WritingPanel

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


class TooSmall(Panel):
    """Said instead of the dashboard where it does not fit."""

    def draw(self, width: int, height: int) -> Rows:
        """What there is, what is needed, and that training does not care."""
        have, need = f"{width}x{height}", f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
        words = ["terminal too small:", f"have {have}, need {need}", "training goes on", "q quits"]
        top = max(0, (height - len(words)) // 2)
        rows: Rows = [[] for _ in range(top)]
        rows += [[(word.center(width), "warning" if not i else "")] for i, word in enumerate(words)]
        return block(rows, width, height)


class PromptLabel(Panel):
    """The word before the prompt, with how its answer will be drawn."""

    app: Dashboard

    def draw(self, width: int, height: int) -> Rows:
        """`prompt` in the accent while it has the focus."""
        sign = ">" if self.options.glyphs == "ascii" else "›"
        role = "title" if self.app.prompting else "muted"
        return block([[(" prompt ", role), (sign, role)]], width, height)


class MainScreen(ThriftyScreen):
    """Loss, steps, writing, prompt and keys from top to bottom."""

    AUTO_FOCUS = ""

    def __init__(self, state: RunState, display: Display) -> None:
        super().__init__()
        self.state = state
        self.header = Header(state, display, "header")
        self.status = Status(state, display, "status")
        self.banner = Banner(state, display, "banner")
        self.notice = Notice(state, display)
        self.plot = LossPanel(state, display)
        self.strip = StepsPanel(state, display, "steps")
        self.writing = WritingPanel(state, display, "writing")
        self.label = PromptLabel(state, display, "prompt-label")
        self.input = PromptInput()
        self.line = Horizontal(self.label, self.input, id="prompt-line")
        self.footer = Footer(state, display, "footer")
        self.small = TooSmall(state, display, "small")
        self._banner_rows = 0
        self._panels: tuple[Panel, ...] = (
            self.header, self.status, self.banner, self.notice, self.plot, self.strip,
            self.writing, self.footer,
        )  # fmt: skip

    def compose(self) -> ComposeResult:
        """The panels from top to bottom."""
        yield self.header
        yield self.status
        yield self.banner
        yield self.notice
        yield self.plot
        yield self.strip
        yield self.writing
        yield self.line
        yield self.footer
        yield self.small

    def place(self) -> None:
        """Give each panel its rows at the present size."""
        width, height = self.app.size  # the screen's own size may still be the former one
        small = not fits(width, height)
        self.small.display = small
        self.line.display = not small
        if small:
            for panel in self._panels:
                panel.display = False
            return
        banner = self._banner_rows = len(self.banner.lines(width))
        parts = arrange(height, values=self.state.values, banner=banner)
        for panel, rows, gap in (
            (self.header, parts.header, 0),
            (self.status, parts.status, 0),
            (self.banner, parts.banner, 0),
            (self.notice, parts.notice, 0),
            (self.plot, parts.plot, 0),
            (self.strip, parts.steps, parts.gap_steps),
            (self.writing, parts.writing, parts.gap_writing),
            (self.footer, parts.footer, parts.gap_footer),
        ):
            panel.styles.height = rows
            panel.styles.margin = (gap, 0, 0, 0)
            panel.display = rows > 0

    def follow(self) -> None:
        """After a snapshot: whoever shows something of it draws."""
        if len(self.banner.lines(self.size.width)) != self._banner_rows:
            self.place()
        for panel in (self.header, self.status, self.banner, self.strip, self.writing, self.footer):
            if panel.display:
                panel.follow()
        self.plot.follow()

    def redraw(self) -> None:
        """Draw everything now, as after a change of glyphs or theme."""
        self.place()
        for panel in (*self._panels, self.label, self.small):
            if panel.display:
                panel.redraw()

    def say(self, text: str, role: str) -> None:
        """Show a notice, in the footer's place where there is no line of its own."""
        self.notice.text, self.notice.role = text, role
        if self.notice.display:
            self.notice.redraw()
        elif text:
            self.footer.show(self.notice.draw(self.size.width, 1))
        else:
            self.footer.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange anew."""
        self.place()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Into the prompt: other keys."""
        self._focus_moved()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Out of the prompt."""
        self.call_later(self._focus_moved)

    def _focus_moved(self) -> None:
        self.label.redraw()
        self.footer.redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the prompt writes."""
        event.stop()
        self.app.write()  # type: ignore[attr-defined]
