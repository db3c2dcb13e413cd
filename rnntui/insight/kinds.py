"""Kinds of token and of value, by which a loss is split."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rnntui.data import TokenData
from rnntui.data.tokenizer import ByteTokenizer, Tokenizer, WordTokenizer
from rnntui.dataclass import dataclass
from rnntui.insight.passage import Rows, shown_token
from rnntui.nn.kernels.layout import Array

MOST_KINDS = 8
OTHER = "other"
ASCII, PARTIAL = 0x80, "\ufffd"
VOWELS, OPENERS, CLOSERS = frozenset("aeiouAEIOU"), "([{", ")]}"
QUOTES, PUNCTUATION, SENTENCE_ENDS = frozenset("\"'“”„«»"), frozenset(".,;:!?"), frozenset(".!?")
_LETTERS = ("first letter of a word", "second letter", "later letters")


@dataclass(frozen=True, eq=False)
class Labels:
    """The kinds of N entries, sorted in one or more ways: `index[k]` (N,) is into `names[k]`."""

    names: tuple[tuple[str, ...], ...]
    index: tuple[Array, ...]


def symbols(tokenizer: Tokenizer) -> tuple[str, ...]:
    """The text of each token; of a byte that is only a part of a character, a placeholder."""
    if isinstance(tokenizer, ByteTokenizer):
        return tuple(chr(value) if value < ASCII else PARTIAL for value in tokenizer.values)
    return tuple(tokenizer.decode([token]) for token in range(tokenizer.vocab_size))


def token_labels(data: TokenData, tokens: Rows) -> Labels:
    """Sort tokens (N,) into at most 8 kinds, of those that occur; the rarest are "other".

    In a small vocabulary, each token is a kind.
    """
    texts = symbols(data.tokenizer)
    if len(texts) <= MOST_KINDS:
        names = tuple(shown_token(data, token) for token in range(len(texts)))
        return Labels((names,), (np.asarray(tokens, np.intp),))
    words = isinstance(data.tokenizer, WordTokenizer)
    kinds, place = [], 0
    for token in tokens.tolist():
        text = texts[token]
        kinds.append(_kind_of_word(text) if words else _kind_of_character(text, place))
        place = place + 1 if text.isalpha() else 0
    kept = [kind for kind, _ in Counter(kinds).most_common(MOST_KINDS)]
    if len(set(kinds)) > MOST_KINDS:
        kept[-1] = OTHER
    numbers = {kind: number for number, kind in enumerate(kept)}
    index = np.array([numbers.get(kind, len(kept) - 1) for kind in kinds], np.intp)
    return Labels((tuple(kept),), (index,))


def _kind_of_character(text: str, place: int) -> str:
    if text.isupper():
        return "capital"
    if text.isalpha():
        return _LETTERS[min(place, 2)]
    return _kind_of_symbol(text) or "symbol"


def _kind_of_word(text: str) -> str:
    bare = text.strip()
    if bare.isalpha() and len(bare) > 1:
        return "capitalized word" if bare[0].isupper() else "word"
    return _kind_of_symbol(bare or text) or ("single letter" if bare.isalpha() else "symbol")


def _kind_of_symbol(text: str) -> str:
    if "\n" in text:
        return "newline"
    if text == PARTIAL:
        return "part of a character"
    if text.isspace():
        return "space"
    if text.isdigit():
        return "digit"
    if text in PUNCTUATION:
        return "punctuation"
    if text in QUOTES:
        return "quote"
    if text in OPENERS:
        return "opening bracket"
    return "closing bracket" if text in CLOSERS else ""


def value_labels(rows: Rows) -> Labels:
    """Sort rows (N, D) in the original scale by the size of their first value, and by phase."""
    first = rows[:, 0]
    size = np.searchsorted(np.quantile(first, [1 / 3, 2 / 3]), first)
    change = np.sign(np.diff(first, prepend=first[0]))
    last = np.concatenate([change[:1], change[:-1]])
    phase = np.where((now := change + last) > 1, 0, np.where(now < -1, 1, 2))
    names = (("low third", "middle third", "high third"), ("rising", "falling", "turning"))
    return Labels(names, (size.astype(np.intp), phase.astype(np.intp)))
