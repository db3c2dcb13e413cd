"""The line a prompt is typed into."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widgets import Input

from rnntui.text import safe_text

LONGEST = 2000
WIDTH_STEP = 64  # cells
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


class PromptInput(Input):
    """One line of text. A line break in what is pasted is shown, and sent, as `\\n`."""

    # The stock bindings for copying, cutting and pasting would take ctrl+c from leaving.
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, id: str = "input") -> None:  # noqa: A002
        super().__init__(id=id, compact=True, max_length=LONGEST, select_on_focus=False)
        self.cursor_blink = False

    @property
    def content_width(self) -> int:
        """In wide steps: whenever it changes, Textual arranges the whole screen anew."""
        return -(-super().content_width // WIDTH_STEP) * WIDTH_STEP

    def validate_value(self, value: str) -> str:
        """Whatever way text comes in, it is safe to show."""
        return safe_text(value)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        marked = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
        self.replace(safe_text(marked), *self.selection)


def unescaped(text: str) -> str:
    """The text as it is meant: `\\n` a line break, `\\t` a tab, `\\\\` a backslash."""
    out: list[str] = []
    rest = iter(text)
    for char in rest:
        if char != "\\":
            out.append(char)
            continue
        following = next(rest, "")
        out.append(_ESCAPES.get(following, char + following))
    return "".join(out)
