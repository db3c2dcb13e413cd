"""The prompt: a label and an input line."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from rnntui.text import safe_text
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.state import RunState
from rnntui.tui.widgets.panel import Panel, Part

LONGEST = 2000
WIDTH_UNIT = 64  # cells
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


class PromptInput(Input):
    """A line of text; a pasted line break is shown as `\\n`."""

    # The default bindings for copy, cut and paste would take ctrl+c.
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, id: str = "input") -> None:  # noqa: A002
        super().__init__(id=id, compact=True, max_length=LONGEST, select_on_focus=False)
        self.cursor_blink = False

    @property
    def content_width(self) -> int:
        """The width, rounded up: whenever it changes, Textual rearranges the whole screen."""
        return -(-super().content_width // WIDTH_UNIT) * WIDTH_UNIT

    def validate_value(self, value: str) -> str:
        """Make any new text safe to show."""
        return safe_text(value)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        marked = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
        self.replace(safe_text(marked), *self.selection)


class PromptLabel(Panel):
    """The label before the prompt."""

    def __init__(self, state: RunState, display: Display, line: PromptInput) -> None:
        super().__init__(state, display, "prompt-label")
        self._line = line

    def draw(self, width: int, height: int) -> Rows:
        """Draw the label, highlighted while the prompt has the focus."""
        sign = ">" if self.options.glyphs == "ascii" else "›"
        role = "title" if self.screen.focused is self._line else "muted"
        return block([[(" prompt ", role), (sign, role)]], width, height)


class PromptLine(Horizontal, Part):
    """The label and the input line; posts `Submitted` when Enter is pressed."""

    class Submitted(Message):
        """A continuation of the prompt is asked for."""

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.input = PromptInput()
        self.label = PromptLabel(state, display, self.input)

    def compose(self) -> ComposeResult:
        """Yield the label and the input line."""
        yield self.label
        yield self.input

    def redraw(self) -> None:
        """Draw the label; the input line draws itself."""
        self.label.redraw()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Highlight the label."""
        self.redraw()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Dim the label, once the focus has moved."""
        self.call_later(self.redraw)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Report that Enter was pressed."""
        event.stop()
        self.post_message(self.Submitted())


def unescaped(text: str) -> str:
    """Replace escapes: `\\n` by a line break, `\\t` by a tab, `\\\\` by a backslash."""
    out: list[str] = []
    rest = iter(text)
    for char in rest:
        if char != "\\":
            out.append(char)
            continue
        following = next(rest, "")
        out.append(_ESCAPES.get(following, char + following))
    return "".join(out)
