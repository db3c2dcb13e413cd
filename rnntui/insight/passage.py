"""The passage that the views read: held-out text or rows, always the same while a network learns.

A passage is what is shown, after a context that only fills the hidden state. Passages are numbered;
which one a number means follows from the data alone.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, ValueData, sequences
from rnntui.data.spread import PIECES
from rnntui.data.tokenizer import WordTokenizer
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.generation.generate import first_tokens
from rnntui.generation.prompt import fit_prompt
from rnntui.insight.rounding import all_rounded
from rnntui.nn.model import ModelShape
from rnntui.protocol.insight import Numbers, Passage
from rnntui.text import fit

Rows = NDArray[Any]

SHOWN, SHOWN_WORDS = 110, 48  # positions
CONTEXT = 64  # positions that are read before
LEAST = 32  # held-out positions; with fewer, training data are read
MOST_FEATURES = 8  # columns that are shown
TOKEN_CELLS = 12  # widest token that is shown
_GOLDEN = 0.6180339887498949  # successive multiples of it lie far from each other, modulo 1


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A passage as the network reads it: tokens (P,) or rows (P, D), and the context before it.

    `at`: where the first shown row stands in the training and validation values together.
    """

    id: int
    source: Literal["held-out", "training", "prompt"]
    first: int
    context: Rows
    shown: Rows
    at: int = 0

    @property
    def inputs(self) -> Rows:
        """Context and passage, (W + P,) or (W + P, D)."""
        return np.concatenate([self.context, self.shown])

    @property
    def size(self) -> int:
        """P: positions shown."""
        return len(self.shown)

    def position(self, at: int) -> int:
        """The position that a viewer selects with `at`: -1 or one too large is the last one."""
        return at if 0 <= at < self.size else self.size - 1


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of the data in one piece; `before` stands right before it."""

    source: Literal["held-out", "training"]
    rows: Rows
    before: Rows
    at: int


def excerpt(data: Dataset, number: int) -> Excerpt:
    """Return passage `number` of the held-out data, or of the training data if nothing is held out.

    Raises UsageError, in one line, if there is too little to read.
    """
    part = _part(data)
    if len(part.rows) + len(part.before) < 2:
        raise UsageError(f"no passage: fewer than two {data.unit}s are loaded; type a text instead")
    fraction = (0.5 + number * _GOLDEN) % 1.0
    sampled = part.source == "held-out" and isinstance(data, TokenData) and _sampled(data)
    begin, length = 0, len(part.rows)
    if sampled:  # pieces that are not neighbours in the text
        length //= PIECES
        piece, fraction = divmod(fraction * PIECES, 1.0)
        begin = int(piece) * length
    before = part.before if begin == 0 else part.rows[:0]
    shown = shown_positions(data)
    least = 0 if len(before) else min(CONTEXT, max(1, length - shown))
    size = min(shown, length - least)
    first = begin + least + int(fraction * (length - least - size + 1))
    return Excerpt(
        id=number,
        source=part.source,
        first=first,
        context=_context(part.rows[begin:first], before),
        shown=_copy(part.rows[first : first + size]),
        at=part.at + first,
    )


def typed(data: Dataset, text: str, number: int) -> Excerpt:
    """Return a typed text as a passage. Unknown characters are left out, as in a prompt.

    Raises UsageError, in one line, if nothing is left of it or the data are values.
    """
    if not isinstance(data, TokenData):
        raise UsageError("a text cannot be read: this network reads numbers")
    kept = fit_prompt(data, text).text
    tokens = data.tokenizer.encode(kept, unknown="skip")
    if not len(tokens):
        raise UsageError("no passage: the vocabulary has none of these characters")
    start = np.array(first_tokens(data, "")[:1], tokens.dtype)
    whole = np.concatenate([start, tokens])
    first = max(1, len(whole) - shown_positions(data))
    context = whole[max(0, first - CONTEXT) : first]
    return Excerpt(number, "prompt", 0, _copy(context), _copy(whole[first:]))


def shown_positions(data: Dataset) -> int:
    """The most positions of a passage: a word is as wide as several characters."""
    words = isinstance(data, TokenData) and isinstance(data.tokenizer, WordTokenizer)
    return SHOWN_WORDS if words else SHOWN


def held_out(data: Dataset, most: int, least: int = LEAST) -> tuple[Rows, int]:
    """Return up to `most` entries in one piece to measure on: held-out data, or training data.

    Training data are taken where fewer than `least` are held out. The second result is where the
    first entry stands in the training and validation values together.
    """
    part = _part(data, least)
    length = len(part.rows)
    if isinstance(data, TokenData) and part.source == "held-out" and _sampled(data):
        length //= PIECES
    return _copy(part.rows[: min(most, length)]), part.at


def windows(data: Dataset, steps: int, batch: int) -> tuple[Rows, Rows]:
    """Return inputs and targets, (T, B) or (T, B, D), of windows spread over the held-out data.

    They are spread over the training data where the held-out data are too short for that. T is
    `steps`, or less if the data are shorter; B at most `batch`. Raises UsageError if there are
    fewer than two entries.
    """
    part = _part(data, steps * batch + 1)
    rows = part.rows if len(part.rows) > steps else np.concatenate([part.before, part.rows])
    if len(rows) < 2:
        raise UsageError(f"fewer than two {data.unit}s are loaded")
    steps = min(steps, len(rows) - 1)
    batch = max(1, min(batch, (len(rows) - 1) // steps))
    starts = np.linspace(0, len(rows) - 1 - steps, batch).astype(np.intp)
    at = starts + np.arange(steps)[:, None]
    return _copy(rows[at]), _copy(rows[at + 1])


def describe(data: Dataset, chosen: Excerpt, shape: ModelShape) -> Passage:
    """Return the message that shows a passage."""
    tokens: tuple[str, ...] = ()
    rows: tuple[Numbers, ...] = ()
    if isinstance(data, TokenData):
        tokens = tuple(shown_token(data, int(token)) for token in chosen.shown)
    else:
        rows = original(data, chosen, chosen.shown)
    return Passage(
        id=chosen.id,
        source=chosen.source,
        first=chosen.first,
        tokens=tokens,
        rows=rows,
        units=shape.hidden,
        layers=shape.layers,
        cell=shape.cell,
    )


def shown_token(data: TokenData, token: int) -> str:
    """A token as short, safe text."""
    return fit(data.tokenizer.show(token), TOKEN_CELLS)


def original(data: ValueData, chosen: Excerpt, rows: Rows) -> tuple[Numbers, ...]:
    """Rows (P, D) at the passage's positions, or predictions of them, in the original scale."""
    unscaled = data.unscale(np.asarray(rows, np.float64), chosen.at)
    return tuple(all_rounded(row, 6) for row in unscaled[:, :MOST_FEATURES])


def _part(data: Dataset, least: int = LEAST) -> _Part:
    """The held-out part, unless it has fewer than `least` entries and the training part more."""
    source, held = sequences(data)
    if len(held) >= min(least, len(source)) and len(held):
        return _Part("held-out", held, source[-CONTEXT:], len(source))
    return _Part("training", source, source[:0], 0)


def _sampled(data: TokenData) -> bool:
    """Whether the validation data are pieces of a longer part."""
    return data.held_out > len(data.validation)


def _context(rows: Rows, before: Rows) -> Rows:
    """The entries right before a position, `rows` up to it and `before` right before those."""
    kept = rows[-CONTEXT:]
    lacking = CONTEXT - len(kept)
    return np.concatenate([before[len(before) - min(lacking, len(before)) :], kept])


def _copy(rows: Rows) -> Rows:
    """In memory, since a source may be a mapped file; tokens as integers that can index."""
    return np.array(rows, np.float64 if rows.dtype.kind == "f" else np.intp)
