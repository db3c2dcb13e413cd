"""Words of every script and Unicode normal form, and vocabularies of earlier versions."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import TokenData, load, reading, source
from rnntui.data.tokenizer import WordTokenizer
from rnntui.data.vocabulary_counts import NEWEST_RULE, RULES, Words, undivided, word_rule
from rnntui.recipe import Recipe
from rnntui.runs.vocabulary import describe, rebuild

WORDS = {
    "English": "don't",
    "typographic": "don’t",
    "French": "été",
    "Catalan": "col·legi",
    "German": "Möwengeschrei",
    "Vietnamese": "Việt",
    "Greek": "ᾄδω",
    "Russian with stress": "за\u0301мок",
    "Hindi": "हिन्दी",
    "Hindi with a joiner": "क\u094d\u200dष",
    "Bengali": "বাংলা",
    "Tamil": "தமிழ்",
    "Malayalam": "മലയാളം",
    "Malayalam with a joiner at the end": "അവന\u0d4d\u200d",
    "Sinhala": "ශ්\u200dරී",
    "Thai": "ภาษาไทยที่",
    "Lao": "ພາສາລາວ",
    "Khmer": "ភាសាខ្មែរ",
    "Burmese": "မြန်မာ",
    "Tibetan": "བོད",
    "Arabic with vowels": "مُحَمَّدٌ",
    "Persian with a non-joiner": "می\u200cروم",
    "Hebrew with points": "שָׁלוֹם",
    "Hebrew with gershayim": "צה״ל",
    "Syriac": "ܫܠܳܡܳܐ",
    "Korean": "한국어",
    "Japanese": "ひらがな",
    "Chinese": "汉字",
    "a letter with many marks": "Z" + "\u0301\u0323\u0308" * 9 + "algo",
    "soft hyphens": "Donau\u00addampf\u00adschiff",
    "a mark beyond the basic plane": "\U00011103\U0001112c\U00011133",
    "a variation selector": "葛\U000e0100城",
}
FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", WORDS)
def test_a_word_stays_one_word(language: str, form: str) -> None:
    word = unicodedata.normalize(form, WORDS[language])
    text = f"{word} {word}, {word}.\n{word}"
    tokenizer = WordTokenizer.of(text)
    assert word in tokenizer.symbols
    assert f" {word}" in tokenizer.symbols
    pieces = [tokenizer.symbols[i] for i in tokenizer.encode(text)]
    assert pieces == [word, f" {word}", ",", f" {word}", ".", "\n", word]
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_what_is_no_word_is_not_made_one() -> None:
    find = word_rule(NEWEST_RULE).words.findall
    assert find("2024-05 a_b x1 'tis") == [
        *"2024-05", " a", "_", "b", " x", "1", " ", "'", "tis"
    ]  # fmt: skip
    assert find("1\u0301") == ["1", "\u0301"]
    assert find(" \u0301a") == [" ", "\u0301", "a"]


@given(st.text("abc '’é-1 \n", max_size=200))
def test_plain_words_are_cut_as_ever(text: str) -> None:
    plain, marked = (rule.words.findall for rule in map(word_rule, RULES))
    assert plain(text) == marked(text)


alphabet = "ab '·\u0301\u094d\u200d\u200cक1_.\n"


@settings(deadline=None)
@given(st.lists(st.text(alphabet, min_size=1, max_size=9)), st.sampled_from(sorted(RULES)))
def test_words_are_not_divided_between_pieces(pieces: list[str], rule: int) -> None:
    find = word_rule(rule).words.findall
    found = [word for piece in undivided(pieces, rule) for word in find(piece)]
    assert found == find("".join(pieces))


TEXT = "हिन्दी में cafe\u0301 और don't हिन्दी में cafe\u0301 और don't.\n" * 30


def loaded(path: Path, known: TokenData | None = None) -> TokenData:
    recipe = Recipe().replace(source=str(path), tokenizer="word", batch=1, seq_len=1)
    data = load(recipe, known=known)
    assert isinstance(data, TokenData)
    return data


@pytest.mark.parametrize("large", [False, True])
def test_a_run_keeps_the_rule_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    if large:
        monkeypatch.setattr(source, "LARGE", 0)
        monkeypatch.setattr(reading, "BLOCK", 61)
    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    new = loaded(path)
    stored = json.loads(json.dumps(describe(new)))
    kept = rebuild(stored)
    del stored["words"]  # as version 0.1.0 wrote it
    old = rebuild(stored)
    assert isinstance(kept, TokenData) and isinstance(old, TokenData)
    first = WordTokenizer.of(TEXT, rule=1)
    again = loaded(path, known=old)
    assert isinstance(again.tokenizer, WordTokenizer)
    assert again.tokenizer.symbols == first.symbols
    assert again.tokenizer.decode(again.tokens) == TEXT[: len(again.tokenizer.decode(again.tokens))]
    assert again.digest != new.digest
    assert loaded(path, known=kept).digest == loaded(path).digest == new.digest


def test_the_words_of_the_first_version_are_counted_as_then() -> None:
    words = Words(1)
    words.see("cafe\u0301cafe\u0301")
    assert words.frequent(9) == ("cafe",)
    words = Words()
    words.see("cafe\u0301, cafe\u0301, cafe\u0301")
    assert words.frequent(9) == (" cafe\u0301",)


def test_the_most_words_are_chosen() -> None:
    text = "one two three one two three one two one four four five. " * 40
    recipe = Recipe().replace(source=f"text:{text}", tokenizer="word", batch=2, seq_len=5)
    found = {most: load(recipe.replace(max_words=most)) for most in (1, 3, 4000)}
    sizes = {most: data.tokenizer.vocab_size for most, data in found.items()}  # type: ignore[union-attr]
    assert sizes == {n: len(set(text)) + most for n, most in ((1, 1), (3, 3), (4000, 5))}
