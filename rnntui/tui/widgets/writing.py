"""What the network writes."""

from __future__ import annotations

import textwrap

from rnntui.text import safe_text
from rnntui.tui.draw import Row, Rows, block, exactly, sample_lines, stacked_texts, written_text
from rnntui.tui.draw.numbers import count
from rnntui.tui.draw.sampling import sampling_note
from rnntui.tui.state import RunState, Written
from rnntui.tui.widgets.panel import Panel

EARLIER = 3  # earlier writings shown at most
LEAST_TEXT = 3  # rows the present one keeps


class WritingPanel(Panel):
    """A title that says who writes, and the text, the newest part where not all fits."""

    def draw(self, width: int, height: int) -> Rows:
        """Title and text."""
        rows = [self.title(width, height)]
        if height > 1:
            rows += self.body(width, height - 1)
        return block(rows, width, height)

    def shows(self) -> object:
        """The writing, those before it, and how it is written."""
        written = self.state.written
        now = (written.id, written.end, written.step, written.finished) if written else None
        return (now, len(self.state.samples), self._how(), self.options.text, self.options.glyphs)

    def title(self, width: int, height: int) -> Row:
        """What is being written, by the weights of which update."""
        written = self.state.written
        row: Row = [(" forecast" if self.state.values else " writing", "title")]
        dot = " - " if self.options.glyphs == "ascii" else " · "
        if written:
            says = "sample" if written.source == "sample" else "from your prompt"
            says = self._which(written, height - 1) or says
            row.append((f"  {says}{dot}weights of update {count(written.step)}", "muted"))
            if how := self._how(dot):
                row.append((f"{dot}{how}", "muted"))
        if written and written.warning:
            row.append((f"  {written.warning}", "warning"))
        return self.fitted([row], width, 1)[0]

    def _which(self, written: Written, rows: int) -> str:
        """Which of several texts are shown in so many rows; "" where there is one."""
        number, chosen = len(written.texts), self._chosen(written)
        if number == 1:
            return ""
        if chosen is not None:
            return f"{chosen + 1} of {number}"
        return f"{number} at once" if number <= rows else f"{rows} of {number} at once"

    def _chosen(self, written: Written) -> int | None:
        """The one of several texts that is shown, as long as there is one of that number."""
        at = self.options.text
        return at if at is not None and at < len(written.texts) else None

    def _how(self, dot: str = " ") -> str:
        """How the next symbol is chosen."""
        if self.state.values or self.state.shown is None:
            return ""
        return sampling_note(self.state.shown, dot)

    def body(self, width: int, height: int) -> Rows:
        """The text itself, or how to get one."""
        written = self.state.written
        if written is None:
            lines = textwrap.wrap(hint(self.state), max(10, width - 2))
            return self.fitted([[(f" {line}", "muted")] for line in lines], width, height)
        glyphs, earlier = self.options.glyphs, self.earlier(width, height)
        room, cursor = height - len(earlier), not written.finished
        if len(written.texts) > 1 and self._chosen(written) is None:
            rows = stacked_texts(written.texts, width - 2, room, cursor, glyphs)
        else:
            prompt, text = self.words(written)
            rows = written_text(prompt, text, width - 2, room, cursor=cursor, glyphs=glyphs)
        return [*(exactly([(" ", ""), *row], width) for row in rows), *earlier]

    def earlier(self, width: int, height: int) -> Rows:
        """What was written before, a line each, where there is room for it."""
        count = min(EARLIER, height - LEAST_TEXT - 2, len(self.state.samples))
        several = self.state.written is not None and len(self.state.written.texts) > 1
        if count < 1 or several:
            return []
        lines = sample_lines(self.state.samples, width, count, self.options.glyphs)
        return [[], *([(text, "muted") for text, _ in line] for line in lines), []]

    def words(self, written: Written) -> tuple[str, str]:
        """Prompt and continuation; the numbers of a forecast as words."""
        if not self.state.values:
            return written.prompt, written.texts[self._chosen(written) or 0]
        rows = [
            " ".join("      ?" if v is None else f"{v:>7.4g}" for v in r) for r in written.values
        ]
        return (safe_text(written.prompt) + "  " if written.prompt else ""), "  ".join(rows)


def hint(state: RunState) -> str:
    """What to do to see something here."""
    if state.values:
        return "press g and enter: the network goes on from the last values by itself"
    return "press g, type a beginning and press enter: the network goes on from it while it learns"
