"""Runs are made, found, listed and removed."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.errors import DataError, RunError, RunTakenError, UsageError
from rnntui.runs.store import create as making
from rnntui.runs.store.checkpoint import Checkpoint, save
from rnntui.runs.store.create import create_run, remove_runs, sweep
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.files import FILES, Files
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.find import find_run
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.lock import take
from rnntui.runs.store.lock_owner import OWNER_FILE, read_lock_owner, this_host
from rnntui.runs.store.status import Status
from rnntui.runs.store.summary import list_runs, summarize
from tests.support.new_run import NEW

STATUS = Status("training", 5, None, 0.5, 1.25, None, 1.5, 1e4, 1, 2.0, 3.0)


def assert_one_line(error: BaseException) -> None:
    text = str(error)
    assert 0 < len(text) <= 200
    assert text.isprintable()


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def make(root: Path, name: str, held: bool = False) -> Path:
    run, lock = create_run(root, NEW, name)
    if not held:
        lock.release()
    return run.path


def write_status(path: Path, **changes) -> None:
    replace_file(FILES, path / "status.json", to_bytes(replace(STATUS, **changes)))


def test_a_run_is_made_whole_and_held(tmp_path: Path):
    root = tmp_path / "runs"
    run, lock = create_run(root, NEW, terminal="pts/1")
    assert run.name.startswith("tales-")
    assert open_run(run.path) == run
    assert run.vocabulary() == NEW.vocabulary
    assert run.recipe_text() == NEW.recipe_toml
    assert sorted(path.name for path in run.path.iterdir()) == [
        "checkpoints",
        "lock",
        "lock.json",
        "recipe.toml",
        "run.json",
        "vocab.json",
    ]
    for path in (root, run.path, run.checkpoints):
        assert path.stat().st_mode & 0o777 == 0o700
    lock.check()
    with pytest.raises(RunTakenError, match=run.name):
        create_run(root, NEW, run.name)
    lock.release()
    with pytest.raises(UsageError, match="resume") as error:
        create_run(root, NEW, run.name)
    assert_one_line(error.value)
    with pytest.raises(UsageError):
        create_run(root, NEW, "../x")
    assert [path.name for path in root.iterdir()] == [run.name]


def test_a_name_that_is_gone_meanwhile(tmp_path: Path, monkeypatch):
    """Another run gets the name between the look and the rename."""
    monkeypatch.setattr(Path, "exists", lambda path: False)
    first, lock = create_run(tmp_path, NEW, "same")
    with pytest.raises(RunTakenError):
        create_run(tmp_path, NEW, "same")
    assert names_in(tmp_path) == ["same"]
    names = ["same", "same", "My Text-other"]
    monkeypatch.setattr(making, "names_for", lambda label, changes: iter(names))
    second, other = create_run(tmp_path, NEW, label="My Text")
    assert second.name == "My Text-other"
    assert read_lock_owner(first.path)[0] == lock.owner
    lock.release()
    other.release()


class Failing(Files):
    """The k-th call that changes something fails."""

    def __init__(self, k: int) -> None:
        self.left = k

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(28, "No space left on device")

    def open(self, path, flags):
        self._count()
        return super().open(path, flags)

    def write(self, descriptor, data):
        self._count()
        return super().write(descriptor, data)

    def fsync(self, descriptor):
        self._count()

    def rename(self, source, target):
        self._count()
        super().rename(source, target)

    def mkdir(self, path):
        self._count()
        super().mkdir(path)


def test_a_run_that_cannot_be_made_leaves_nothing(tmp_path: Path):
    failures = 0
    for k in range(1, 60):
        try:
            run, lock = create_run(tmp_path, NEW, files=Failing(k))
        except RunError as error:
            assert_one_line(error)
            assert error.exit_code == 74
            # Only waiting for the last name to be on the disk may fail when the run is there.
            left = [path for path in tmp_path.iterdir() if path.name.startswith(".")]
            assert not left
            failures += 1
            continue
        lock.release()
        assert open_run(run.path) == run
        break
    assert failures > 15


def test_what_dead_makers_left_is_swept(tmp_path: Path):
    old, fresh, removed, held, mine = (
        f"{kind}-{uuid.uuid4()}" for kind in (".new", ".new", ".del", ".new", ".del")
    )
    for name in (old, fresh, removed, held, mine, ".new-project", ".del-notes"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name).chmod(0o700)
        (tmp_path / name / "lock").touch()
    (tmp_path / mine / "notes.txt").write_text("nobody but me")
    lock = take(tmp_path / held)
    for name in names_in(tmp_path):
        if name != fresh:
            os.utime(tmp_path / name, (1, 1))
    sweep(tmp_path)
    assert names_in(tmp_path) == sorted([fresh, held, mine, ".new-project", ".del-notes"])
    lock.release()


def test_a_run_is_removed_unless_it_is_trained(tmp_path: Path):
    run, lock = create_run(tmp_path, NEW, "mine")
    with pytest.raises(RunTakenError, match="mine") as error:
        remove_runs([run.path])
    assert_one_line(error.value)
    lock.release()
    save(run.checkpoints, Checkpoint(1, {}, {}, {}))
    remove_runs([run.path])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunError):
        remove_runs([run.path])
    (tmp_path / "link").symlink_to(Path(__file__).parent)
    with pytest.raises(DataError):
        remove_runs([tmp_path / "link"])


def test_runs_are_listed(tmp_path: Path):
    root = tmp_path / "runs"
    assert list_runs(root) == []
    locks = []
    for name in ("training", "paused", "finished-live"):
        _, lock = create_run(root, NEW, name)
        locks.append(lock)
    for name in ("finished", "stopped", "diverged", "crashed", "crashed-early", "rebooted"):
        make(root, name)
    make(root, "silent")
    make(root, "far")
    for name in ("training", "crashed", "rebooted", "silent", "far"):
        write_status(root / name)
    for name in ("paused", "finished", "stopped", "diverged"):
        write_status(root / name, state=name)
    write_status(root / "finished-live", state="finished", step=9, loss=None)
    for name in ("silent", "far", "rebooted"):
        owner = replace(locks[0].owner, boot="other", pid=1)
        if name != "rebooted":
            owner = replace(owner, host="far-away", machine="m")
        path = root / name / OWNER_FILE
        path.write_bytes(to_bytes(owner))
    os.utime(root / "silent" / OWNER_FILE, (time.time() - 300,) * 2)
    for name in ("damaged", "nobody"):
        make(root, name)
        (root / name / "run.json").write_bytes(b"{" if name == "damaged" else b"{}")
    (root / "no-run").mkdir()
    (root / "file").touch()
    found = {run.name: run for run in list_runs(root)}
    assert {name: run.state for name, run in found.items()} == {
        "training": "training",
        "paused": "paused",
        "finished-live": "finished",
        "finished": "finished",
        "stopped": "stopped",
        "diverged": "diverged",
        "crashed": "crashed",
        "crashed-early": "crashed",
        "rebooted": "crashed",
        "silent": "silent",
        "far": "training",
        "damaged": "damaged",
        "nobody": "damaged",
    }
    assert {name for name, run in found.items() if run.live} == {
        "training",
        "paused",
        "finished-live",
        "far",
    }
    assert found["finished-live"].step == 9
    assert found["finished-live"].loss is None
    assert found["training"].loss == 1.25
    assert found["training"].holder == f"process {os.getpid()} on {this_host().name[:30]}"
    assert found["crashed"].holder == ""
    assert "far-away" in found["silent"].holder
    assert "JSON" in found["damaged"].problem
    assert all(run.size > 20 for run in found.values())
    for lock in locks:
        lock.release()
    assert summarize(root / "training").state == "crashed"


def test_the_run_begun_or_resumed_last_comes_first(tmp_path: Path):
    for name in ("a", "b", "c"):
        make(tmp_path, name)
        time.sleep(0.002)
    assert [run.name for run in list_runs(tmp_path)] == ["c", "b", "a"]
    write_status(tmp_path / "a", since=time.time() + 1)
    assert [run.name for run in list_runs(tmp_path)] == ["a", "c", "b"]
    assert find_run(tmp_path, None).name == "a"


def test_runs_are_found(tmp_path: Path, monkeypatch):
    root = tmp_path / "runs"
    for name in ("tales-calm-heron", "tales-calm-hare", "verse-old-heron", "tales"):
        make(root, name)
    for given, name in {
        "tales": "tales",
        "tales-calm-her": "tales-calm-heron",
        "verse": "verse-old-heron",
        "old-heron": "verse-old-heron",
        "calm-ha": "tales-calm-hare",
    }.items():
        assert find_run(root, given).name == name
    monkeypatch.chdir(tmp_path)
    for given in ("runs/verse-old-heron", str(root / "verse-old-heron"), "./runs/verse-old-heron/"):
        assert find_run(tmp_path / "other", given) == root / "verse-old-heron"
    monkeypatch.chdir(root)
    assert find_run(tmp_path / "other", "tales-calm-hare") == root / "tales-calm-hare"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("heron", "2 runs"),
        ("tales-calm", "2 runs"),
        ("tales-clam-heron", "did you mean 'tales-calm-heron'"),
        ("zzz", "rnntui runs"),
        ("", "3 runs"),
        ("./zzz", "not a run"),
        ("..", "not a run"),
        ("~nobody-of-that-name/x", "not a path"),
        ("\0", "rnntui runs"),
        ("/\0", "not a path"),
        ("\x1b[31m" * 100, "rnntui runs"),
        ("x" * 5000, "rnntui runs"),
        ("/x" * 5000, ""),
    ],
)
def test_runs_that_are_not_found(tmp_path: Path, monkeypatch, given: str, said: str):
    monkeypatch.chdir(tmp_path)
    for name in ("tales-calm-heron", "tales-calm-hare", "verse-old-heron"):
        make(tmp_path / "runs", name)
    with pytest.raises((UsageError, RunError)) as error:
        find_run(tmp_path / "runs", given)
    assert_one_line(error.value)
    assert said in str(error.value)


def test_there_are_no_runs_yet(tmp_path: Path):
    with pytest.raises(UsageError, match="rnntui train") as error:
        find_run(tmp_path / "runs", None)
    assert_one_line(error.value)
