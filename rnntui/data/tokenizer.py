"""Tokenizers: text or bytes to ids and back, and each token as something safe to show."""

from __future__ import annotations

import codecs
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnntui.errors import DataError
from rnntui.text import fit, safe_text

Unknown = Literal["raise", "skip"]
Ids = NDArray[Any]

BLOCK = 1 << 20
CODE_POINTS = 0x110000
MOST_WORDS = 4000
SHOWN_WORD = 16

# A word takes the space before it along: half the tokens, and " the" is learned as one thing.
WORDS = re.compile(r" ?[^\W\d_]+(?:['’][^\W\d_]+)*|.", re.DOTALL)


class Decoder(Protocol):
    """Turns ids into text one by one, as they are written."""

    def feed(self, token: int) -> str:
        """The text that this token completes; empty while a character is unfinished."""


class Tokenizer(ABC):
    """A fixed vocabulary: ids are 0 … vocab_size - 1."""

    kind: str
    unit: str

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """How many tokens there are."""

    @abstractmethod
    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        """The ids (N,) of a text, as the smallest unsigned integers.

        What the vocabulary lacks raises DataError, or is left out with `unknown="skip"`.
        """

    @abstractmethod
    def unknown(self, text: str) -> tuple[str, ...]:
        """The characters of `text` that the vocabulary lacks, each once, in order."""

    @abstractmethod
    def decode(self, ids: Iterable[int]) -> str:
        """The text of these ids; of a text's own ids, the text."""

    @abstractmethod
    def show(self, token: int) -> str:
        """One token as short text that is safe on a terminal."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """A decoder that takes one id at a time."""

    def _refuse(self, text: str) -> None:
        missing = self.unknown(text)
        if missing:
            shown = " ".join(safe_text(c) for c in missing[:10])
            raise DataError(f"the vocabulary has no {shown}: leave it out of the text")


class _Whole:
    """A decoder for tokens that each stand for whole characters."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self._symbols = symbols

    def feed(self, token: int) -> str:
        return self._symbols[token]


class CharTokenizer(Tokenizer):
    """One token per character (Unicode code point); the vocabulary is in code point order."""

    kind = "char"
    unit = "character"

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols
        self._codes = np.array([ord(s) for s in symbols], dtype="<u4")
        self._dtype = smallest(len(symbols))
        # Code points to ids; one place more, where every code point beyond the table ends.
        self._table = np.full(int(self._codes.max(initial=0)) + 2, -1, dtype=np.int32)
        self._table[self._codes] = np.arange(len(symbols), dtype=np.int32)

    @classmethod
    def of(cls, text: str) -> CharTokenizer:
        """The tokenizer whose vocabulary is `sorted(set(text))`."""
        seen = np.zeros(CODE_POINTS, dtype=bool)
        for codes in _blocks(text):
            seen[codes] = True
        return cls(tuple(chr(code) for code in np.flatnonzero(seen).tolist()))

    @property
    def vocab_size(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        ids = np.empty(len(text), dtype=self._dtype)
        count = 0
        for codes in _blocks(text):
            found = self._table[np.minimum(codes, len(self._table) - 1)]
            known = found >= 0
            if not known.all():
                if unknown == "raise":
                    self._refuse(text)
                found = found[known]
            ids[count : count + len(found)] = found
            count += len(found)
        return ids[:count]

    def unknown(self, text: str) -> tuple[str, ...]:
        known = set(self.symbols)
        return tuple(c for c in dict.fromkeys(text) if c not in known)

    def decode(self, ids: Iterable[int]) -> str:
        codes = self._codes[as_ids(ids)]
        return codes.tobytes().decode("utf-32-le", "surrogatepass")

    def show(self, token: int) -> str:
        return safe_text(self.symbols[token])

    def decoder(self) -> Decoder:
        return _Whole(self.symbols)


class ByteTokenizer(Tokenizer):
    """One token per byte, of those that occur in the source; reads any file."""

    kind = "byte"
    unit = "byte"

    def __init__(self, values: bytes) -> None:
        self.values = values
        self._bytes = np.frombuffer(values, dtype=np.uint8)
        self._table = np.full(256, -1, dtype=np.int16)
        self._table[self._bytes] = np.arange(len(values), dtype=np.int16)

    @classmethod
    def of(cls, content: bytes) -> ByteTokenizer:
        """The tokenizer whose vocabulary is the bytes that occur, in order."""
        seen = np.zeros(256, dtype=bool)
        seen[np.frombuffer(content, dtype=np.uint8)] = True
        return cls(bytes(np.flatnonzero(seen).tolist()))

    @property
    def vocab_size(self) -> int:
        return len(self.values)

    def encode_bytes(self, content: bytes) -> Ids:
        """The ids (N,) of bytes; those that the vocabulary lacks are left out."""
        found = self._table[np.frombuffer(content, dtype=np.uint8)]
        return found[found >= 0].astype(np.uint8)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        if unknown == "raise":
            self._refuse(text)
        return self.encode_bytes(_to_bytes(text))

    def unknown(self, text: str) -> tuple[str, ...]:
        return tuple(c for c in dict.fromkeys(text) if not set(_to_bytes(c)) <= set(self.values))

    def decode(self, ids: Iterable[int]) -> str:
        return self._bytes[as_ids(ids)].tobytes().decode("utf-8", "replace")

    def show(self, token: int) -> str:
        value = self.values[token]
        return f"\\x{value:02x}" if value >= 0x80 else safe_text(chr(value))

    def decoder(self) -> Decoder:
        return _Bytes(self.values)


class _Bytes:
    """A decoder that holds the bytes of a UTF-8 character back until it is complete."""

    def __init__(self, values: bytes) -> None:
        self._values = values
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, token: int) -> str:
        return self._decode(self._values[token : token + 1])


