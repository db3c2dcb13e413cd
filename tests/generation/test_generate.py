"""`generate`: what it takes from the recipe and the options, its prompt, and what it writes."""

from __future__ import annotations

import csv
import dataclasses
import io
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.cli.output import TextOutput
from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer
from rnntui.foreground import waiting
from rnntui.foreground.waiting import SlowNote
from rnntui.generation.prompt import fit_prompt
from rnntui.protocol.messages import Generate
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.text import safe_text
from tests.conftest import Ended, command, environment, quick_first
from tests.support.patience import PATIENCE
from tests.support.plain import token_data
from tests.support.sessions import look, run, session

Rnntui = Callable[..., Ended]
TEXT = "hello world. how are you? "


def train(rnntui: Rnntui, runs: Path, content: bytes, *pairs: str) -> None:
    """A run named "a" of a small network that has learned the text by heart."""
    source = runs.parent / "t.txt"
    source.write_bytes(content)
    keys = ("hidden=24", "layers=1", "dropout=0", "lr=0.02", "batch=4", "seq_len=16", "split=0")
    pairs = (*keys, "sample_every=0", "final_length=0", "workers=1", *pairs)
    options = [option for pair in pairs for option in ("--set", pair)]
    ended = rnntui("train", str(source), "--name", "a", "--plain", "--steps", "120", *options)
    assert ended.code == 0, ended.err


# ---- settings ----------------------------------------------------------------------------------


def test_everything_the_recipe_says_is_honoured(rnntui: Rnntui, runs: Path) -> None:
    keys = ("greedy=true", "temperature=3", "prompt=hel", "sample_length=9")
    train(rnntui, runs, (TEXT * 60).encode(), *keys)
    plain = rnntui("generate", "a")
    assert (plain.code, plain.err) == (0, "")
    assert plain.out == rnntui("generate", "a", "--greedy", "--prompt", "hel").out
    assert plain.out.startswith("hel") and len(plain.out) == 3 + 9 + 1
    drawn = rnntui("generate", "a", "--no-greedy", "--length", "60")
    assert drawn.out != rnntui("generate", "a", "--length", "60").out and drawn.err == ""
    other = rnntui("generate", "a", "--temperature", "3", "--length", "60")
    assert other.out == drawn.out and "greedy = true" in other.err and other.err.count("\n") == 1
    both = rnntui("generate", "a", "--greedy", "--top-k", "3")
    assert both.out == plain.out and "no effect with --greedy: top_k" in both.err


def test_samples_of_the_recipe(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, (TEXT * 60).encode(), "samples=3", "top_k=2", "sample_length=12")
    found = rnntui("generate", "a").out
    assert found.count("-- ") == 3 and "-- 3 of 3 --" in found
    assert found == rnntui("generate", "a", "--samples", "3", "--top-k", "2").out
    assert "-- " not in rnntui("generate", "a", "--samples", "1").out


def test_every_sampling_setting_reaches_who_writes() -> None:
    keys: dict[str, Any] = {
        "temperature": 0.5,
        "top_k": 3,
        "top_p": 0.9,
        "greedy": True,
        "samples": 4,
    }
    assert dataclasses.asdict(SamplingSettings.of(Recipe().replace(**keys).sample)) == keys


@pytest.mark.parametrize("words", [("generate", "a"), ("train", "counting")])
def test_temperature_0_is_told_what_to_give_instead(
    rnntui: Rnntui, runs: Path, words: tuple[str, ...]
) -> None:
    if words[0] == "generate":
        train(rnntui, runs, (TEXT * 60).encode())
    ended = rnntui(*words, "--temperature", "0")
    assert ended.code == 2 and "--greedy" in ended.err and ended.err.count("\n") == 1
    assert "--greedy" not in rnntui(*words, "--temperature", "-1").err


# ---- prompts -----------------------------------------------------------------------------------


def fitted(text: str, prompt: str) -> tuple[str, str]:
    data = token_data([0], 2)
    object.__setattr__(data, "tokenizer", CharTokenizer.of(text))
    found = fit_prompt(data, prompt)
    return found.text, found.warning


