"""load(): from a recipe to what it trains on."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from numpy.random import RandomState

from rnntui.data.corpus import bundled_path, find_corpus, python_source
from rnntui.data.dataset import Dataset, Encoded, TokenData
from rnntui.data.decode import decode_text, unify_lines
from rnntui.data.generated import brackets, grammar, sums
from rnntui.data.large import load_large
from rnntui.data.progress import Watcher
from rnntui.data.series import load_values
from rnntui.data.source import MOST_BYTES, Source, open_large, parse_source, read
from rnntui.data.split import split_at
from rnntui.data.spread import spread
from rnntui.data.stream import check_length
from rnntui.data.tokenizer import (
    ByteTokenizer,
    CharTokenizer,
    Tokenizer,
    WordTokenizer,
    check_vocabulary,
)
from rnntui.errors import DataError, OutputError, UsageError
from rnntui.recipe import Data, Recipe

# A generated corpus is the same for every run; the recipe's seed is the network's.
CORPUS_SEED = 1
# Tokens a validation looks at: more would take longer than the training between two of them.
MOST_VALIDATED = 1 << 17

_GENERATORS = {"sums": sums.text, "brackets": brackets.text, "grammar": grammar.text}


def load(recipe: Recipe, stdin: BinaryIO | None = None, watcher: Watcher | None = None) -> Dataset:
    """The data a recipe asks for; `stdin` is read where its source is '-'.

    A large file takes its time: `watcher` is told how far it is, and may raise to end it. Raises
    DataError for a source that cannot be trained on, UsageError for settings that do not fit it,
    OutputError where the tokens of a large file cannot be kept, each in one line.
    """
    if recipe.data.task == "values":
        return load_values(recipe, stdin)
    return _load_tokens(recipe, stdin, watcher)


def _load_tokens(recipe: Recipe, stdin: BinaryIO | None, watcher: Watcher | None) -> TokenData:
    data = recipe.data
    source = parse_source(data.source)
    found = _encoded(source, data, stdin, watcher)
    tokens, tokenizer, notes = found.ids, found.tokenizer, found.notes
    split = split_at(len(tokens), data.split, tokenizer.unit)
    check_length(split.train, recipe.train.batch, recipe.train.seq_len, tokenizer.unit)
    held_out = tokens[split.train :]
    validation = spread(held_out, MOST_VALIDATED)
    if len(validation) < len(held_out):
        looks = f"{len(validation):,} of the {len(held_out):,} {tokenizer.unit}s kept for it"
        notes = (*notes, f"validation looks at {looks}")
    return TokenData(
        name=source.name,
        unit=tokenizer.unit,
        tokens=tokens[: split.train],
        validation=validation,
        tokenizer=tokenizer,
        split=split.words,
        floor=_floor(source, tokenizer),
        notes=(*notes, *split.notes),
        held_out=len(held_out),
        digest=found.digest,
    )


def _encoded(
    source: Source, data: Data, stdin: BinaryIO | None, watcher: Watcher | None
) -> Encoded:
    """A source as ids: through the cache for a large file, else in memory."""
    file = open_large(source) if data.repeat == 1 else None
    if file is None:
        return _small(source, data, stdin)
    with file:
        try:
            return load_large(Path(source.rest), file, source.name, data.tokenizer, watcher)
        except OutputError as error:
            if file.seek(0, SEEK_END) > MOST_BYTES:
                raise
            note = f"{error}; this time they are in memory"
    found = _small(source, data, stdin)
    return replace(found, notes=(*found.notes, note))


def _small(source: Source, data: Data, stdin: BinaryIO | None) -> Encoded:
    """A source that is read as a whole."""
    content, notes = _content(source, data.tokenizer == "byte", stdin)
    if len(content) * data.repeat > MOST_BYTES:
        raise UsageError(f"repeat = {data.repeat}: more than {MOST_BYTES >> 20} MiB of text")
    content = content * data.repeat
    tokenizer = _tokenizer(content, data.tokenizer)
    check_vocabulary(tokenizer, source.name)
    if isinstance(tokenizer, ByteTokenizer):
        ids = tokenizer.encode_bytes(_bytes(content))
    else:
        ids = tokenizer.encode(_text(content))
    little = ids.astype(ids.dtype.newbyteorder("<"), copy=False)
    return Encoded(ids, tokenizer, sha256(little.data).hexdigest(), notes)


def _content(
    source: Source, as_bytes: bool, stdin: BinaryIO | None
) -> tuple[str | bytes, tuple[str, ...]]:
    """The text of a source, or for bytes what its file holds, and notes."""
    if source.kind == "values":
        raise UsageError("values:… holds numbers: --set task=values, or text:… for tokens")
    if source.kind == "text":
        return _inline(source.rest), ()
    if source.kind == "corpus":
        return _corpus(source.rest)
    content = read(source, stdin)
    return (content, ()) if as_bytes else decode_text(content, source.name)


def _inline(text: str) -> str:
    if not text:
        raise DataError("text: is empty: write what to learn after the colon")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise DataError("text: holds bytes that are not UTF-8: name a file instead")
    return text


def _corpus(name: str) -> tuple[str, tuple[str, ...]]:
    info = find_corpus(name)
    if info.kind == "values":
        raise UsageError(f"corpus:{name} holds values: --set task=values")
    if name in _GENERATORS:
        return _GENERATORS[name](RandomState(CORPUS_SEED)), ()
    path = bundled_path(name)
    if path is None:
        return python_source(), ()
    text, _ = unify_lines(path.read_text("utf-8"))
    return text, ()


def _tokenizer(content: str | bytes, kind: str) -> Tokenizer:
    if kind == "byte":
        return ByteTokenizer.of(_bytes(content))
    text = _text(content)
    return CharTokenizer.of(text) if kind == "char" else WordTokenizer.of(text)


def _floor(source: Source, tokenizer: Tokenizer) -> float | None:
    """The entropy rate, where it is known per token: generated text is ASCII, words are not."""
    if source.kind != "corpus" or tokenizer.kind == "word":
        return None
    return find_corpus(source.rest).floor


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _text(content: str | bytes) -> str:
    return content.decode("utf-8") if isinstance(content, bytes) else content
