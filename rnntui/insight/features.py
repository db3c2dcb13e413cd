"""What a hidden unit could follow: features of a text or a series, a number per position."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from rnntui.data import Dataset, TokenData
from rnntui.insight.kinds import CLOSERS, OPENERS, SENTENCE_ENDS, VOWELS, symbols
from rnntui.insight.passage import Rows
from rnntui.nn.kernels.layout import Array
from rnntui.text import fit, safe_text

LEAST_DEVIATION = 0.02  # a feature of a text that varies less is left out
ROUNDING = 1e-9  # of the largest value: what is no change
LAGS = (1, 2, 3, 4, 6, 8, 12, 16)  # steps ago, of values
MOST_COLUMNS = 4  # of a series, with a value and a change each

Features = dict[str, Array]


def features(data: Dataset, rows: Rows, at: int) -> Features:
    """The features of tokens (N,) or rows (N, D), each (N,) in float64.

    `at` is where the first row stands in the training and validation values together. Features that
    do not vary here, or are the same as another, are left out.
    """
    if isinstance(data, TokenData):
        texts = symbols(data.tokenizer)
        found, least = text_features([texts[token] for token in rows.tolist()]), LEAST_DEVIATION
    else:
        original = data.unscale(rows, at)
        found, least = value_features(original, data.features), ROUNDING * np.abs(original).max()
    varying = {name: column for name, column in found.items() if column.std() > least}
    # Where two features are the same, such as places in a line that is a sentence, the first stays.
    return dict(_first_of_equals(varying))


def _first_of_equals(found: Features) -> Iterable[tuple[str, Array]]:
    seen: set[bytes] = set()
    for name, column in found.items():
        if (content := column.tobytes()) not in seen:
            seen.add(content)
            yield name, column


def text_features(texts: list[str]) -> Features:
    """The features of tokens that have these texts: states after each, and what comes next."""
    state = _Reading()
    states = np.array([state.read(text) for text in texts], np.float64)
    depth, line, word, sentence, quoted, innermost, *counts = states.T
    found = {"bracket depth": depth}
    for code, (opener, count) in enumerate(zip(OPENERS, counts, strict=True)):
        found |= {f"open {opener}": count, f"innermost is {opener}": innermost == code}
    found |= {
        "inside quotes": quoted,
        "position in line": np.log1p(line),  # lengths without a bound
        "position in word": word,
        "position in sentence": np.log1p(sentence),
    }
    kinds, index = np.unique([*texts, ""], return_inverse=True)
    index, after = index[:-1], index[1:]
    for name, holds in _OWN.items():
        found[name] = np.array([holds(text) for text in kinds.tolist()])[index]
    for name, holds in _NEXT.items():
        found[name] = np.array([holds(text) for text in kinds.tolist()])[after]
    return {name: column.astype(np.float64) for name, column in found.items()}


class _Reading:
    """What a reader has to keep in mind of a text."""

    def __init__(self) -> None:
        self._line = self._word = self._sentence = 0
        self._quoted = False
        self._open: list[int] = []  # brackets, as places in OPENERS
        self._counts = [0] * len(OPENERS)

    def read(self, text: str) -> tuple[int, ...]:
        """Read on; return depth, places in line, word and sentence, quotes, innermost, counts."""
        for char in text:
            self._line = 0 if char == "\n" else self._line + 1
            self._word = self._word + 1 if char.isalpha() else 0
            self._sentence = 0 if char in _ENDS else self._sentence + 1
            if char in _QUOTES:
                self._quoted = char == "“" or (char == '"' and not self._quoted)
            elif char in _OPENED:
                self._open.append(_OPENED[char])
                self._counts[self._open[-1]] += 1
            elif char in CLOSERS and self._open:
                self._counts[self._open.pop()] -= 1
        innermost = self._open[-1] if self._open else -1
        places = (self._line, self._word, self._sentence)
        return (len(self._open), *places, self._quoted, innermost, *self._counts)


_ENDS, _QUOTES = SENTENCE_ENDS | {"\n"}, frozenset('"“”')
_OPENED = {opener: code for code, opener in enumerate(OPENERS)}
_OWN: dict[str, Callable[[str], bool]] = {
    "vowel": lambda text: text in VOWELS,
    "space": lambda text: text == " ",
    "capital": lambda text: text.strip()[:1].isupper(),
    "digit": lambda text: text.strip().isdigit(),
}
_NEXT: dict[str, Callable[[str], bool]] = {
    "next is a vowel": _OWN["vowel"],
    "next is a space": _OWN["space"],
    "next is a newline": lambda text: "\n" in text,
    "next is a capital": _OWN["capital"],
    "next closes a bracket": lambda text: text != "" and text in CLOSERS,
}


def value_features(rows: Array, names: tuple[str, ...]) -> Features:
    """The features of rows (N, D) in the original scale; past values only of the first column."""
    found: Features = {}
    for column, name in zip(rows.T[:MOST_COLUMNS], names, strict=False):
        suffix = f" of {fit(safe_text(name), 16)}" if rows.shape[1] > 1 else ""
        found[f"value{suffix}"] = column
        found[f"change{suffix}"] = np.diff(column, prepend=column[:1])
    for lag in LAGS:
        if lag < len(rows):
            ago = "1 step ago" if lag == 1 else f"{lag} steps ago"
            found[f"value {ago}"] = np.concatenate([np.repeat(rows[:1, 0], lag), rows[:-lag, 0]])
    return found
