"""What SOURCE means, and how options become a recipe."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from rnntui.cli.options import DEFAULT, mode_of, recipe_of, settings_of
from rnntui.errors import RnntuiError, UsageError
from rnntui.recipe import keys, load_recipe, to_toml

TEXT = "the quick brown fox jumps over the lazy dog\n" * 60


def recipe(source, **settings):
    return recipe_of(source, settings)[0]


def test_nothing_is_the_default_recipe():
    assert recipe(None) == load_recipe(DEFAULT)


def test_a_bundled_recipe():
    assert recipe("hello-world") == load_recipe("hello-world")


def test_a_corpus():
    found = recipe("corpus:python")
    assert (found.name, found.data.source) == ("python", "corpus:python")
    assert found.data.task == "tokens"


def test_a_corpus_of_values():
    found = recipe("elnino")
    assert (found.data.task, found.data.standardize) == ("values", True)


def test_text_and_tables(in_folder):
    (in_folder / "notes.txt").write_text(TEXT, "utf-8")
    (in_folder / "table.csv").write_text("a\n1\n2\n3\n", "utf-8")
    np.save(in_folder / "array.npy", np.zeros(9))
    assert recipe("notes.txt").data.task == "tokens"
    assert recipe("notes.txt").name == "notes.txt"
    assert recipe("table.csv").data.task == recipe("array.npy").data.task == "values"


def test_a_recipe_of_ones_own(in_folder):
    mine = load_recipe("hello-world-cured").replace(hidden=7)
    (in_folder / "mine.toml").write_text(to_toml(mine), "utf-8")
    found = recipe("mine.toml", lr="0.5")
    assert (found.name, found.model.hidden, found.train.lr) == ("mine", 7, 0.5)


def test_a_file_or_a_corpus_as_a_recipe_says(in_folder):
    (in_folder / "notes.txt").write_text(TEXT, "utf-8")
    wanted = load_recipe("sums")
    found, notes = recipe_of("notes.txt", {"lr": "0.5"}, "sums")
    assert (found.name, found.title, notes) == ("notes.txt", "", ())
    assert found.replace(source="corpus:sums", lr=0.015).train == wanted.train
    assert (found.model, found.data.source) == (wanted.model, "notes.txt")
    assert recipe_of("tales", {}, "sums")[0].data.source == "corpus:tales"
    assert recipe_of(None, {}, "sums")[0] == wanted


def test_a_recipe_of_ones_own_for_a_file(in_folder):
    (in_folder / "notes.txt").write_text(TEXT, "utf-8")
    (in_folder / "mine.toml").write_text("[model]\nhidden = 7", "utf-8")
    assert recipe_of("notes.txt", {}, "mine.toml")[0].model.hidden == 7


ALREADY = "{} is already a recipe; use --recipe with a corpus or a file"


@pytest.mark.parametrize(
    ("source", "like", "line"),
    [
        ("ramp", "sums", ALREADY.format("ramp")),
        ("mine.toml", "sums", ALREADY.format("mine.toml")),
        ("notes.txt", "sum", "no recipe 'sum': did you mean 'sums'?"),
    ],
)
def test_a_recipe_that_cannot_be_for_a_source(in_folder, source, like, line):
    (in_folder / "notes.txt").write_text(TEXT, "utf-8")
    (in_folder / "mine.toml").write_text("[model]\nhidden = 7", "utf-8")
    with pytest.raises(UsageError) as caught:
        recipe_of(source, {}, like)
    assert str(caught.value) == line


def test_a_bare_name_is_a_recipe_before_it_is_a_file(in_folder):
    (in_folder / "ramp").write_text(TEXT, "utf-8")
    found, notes = recipe_of("ramp", {})
    assert found == load_recipe("ramp")
    assert notes == ("using the bundled recipe ramp; for the file of that name, write ./ramp",)
    found, notes = recipe_of("./ramp", {})
    assert (found.data.source, notes) == ("./ramp", ())


def test_a_bare_name_is_a_corpus_before_it_is_a_file(in_folder):
    (in_folder / "elnino").write_text(TEXT, "utf-8")
    found, notes = recipe_of("elnino", {})
    assert found.data.source == "corpus:elnino"
    assert notes == ("using the bundled corpus elnino; for the file of that name, write ./elnino",)


def test_a_file_without_a_suffix(in_folder):
    (in_folder / "README").write_text(TEXT, "utf-8")
    assert recipe("README").data.source == "README"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("helo-world", "no file, recipe or corpus called 'helo-world': did you mean 'hello-world'"),
        ("pyton", "no file, recipe or corpus called 'pyton': did you mean 'python'?"),
        ("zzzz", "no file, recipe or corpus called 'zzzz': see 'rnntui recipes' and"),
        ("corpus:tale", "no corpus 'tale': did you mean 'tales'?"),
        ("noted.txt", "noted.txt: no such file: did you mean 'notes.txt'?"),
        ("mine.toml", "mine.toml: no such file"),
        ("folder", "folder: is a directory"),
        ("empty.txt", "empty.txt: is empty"),
        ("", "source is empty"),
    ],
)
def test_what_is_not_there(in_folder, source, line):
    (in_folder / "notes.txt").write_text(TEXT, "utf-8")
    (in_folder / "empty.txt").write_text("", "utf-8")
    (in_folder / "folder").mkdir()
    with pytest.raises(RnntuiError) as caught:
        recipe_of(source, {})
    assert str(caught.value).startswith(line)
    assert len(str(caught.value)) <= 200


def test_a_bound_replaces_the_bounds_of_the_recipe():
    assert recipe("counting").train.epochs == 200
    found = recipe("counting", steps="500")
    assert (found.train.steps, found.train.epochs, found.train.seconds) == (500, 0, 0.0)
    assert recipe("counting", lr="0.5").train.epochs == 200


def test_settings():
    common = {"hidden": "64", "lr": None}
    assert settings_of(common, ("lr=0.1", "seq-len=5", "source=text:a=b")) == {
        "hidden": "64",
        "lr": "0.1",
        "seq_len": "5",
        "source": "text:a=b",
    }


@pytest.mark.parametrize(
    ("common", "pair", "line"),
    [
        ({}, "lr", "--set lr: takes KEY=VALUE, as in --set lr=0.01"),
        ({"lr": "1"}, "lr=2", "lr is given twice: --lr and --set lr=2"),
    ],
)
def test_settings_that_cannot_be(common, pair, line):
    with pytest.raises(UsageError) as caught:
        settings_of(common, (pair,))
    assert str(caught.value) == line


def test_options_name_keys_and_what_they_take():
    from rnntui.cli.training import RECIPE_OPTIONS, train

    leaves = {leaf.name: leaf for leaf in keys()}
    context = click.Context(train)
    help_of = {option.name: option.get_help_record(context) for option in train.params}
    for name, metavar, _text in RECIPE_OPTIONS:
        rule, (_flags, text) = leaves[name].rule, help_of[name]
        if rule.choices:
            assert text.endswith(": " + ", ".join(rule.choices) + ".")
        assert [word for word in rule.words if word not in metavar] == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch, term="xterm", stdin=True, stderr=True):
    monkeypatch.setattr(sys, "stdin", Terminal() if stdin else io.StringIO())
    monkeypatch.setattr(sys, "stderr", Terminal() if stderr else io.StringIO())
    monkeypatch.setenv("TERM", term)


def test_the_dashboard_needs_a_terminal(monkeypatch):
    on_terminal(monkeypatch)
    assert mode_of(False, False, "corpus:tales") == "dashboard"
    assert mode_of(True, False, "corpus:tales") == "plain"
    assert mode_of(False, True, "corpus:tales") == "json"
    assert mode_of(False, False, "-") == "plain"


@pytest.mark.parametrize(
    "lack", [{"term": "dumb"}, {"term": ""}, {"stdin": False}, {"stderr": False}]
)
def test_without_one_there_are_lines(monkeypatch, lack):
    on_terminal(monkeypatch, **lack)
    assert mode_of(False, False, "corpus:tales") == "plain"


def test_windows_is_told_what_the_dashboard_needs(monkeypatch):
    on_terminal(monkeypatch)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UsageError, match="--plain"):
        mode_of(False, False, "corpus:tales")
    assert mode_of(True, False, "corpus:tales") == "plain"


def test_standard_input(rnntui, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    ended = rnntui("train", "-", "--json", "--every", "1", "--steps", "2")
    assert [event["step"] for event in ended.of("step")] == [1, 2]
    assert "standard input" in ended.of("note")[0]["text"]


def test_standard_input_of_numbers(rnntui, monkeypatch):
    table = "x\n" + "\n".join(str(n % 7) for n in range(200))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table.encode())))
    ended = rnntui("train", "-", "--set", "task=values", "--json", "--steps", "2")
    assert ended.code == 0
    assert ended.events[-1]["steps"] == 2


def test_no_standard_input_at_all(rnntui, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    ended = rnntui("train", "-")
    assert ended.code == 65
    assert ended.err.startswith("rnntui: standard input: ")


ROWS = "".join(f"{n * n % 17} {n * n % 13}\n" for n in range(60))


@pytest.mark.parametrize(
    ("text", "task"),
    [
        (ROWS, "values"),
        ("a,b\n" + ROWS.replace(" ", ","), "values"),
        (ROWS.replace(" ", ".5\n"), "values"),
        ("Once upon a time\nthere were 3 bears\nin a wood\n" * 9, "tokens"),
        ("", "tokens"),
        ("1 2\n", "tokens"),
    ],
)
@pytest.mark.parametrize("source", ["a.txt", "a.dat", "-"])
def test_a_text_of_numbers_is_trained_as_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, task: str, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(text or "-")
    Path("a.dat").write_text(text or "-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    recipe, notes = recipe_of(source, {})
    assert recipe.data.task == task
    assert bool(notes) == (task == "values")
    if source == "-":
        assert sys.stdin.buffer.read() == text.encode()
    assert recipe_of("a.txt", {"task": "tokens"})[0].data.task == "tokens"
