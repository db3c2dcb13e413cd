"""Tags and notes: given to exactly one run, stored beside it, shown and found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.runs.store.labels import LABELS, MOST_TAGS, Labels, read_labels
from tests.cli.test_where import make
from tests.conftest import Ended

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]


@pytest.fixture
def root(runs: Path) -> Path:
    for name in ("tales-1", "tales-1-b"):
        make(runs, name)
    return runs


def test_tags_and_a_note_are_given_shown_found_and_removed(root: Path, rnntui: Rnntui):
    assert rnntui("tag", "tales-1").out == "tales-1 has no tags and no note\n"
    assert not (root / "tales-1" / LABELS).exists()
    ended = rnntui("tag", "tales-1", "night-3", "keep", "keep", "--note", "as in ✎ the paper")
    assert (ended.code, ended.out) == (0, "#keep #night-3  “as in ✎ the paper”\n"), ended.err
    assert rnntui("tag", "tales-1").out == ended.out
    assert "#keep #night-3  “as in ✎ the paper”" in rnntui("runs").out
    for words in (("tag=keep",), ("tag:night*", "note:paper")):
        assert [run["name"] for run in rnntui("runs", *words, "--json").events] == ["tales-1"]
    (row,) = rnntui("runs", "tag!=keep", "--json").events
    assert (row["name"], row["tags"], row["note"]) == ("tales-1-b", [], "")
    ended = rnntui("tag", "tales-1", "--remove", "keep", "--note", "")
    assert (ended.code, ended.out) == (0, "#night-3\n")
    assert rnntui("rm", "tales-1", "--yes").code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("tales", "x"), "no run has the full name 'tales'"),
        (("nothing", "x"), "no run 'nothing'"),
        (("tales-1", "a b"), "tag 'a b': use up to 32 letters"),
        (("tales-1", "#x"), "tag '#x'"),
        (("tales-1", ""), "tag ''"),
        (("tales-1", "x" * 33), "tag 'xxx"),
        (("tales-1", "\x1b[2J"), "tag '␛[2J'"),
        (("tales-1", "--remove", "x"), "tales-1 has no tag 'x': it has none"),
        (("tales-1", "--note", "x" * 501), "the note has 501 characters"),
        (("tales-1", *(f"t{n}" for n in range(MOST_TAGS + 1))), "33 tags"),
    ],
)
def test_what_is_wrong_is_one_line_and_changes_nothing(
    root: Path, rnntui: Rnntui, args: tuple[str, ...], said: str
):
    ended = rnntui("tag", *args)
    assert ended.code == 2 and said in ended.err and ended.err.count("\n") == 1, ended.err
    assert not (root / "tales-1" / LABELS).exists()


def test_only_a_run_that_can_be_opened_gets_a_tag(root: Path, rnntui: Rnntui):
    (root / "tales-1" / "run.json").write_text("{")
    ended = rnntui("tag", "tales-1", "keep")
    assert ended.code == 65 and ended.err.count("\n") == 1, ended.err
    assert not (root / "tales-1" / LABELS).exists()


def test_a_file_that_holds_no_labels_is_named_and_not_replaced(root: Path, rnntui: Rnntui):
    os.mkfifo(root / "tales-1" / LABELS)
    ended = rnntui("tag", "tales-1", "keep")
    assert ended.code == 65 and LABELS in ended.err and ended.err.count("\n") == 1, ended.err


def test_absurd_labels_are_cut(root: Path):
    tags = [f"{n}-" * 90 for n in range(99)]
    (root / "tales-1" / LABELS).write_text(json.dumps({"tags": tags, "note": "x" * 9999}))
    (root / "tales-1" / LABELS).chmod(0o600)
    labels, wrong = read_labels(root / "tales-1")
    assert wrong == () and len(labels.tags) == MOST_TAGS and len(labels.note) == 500
    assert max(map(len, labels.tags)) == 32
    (root / "tales-1" / LABELS).write_text('{"tags": 3}')
    assert read_labels(root / "tales-1") == (Labels(), ("tags",))
