"""load(): from a recipe to what it trains on."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from numpy.random import RandomState
from numpy.typing import NDArray

from rnntui.clusters import Clusters
from rnntui.data.clusters import clusters_of
from rnntui.data.corpus import bundled_path, find_corpus, python_source
from rnntui.data.dataset import Dataset, Encoded, TokenData, ValueData
from rnntui.data.decode import decode_text, unify_lines
from rnntui.data.format import format_note, refuse_format
from rnntui.data.generated import CORPUS_SEED, text_task
from rnntui.data.large import load_large
from rnntui.data.progress import Watcher
from rnntui.data.sorting import sorted_note
from rnntui.data.source import (
    MOST_BYTES,
    NAME_TEXT,
    Source,
    guess_task,
    open_large,
    parse_source,
    read,
)
from rnntui.data.split import split_at
from rnntui.data.spread import spread
from rnntui.data.stream import fitting, unused_note
from rnntui.data.suffixes import suffixes_of
from rnntui.data.tokenizer import (
    ByteTokenizer,
    CharTokenizer,
    Tokenizer,
    WordTokenizer,
    check_vocabulary,
)
from rnntui.data.vocabulary_counts import NEWEST_RULE
from rnntui.errors import DataError, OutputError, UsageError
from rnntui.recipe import Data, Recipe
from rnntui.recipe.sizing import Size
from rnntui.suffixes import Suffixes

# Tokens a validation looks at: more would take longer than the training between two of them.
MOST_VALIDATED = 1 << 17
LOOKED_AT = 100_000  # tokens at the start and at the end of a file, to see what it holds
NUMERIC_NOTE = (
    "looks like a table of numbers but is read as text; --set task=values reads the numbers"
)


def load(
    recipe: Recipe,
    stdin: BinaryIO | None = None,
    watcher: Watcher | None = None,
    known: Dataset | None = None,
) -> Dataset:
    """The data a recipe asks for; `stdin` is read where its source is '-'.

    `known` are data that this recipe's source gave before: what was decided then (the columns of a
    table and their scale, where words end, the clusters of an adaptive output, the
    suffixes of a table) holds again, whatever is decided for new data.

    For a large file, `watcher` gets the progress and may raise to stop. Raises
    DataError for a source that cannot be trained on, UsageError for settings that do not fit it,
    OutputError where the tokens of a large file cannot be kept, each in one line.
    """
    if recipe.data.task == "values":
        from rnntui.data.series import load_values  # text is loaded without it

        return load_values(recipe, stdin, known if isinstance(known, ValueData) else None)
    known = known if isinstance(known, TokenData) else None
    return _load_tokens(recipe, stdin, watcher, known)


def _rule(known: TokenData | None) -> int:
    """The version of the rule for words."""
    tokenizer = known.tokenizer if known else None
    return tokenizer.rule if isinstance(tokenizer, WordTokenizer) else NEWEST_RULE


def _load_tokens(
    recipe: Recipe, stdin: BinaryIO | None, watcher: Watcher | None, known: TokenData | None
) -> TokenData:
    data = recipe.data
    source = parse_source(data.source)
    found = _encoded(source, data, stdin, watcher, _rule(known))
    tokens, tokenizer, notes = found.ids, found.tokenizer, found.notes
    split = split_at(len(tokens), data.split, tokenizer.unit)
    fitted = fitting(recipe, Size(split.train, tokenizer.vocab_size, tokenizer.unit))
    held_out = tokens[split.train :]
    validation = spread(held_out, MOST_VALIDATED)
    if len(validation) < len(held_out):
        looks = f"{len(validation):,} of the {len(held_out):,} {tokenizer.unit}s kept for it"
        notes = (*notes, f"validation uses {looks}")
    period = len(tokens) // data.repeat if data.repeat > 1 else 0
    streams, steps = fitted.train.streams, fitted.train.seq_len
    unused = unused_note(split.train, streams, steps, tokenizer.unit, period=period)
    doubts = _doubts(source, found, bool(len(validation)))
    return TokenData(
        name=source.name,
        unit=tokenizer.unit,
        tokens=tokens[: split.train],
        validation=validation,
        tokenizer=tokenizer,
        split=split.words,
        floor=_floor(source, tokenizer),
        notes=(*notes, *doubts, *split.notes, *unused),
        held_out=len(held_out),
        digest=found.digest,
        clusters=_clusters(fitted, tokens[: split.train], tokenizer, known),
        suffixes=_suffixes(fitted, tokens[: split.train], tokenizer, known),
    )


def _clusters(
    recipe: Recipe, tokens: NDArray[Any], tokenizer: Tokenizer, known: TokenData | None
) -> Clusters | None:
    """Those that were chosen before, or those of these tokens; None without need of them."""
    if recipe.model.output != "adaptive":
        return None
    if known and known.clusters and len(known.clusters.order) == tokenizer.vocab_size:
        return known.clusters
    return clusters_of(tokens, tokenizer.vocab_size)


def _suffixes(
    recipe: Recipe, tokens: NDArray[Any], tokenizer: Tokenizer, known: TokenData | None
) -> Suffixes | None:
    """Those that were chosen before, or those of these tokens; None without need of them."""
    longest = recipe.model.suffix
    if not longest:
        return None
    if known and known.suffixes and known.tokenizer.vocab_size == tokenizer.vocab_size:
        return known.suffixes
    return suffixes_of(tokens, tokenizer.vocab_size, longest)


def _encoded(
    source: Source, data: Data, stdin: BinaryIO | None, watcher: Watcher | None, rule: int
) -> Encoded:
    """A source as ids: through the cache for a large file, else in memory."""
    file = open_large(source) if data.repeat == 1 else None
    if file is None:
        return _small(source, data, stdin, rule)
    with file:
        try:
            path = Path(source.rest)
            kind, words = data.tokenizer, data.max_words
            return load_large(path, file, source.name, kind, watcher, rule, words)
        except OutputError as error:
            if file.seek(0, SEEK_END) > MOST_BYTES:
                raise
            note = f"{error}; this time they are in memory"
    found = _small(source, data, stdin, rule)
    return replace(found, notes=(*found.notes, note))


def _small(source: Source, data: Data, stdin: BinaryIO | None, rule: int) -> Encoded:
    """A source that is read as a whole."""
    content, notes = _content(source, data.tokenizer == "byte", stdin)
    if len(content) * data.repeat > MOST_BYTES:
        raise UsageError(f"repeat = {data.repeat}: more than {MOST_BYTES >> 20} MiB of text")
    content = content * data.repeat
    tokenizer = _tokenizer(content, data, rule)
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
        raise UsageError(
            "values:… holds numbers", "--set task=values, or text:… for tokens", NAME_TEXT
        )
    if source.kind == "text":
        return _inline(source.rest), ()
    if source.kind == "corpus":
        return _corpus(source.rest)
    content = read(source, stdin)
    if as_bytes:
        return content, format_note(content)
    refuse_format(content, source.name, "tokens")
    return decode_text(content, source.name)


def _inline(text: str) -> str:
    if not text:
        raise DataError("text: is empty: write what to learn after the colon")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise DataError("text: holds bytes that are not UTF-8: name a file instead")
    return text


def _corpus(name: str) -> tuple[str, tuple[str, ...]]:
    info = find_corpus(name)
    if info.kind == "values":
        raise UsageError(f"corpus:{name} holds values", "--set task=values", NAME_TEXT)
    if task := text_task(name):
        return task.corpus(RandomState(CORPUS_SEED)), ()
    path = bundled_path(name)
    if path is None:
        return python_source(), ()
    text, _ = unify_lines(path.read_text("utf-8"))
    return text, ()


def _tokenizer(content: str | bytes, data: Data, rule: int) -> Tokenizer:
    if data.tokenizer == "byte":
        return ByteTokenizer.of(_bytes(content))
    text = _text(content)
    if data.tokenizer == "char":
        return CharTokenizer.of(text)
    return WordTokenizer.of(text, data.max_words, rule)


def _doubts(source: Source, found: Encoded, validated: bool) -> tuple[str, ...]:
    """Notes on a file that is perhaps not meant to be learned as it is."""
    if source.kind not in ("file", "stdin"):
        return ()
    from rnntui.data.recognise import is_numeric  # bundled text is loaded without it

    pieces = [found.ids[:LOOKED_AT], found.ids[LOOKED_AT:][-LOOKED_AT:]]
    first, last = (found.tokenizer.decode(ids) for ids in pieces)
    chosen = source.kind == "file" and guess_task(source.rest) == "values"  # to be read as text
    notes = (NUMERIC_NOTE,) if is_numeric(first) and not chosen else ()
    return (*notes, *sorted_note(first, last)) if validated else notes


def _floor(source: Source, tokenizer: Tokenizer) -> float | None:
    """The entropy rate, where it is known per token: generated text is ASCII, words are not."""
    if source.kind != "corpus" or tokenizer.kind == "word":
        return None
    return find_corpus(source.rest).floor


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _text(content: str | bytes) -> str:
    return content.decode("utf-8") if isinstance(content, bytes) else content


def built_in_text(source: Source) -> str:
    """The text of a source that is no file: a corpus, or the text itself."""
    content, _ = _content(source, False, None)
    return _text(content)
