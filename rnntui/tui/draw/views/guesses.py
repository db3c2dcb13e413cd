"""The view of guesses: what the network expects at each position before it sees the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rnntui.numbers import count, finite, fixed, percent
from rnntui.protocol.insight import Guesses, Passage, ValueGuesses
from rnntui.text import pad
from rnntui.tui.draw.bars import vertical_bar
from rnntui.tui.draw.rows import Row, Rows, Run, block, spelled
from rnntui.tui.draw.tokens import level, visible
from rnntui.tui.draw.views.calibration import calibration_part
from rnntui.tui.draw.views.explain.guesses import guesses_below
from rnntui.tui.draw.views.guess_parts import confused_part, expected_part, hard_part
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.parts import (
    WIDE,
    Part,
    allot,
    beside,
    equal_widths,
    side_by_side,
    stacked_height,
)
from rnntui.tui.draw.views.passage import (
    ASCII_NEWLINE,
    LABEL,
    Columns,
    columns,
    lines_needed,
    passage_row,
    pointer_row,
    shown_lines,
    source_of,
    spelled_tokens,
    token_in_words,
)
from rnntui.tui.draw.views.prose import heading, notice, sentences
from rnntui.tui.draw.views.value_guesses import value_guesses_rows

_RANKS = ("1st", "2nd", "3rd", "4th", "5th")
_FEW = 3  # ranks shown if the passage takes several lines
_BESIDE = 46  # cells: least width of a part beside the passage
_TWO_COLUMNS, _THREE_COLUMNS, _FOUR_COLUMNS = 70, 140, 190  # cells
_LEAST = 1e-9  # probability drawn for 0, so that every position has a bar
_FINE, _FINEST = 3, 6  # rows of p(true) if there is room
_BRIEF = "Under each {unit}: what was expected before seeing it."
_ABOUT = (
    "Under each {unit}: what the network expected there before seeing it.",
    "^ marks a miss.",
    "Where the first row reads like the text, it has learned the pattern.",
)
_OF_CHARACTERS = (
    "First letters of words are the hardest: nothing before them says which word is coming."
)


def guesses_rows(
    message: Guesses | ValueGuesses | None,
    passage: Passage | None,
    options: ViewOptions,
    width: int,
    height: int,
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells, for tokens or for values.

    Without a message about this passage it says that it is being measured, or `options.reason`.
    """
    if message is None or passage is None or message.passage != passage.id:
        return notice(options.reason or MEASURING, width, height, options.glyphs)
    if isinstance(message, ValueGuesses):
        return value_guesses_rows(message, passage, options, width, height)
    return _TokenGuesses(message, passage, options, width, height).rows()


