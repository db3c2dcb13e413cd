"""Large files: read twice in blocks, to tokens in a mapped file of the cache.

First for the vocabulary, then for the ids. Neither the text nor the tokens are ever in memory as a
whole; a file that was read before is not read again. The user's own file is never mapped: cut short
by another program while it is, it would end this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.cache_folder import cache_folder
from rnntui.data.cache import TokenCache
from rnntui.data.dataset import Encoded
from rnntui.data.decode import LineEnds, decode_blocks, mark_note
from rnntui.data.format import format_note, refuse_format
from rnntui.data.progress import Watcher, Work
from rnntui.data.reading import LargeFile
from rnntui.data.tokenfile import Contents, TokenFile
from rnntui.data.tokenizer import (
    ByteTokenizer,
    CharTokenizer,
    Tokenizer,
    WordTokenizer,
    check_vocabulary,
    smallest,
)
from rnntui.data.vocabulary_counts import NEWEST_RULE, Characters, Words, undivided
from rnntui.dataclass import dataclass
from rnntui.errors import DataError

FIRST_WORDS = 4000  # the most words of a vocabulary while that could not be chosen

Blocks = Iterator[bytes]
Ids = NDArray[Any]


@dataclass(frozen=True)
class _Wanted:
    """A kind of tokenizer; of words, the version of their rule and the most of them."""

    kind: str
    rule: int
    words: int

    @property
    def key(self) -> str:
        """The key of its tokens in the cache."""
        if self.kind != "word":
            return self.kind
        rule = f" {self.rule}" if self.rule > 1 else ""
        return f"word{rule}" + (f" {self.words} words" if self.words != FIRST_WORDS else "")

    def tokenizer(self, symbols: tuple[str, ...]) -> Tokenizer:
        if self.kind == "byte":
            return ByteTokenizer("".join(symbols).encode("latin-1"))
        if self.kind == "word":
            return WordTokenizer(symbols, self.rule)
        return CharTokenizer(symbols)


@dataclass(frozen=True, eq=False)
class _Survey:
    """What the first reading found. `encode` makes ids (at most `most`) of the second's blocks."""

    tokenizer: Tokenizer
    most: int
    notes: tuple[str, ...]
    encode: Callable[[Blocks], Iterator[Ids]]


def load_large(
    path: Path,
    file: FileIO,
    name: str,
    kind: str,
    watcher: Watcher | None = None,
    rule: int = NEWEST_RULE,
    words: int = FIRST_WORDS,
) -> Encoded:
    """The tokens of an open file, by a tokenizer of that kind.

    `rule` cuts it into words, of which the vocabulary has at most `words`.
    `name` must be safe to show. Raises DataError for a file that cannot be trained on and
    OutputError where its tokens cannot be kept.
    """
    source, began = LargeFile(file, name), time.time_ns()
    wanted = _Wanted(kind, rule, words)
    cache = TokenCache(cache_folder(), wanted.key)
    checking = Work(f"checking the tokens of {name}", source.signature.size, watcher)
    found = cache.recall(path, source.signature, checking)
    if found is None:
        found = _read(source, cache, wanted, watcher)
        if source.signature.settled(began):
            cache.remember(path, source.signature, source.digest, found)
    about = found.contents
    return Encoded(found.ids, wanted.tokenizer(about.symbols), about.digest, about.notes)


def _read(
    source: LargeFile, cache: TokenCache, wanted: _Wanted, watcher: Watcher | None
) -> TokenFile:
    size = source.signature.size
    work = Work(f"reading {source.name}", 2 * size, watcher)
    if wanted.kind != "byte":
        refuse_format(source.start(), source.name, "tokens")
    survey = _survey_bytes if wanted.kind == "byte" else _survey_text
    found = survey(source, source.blocks(work), wanted)
    check_vocabulary(found.tokenizer, source.name)
    checking = Work(f"checking the tokens of {source.name}", size, watcher)
    kept = cache.find(source.digest, checking)
    if kept is not None:
        return kept
    width = np.dtype(smallest(found.tokenizer.vocab_size)).itemsize

    def contents(count: int, digest: str) -> Contents:
        symbols = _symbols(found.tokenizer)
        return Contents(wanted.kind, symbols, width, count, digest, found.notes)

    pieces = _again(source, found.encode(source.blocks(work)))
    return cache.put(source.digest, found.most * width, pieces, contents)


def _again(source: LargeFile, pieces: Iterator[Ids]) -> Iterator[Ids]:
    """What was sound at the first reading can be wrong at the second only if it is not the same."""
    try:
        yield from pieces
    except DataError:
        raise source.changed() from None


def _survey_bytes(source: LargeFile, blocks: Blocks, _wanted: _Wanted) -> _Survey:
    values = b""
    for block in blocks:
        values += bytes(set(block.translate(None, values)))
    tokenizer = ByteTokenizer(bytes(sorted(values)))

    def encode(again: Blocks) -> Iterator[Ids]:
        return map(tokenizer.encode_bytes, again)

    return _Survey(tokenizer, source.signature.size, format_note(source.start()), encode)


def _survey_text(source: LargeFile, blocks: Blocks, wanted: _Wanted) -> _Survey:
    ends, characters, words, count = LineEnds(), Characters(), Words(wanted.rule), 0
    in_words = wanted.kind == "word"

    def pieces() -> Iterator[str]:
        nonlocal count
        for piece in decode_blocks(blocks, source.name):
            ends.see(piece)
            characters.see(piece)
            count += len(piece)
            yield piece

    if in_words:
        for piece in undivided(pieces(), wanted.rule):
            words.see(piece)
    else:
        for _ in pieces():
            pass
    symbols = tuple(sorted(ends.unified(characters.found)))
    tokenizer = wanted.tokenizer((*symbols, *words.frequent(wanted.words)))

    def encode(again: Blocks) -> Iterator[Ids]:
        text = ends.unify(decode_blocks(again, source.name))
        return map(tokenizer.encode, undivided(text, wanted.rule) if in_words else text)

    notes = (*mark_note(source.start()), *ends.notes)
    return _Survey(tokenizer, count, notes, encode)


def _symbols(tokenizer: Tokenizer) -> tuple[str, ...]:
    """What `_Wanted.tokenizer` makes the same tokenizer of."""
    if isinstance(tokenizer, ByteTokenizer):
        return tuple(tokenizer.values.decode("latin-1"))
    assert isinstance(tokenizer, CharTokenizer | WordTokenizer)
    return tokenizer.symbols
