"""What a text is made of, counted piece by piece: its characters, and its words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 20
CODE_POINTS = 0x110000
MOST_COUNTED = 500_000  # different words; beyond, the rare ones are forgotten
LONGEST_WORD = 4096  # characters that are looked through for the border of a word

# A word takes the space before it along: half the tokens, and " the" is learned as one thing.
WORDS = re.compile(r" ?[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)
_BORDER = re.compile(r"[^\w'’]|[\d_]")  # a character that a word cannot go on with


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

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._rare = 1

    def see(self, piece: str) -> None:
        """Count those of the next piece."""
        self._counts.update(WORDS.findall(piece))
        while len(self._counts) > MOST_COUNTED:
            kept = {word: n for word, n in self._counts.items() if n > self._rare}
            self._counts = Counter(kept)
            self._rare += 1

    def frequent(self, most: int) -> tuple[str, ...]:
        """At most so many words that occur twice or more, the most frequent first."""
        words = [(-n, w) for w, n in self._counts.items() if len(w) > 1 and n > 1]
        return tuple(w for _, w in sorted(words)[:most])


def undivided(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces that end where a word does, if no word is extremely long."""
    held = ""
    for piece in pieces:
        piece = held + piece
        border = len(piece) if len(piece) > LONGEST_WORD else 0
        for found in _BORDER.finditer(piece, max(0, len(piece) - LONGEST_WORD)):
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
