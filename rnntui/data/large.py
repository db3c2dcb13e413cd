"""Large files: read twice in blocks, to tokens in a mapped file of the cache.

First for the vocabulary, then for the ids. Neither the text nor the tokens are ever in memory as a
whole; a file that was read before is not read again. The user's own file is never mapped: cut short
by another program while it is, it would end this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.cache import TokenCache, cache_folder
from rnntui.data.census import Characters, Words, undivided
from rnntui.data.dataset import Encoded
from rnntui.data.decode import LineEnds, decode_blocks
from rnntui.data.progress import Watcher, Work
from rnntui.data.reading import LargeFile
from rnntui.data.tokenfile import Contents, TokenFile
from rnntui.data.tokenizer import (
    MOST_WORDS,
    ByteTokenizer,
    CharTokenizer,
    Tokenizer,
    WordTokenizer,
    check_vocabulary,
    smallest,
)
from rnntui.errors import DataError

Blocks = Iterator[bytes]
Ids = NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Survey:
    """What the first reading found. `encode` makes ids (at most `most`) of the second's blocks."""

    tokenizer: Tokenizer
    most: int
    notes: tuple[str, ...]
    encode: Callable[[Blocks], Iterator[Ids]]


def load_large(
    path: Path, file: FileIO, name: str, kind: str, watcher: Watcher | None = None
) -> Encoded:
    """The tokens of an open file, by a tokenizer of that kind.

    `name` must be safe to show. Raises DataError for a file that cannot be trained on and
    OutputError where its tokens cannot be kept.
    """
    source, cache, began = LargeFile(file, name), TokenCache(cache_folder(), kind), time.time_ns()
    found = cache.recall(path, source.stamp)
    if found is None:
        found = _read(source, cache, kind, watcher)
        if source.stamp.settled(began):
            cache.remember(path, source.stamp, source.digest, found)
    about = found.contents
    return Encoded(found.ids, _tokenizer(kind, about.symbols), about.digest, about.notes)


def _read(source: LargeFile, cache: TokenCache, kind: str, watcher: Watcher | None) -> TokenFile:
    size = source.stamp.size
    work = Work(f"reading {source.name}", 2 * size, watcher)
    survey = _survey_bytes if kind == "byte" else _survey_text
    found = survey(source, source.blocks(work), kind)
    check_vocabulary(found.tokenizer, source.name)
    checking = Work(f"checking the tokens of {source.name}", size, watcher)
    kept = cache.find(source.digest, checking)
    if kept is not None:
        return kept
    width = np.dtype(smallest(found.tokenizer.vocab_size)).itemsize

    def contents(count: int, digest: str) -> Contents:
        return Contents(kind, _symbols(found.tokenizer), width, count, digest, found.notes)

    pieces = _again(source, found.encode(source.blocks(work)))
    return cache.put(source.digest, found.most * width, pieces, contents)


def _again(source: LargeFile, pieces: Iterator[Ids]) -> Iterator[Ids]:
    """What was sound at the first reading can be wrong at the second only if it is not the same."""
    try:
        yield from pieces
    except DataError:
        raise source.changed() from None


def _survey_bytes(source: LargeFile, blocks: Blocks, _kind: str) -> _Survey:
    values = b""
    for block in blocks:
        values += bytes(set(block.translate(None, values)))
    tokenizer = ByteTokenizer(bytes(sorted(values)))

    def encode(again: Blocks) -> Iterator[Ids]:
        return map(tokenizer.encode_bytes, again)

    return _Survey(tokenizer, source.stamp.size, (), encode)


def _survey_text(source: LargeFile, blocks: Blocks, kind: str) -> _Survey:
    ends, characters, words, count = LineEnds(), Characters(), Words(), 0

    def pieces() -> Iterator[str]:
        nonlocal count
        for piece in decode_blocks(blocks, source.name):
            ends.see(piece)
            characters.see(piece)
            count += len(piece)
            yield piece

    if kind == "word":
        for piece in undivided(pieces()):
            words.see(piece)
    else:
        for _ in pieces():
            pass
    symbols = tuple(sorted(ends.unified(characters.found)))
    tokenizer = _tokenizer(kind, (*symbols, *words.frequent(MOST_WORDS)))

    def encode(again: Blocks) -> Iterator[Ids]:
        text = ends.unify(decode_blocks(again, source.name))
        return map(tokenizer.encode, undivided(text) if kind == "word" else text)

    return _Survey(tokenizer, count, ends.notes, encode)


def _tokenizer(kind: str, symbols: tuple[str, ...]) -> Tokenizer:
    if kind == "byte":
        return ByteTokenizer("".join(symbols).encode("latin-1"))
    return WordTokenizer(symbols) if kind == "word" else CharTokenizer(symbols)


def _symbols(tokenizer: Tokenizer) -> tuple[str, ...]:
    """What `_tokenizer` makes the same tokenizer of."""
    if isinstance(tokenizer, ByteTokenizer):
        return tuple(tokenizer.values.decode("latin-1"))
    assert isinstance(tokenizer, CharTokenizer | WordTokenizer)
    return tokenizer.symbols
