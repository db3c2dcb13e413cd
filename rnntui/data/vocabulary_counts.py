"""Counts of the characters and words of a text, block by block."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass

BLOCK = 1 << 20
CODE_POINTS = 0x110000
MOST_COUNTED = 500_000  # different words; beyond, the rare ones are forgotten
LONGEST_WORD = 4096  # characters that are looked through for the border of a word


@dataclass(frozen=True)
class WordRule:
    """How a text is cut into words. `border` is a character that a word cannot contain.

    A word takes the space before it along: half the tokens, and " the" is learned as one thing.
    """

    version: int
    words: re.Pattern[str]
    border: re.Pattern[str]


def _marks() -> str:
    """The characters that belong to the letter before them, as ranges of a regular expression.

    These are combining marks (vowel signs, accents, points) and characters that only shape or
    direct what stands beside them, such as the zero-width joiners of Indic and Persian words.
    """
    codes = (*range(0x20000), *range(0xE0000, 0xE0200))
    marks = [c for c in codes if category(chr(c)) in ("Mn", "Mc", "Me", "Cf")]
    runs = (list(run) for _, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0]))
    return "".join(f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}" for run in runs)


def _plain() -> WordRule:
    """The rule of version 0.1.0: a word ends at every combining mark."""
    words = r" ?[^\W\d_]+(?:['’][^\W\d_]+)*|."
    return WordRule(1, re.compile(words, re.DOTALL), re.compile(r"[^\w'’]|[\d_]"))


def _marked() -> WordRule:
    """The rule by which marks belong to their word."""
    # Between letters: an apostrophe, or what takes its place in Catalan and Hebrew.
    inside, marks = "'’＇·׳״", _marks()
    letters = rf"[^\W\d_]+(?:[{marks}]+[^\W\d_]*)*"
    words = rf" ?{letters}(?:[{inside}]{letters})*|."
    border = re.compile(rf"[^\w{inside}{marks}]|[\d_]")
    return WordRule(2, re.compile(words, re.DOTALL), border)


RULES = {1: _plain, 2: _marked}  # by version
NEWEST_RULE = max(RULES)


@cache
def word_rule(version: int) -> WordRule:
    """Return a rule. It is made when it is first used: few runs count words.

    Raises KeyError if there is none of that version.
    """
    return RULES[version]()


class Characters:
    """The different characters (Unicode code points) of a text."""

    def __init__(self) -> None:
        self._ascii = b""
        self._others = np.zeros(CODE_POINTS, dtype=bool)

    def see(self, piece: str) -> None:
        """Look at the next piece."""
        if piece.isascii():
            self._ascii += bytes(set(piece.encode().translate(None, self._ascii)))
        else:
            for codes in code_points(piece):
                self._others[codes] = True

    @property
    def found(self) -> set[str]:
        """Those seen so far."""
        return {chr(code) for code in (*self._ascii, *np.flatnonzero(self._others).tolist())}


class Words:
    """How often the words of a text occur, if it comes in pieces that do not divide them.

    Of very many different words those that occur least are forgotten now and then.
    """

    def __init__(self, rule: int = NEWEST_RULE) -> None:
        self._find = word_rule(rule).words.findall
        self._counts: Counter[str] = Counter()
        self._rare = 1

    def see(self, piece: str) -> None:
        """Count those of the next piece."""
        self._counts.update(self._find(piece))
        while len(self._counts) > MOST_COUNTED:
            kept = {word: n for word, n in self._counts.items() if n > self._rare}
            self._counts = Counter(kept)
            self._rare += 1

    def frequent(self, most: int) -> tuple[str, ...]:
        """At most so many words that occur twice or more, the most frequent first."""
        words = [(-n, w) for w, n in self._counts.items() if len(w) > 1 and n > 1]
        return tuple(w for _, w in sorted(words)[:most])


def undivided(pieces: Iterable[str], rule: int = NEWEST_RULE) -> Iterator[str]:
    """The same text in pieces that end where a word does, if no word is extremely long."""
    held, ends = "", word_rule(rule).border
    for piece in pieces:
        piece = held + piece
        border = len(piece) if len(piece) > LONGEST_WORD else 0
        for found in ends.finditer(piece, max(0, len(piece) - LONGEST_WORD)):
            border = found.start()
        held = piece[border:]
        if border:
            yield piece[:border]
    if held:
        yield held


def code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    """The code points of a text, a block at a time: four bytes each would be a lot at once."""
    for start in range(0, len(text), BLOCK):
        part = text[start : start + BLOCK].encode("utf-32-le", "surrogatepass")
        yield np.frombuffer(part, dtype="<u4")
