"""`rnntui sweep rm` removes exactly what was named, and only what is provably a sweep."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.runs.store.create import create_run
from rnntui.runs.store.lock import take
from rnntui.sweep.leaderboard import SweepList
from rnntui.sweep.store import SWEEPS, create, open_sweep, sweep_names
from tests.conftest import Ended, run_process
from tests.support.new_run import NEW
from tests.sweep.test_command import SMALL

Rnntui = Callable[..., Ended]
Tree = dict[str, bytes]


def tree(root: Path) -> Tree:
    """Every file below, without the empty locks that looking may take."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b""
        for path in sorted(root.rglob("*"))
        if path.name != "lock"
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "runs"
    args = (*SMALL, "--grid", "lr=0.01,0.1", "--steps", "4", "--name", "s", "--jobs", "2")
    ended = run_process("sweep", *args, "--json", "--runs-dir", str(root))
    assert ended.returncode == 0, ended.stderr
    return root


@pytest.fixture
def root(trained: Path, runs: Path) -> Path:
    shutil.copytree(trained, runs)
    return runs


def refused(rnntui: Rnntui, root: Path, *args: str, code: int = 2, said: str) -> None:
    before = tree(root)
    for yes in ((), ("--yes",)):
        ended = rnntui("sweep", "rm", *args, *yes)
        assert ended.code == code, ended.err
        assert ended.err.count("\n") == 1 and said in ended.err, ended.err
        assert tree(root) == before


@pytest.mark.parametrize("given", ["", "S", "s ", "s-1", "s*", ".", "..", "./s", ".sweeps/s", "\0"])
def test_only_the_exact_name_is_a_sweep(root: Path, rnntui: Rnntui, given: str):
    refused(rnntui, root, "--", given, said="no sweep '")
    refused(rnntui, root, "s", given, said="no sweep '")


def test_a_sweep_is_removed_and_its_runs_stay(root: Path, rnntui: Rnntui):
    assert rnntui("sweep", "rm", "s").code == 2, "without a terminal it needs --yes"
    ended = rnntui("sweep", "rm", "s", "s", "--yes")
    assert ended.code == 0 and ended.err.count("sweep s: 2 trials, 2 finished") == 1, ended.err
    assert [path.name for path in (root / SWEEPS).iterdir()] == []
    assert {path.name for path in root.glob("s-*")} == {"s-1", "s-2"}
    assert rnntui("sweep", "show", "s").code == 2
    assert rnntui("rm", "s-1", "--yes").code == 0


def test_a_sweep_is_removed_with_the_runs_of_its_trials(root: Path, rnntui: Rnntui):
    _, lock = create_run(root, NEW, "s-3")
    lock.release()
    ended = rnntui("sweep", "rm", "s", "--trials", "--yes")
    assert ended.code == 0 and "s-1" in ended.err and "s-2" in ended.err, ended.err
    assert [path.name for path in root.iterdir() if path.name != SWEEPS] == ["s-3"]


def test_a_run_with_the_name_of_a_trial_that_is_none_is_not_removed(root: Path, rnntui: Rnntui):
    shutil.rmtree(root / "s-2")
    _, lock = create_run(root, NEW, "s-2")
    lock.release()
    refused(rnntui, root, "s", "--trials", code=65, said="it is not a trial of sweep s")
    assert rnntui("sweep", "rm", "s", "--yes").code == 0


def test_a_sweep_that_is_being_run_or_has_a_trial_that_is_trained_stays(root: Path, rnntui: Rnntui):
    with open_sweep(root, "s").hold():
        refused(rnntui, root, "s", code=73, said="sweep s is being run by")
    lock = take(root / "s-2")
    refused(rnntui, root, "s", "--trials", code=73, said="s-2")
    lock.release()
    assert rnntui("sweep", "rm", "s", "--trials", "--yes").code == 0


@pytest.mark.parametrize("name", ["notes.txt", "trials.json", "log.old", "more"])
def test_a_directory_with_other_files_is_not_removed(root: Path, rnntui: Rnntui, name: str):
    path = root / SWEEPS / "s" / name
    path.mkdir() if name == "more" else path.write_text("mine")
    refused(rnntui, root, "s", code=65, said=f"it contains '{name}', which rnntui did not create")


def test_what_is_linked_renamed_or_damaged_is_not_removed(root: Path, rnntui: Rnntui):
    sweeps = root / SWEEPS
    shutil.copytree(sweeps / "s", sweeps / "copy")
    refused(rnntui, root, "copy", code=65, said="is that of sweep 's'")
    shutil.rmtree(sweeps / "copy")
    (sweeps / "s").rename(root.parent / "elsewhere")
    (sweeps / "s").symlink_to(root.parent / "elsewhere")
    refused(rnntui, root, "s", code=65, said="not a directory")
    (sweeps / "s").unlink()
    shutil.copytree(root.parent / "elsewhere", sweeps / "s")
    (sweeps / "s" / "trials.jsonl").write_bytes(b"{}\n")
    refused(rnntui, root, "s", code=65, said="delete it yourself if it is yours")
    table = json.loads((sweeps / "s" / "sweep.json").read_text())
    (sweeps / "s" / "sweep.json").write_text(json.dumps({**table, "format": 99}))
    refused(rnntui, root, "s", code=65, said="newer version")


def test_what_may_not_be_written_is_refused_before_anything_is_renamed(
    root: Path, rnntui: Rnntui, monkeypatch: pytest.MonkeyPatch
):
    access = os.access
    for locked in (SWEEPS, f"{SWEEPS}/s", "s-2", "s-2/checkpoints"):
        monkeypatch.setattr(
            os,
            "access",
            lambda path, mode, locked=root / locked, **more: (
                path != locked and access(path, mode, **more)
            ),
        )
        refused(rnntui, root, "s", "--trials", code=74, said="Permission denied")


def test_a_new_sweep_clears_away_what_killed_processes_left(root: Path):
    first = open_sweep(root, "s")
    kinds = {"made": "new", "removed": "del", "foreign": "del", "fresh": "new"}
    left = {name: root / SWEEPS / f".{kind}-{uuid.uuid4()}" for name, kind in kinds.items()}
    for name, path in left.items():
        shutil.copytree(first.directory, path)
        if name == "foreign":
            (path / "notes.txt").write_text("mine")
        if name != "fresh":
            os.utime(path, (0, 0))
    create(root, replace(first.info, name="t"), first.recipe, first.trials)
    assert {name for name, path in left.items() if path.exists()} == {"foreign", "fresh"}
    assert set(sweep_names(root)) == {"s", "t"}


def test_runs_that_cannot_be_looked_for_are_listed(root: Path, monkeypatch: pytest.MonkeyPatch):
    board = SweepList(root, "s")

    def denied(_path: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "exists", denied)
    assert [one.path.name for one in board.listed()] == ["s-1", "s-2"]
