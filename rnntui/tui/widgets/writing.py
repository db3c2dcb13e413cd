"""What the network writes."""

from __future__ import annotations

import textwrap

from rnntui.tui.draw import (
    Row,
    Rows,
    block,
    exactly,
    forecast_rows,
    sample_lines,
    stacked_texts,
    written_text,
)
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
        return (
            now,
            len(self.state.samples),
            self._how(),
            self.options.text,
            self.options.feature,
            self.options.glyphs,
        )

    def title(self, width: int, height: int) -> Row:
        """What is being written, by the weights of which update."""
        written = self.state.written
        name = "writing"
        if self.state.values:
            name = "in numbers" if written else "forecast"
        row: Row = [(f" {name}", "title")]
        dot = " - " if self.options.glyphs == "ascii" else " · "
        if written:
            says = "sample" if written.source == "sample" else "from your prompt"
            if self.state.values and not written.prompt.strip():
                says = "after the end of the source"
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
        if written.values:
            return self._forecast(written, width, height)
        glyphs, earlier = self.options.glyphs, self.earlier(width, height)
        room, cursor = height - len(earlier), not written.finished
        if len(written.texts) > 1 and self._chosen(written) is None:
            rows = stacked_texts(written.texts, width - 2, room, cursor, glyphs)
        else:
            text = written.texts[self._chosen(written) or 0]
            rows = written_text(written.prompt, text, width - 2, room, cursor=cursor, glyphs=glyphs)
        return [*(exactly([(" ", ""), *row], width) for row in rows), *earlier]

    def _forecast(self, written: Written, width: int, height: int) -> Rows:
        """The numbers of a forecast, of one feature or of all."""
        features = (self.state.welcome.features if self.state.welcome else ()) or ("value",)
        values, one = written.values, self.options.feature
        if one is not None and one < len(features):
            features, values = (features[one],), tuple(row[one : one + 1] for row in values)
        return forecast_rows(values, features, width, height, self.options.glyphs)

    def earlier(self, width: int, height: int) -> Rows:
        """What was written before, a line each, where there is room for it."""
        count = min(EARLIER, height - LEAST_TEXT - 2, len(self.state.samples))
        several = self.state.written is not None and len(self.state.written.texts) > 1
        if count < 1 or several:
            return []
        lines = sample_lines(self.state.samples, width, count, self.options.glyphs)
        return [[], *([(text, "muted") for text, _ in line] for line in lines), []]


def hint(state: RunState) -> str:
    """What to do to see something here."""
    if state.values:
        return "press g and enter: the network goes on from the last values by itself"
    ended = state.welcome is not None and state.welcome.ended
    how = "with what it has learned" if ended else "while it learns"
    return f"press g, type a beginning and press enter: the network goes on from it {how}"