@pytest.mark.parametrize(
    ("text", "prompt", "used", "warning"),
    [
        ("le café", "café", "café", ""),
        ("le café est", "Été", "té", "ignored (not in the vocabulary): É"),
        ("le café", "cafe\u0301", "café", "in the Unicode form the vocabulary has: "),
        ("le cafe\u0301", "café", "cafe\u0301", "in the Unicode form the vocabulary has: é"),
        ("한글", unicodedata.normalize("NFD", "한"), "한", "in the Unicode form"),
        ("abc", "ZZZ", "", "prompt ignored (not in the vocabulary: Z); starting from scratch"),
        ("abc", "aé\u0301\x1b", "a", "ignored (not in the vocabulary): é ◌́ ␛"),
        ("abc", "", "", ""),
    ],
)
def test_what_is_used_of_a_prompt(text: str, prompt: str, used: str, warning: str) -> None:
    found, said = fitted(text, prompt)
    assert found == used
    assert said.startswith(warning) and bool(said) == bool(warning)
    assert said == safe_text(said)


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_a_prompt_is_used_as_far_as_it_is_known(prompt: str, text: str) -> None:
    used, warning = fitted(text, prompt)
    assert set(used) <= set(text)
    assert bool(warning) == (used != prompt)


def test_a_prompt_that_is_not_wholly_known_is_reported(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, ("le café est fermé. " * 60).encode(), "prompt=Zle")
    for prompt, used in (("Été", "té"), ("cafe\u0301", "café"), ("QQ", "")):
        ended = rnntui("generate", "a", "--prompt", prompt, "--length", "4", "--greedy")
        assert ended.code == 0 and ended.err.startswith("rnntui: note: ")
        assert ended.err.count("\n") == 1
        assert ended.out.startswith(used) and len(ended.out) == len(used) + 4 + 1
    own = rnntui("generate", "a", "--length", "4")
    assert "vocabulary): Z" in own.err and own.out.startswith("le")
    replayed = rnntui("train", "--replay", "a", "--json", "--no-save")
    assert any("vocabulary): Z" in note["text"] for note in replayed.of("note"))


def test_the_dashboard_shows_what_was_used() -> None:
    s = session()
    s.pause()
    s.generate(Generate("Étthe ", 5))
    run(s)
    writing = look(s).generated
    assert writing is not None and writing.prompt == "tthe "
    assert writing.warning == "ignored (not in the vocabulary): É"


# ---- a text keeps its settings -----------------------------------------------------------------


def test_a_text_keeps_the_settings_it_was_made_with() -> None:
    s = session()
    s.pause()
    s.set_sampling("temperature", 0.9)
    s.set_sampling("top_k", 5)
    s.generate(Generate("the ", 20))
    run(s)
    s.set_sampling("temperature", 0.1)
    s.set_sampling("greedy", 1)
    writing = look(s).generated
    assert writing is not None and writing.finished
    assert writing.sampling == SamplingSettings(0.9, 5)
    s.generate(Generate("the ", 20))
    run(s)
    again = look(s).generated
    assert again is not None and again.sampling is not None and again.sampling.greedy


# ---- what is written ---------------------------------------------------------------------------


