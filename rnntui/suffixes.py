"""The frequent suffixes that a suffix table has rows for, as a tree."""

from __future__ import annotations

from collections.abc import Iterator

from rnntui.dataclass import dataclass

WIDEST = 1024  # tokens of a vocabulary: each row has a number for every one of them


@dataclass(frozen=True)
class Suffixes:
    """Sequences of tokens: number n, from 1, is sequence parents[n - 1] and tokens[n - 1] after it.

    Number 0 is the empty sequence. Each comes after its parent, shorter ones first.
    """

    parents: tuple[int, ...]
    tokens: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many there are, the empty one included."""
        return len(self.parents) + 1

    @property
    def longest(self) -> int:
        """How many tokens the longest has; at least 1."""
        length, last = 1, len(self.parents)
        while last and (last := self.parents[last - 1]):
            length += 1
        return length

    def check(self, vocab: int) -> None:
        """Raise ValueError unless these are suffixes of a vocabulary of that size."""
        if len(self.parents) != len(self.tokens):
            raise ValueError("parents")
        lengths = [0]
        for number, parent in enumerate(self.parents, start=1):
            if not 0 <= parent < number:
                raise ValueError("parents")
            lengths.append(lengths[parent] + 1)
        if lengths != sorted(lengths) or len(set(self)) < len(self.parents):
            raise ValueError("parents")
        if not all(0 <= token < vocab for token in self.tokens):
            raise ValueError("tokens")

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Parent and last token of each, from number 1."""
        return zip(self.parents, self.tokens, strict=True)