class _TokenGuesses:
    """One drawing of a message about tokens."""

    def __init__(
        self, message: Guesses, passage: Passage, options: ViewOptions, width: int, height: int
    ) -> None:
        self.message, self.passage, self.options = message, passage, options
        self.width, self.height, self.glyphs = width, height, options.glyphs
        self.text = spelled_tokens(passage.tokens, self.glyphs)
        missing = [""] * len(self.text)
        self.ranked = [
            [*spelled_tokens(tokens, self.glyphs), *missing][: len(self.text)]
            for tokens in message.ranked[: len(_RANKS)]
        ]
        at = message.at if options.at is None else options.at
        self.at = max(0, min(at, len(self.text) - 1))

    def rows(self) -> Rows:
        """Return the rows; the least important ones are missing if there is little room."""
        widest = self._columns(len(_RANKS))
        needed = LABEL + widest.cells(range(len(widest.widths)))
        wide = self.width >= WIDE and needed + 3 + _BESIDE <= self.width
        parts = self._parts(wide)
        plan = self._plan(max((stacked_height(column) for _, column in parts), default=0))
        rows = [self._title()] if plan.get("title") else []
        rows += self._top(plan, needed) if wide else self._passage(plan, self.width)
        if plan.get("parts"):
            rows += [[]] * (plan.get("gaps", 0) > 0)
            rows += side_by_side(parts, plan["parts"], self.glyphs, gap=1)
        rows += [[]] * (plan.get("gaps", 0) > 1)
        rows += self._about(plan.get("about", 0))
        rows += guesses_below(
            self.message, self.passage, self.options, self.width, self.height - len(rows)
        )
        return block(rows, self.width, self.height, self.glyphs)

    def _columns(self, ranks: int) -> Columns:
        lists = [self.text, *self.ranked[:ranks]]
        return columns(lists, self.options.unit, self.width - LABEL)

    def _parts(self, beside: bool) -> list[tuple[int, list[Part]]]:
        """Return the columns of parts under the passage, each with its width."""
        names: list[tuple[str, ...]]
        if beside:
            names = [("hard",), ("confused",), ("calibration",)]
        elif self.width >= _FOUR_COLUMNS:
            names = [("expected",), ("hard",), ("confused",), ("calibration",)]
        elif self.width >= _THREE_COLUMNS:
            names = [("expected", "calibration"), ("hard",), ("confused",)]
        elif self.width >= _TWO_COLUMNS:
            names = [("expected", "calibration"), ("hard", "confused")]
        else:
            names = [("expected", "hard", "calibration", "confused")]
        known = [[name for name in column if self._has(name)] for column in names]
        known = [column for column in known if column]
        widths = equal_widths(self.width, len(known))
        return [
            (width, [self._part(name, width, rank) for rank, name in enumerate(column)])
            for width, column in zip(widths, known, strict=True)
        ]

    def _has(self, name: str) -> bool:
        """Return whether there is something to show in a part."""
        message = self.message
        known = {
            "hard": message.kinds,
            "confused": message.confusions,
            "calibration": message.calibration,
        }
        return name == "expected" or bool(known[name])

    def _part(self, name: str, width: int, rank: int) -> Part:
        message, glyphs = self.message, self.glyphs
        match name:
            case "expected":
                return expected_part(message, self.passage, self.options, width, rank)
            case "hard":
                by = f"kind of {self.options.unit}"
                return hard_part(message.kinds, by, "nats", width, rank, glyphs)
            case "confused":
                return confused_part(message.confusions, width, rank, glyphs)
            case _:
                return calibration_part(message.calibration, width, rank, glyphs)

    def _plan(self, parts: int) -> Mapping[str, int]:
        """Divide the rows among text, ranks, bars and so on; `parts` can use so many."""
        lines = lines_needed(self._columns(_FEW), self.width - LABEL)
        ranks = min(len(self.ranked), len(_RANKS) if lines == 1 else _FEW)
        second, third, more = (("ranks", int(ranks > n)) for n in (1, 2, 3))
        base = [("text", 1), ("ranks", int(ranks > 0)), ("wrong", 1), ("bars", 1), ("title", 1)]
        base += [("about", 1), ("pointer", 1), ("parts", min(3, parts)), second]
        base += [("parts", min(2, parts - 3)), third, ("gaps", 1), ("parts", min(2, parts - 5))]
        base += [("gaps", 1), ("parts", min(1, parts - 7))]
        plan = dict(allot(base, self.height))
        free = self.height - sum(plan.values())
        stripe = plan.get("ranks", 0) + 4
        plan["stripes"] = max(1, min(lines, 1 + free // stripe))
        free -= (plan["stripes"] - 1) * stripe
        single = lines == 1
        wishes = [more, ("ranks", int(ranks > 4)), ("parts", min(2, parts - 8))]
        wishes += [("bars", (_FINE - 1) * single), ("about", 1)]
        wishes += [("parts", 1)] * max(0, parts - 10) + [("bars", 1)] * (_FINEST - _FINE) * single
        for name, rows in allot(wishes, free).items():
            plan[name] = plan.get(name, 0) + rows
        return plan

    def _title(self) -> Row:
        m = self.message
        loss = f"{fixed(m.loss, 6, 3).strip()} nats"
        right = f"{percent(m.right)} of first guesses correct"
        of = source_of(self.passage)
        details = [
            f"{of}, read with the weights of update {count(m.step)} · {loss} · {right}",
            f"{of}, update {count(m.step)} · {loss} · {right}",
            f"{of} · {loss}, {right}",
            f"{loss} · {percent(m.right)} correct",
        ]
        bars = "1..9#" if self.glyphs == "ascii" else "▁▄█"
        legend = [("^", "warning", "wrong"), (bars, "p4", "p(true)")]
        return heading("guesses", details, self.width, self.glyphs, legend)

    def _top(self, plan: Mapping[str, int], left: int) -> Rows:
        """Return the passage with what is expected at the selected position beside it."""
        right = self.width - left - 3
        here = expected_part(self.message, self.passage, self.options, right, 0)
        passage = self._passage(plan, left)
        drawn = here.draw(min(here.most, len(passage)))
        return beside([(left, passage), (right, drawn)], self.glyphs)

    def _passage(self, plan: Mapping[str, int], width: int) -> Rows:
        ranks = plan.get("ranks", 0)
        shape = self._columns(ranks)
        rows: Rows = []
        for line in shown_lines(shape, self.at, width - LABEL, plan["stripes"]):
            rows += self._stripe(shape, line, plan, width)
        return rows

    def _stripe(self, shape: Columns, line: range, plan: Mapping[str, int], width: int) -> Rows:
        """Return the rows of one line of the passage."""
        rows = [self._row("text", shape, line, lambda n: self._true(n, shape.widths[n]))]
        for rank in range(plan.get("ranks", 0)):
            cell = self._guess_in(rank, shape)
            rows.append(self._row(_RANKS[rank], shape, line, cell))
        if plan.get("wrong"):
            rows.append(self._row("wrong", shape, line, lambda n: self._miss(n, shape.widths[n])))
        tall = plan.get("bars", 0)
        for above in range(tall):
            label = "p(true)" if above == tall - 1 else "p = 1" if above == 0 else ""
            cell = self._bar_in(above, tall, shape)
            rows.append(self._row(label, shape, line, cell))
        if plan.get("pointer"):
            pointer = pointer_row(
                shape, line, self.at, self._captions(), width - LABEL, self.glyphs
            )
            rows.append([(" " * LABEL, ""), *pointer])
        return rows

    def _row(self, name: str, shape: Columns, line: range, cell: Callable[[int], Run]) -> Row:
        targets = self.options.targets
        drawn = passage_row(shape, line, cell, self.at, targets)
        return [(f" {name:<{LABEL - 1}}", "muted"), *drawn]

    def _true(self, n: int, width: int) -> Run:
        return pad(self.text[n], width), level(self._probability(n))

    def _guess_in(self, rank: int, shape: Columns) -> Callable[[int], Run]:
        tokens = self.ranked[rank]

        def cell(n: int) -> Run:
            hit = tokens[n] == self.text[n]
            role = "strong" if hit else "wrong" if rank == 0 else "muted"
            if hit and rank == 0:
                role = ""
            return pad(visible(tokens[n], self.glyphs), shape.widths[n]), role

        return cell

    def _miss(self, n: int, width: int) -> Run:
        wrong = bool(self.ranked) and self.ranked[0][n] != self.text[n]
        return ("^" * width, "warning") if wrong else (" " * width, "")

    def _bar_in(self, above: int, tall: int, shape: Columns) -> Callable[[int], Run]:
        """Return the cells of one row of the bars of p(true)."""

        def cell(n: int) -> Run:
            p = self._probability(n)
            if not finite(p):
                return ("?" if above == tall - 1 else " ") * shape.widths[n], "warning"
            return vertical_bar(max(p, _LEAST), tall, self.glyphs)[above] * shape.widths[n], level(
                p
            )

        return cell

    def _probability(self, n: int) -> float | None:
        return self.message.probability[n] if n < len(self.message.probability) else None

    def _captions(self) -> list[str]:
        """Return what came at the selected position, and how well it was expected."""
        if not self.text:
            return []
        ranks = [tokens[self.at] for tokens in self.ranked]
        true = self.text[self.at]
        place = (
            f"its {_RANKS[ranks.index(true)]} guess"
            if true in ranks
            else (f"not among its first {len(ranks)}")
        )
        p = fixed(self._probability(self.at), 6, 4).strip()
        name = token_in_words(self.passage.tokens[self.at], self.glyphs)
        texts = (f"{name} came: p {p}, {place}", f"p {p}, {place}", f"p {p}")
        return [spelled(text, self.glyphs) for text in texts]

    def _about(self, height: int) -> Rows:
        texts = [text.format(unit=self.options.unit) for text in _ABOUT]
        if self.options.unit == "character":
            texts.append(_OF_CHARACTERS)
        if self.glyphs == "ascii":
            texts.insert(1, ASCII_NEWLINE)
        brief = _BRIEF.format(unit=self.options.unit)
        return sentences(texts, brief, self.width, height, self.glyphs)