class Stream(io.StringIO):
    """A text stream with bytes behind it, which remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = io.BytesIO()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


def pieces_of(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    feed = tokenizer.exact_decoder().feed
    return [feed(token) for token in ids]


@given(st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
def test_bytes_come_out_as_they_are(content: bytes) -> None:
    stream = Stream()
    output = TextOutput(stream, safe=False, as_bytes=True)  # type: ignore[arg-type]
    for piece in pieces_of(ByteTokenizer(bytes(range(256))), list(content)):
        output.write(piece)
    output.finish(newline=False)
    assert stream.buffer.getvalue() == content and not stream.writes


@given(st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
@settings(deadline=None)
def test_on_a_terminal_bytes_are_shown_safely(content: bytes) -> None:
    stream = Stream()
    output = TextOutput(stream, safe=True, as_bytes=True)  # type: ignore[arg-type]
    for piece in pieces_of(ByteTokenizer(bytes(range(256))), list(content)):
        output.write(piece)
    output.finish(newline=False)
    shown = stream.getvalue()
    assert shown == safe_text(shown, newlines=True)
    assert shown == safe_text(content.decode("utf-8", "backslashreplace"), newlines=True)


@pytest.mark.parametrize("safe", [False, True])
def test_half_a_character_is_a_question_mark(safe: bool) -> None:
    stream = Stream()
    output = TextOutput(stream, safe=safe, as_bytes=True)  # type: ignore[arg-type]
    for piece in ("a\ud83d", "\udfff", "\udcffb"):
        output.write(piece)
    output.finish(newline=False)
    written = stream.getvalue().encode() if safe else stream.buffer.getvalue()
    assert written == (b"a??\\xffb" if safe else b"a??\xffb")


def test_an_accent_sits_on_its_letter_and_no_character_is_split() -> None:
    stream = Stream()
    output = TextOutput(stream, safe=True, as_bytes=True)  # type: ignore[arg-type]
    for byte in "e\u0301漢".encode():
        output.write(bytes([byte]).decode("ascii", "surrogateescape"))
    output.finish(newline=False)
    assert stream.writes == ["e", "\u0301", "漢"]


@pytest.mark.parametrize("raw", quick_first([[], ["--raw"]]))
def test_a_byte_level_run_writes_its_bytes_to_a_pipe(
    rnntui: Rnntui, runs: Path, raw: list[str]
) -> None:
    content = "caf\xe9 cr\xe8me ".encode("latin-1")
    train(rnntui, runs, content * 60, "tokenizer=byte")
    arguments = ("generate", "a", "--length", "60", "--greedy", *raw)
    done = subprocess.run(
        command(*arguments), capture_output=True, env=environment(), timeout=PATIENCE, check=True
    )
    out = done.stdout
    assert b"\xef\xbf\xbd" not in out and b"\xe9" in out
    assert len(out) == 60 + (not raw)
    assert set(out) <= {*content, ord("\n")}


# ---- waiting -----------------------------------------------------------------------------------


def test_slow_work_is_announced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 2.0, 3.0, 4.0])
    monkeypatch.setattr(waiting, "perf_counter", lambda: next(clock))
    said: list[str] = []
    note = SlowNote(said.append, "generating", 100)
    for done in (10, 20, 30):
        note(done)
    assert said == ["generating: 20% done, about 8 s left"]


def test_generate_says_that_it_is_slow(
    rnntui: Rnntui, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(rnntui, runs, (TEXT * 60).encode())
    assert rnntui("generate", "a", "--length", "50").err == ""
    monkeypatch.setattr(waiting, "FIRST", 0.0)
    for words in (("generate", "a", "--length", "50"), ("eval", "a", str(runs.parent / "t.txt"))):
        ended = rnntui(*words)
        assert ended.err.count("\n") == 1 and "% done, about" in ended.err


# ---- forecasts ---------------------------------------------------------------------------------


def test_a_forecast_is_csv_with_whole_names_and_all_digits(rnntui: Rnntui, runs: Path) -> None:
    names = ["ROOM.SENSOR.7, south", 'the "other" one']
    source = runs.parent / "v.csv"
    with source.open("w", newline="") as file:
        rows = [(1e9 + n % 7 / 100, 1e-12 * (n % 5)) for n in range(200)]
        csv.writer(file).writerows([names, *rows])
    keys = ("--set", "hidden=8", "--set", "batch=2", "--set", "seq_len=8", "--steps", "60")
    ended = rnntui("train", str(source), "--name", "v", "--plain", "--set", "workers=1", *keys)
    assert ended.code == 0, ended.err
    out = rnntui("generate", "v", "--length", "9", "--method", "network").out
    header, *found = csv.reader(io.StringIO(out))
    bounds = [f"{n}.{e}{p}" for n in names for p in (80, 95) for e in ("lower", "upper")]
    assert header == [*names, *bounds] and len(found) == 9
    assert len({row[0] for row in found}) == 9 and len({row[1] for row in found}) == 9
    assert all(repr(float(cell)) == cell for row in found for cell in row)
    refused = rnntui("generate", "v", "--samples", "2")
    assert refused.code == 2 and "deterministic" in refused.err
