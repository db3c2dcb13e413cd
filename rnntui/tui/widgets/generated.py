"""The panel with the generated text or forecast."""

from __future__ import annotations

import textwrap

from textual import events

from rnntui.forecast.verdict import COMBINED
from rnntui.numbers import count
from rnntui.tui.display import Display
from rnntui.tui.draw.generated import (
    forecast_height,
    forecast_rows,
    prompt_height,
    sample_lines,
    scrolled_text,
    stacked_texts,
    text_lines,
    verdict_rows,
)
from rnntui.tui.draw.rows import Row, Rows, block, exactly, row_width
from rnntui.tui.draw.sampling import sampling_note
from rnntui.tui.generated_text import GeneratedText
from rnntui.tui.hints import generation_hint
from rnntui.tui.state import RunState
from rnntui.tui.widgets.panel import Panel

EARLIER = 3  # most earlier samples shown
_PREPARING = "comparing methods on the held-out rows ..."
LEAST_TEXT = 3  # rows reserved for the current text


class GeneratedPanel(Panel):
    """A title with the text's origin, and the newest part of the text that fits."""

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(state, display, id)
        self._shown_id = 0  # of the text shown, to follow the next one from its start

    def draw(self, width: int, height: int) -> Rows:
        """Draw the title and the text."""
        rows = [self.title(width, height)]
        if height > 1:
            rows += self.body(width, height - 1)
        return block(rows, width, height)

    def shows(self) -> object:
        """Return what the panel depends on: the texts, the settings and the view options."""
        generated = self.state.generated
        if generated is not None and generated.id != self._shown_id:
            self._shown_id, self.options.text_top = generated.id, None
        now = (
            (generated.id, generated.end, generated.update, generated.finished)
            if generated
            else None
        )
        return (
            now,
            len(self.state.samples),
            self._how(),
            generation_hint(self.state, self.options),
            self.options.text,
            self.options.text_top,
            self.options.feature,
            self.options.method,
            self.options.glyphs,
        )

    def title(self, width: int, height: int) -> Row:
        """Return the title: what is generated, with the weights of which update."""
        generated = self.state.generated
        name = "generated text"
        if self.state.values:
            name = "forecast values" if generated else "forecast"
        row: Row = [(f" {name}", "title")]
        if height == 2 and (said := self._verdict(width - row_width(row) - 1, 1)):
            return self.fitted([[*row, (" ", ""), *said[0]]], width, 1)[0]
        dot = " - " if self.options.glyphs == "ascii" else " · "
        if generated:
            says = "sample" if generated.source == "sample" else "from your prompt"
            if self.state.values and not generated.prompt.strip():
                says = "after the end of the source"
            says = self._which(generated, height - 1) or says
            best = generated.outlook is not None and generated.outlook.best
            by = "best" if best else "at"
            at = f"{dot}{by} update {count(generated.update)}" if generated.update else ""
            row.append((f"  {says}{at}", "muted"))
            if self.options.text_top is not None:
                down = self.options.key_of("scroll_text_down", "pgdn")
                row.append((f"{dot}scrolled back ({down})", "accent"))
            elif self.state.values:
                by = generated.outlook.method if generated.outlook else ""
                row.append((f"{dot}{by}" if by else "", "muted"))
            elif how := self._how(dot):
                row.append((f"{dot}{how}", "muted"))
        if generated and generated.warning:
            row.append((f"  {generated.warning}", "warning"))
        return self.fitted([row], width, 1)[0]

    def _which(self, generated: GeneratedText, rows: int) -> str:
        """Describe which of several samples are shown in so many rows; "" for a single one."""
        number, selected = len(generated.texts), self._selected(generated)
        if number == 1:
            return ""
        if selected is not None:
            return f"sample {selected + 1} of {number}"
        return f"{number} samples" if number <= rows else f"{rows} of {number} samples"

    def _selected(self, generated: GeneratedText) -> int | None:
        """Return the index of the sample to show alone, or None for all."""
        at = self.options.text
        return at if at is not None and at < len(generated.texts) else None

    def _how(self, dot: str = " ") -> str:
        """Describe the sampling settings of the text, and the next ones if they have changed."""
        generated, now = self.state.generated, self.state.shown
        if self.state.values or generated is None or now is None:
            return ""
        used, upcoming = sampling_note(generated.sampling, dot), sampling_note(now.sampling, dot)
        if used == upcoming:
            return used
        return dot.join(filter(None, (used, f"next: {upcoming}")))

    def wants(self, width: int) -> int:
        """Return the rows for the title, a warning and the numbers of a forecast with one."""
        return 3 if self._verdict(width, 1) else 0

    def useful(self, width: int) -> int:
        """Return the rows for a forecast of every column; a text can fill any number."""
        return forecast_height(len(self._features)) if self.state.values else 0

    @property
    def _features(self) -> tuple[str, ...]:
        return (self.state.welcome.features if self.state.welcome else ()) or ("value",)

    def body(self, width: int, height: int) -> Rows:
        """Return the rows of the text, or of a hint how to get one."""
        generated = self.state.generated
        if generated is None:
            lines = textwrap.wrap(generation_hint(self.state, self.options), max(10, width - 2))
            return self.fitted([[(f" {line}", "muted")] for line in lines], width, height)
        if generated.values:
            return self._forecast(generated, width, height)
        if self.state.values and not generated.finished:
            return self.fitted([[(f" {_PREPARING}", "muted")]], width, height)
        glyphs, earlier = self.options.glyphs, self.earlier(width, height)
        room, cursor = height - len(earlier), not generated.finished
        if len(generated.texts) > 1 and self._selected(generated) is None:
            rows = stacked_texts(generated.texts, width - 2, room, cursor, glyphs)
        else:
            text = self._text(generated)
            top = self.options.text_top
            rows = scrolled_text(generated.prompt, text, width - 2, room, top, cursor, glyphs)
        return [*(exactly([(" ", ""), *row], width) for row in rows), *earlier]

    def _text(self, generated: GeneratedText) -> str:
        return generated.texts[self._selected(generated) or 0]

    @property
    def _reach(self) -> tuple[int, int]:
        """Return how far the text can be scrolled, and the rows of it that are in view."""
        generated, (width, height) = self.state.generated, self.size
        if generated is None or generated.values or not width:
            return 0, 1
        if len(generated.texts) > 1 and self._selected(generated) is None:
            return 0, 1
        glyphs, room = self.options.glyphs, height - 1 - len(self.earlier(width, height - 1))
        if self._fits(generated, width, room):
            return 0, 1
        rows = len(text_lines(self._text(generated), width - 2, not generated.finished, glyphs))
        room -= prompt_height(generated.prompt, width - 2, room, glyphs)
        return max(0, rows - room), max(1, room)

    def scroll(self, direction: int, rows: int | None = None) -> bool:
        """Scroll the text by some rows or a screenful, and follow its end from there on.

        Returns whether there is more to see than fits.
        """
        most, room = self._reach
        at = self.options.text_top
        top = (most if at is None else min(at, most)) + direction * (rows or max(1, room - 1))
        self.options.text_top = None if top >= most else max(0, top)
        self.redraw()
        return most > 0

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.scroll(-1, 2)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.scroll(1, 2)

    def _forecast(self, generated: GeneratedText, width: int, height: int) -> Rows:
        """Return the rows of a forecast, of one feature or all."""
        features = self._features
        values, one = generated.values, self.options.feature
        if one is not None and one < len(features):
            features, values = (features[one],), tuple(row[one : one + 1] for row in values)
        said = self._verdict(width, height) if height > 1 else []  # the title has it
        rows = height - len(said)
        return [*said, *forecast_rows(values, features, width, rows, self.options.glyphs)]

    def _verdict(self, width: int, height: int) -> Rows:
        """Return a row that compares the forecast with simple methods; without room, a warning."""
        generated = self.state.generated
        if generated is None or not generated.values:
            return []
        key = "" if self._mixes else self.options.key_of("method", "a")
        return verdict_rows(generated.outlook, width, height, self.options.glyphs, key)

    @property
    def _mixes(self) -> bool:
        """Whether the mean of methods forecasts already, or the user must not change that."""
        method = self.options.method or self.state.recipe.sample.method
        gone = self.options.read_only or self.state.connection == "gone"
        return gone or method == COMBINED

    def _fits(self, generated: GeneratedText, width: int, height: int) -> bool:
        """Return whether prompt and text fit into so many rows."""
        text = generated.prompt + self._text(generated)
        if len(text) > width * height:  # without wrapping a long text at every snapshot
            return False
        return len(text_lines(text, width - 2, glyphs=self.options.glyphs)) <= height

    def earlier(self, width: int, height: int) -> Rows:
        """Return earlier samples, one line each, if there is room below all of the text."""
        count = min(EARLIER, height - LEAST_TEXT - 2, len(self.state.samples))
        generated = self.state.generated
        several = generated is not None and len(generated.texts) > 1
        if count < 1 or several:
            return []
        if generated is not None and not self._fits(generated, width, height - count - 2):
            return []
        lines = sample_lines(self.state.samples, width, count, self.options.glyphs)
        return [[], *([(text, "muted") for text, _ in line] for line in lines), []]
