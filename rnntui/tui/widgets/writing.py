"""What the network writes."""

from __future__ import annotations

import textwrap

from rnntui.text import safe_text
from rnntui.tui.draw import Row, Rows, block, exactly, sample_lines, written_text
from rnntui.tui.draw.numbers import count
from rnntui.tui.state import RunState, Written
from rnntui.tui.widgets.panel import Panel

EARLIER = 3  # earlier writings shown at most
LEAST_TEXT = 3  # rows the present one keeps


class WritingPanel(Panel):
    """A title that says who writes, and the text, the newest part where not all fits."""

    def draw(self, width: int, height: int) -> Rows:
        """Title and text."""
        rows = [self.title(width)]
        if height > 1:
            rows += self.body(width, height - 1)
        return block(rows, width, height)

    def shows(self) -> object:
        """The writing, those before it, and how it is written."""
        written, shown = self.state.written, self.state.shown
        now = (written.id, written.end, written.step, written.finished) if written else None
        how = (self.options.greedy, shown.temperature if shown else None)
        return (now, len(self.state.samples), how, self.options.glyphs)

    def title(self, width: int) -> Row:
        """What is being written, by the weights of which update."""
        written = self.state.written
        row: Row = [(" forecast" if self.state.values else " writing", "title")]
        dot = " - " if self.options.glyphs == "ascii" else " · "
        if written:
            says = "sample" if written.source == "sample" else "from your prompt"
            row.append((f"  {says}{dot}weights of update {count(written.step)}", "muted"))
            if how := self._how():
                row.append((f"{dot}{how}", "muted"))
        if written and written.warning:
            row.append((f"  {written.warning}", "warning"))
        return self.fitted([row], width, 1)[0]

    def _how(self) -> str:
        """How the next symbol is chosen."""
        if self.state.values or self.state.shown is None:
            return ""
        return (
            "likeliest" if self.options.greedy else f"temperature {self.state.shown.temperature:g}"
        )

    def body(self, width: int, height: int) -> Rows:
        """The text itself, or how to get one."""
        written = self.state.written
        if written is None:
            lines = textwrap.wrap(hint(self.state), max(10, width - 2))
            return self.fitted([[(f" {line}", "muted")] for line in lines], width, height)
        glyphs, earlier = self.options.glyphs, self.earlier(width, height)
        prompt, text = self.words(written)
        room = height - len(earlier)
        rows = written_text(
            prompt, text, width - 2, room, cursor=not written.finished, glyphs=glyphs
        )
        return [*(exactly([(" ", ""), *row], width) for row in rows), *earlier]

    def earlier(self, width: int, height: int) -> Rows:
        """What was written before, a line each, where there is room for it."""
        count = min(EARLIER, height - LEAST_TEXT - 2, len(self.state.samples))
        if count < 1:
            return []
        lines = sample_lines(self.state.samples, width, count, self.options.glyphs)
        return [[], *([(text, "muted") for text, _ in line] for line in lines), []]

    def words(self, written: Written) -> tuple[str, str]:
        """Prompt and continuation; the numbers of a forecast as words."""
        if not self.state.values:
            return written.prompt, written.text
        rows = [
            " ".join("      ?" if v is None else f"{v:>7.4g}" for v in r) for r in written.values
        ]
        return (safe_text(written.prompt) + "  " if written.prompt else ""), "  ".join(rows)


def hint(state: RunState) -> str:
    """What to do to see something here."""
    if state.values:
        return "press g and enter: the network goes on from the last values by itself"
    return "press g, type a beginning and press enter: the network goes on from it while it learns"
