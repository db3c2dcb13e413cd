"""What a prediction depends on: each earlier position was replaced and the prediction repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rnntui.numbers import Number, count, finite, fixed, plural
from rnntui.protocol.insight import Memory, Passage
from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.draw.bars import horizontal_bar, vertical_bar
from rnntui.tui.draw.rows import Row, Rows, Run, for_glyphs
from rnntui.tui.draw.targets import position_rows
from rnntui.tui.draw.tokens import level
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_at, value_plot
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.passage import (
    LABEL,
    Columns,
    columns,
    lines_needed,
    partner,
    passage_row,
    pointer_row,
    shown_lines,
    spelled_tokens,
    text_before,
    token_in_words,
    token_name,
)
from rnntui.tui.draw.views.prose import heading
from rnntui.tui.draw.views.value_rows import TRACE, signed_rows

_BEFORE = 0.9  # share of a line wanted for what is before the selected position
STRONGEST = 5


class Dependence:
    """What the prediction of one position depends on, ready to be drawn."""

    def __init__(self, message: Memory, passage: Passage, options: ViewOptions) -> None:
        self.message, self.passage, self.options = message, passage, options
        self.glyphs, self.unit = options.glyphs, options.unit
        self.text = spelled_tokens(passage.tokens, self.glyphs)
        at = message.at if options.at is None else options.at
        self.at = max(0, min(at, max(len(self.text), len(passage.rows)) - 1))
        self.feature = max(0, min(options.feature, len(options.features) - 1))
        measured = self.feature == message.feature or not passage.rows
        self.current = self.at == message.at and measured
        self.moved = message.moved if self.current else ()
        sizes = [abs(v) for n, v in enumerate(self.moved) if finite(v) and n < self.at]
        self.largest = max(sizes, default=0.0) or 1.0

    def columns(self, width: int) -> Columns:
        """Return the columns of the passage in so many cells, its labels included."""
        return columns([self.text], self.unit, width - LABEL)

    def lines(self, width: int) -> int:
        """Return the number of lines that the passage takes."""
        return lines_needed(self.columns(width), width - LABEL)

    def cells(self) -> int:
        """Return the width of the whole passage in one line, with its labels."""
        shape = self.columns(1000)
        return LABEL + shape.cells(range(len(shape.widths)))

    def title(self, width: int) -> Row:
        """Return the title."""
        what = "value was raised" if self.passage.rows else f"{self.unit} was replaced"
        by = " by a tenth of the standard deviation" if self.passage.rows else ""
        if self.passage.rows and len(self.options.features) > 1:
            name = for_glyphs(safe_text(self.options.features[self.feature]), self.glyphs)
            what = f"value of {fit(name, 16)} was raised"
        details = [
            f"each past {what}{by} in turn and the prediction measured again",
            f"each past {what} in turn: what moved the guess",
            f"each past {what} in turn",
        ]
        return heading("depends on", details, width, self.glyphs)

    def rows(self, plan: Mapping[str, int], width: int) -> Rows:
        """Return the passage with the position predicted and what moved it, line by line."""
        shape = self.columns(width)
        rows: Rows = []
        tall = plan.get("moved", 0)
        for line in shown_lines(shape, self.at, width - LABEL, plan["stripes"], _BEFORE):
            rows.append(self._row("passage", shape, line, lambda n: self._token(n, shape)))
            if plan.get("guess"):
                room = width - LABEL
                captions = [self.caption()]
                pointer = pointer_row(shape, line, self.at, captions, room, self.glyphs)
                rows.append([(f" {'guess' if pointer else '':<{LABEL - 1}}", "muted"), *pointer])
            for above in range(tall):
                label = "moved by" if above == tall - 1 else ""
                rows.append(self._row(label, shape, line, self._bar_in(above, tall, shape)))
        return rows

    def plot(self, plan: Mapping[str, int], width: int) -> Rows:
        """Return the curve of a passage of values and what moved the prediction."""
        rows_of, names = self.passage.rows, self.options.features
        drawn = ValuePlot(rows_of, (), (), names, self.feature, selected=self.at)
        rows = value_plot(drawn, width, plan.get("passage", 0) + 1, self.glyphs)[1:]
        if plan.get("moved"):
            rows += signed_rows(self._moved(), self.at, width, self.glyphs, ("up", "down"))
        if self.options.targets:
            return position_rows(rows, lambda x: value_at(drawn, width, x))
        return rows

    def _moved(self) -> list[Number]:
        """Return what moved the prediction, one number per position of the passage."""
        length = max(len(self.text), len(self.passage.rows))
        return [self._at(n) for n in range(length)]

    def _at(self, n: int) -> Number:
        return self.moved[n] if n < len(self.moved) and n < self.at else None

    def _row(self, name: str, shape: Columns, line: range, cell: Callable[[int], Run]) -> Row:
        targets = self.options.targets
        drawn = passage_row(shape, line, cell, self.at, targets)
        return [(f" {name:<{LABEL - 1}}", "muted"), *drawn]

    def _token(self, n: int, shape: Columns) -> Run:
        moved = self._at(n)
        size = abs(moved) / self.largest if finite(moved) else 0.0
        role = level(size) if size >= TRACE else "" if n == self.at else "muted"
        return pad(self.text[n], shape.widths[n]), role

    def _bar_in(self, above: int, tall: int, shape: Columns) -> Callable[[int], Run]:
        def cell(n: int) -> Run:
            moved = self._at(n)
            share = abs(moved) / self.largest if finite(moved) else 0.0
            bar = vertical_bar(share, tall, self.glyphs)[above] if share >= TRACE else " "
            return bar * shape.widths[n], "line"

        return cell

    def caption(self) -> str:
        """Return the true token and its probability, or the predicted value."""
        if not self.current:
            return MEASURING
        message = self.message
        if self.passage.rows:
            return f"predicted: {fixed(message.probability).strip()}"
        name = token_in_words(message.target, self.glyphs)
        return f"{name} p {fixed(message.probability, 6, 4).strip()}"

    def strongest(self) -> list[int]:
        """Return the positions that moved the prediction most, the strongest first."""
        sizes = {n: abs(v) for n, v in enumerate(self._moved()) if finite(v) and v}
        least = TRACE * max(sizes.values(), default=0.0)
        return sorted((n for n in sizes if sizes[n] >= least), key=lambda n: -sizes[n])

    def sentence(self, width: int, captioned: bool) -> Row:
        """Say what the prediction depends on most, with its caption unless that is shown."""
        found = self.strongest()
        if not self.current:
            return [(f" {MEASURING}", "muted")]
        if not found:
            return [(" No earlier position moves this prediction.", "muted")]
        if self.passage.rows:
            return [(" " + self._most_value(found[0], width - 2), "")]
        n = found[0]
        name = token_in_words(self.passage.tokens[n], self.glyphs)
        text = f"depends most on the {name} {plural(self.at - n, self.unit)} back"
        text = f" It {text}" if captioned else f" {self.caption()}: {text}"
        ends = ["."]
        if partner(self.passage.tokens, self.at) == n:
            closes = ", which it closes"
            ends = [f"{closes}: that is what it has to remember.", f"{closes}.", "."]
        end = next((end for end in ends if cell_width(text + end) + 1 <= width), ends[-1])
        return [(text + end, "")]

    def _most_value(self, n: int, width: int) -> str:
        moved = self._at(n) or 0.0
        text = fixed(moved, 7).strip()
        sign = text if moved < 0 else f"+{text}"
        back = plural(self.at - n, "time step")
        texts = [
            f"{self.caption()}; it depends most on the value {back} back, which moves it {sign}.",
            f"{self.caption()}; moved most, by {sign}, by the value {back} back.",
        ]
        return next((text for text in texts if len(text) <= width), texts[-1])

    def table(self, width: int, height: int) -> Rows:
        """Return the positions that moved the prediction most, one in each row."""
        detail = ["the positions that move this prediction most", "what moves it most"]
        rows = [heading("strongest", detail, width, self.glyphs)]
        sizes = {n: abs(self._at(n) or 0.0) for n in self.strongest()}
        top = max(sizes.values(), default=0.0) or 1.0
        for n, size in list(sizes.items())[: max(0, height - 1)]:
            rows.append(self._entry(n, size / top, width))
        return rows

    def _entry(self, n: int, share: float, width: int) -> Row:
        back = f"{count(self.at - n):>4} back"
        bar = max(1, min(32, width - 34))
        if self.passage.rows:
            name, after = fixed(self._at(n), 8), ""
        else:
            name = pad(token_name(self.passage.tokens[n], self.glyphs), 8)
            after = text_before(self.passage.tokens, n + 1, self.unit, self.glyphs, 10)
        row: Row = [(f" {name}", "strong"), (f" {back} ", "muted")]
        return [*row, (horizontal_bar(share, bar, self.glyphs), "line"), (f" {after}", "muted")]
