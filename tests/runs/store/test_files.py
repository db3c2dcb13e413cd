"""What training would write to, and with which rights: hard links, umasks, newer recipes."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnntui.errors import DataError, RunError
from rnntui.runs.store.checkpoint import OPTIMIZER
from rnntui.runs.store.create import create_run
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.files import FILES, overwrite
from rnntui.runs.store.journal import EVENTS, METRICS, Journal
from rnntui.runs.store.lock import take
from rnntui.runs.store.status import STATUS, Status, StatusWriter, read_status
from tests.conftest import Ended, quick_first
from tests.support.faults import Counted
from tests.support.new_run import NEW
from tests.support.real_runs import FOX

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]


@pytest.fixture
def fox(runs: Path, rnntui: Rnntui) -> Path:
    ended = rnntui("train", *FOX, "--set", "workers=1", "--steps", "5", "--plain", "--name", "fox")
    assert ended.code == 0, ended.err
    return runs / "fox"


@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl", "metrics-00001.jsonl", "lock"])
def test_a_file_with_another_name_is_not_written_to(fox: Path, rnntui: Rnntui, name: str):
    mine = fox.parent.parent / "mine"
    mine.write_text("something of mine\n")
    (fox / name).unlink(missing_ok=True)
    os.link(mine, fox / name)
    ended = rnntui("resume", "fox", "--steps", "9", "--plain")
    assert ended.code == 65 and ended.err.count("\n") == 1, ended.err
    assert name in ended.err and "hard link" in ended.err
    assert mine.read_text() == "something of mine\n"
    assert rnntui("generate", "fox", "--length", "5").code == 0
    mine.unlink()
    assert rnntui("runs").code == 0


def test_a_link_made_later_is_not_written_to_either(tmp_path: Path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    told: list[str | None] = []
    for stem in (METRICS, EVENTS):
        os.link(mine, tmp_path / f"{stem}.jsonl")
        journal = Journal(tmp_path, stem, lambda what, why: told.append(why))
        journal.append({"step": 1})
        assert not journal.drain() and "hard link" in str(told[-1])
    os.link(mine, tmp_path / STATUS)
    with pytest.raises(DataError, match="hard link"):
        overwrite(FILES, tmp_path / STATUS, b"{}")
    assert mine.read_text() == "mine"


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o077)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask", [0o777, 0o700, 0o400, 0o277, 0o177])
def test_a_umask_that_shuts_its_owner_out_is_named(
    runs: Path, rnntui: Rnntui, umask: Callable[[int], int], mask: int
):
    train = ("train", *FOX, "--steps", "3", "--plain")
    umask(mask)
    named, unnamed = rnntui(*train, "--name", "x"), rnntui(*train)
    umask(0o077)
    assert named.code == 74 and named.err.count("\n") == 1, named.err
    assert f"umask ({mask:03o})" in named.err and f"umask ({mask:03o})" in unnamed.err
    assert not runs.exists()
    with pytest.raises(RunError, match="umask"):
        umask(mask)
        create_run(runs, NEW)
    umask(0o077)
    assert not runs.exists()
    run, lock = create_run(runs, NEW, "there")
    lock.release()
    umask(mask)
    with pytest.raises(RunError, match="umask"):
        take(run.path)
    umask(0o022)
    _, lock = create_run(runs, NEW)
    lock.release()
    umask(0o077)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in runs.rglob("*") if path.is_dir()}
    assert modes == {0o700}


# ---- recipes of a newer version -----------------------------------------------------------------


def newer_key(text: str) -> str:
    return text.replace("[train]\n", "[train]\nwarp = 9\n")


def newer_section(text: str) -> str:
    return f"{text}\n[insight]\nneurons = true\n"


def newer_type(text: str) -> str:
    return text.replace("[sample]\n", "[sample]\nvoice = [1, 2]\n")


def newer_choice(text: str) -> str:
    return text.replace('optimizer = "adamw"', 'optimizer = "lion"')


def newer_head(text: str) -> str:
    return f'tags = ["a"]\n{text}'


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (newer_key, "warp"),
        (newer_section, "insight"),
        (newer_type, "voice"),
        (newer_choice, "optimizer"),
        (newer_head, "tags"),
    ],
)
def test_a_newer_recipe_is_read_as_far_as_possible(
    fox: Path, rnntui: Rnntui, tmp_path: Path, change: Callable[[str], str], key: str
):
    before = rnntui("generate", "fox", "--length", "20").out
    recipe = fox / "recipe.toml"
    recipe.write_text(change(recipe.read_text()))
    other = tmp_path / "other.txt"
    other.write_text("the fox jumps over the dog. " * 9)
    for args in (("generate", "fox", "--length", "20"), ("eval", "fox", str(other))):
        ended = rnntui(*args)
        assert ended.code == 0, ended.err
        (note,) = ended.err.splitlines()
        assert "newer version" in note and key in note
        assert args[0] == "eval" or ended.out == before
    for command in (("resume", "fox", "--steps", "9"), ("train", "--replay", "fox", "--no-save")):
        ended = rnntui(*command, "--plain")
        assert ended.code == 65 and ended.err.count("\n") == 1, ended.err
        assert "newer version" in ended.err and key in ended.err
    assert rnntui("runs").code == 0


def test_a_network_of_a_newer_version_is_refused(fox: Path, rnntui: Rnntui):
    recipe = fox / "recipe.toml"
    text = recipe.read_text()
    assert 'cell = "' in text
    recipe.write_text(re.sub(r'^cell = ".*"$', 'cell = "transformer"', text, flags=re.MULTILINE))
    ended = rnntui("generate", "fox")
    assert ended.code == 2 and "transformer" in ended.err and "recipe.toml" in ended.err


def test_a_damaged_recipe_is_named_with_its_run(fox: Path, rnntui: Rnntui, tmp_path: Path):
    (fox / "recipe.toml").write_text("x = [")
    other = tmp_path / "other.txt"
    other.write_text("the fox jumps over the dog. " * 9)
    train = ("train", "--replay", "fox", "--no-save", "--plain")
    commands = ("generate", "fox"), ("eval", "fox", str(other)), ("resume", "fox", "--plain"), train
    for command in commands:
        ended = rnntui(*command)
        assert ended.code == 65 and ended.err.count("\n") == 1, ended.err
        assert "fox: recipe.toml: not valid TOML" in ended.err
    assert rnntui("runs").code == 0


def test_a_recipe_without_the_newest_key_has_its_default(fox: Path, rnntui: Rnntui):
    recipe = fox / "recipe.toml"
    text = recipe.read_text()
    assert "keep = 10\n" in text
    recipe.write_text(text.replace("keep = 10\n", ""))
    assert rnntui("resume", "fox", "--steps", "9", "--plain").code == 0
    assert "keep = 10\n" in recipe.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("keep", quick_first([0, 2]))
def test_a_run_keeps_as_many_checkpoints_as_its_recipe_says(runs: Path, rnntui: Rnntui, keep: int):
    settings = (f"keep={keep}", "checkpoint_every=1", "split=0", "workers=1")
    options = [part for text in settings for part in ("--set", text)]
    train = (*FOX, *options, "--steps", "400", "--plain", "--every", "0", "--name", "fox")
    assert rnntui("train", *train).code == 0
    checkpoints = runs / "fox" / CHECKPOINTS
    there = sorted(path.name for path in checkpoints.iterdir())
    assert 3 <= len(there) <= 3 + keep
    resumable = [name for name in there if (checkpoints / name / OPTIMIZER).exists()]
    assert resumable == there[-3:]
    size = sum(path.stat().st_size for path in (runs / "fox").rglob("*") if path.is_file())
    assert abs(rnntui("runs", "--json").events[0]["size"] - size) < 0.01 * size


# ---- a full disk --------------------------------------------------------------------------------


def test_the_status_is_written_over_where_the_disk_is_full(tmp_path: Path):
    class Full(Counted):
        """Nothing new can be made."""

        full = False

        def act(self, name, action):
            if self.full and name in ("create", "mkdir", "rename"):
                raise OSError(28, "No space left on device")
            return action()

    files, now = Full(), [0.0]
    writer = StatusWriter(tmp_path, lambda what, why: None, files, lambda: now[0])
    status = Status("training", 5, None, 0.5, 1.25, None, None, 1e4, 1, 2.0, 3.0)
    long = Status(**{**vars(status), "reason": "x" * 100})
    short = Status(**{**vars(status), "state": "stopped", "step": 6, "trouble": "disk full"})
    for at, full, told in ((0, False, long), (2, True, short), (4, True, long), (6, False, short)):
        files.full, now[0] = full, at
        writer.set(told)
        assert writer.drain() == (not full)
        assert read_status(tmp_path) == told
        json.loads((tmp_path / STATUS).read_text())
