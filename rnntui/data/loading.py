"""load(): from a recipe to what it trains on."""

from __future__ import annotations

from typing import BinaryIO

from numpy.random import RandomState

from rnntui.data.corpus import bundled_path, find_corpus, python_source
from rnntui.data.dataset import Dataset, TokenData
from rnntui.data.decode import decode_text, unify_lines
from rnntui.data.generated import brackets, grammar, sums
from rnntui.data.series import load_values
from rnntui.data.source import MOST_BYTES, Source, parse_source, read
from rnntui.data.split import split_at
from rnntui.data.stream import check_length
from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer, WordTokenizer
from rnntui.errors import DataError, UsageError
from rnntui.recipe import Recipe

# A generated corpus is the same for every run; the recipe's seed is the network's.
CORPUS_SEED = 1

_GENERATORS = {"sums": sums.text, "brackets": brackets.text, "grammar": grammar.text}


def load(recipe: Recipe, stdin: BinaryIO | None = None) -> Dataset:
    """The data a recipe asks for; `stdin` is read where its source is '-'.

    Raises DataError for a source that cannot be trained on and UsageError for settings that do not
    fit it, each in one line.
    """
    if recipe.data.task == "values":
        return load_values(recipe, stdin)
    return _load_tokens(recipe, stdin)


def _load_tokens(recipe: Recipe, stdin: BinaryIO | None) -> TokenData:
    data = recipe.data
    source = parse_source(data.source)
    content, notes = _content(source, data.tokenizer == "byte", stdin)
    if len(content) * data.repeat > MOST_BYTES:
        raise UsageError(f"repeat = {data.repeat}: more than {MOST_BYTES >> 20} MiB of text")
    content = content * data.repeat
    tokenizer = _tokenizer(content, data.tokenizer)
    if tokenizer.vocab_size < 2:
        only = tokenizer.show(0)
        raise DataError(f"{source.name}: has only the symbol {only}: takes at least 2 different")
    if isinstance(tokenizer, ByteTokenizer):
        tokens = tokenizer.encode_bytes(_bytes(content))
    else:
        tokens = tokenizer.encode(_text(content))
    split = split_at(len(tokens), data.split, tokenizer.unit)
    check_length(split.train, recipe.train.batch, recipe.train.seq_len, tokenizer.unit)
    return TokenData(
        name=source.name,
        unit=tokenizer.unit,
        tokens=tokens[: split.train],
        validation=tokens[split.train :],
        tokenizer=tokenizer,
        split=split.words,
        floor=_floor(source, tokenizer),
        notes=(*notes, *split.notes),
    )


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
