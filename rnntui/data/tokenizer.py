"""Tokenizers: text or bytes to ids and back, and each token as something safe to show."""

from __future__ import annotations

import codecs
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnntui.data.vocabulary_counts import NEWEST_RULE, Characters, Words, code_points, word_rule
from rnntui.errors import DataError
from rnntui.recipe import Data
from rnntui.text import fit, safe_text, to_bytes

Unknown = Literal["raise", "skip"]
Ids = NDArray[Any]

SHOWN_WORD = 16


class Decoder(Protocol):
    """Turn ids into text one by one, as they are generated."""

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

    def exact_decoder(self) -> Decoder:
        """As `decoder`, but bytes of byte tokens come at once, as `surrogateescape` has them."""
        return self.decoder()

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
        # ASCII is looked up byte by byte, ten times as fast, where ids are bytes too.
        self._ascii = bytes(code for code in self._codes.tolist() if code < 128)
        self._bytes = bytes(np.resize(np.maximum(self._table, 0).astype(np.uint8), 256))

    @classmethod
    def of(cls, text: str) -> CharTokenizer:
        """The tokenizer whose vocabulary is `sorted(set(text))`."""
        characters = Characters()
        characters.see(text)
        return cls(tuple(sorted(characters.found)))

    @property
    def vocab_size(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        if text.isascii() and self._dtype is np.uint8:
            return self._encode_ascii(text, unknown)
        ids = np.empty(len(text), dtype=self._dtype)
        count = 0
        for codes in code_points(text):
            found = self._table[np.minimum(codes, len(self._table) - 1)]
            known = found >= 0
            if not known.all():
                if unknown == "raise":
                    self._refuse(text)
                found = found[known]
            ids[count : count + len(found)] = found
            count += len(found)
        return ids[:count]

    def _encode_ascii(self, text: str, unknown: Unknown) -> Ids:
        content = text.encode()
        lacking = content.translate(None, self._ascii)
        if lacking and unknown == "raise":
            self._refuse(text)
        ids = content.translate(self._bytes, lacking)
        return np.frombuffer(bytearray(ids), dtype=np.uint8)

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
        self._lacking = bytes(set(range(256)).difference(values))
        self._ids = bytes.maketrans(values, bytes(range(len(values))))

    @classmethod
    def of(cls, content: bytes) -> ByteTokenizer:
        """The tokenizer whose vocabulary is the bytes that occur, in order."""
        return cls(bytes(sorted(set(content))))

    @property
    def vocab_size(self) -> int:
        return len(self.values)

    def encode_bytes(self, content: bytes) -> Ids:
        """The ids (N,) of bytes; those that the vocabulary lacks are left out."""
        ids = content.translate(self._ids, self._lacking)
        return np.frombuffer(bytearray(ids), dtype=np.uint8)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        if unknown == "raise":
            self._refuse(text)
        return self.encode_bytes(to_bytes(text))

    def unknown(self, text: str) -> tuple[str, ...]:
        return tuple(c for c in dict.fromkeys(text) if not set(to_bytes(c)) <= set(self.values))

    def decode(self, ids: Iterable[int]) -> str:
        return self._bytes[as_ids(ids)].tobytes().decode("utf-8", "replace")

    def show(self, token: int) -> str:
        value = self.values[token]
        return f"\\x{value:02x}" if value >= 0x80 else safe_text(chr(value))

    def decoder(self) -> Decoder:
        return _Bytes(self.values)

    def exact_decoder(self) -> Decoder:
        each = (bytes([value]) for value in self.values)
        return _Whole(tuple(byte.decode("ascii", "surrogateescape") for byte in each))


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
    `rule` is the version of the rule that cuts a text into words.
    """

    kind = "word"
    unit = "word"

    def __init__(self, symbols: tuple[str, ...], rule: int = NEWEST_RULE) -> None:
        self.symbols, self.rule = symbols, rule
        self._words = word_rule(rule).words.findall
        self._ids = {symbol: i for i, symbol in enumerate(symbols)}
        self._dtype = smallest(len(symbols))

    @classmethod
    def of(cls, text: str, most: int = Data.max_words, rule: int = NEWEST_RULE) -> WordTokenizer:
        """The tokenizer with the words that occur at least twice, at most `most` of them."""
        words = Words(rule)
        words.see(text)
        return cls((*sorted(set(text)), *words.frequent(most)), rule)

    @property
    def vocab_size(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, unknown: Unknown = "raise") -> Ids:
        if unknown == "raise":
            self._refuse(text)
        ids: list[int] = []
        get = self._ids.get
        for word in self._words(text):
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


def check_vocabulary(tokenizer: Tokenizer, name: str) -> None:
    """Raise DataError where there is nothing to choose from; `name` must be safe to show."""
    if tokenizer.vocab_size < 2:
        only = tokenizer.show(0)
        raise DataError(
            f"{name}: contains only the symbol {only}: at least 2 different ones are needed"
        )


def smallest(count: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned integer type that holds `count` different ids."""
    if count <= 1 << 8:
        return np.uint8
    return np.uint16 if count <= 1 << 16 else np.uint32


def as_ids(ids: Iterable[int]) -> Ids:
    """Ids as an array that can index."""
    return ids if isinstance(ids, np.ndarray) else np.fromiter(ids, dtype=np.int64)
