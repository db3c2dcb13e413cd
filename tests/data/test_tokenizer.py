"""Tokenizers: what is encoded comes back, and no token can do harm on a terminal."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data.tokenizer import (
    ByteTokenizer,
    CharTokenizer,
    Tokenizer,
    WordTokenizer,
    smallest,
)
from rnntui.data.vocabulary_counts import BLOCK
from rnntui.errors import DataError

texts = st.text(min_size=1, max_size=300)
encodable = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


def bytes_of(text: str) -> ByteTokenizer:
    return ByteTokenizer.of(text.encode("utf-8"))


@settings(deadline=None)
@given(texts)
def test_characters_come_back(text: str) -> None:
    tokenizer = CharTokenizer.of(text)
    assert list(tokenizer.symbols) == sorted(set(text))
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert written(tokenizer, text) == text


@settings(deadline=None)
@given(encodable)
def test_bytes_come_back(text: str) -> None:
    tokenizer = bytes_of(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert written(tokenizer, text) == text


@settings(deadline=None)
@given(st.one_of(texts, st.text("ab 'é.\n", min_size=1, max_size=200)), st.integers(0, 20))
def test_words_come_back(text: str, most: int) -> None:
    tokenizer = WordTokenizer.of(text, most)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert written(tokenizer, text) == text


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_come_back(content: bytes) -> None:
    tokenizer = ByteTokenizer.of(content)
    ids = tokenizer.encode_bytes(content)
    assert bytes(tokenizer.values[i] for i in ids) == content
    assert tokenizer.decode(ids) == content.decode("utf-8", "replace")


@settings(deadline=None)
@given(encodable, st.text(max_size=50))
def test_what_the_vocabulary_lacks_is_named_and_can_be_skipped(text: str, prompt: str) -> None:
    for tokenizer in (CharTokenizer.of(text), bytes_of(text), WordTokenizer.of(text)):
        missing = tokenizer.unknown(prompt)
        known = "".join(c for c in prompt if c not in missing)
        assert tokenizer.unknown(known) == ()
        assert len(missing) == len(set(missing))
        if missing:
            with pytest.raises(DataError) as caught:
                tokenizer.encode(prompt)
            assert len(str(caught.value)) <= 200
            assert "\n" not in str(caught.value)
        if not isinstance(tokenizer, ByteTokenizer):
            assert tokenizer.decode(tokenizer.encode(prompt, unknown="skip")) == known


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300), texts)
def test_no_token_is_shown_raw(content: bytes, text: str) -> None:
    for tokenizer in (ByteTokenizer.of(content), CharTokenizer.of(text), WordTokenizer.of(text)):
        for token in range(tokenizer.vocab_size):
            shown = tokenizer.show(token)
            assert 0 < len(shown) <= 17
            assert not any(unicodedata.category(c).startswith("C") for c in shown)


def written(tokenizer: Tokenizer, text: str) -> str:
    decoder = tokenizer.decoder()
    return "".join(decoder.feed(int(token)) for token in tokenizer.encode(text))


def test_a_character_of_several_bytes_is_written_when_it_is_complete() -> None:
    tokenizer = bytes_of("é€")
    decoder = tokenizer.decoder()
    parts = [decoder.feed(int(token)) for token in tokenizer.encode("é€")]
    assert parts == ["", "é", "", "", "€"]


def test_a_broken_character_is_replaced_not_raised() -> None:
    tokenizer = ByteTokenizer.of(b"a\xc3")
    decoder = tokenizer.decoder()
    assert "".join(decoder.feed(token) for token in (1, 0, 0)) == "\N{REPLACEMENT CHARACTER}aa"


def test_bytes_are_shown_legibly() -> None:
    tokenizer = ByteTokenizer.of(b"A\n\x00\x1b\x7f\xc3")
    shown = [tokenizer.show(token) for token in range(tokenizer.vocab_size)]
    assert shown == ["␀", "↵", "␛", "A", "␡", "\\xc3"]


def test_words_take_their_space_along_and_rare_ones_are_spelled() -> None:
    tokenizer = WordTokenizer.of("the cat, the dog; don't, don't")
    ids = tokenizer.encode("the dog")
    assert tokenizer.symbols[ids[0]] == "t"
    assert " don't" in tokenizer.symbols
    assert " dog" not in tokenizer.symbols


def test_more_words_than_the_limit_leave_the_most_frequent() -> None:
    tokenizer = WordTokenizer.of("aa aa aa bb bb cc cc cc cc", most=1)
    assert tokenizer.symbols == (" ", "a", "b", "c", " cc")


@pytest.mark.parametrize(
    ("count", "dtype"),
    [(2, np.uint8), (256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)],
)
def test_ids_take_as_little_room_as_they_can(count: int, dtype: type) -> None:
    assert smallest(count) is dtype
    if count < 55_000:
        symbols = "".join(map(chr, range(count)))
        assert CharTokenizer.of(symbols).encode(symbols).dtype == dtype


def test_a_text_longer_than_a_block() -> None:
    text = "ab" * (BLOCK // 2) + "é"
    tokenizer = CharTokenizer.of(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(CharTokenizer.of("ab").encode(text, unknown="skip")) == BLOCK


def test_ids_may_be_any_iterable() -> None:
    tokenizer = CharTokenizer.of("abc")
    assert tokenizer.decode(iter([2, 0])) == "ca"
    assert tokenizer.decode([]) == ""