class WordTokenizer(Tokenizer):
    """The most frequent words, and every character for spelling the others.

    The vocabulary is the characters in code point order, then the words, most frequent first.
    """

    kind = "word"
    unit = "word"

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols
        self._ids = {symbol: i for i, symbol in enumerate(symbols)}
        self._dtype = smallest(len(symbols))

    @classmethod
    def of(cls, text: str, most: int = MOST_WORDS) -> WordTokenizer:
        """The tokenizer with the words that occur at least twice, at most `most` of them."""
        counts = Counter(WORDS.findall(text))
        words = [(-n, w) for w, n in counts.items() if len(w) > 1 and n > 1]
        return cls((*sorted(set(text)), *(w for _, w in sorted(words)[:most])))

    @property
    def vocab_size(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        if unknown == "raise":
            self._refuse(text)
        ids: list[int] = []
        get = self._ids.get
        for word in WORDS.findall(text):
            token = get(word)
            if token is not None:
                ids.append(token)
            else:
                ids.extend(t for t in map(get, word) if t is not None)
        return np.array(ids, dtype=self._dtype)

    def unknown(self, text: str) -> tuple[str, ...]:
        return tuple(c for c in dict.fromkeys(text) if c not in self._ids)

    def decode(self, ids: Iterable[int]) -> str:
        return "".join([self.symbols[i] for i in as_ids(ids).tolist()])

    def show(self, token: int) -> str:
        return fit(safe_text(self.symbols[token]), SHOWN_WORD)

    def decoder(self) -> Decoder:
        return _Whole(self.symbols)


def smallest(count: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned integer type that holds `count` different ids."""
    if count <= 1 << 8:
        return np.uint8
    return np.uint16 if count <= 1 << 16 else np.uint32


def as_ids(ids: Iterable[int]) -> Ids:
    """Ids as an array that can index."""
    return ids if isinstance(ids, np.ndarray) else np.fromiter(ids, dtype=np.int64)


def _blocks(text: str) -> Iterable[NDArray[np.uint32]]:
    """The code points of a text, a block at a time: four bytes each would be a lot at once."""
    for start in range(0, len(text), BLOCK):
        part = text[start : start + BLOCK].encode("utf-32-le", "surrogatepass")
        yield np.frombuffer(part, dtype="<u4")


def _to_bytes(text: str) -> bytes:
    """UTF-8; bytes that a command line could not decode become themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
