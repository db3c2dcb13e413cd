"""Parts of the view of guesses: what is expected at a position, what is hard, what is confused."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, finite, fixed, percent
from rnntui.protocol.insight import Confusion, Guesses, Kind, Passage
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.bars import horizontal_bar
from rnntui.tui.draw.rows import Glyphs, Rows
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.passage import text_before, token_name
from rnntui.tui.draw.views.prose import heading

_LONGEST_NAME = 14
_LONGEST_BAR = 40


def expected_part(
    message: Guesses, passage: Passage, options: ViewOptions, width: int, rank: int
) -> Part:
    """The most likely tokens at the selected position, as bars."""
    most = 2 + max(1, len(message.choices)) + (_true_rank(message, passage) is None)
    return Part(rank, 3, most, lambda rows: _expected(message, passage, options, width, rows))


def _true_rank(message: Guesses, passage: Passage) -> int | None:
    """Return the place of the true token among the choices, or None."""
    true = passage.tokens[message.at] if 0 <= message.at < len(passage.tokens) else ""
    return next((n for n, c in enumerate(message.choices) if c.token == true), None)


def _expected(
    message: Guesses, passage: Passage, options: ViewOptions, width: int, height: int
) -> Rows:
    glyphs = options.glyphs
    at = message.at if options.at is None else options.at
    after = text_before(passage.tokens, at, options.unit, glyphs, max(8, min(24, width - 26)))
    texts = [f"after {after}"]
    if options.sampling:
        texts.insert(0, f"after {after} · {options.sampling}")
    rows = [heading("expected here", texts, width, glyphs)]
    if at != message.at:
        return [*rows, [(f" {MEASURING}", "muted")]]
    rank = _true_rank(message, passage)
    shown = message.choices[: max(1, height - 2 - (rank is None))]
    names = [token_name(choice.token, glyphs) for choice in shown]
    others = message.rest + sum(choice.probability for choice in message.choices[len(shown) :])
    entries = [
        (name, choice.probability, n == rank)
        for n, (name, choice) in enumerate(zip(names, shown, strict=True))
    ]
    entries.append(("all others", others, False))
    label = max(cell_width(name) for name, _, _ in entries)
    label = max(5, min(_LONGEST_NAME, label))
    note = "correct" if width >= 44 else "true"
    bar = max(1, min(_LONGEST_BAR, width - label - len(note) - 11))
    for name, probability, correct in entries:
        rows.append(
            [
                (f" {pad(name, label)} ", "strong" if correct else ""),
                (horizontal_bar(probability, bar, glyphs), "line" if correct else "raw"),
                (f" {_probability(probability)}", "strong" if correct else ""),
                (f" {note}" if correct else "", "accent"),
            ]
        )
    if rank is None and 0 <= at < len(passage.tokens) and len(rows) < height:
        true = token_name(passage.tokens[at], glyphs)
        known = message.probability[at] if at < len(message.probability) else None
        text = f" correct: {true}, p {_probability(known).strip()} before sampling settings"
        short = f" correct: {true}, p {_probability(known).strip()}"
        rows.append([(text if len(text) < width and options.sampling else short, "accent")])
    return rows


def _probability(value: float | None) -> str:
    return f"{value:5.3f}" if finite(value) else "    –"


def hard_part(
    kinds: Sequence[Kind], by: str, unit: str, width: int, rank: int, glyphs: Glyphs
) -> Part:
    """The mean loss by kind of token or value, with its share of the whole loss.

    `by`: what sorts them, such as "kind of word"; `unit` is that of the loss.
    """
    return Part(rank, 2, 1 + len(kinds), lambda rows: _hard(kinds, by, unit, width, rows, glyphs))


def _hard(
    kinds: Sequence[Kind], by: str, unit: str, width: int, height: int, glyphs: Glyphs
) -> Rows:
    details = [
        f"mean loss by {by}, {unit} · share of the whole loss",
        f"loss by {by}, {unit} · share of it",
        f"loss by {by} · share",
        f"by {by}",
    ]
    rows = [heading("what is hard", details, width, glyphs)]
    shown = kinds[: max(0, height - 1)]
    names = [token_name(kind.name, glyphs) for kind in shown]
    label = max([6, *map(cell_width, names)])
    label = min(label, max(6, width - 26 if width >= 44 else width - 24))
    top = max((k.loss for k in kinds if finite(k.loss)), default=0.0) or 1.0
    digits = 3 if top >= 1 else 4
    bar = max(1, min(_LONGEST_BAR, width - label - digits - 13))
    for name, kind in zip(names, shown, strict=True):
        share = max(0.0, kind.loss / top) if finite(kind.loss) else None
        rows.append(
            [
                (f" {pad(fit(name, label), label)} ", ""),
                (f"{fixed(kind.loss, digits + 2, digits)} ", ""),
                (horizontal_bar(share, bar, glyphs), "line"),
                (f" {percent(kind.share):>5}", "muted"),
            ]
        )
    return rows


def confused_part(confusions: Sequence[Confusion], width: int, rank: int, glyphs: Glyphs) -> Part:
    """The pairs of tokens that are most often confused."""
    return Part(
        rank, 3, 1 + len(confusions), lambda rows: _confused(confusions, width, rows, glyphs)
    )


def _confused(confusions: Sequence[Confusion], width: int, height: int, glyphs: Glyphs) -> Rows:
    details = [
        "the correct one, its wrong first guess, how often",
        "correct, guessed, how often",
        "correct, guessed",
    ]
    rows = [heading("most confused", details, width, glyphs)]
    shown = confusions[: max(0, height - 1)]
    pairs = [(token_name(c.true, glyphs), token_name(c.guess, glyphs)) for c in shown]
    widest = min(10, max((cell_width(text) for pair in pairs for text in pair), default=1))
    top = max((c.count for c in confusions), default=0) or 1
    words = (" ", " guessed as ") if width >= 40 else (" ", " as ")
    bar = max(1, min(_LONGEST_BAR, width - 2 * widest - sum(map(len, words)) - 9))
    for (true, guess), confusion in zip(pairs, shown, strict=True):
        rows.append(
            [
                (words[0], ""),
                (pad(true, widest), ""),
                (words[1], "muted"),
                (f"{pad(guess, widest)} ", ""),
                (horizontal_bar(confusion.count / top, bar, glyphs), "raw"),
                (f" {count(confusion.count):>6}", "muted"),
            ]
        )
    return rows
