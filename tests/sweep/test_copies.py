"""Copies of runs between hosts that share no disk, and what is said of hosts."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.errors import RunError, UsageError
from rnntui.foreground.report import Lines
from rnntui.runs.job import Job
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.sweep.child import TrialReport, train_task
from rnntui.sweep.remote import place
from rnntui.sweep.remote.copies import newest_checkpoint, read_copy, write_copy
from rnntui.sweep.remote.host import Facts
from rnntui.sweep.remote.judge import description, objection
from rnntui.sweep.remote.place import parse_place
from rnntui.sweep.results import result_of
from rnntui.sweep.task import Task
from tests.support.runs_compared import differences
from tests.support.sweeps import TINY


def trained(root: Path, until: int | None = None, run: Path | None = None) -> Path:
    """Train a small run in a directory, or continue one."""
    root.mkdir(exist_ok=True, mode=0o700)
    job = Job(TINY, runs=str(root), name="s-1")
    if run is not None:
        job = Job(stored_recipe(run, exact=True), run=str(run))
    end, text, _ = train_task(Task(1, job, until), TrialReport(Lines(io.StringIO()), until))
    assert end == ("finished" if until is None else "rung"), text
    return root / "s-1"


def test_a_copy_continues_elsewhere_as_if_it_had_never_moved(tmp_path: Path):
    whole = trained(tmp_path / "whole")
    first = trained(tmp_path / "a", until=4)
    (tmp_path / "b").mkdir(mode=0o700)
    moved = tmp_path / "b" / "s-1"
    write_copy(read_copy(first), moved)
    assert not (moved / "lock").exists() and result_of(moved) == result_of(first)
    trained(tmp_path / "b", run=moved)
    assert differences(whole, moved) == [] and result_of(whole) == result_of(moved)
    write_copy(read_copy(moved), first)  # and back, over the older one
    assert differences(whole, first) == [] and result_of(whole) == result_of(first)
    names = sorted(path.name for path in (first / "checkpoints").iterdir())
    assert names == sorted(path.name for path in (moved / "checkpoints").iterdir())


def test_a_copy_has_only_what_is_complete_and_not_too_large(tmp_path: Path):
    assert read_copy(tmp_path / "nothing") == {}
    run = trained(tmp_path / "a", until=4)
    name, size = newest_checkpoint(run)
    assert name.startswith("step-00000004") and size > 0  # it may have been saved twice
    assert read_copy(run, size) != {} and read_copy(run, size - 1) == {}
    older = run / "checkpoints" / "step-00000002"  # a busy disk skips some
    if not older.exists():
        shutil.copytree(run / "checkpoints" / name, older)
    for last in (run / "checkpoints").glob("step-00000004*"):
        (last / "manifest.json").unlink()
    (run / ".status.json.new").write_text("half")
    (older / ".manifest.json.new").write_text("half")  # an older one gets lighter
    assert newest_checkpoint(run)[0].startswith("step-00000002")
    copied = read_copy(run)
    assert not [one for one in copied if "step-00000004" in one or one.startswith((".", "lock"))]
    write_copy(copied, tmp_path / "copy")
    assert (tmp_path / "copy" / "checkpoints" / older.name / "manifest.json").exists()


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "checkpoints/../x", "a/b", "a/b/c", ".x", "", "checkpoints/s/../x"]
)
def test_a_copy_writes_nothing_outside_of_its_run(tmp_path: Path, name: str):
    with pytest.raises(RunError, match="not a run's"):
        write_copy({name: b"x"}, tmp_path / "s-1")
    assert [*tmp_path.iterdir()] == []


HERE = Facts(
    versions={"python": "3.12.4", "rnntui": "0.1.0", "numpy": "2.3.0", "distributed": "2026.1.0"},
    machine={"cpu": "Zen 3", "blas_core": "Zen"},
    cores=2, free=3 * 10**9, shares=True, data="f00",
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (HERE, ""),
        (replace(HERE, machine={}, shares=False), ""),
        (replace(HERE, versions={**HERE.versions, "python": "3.12.9"}), ""),
        (replace(HERE, versions={**HERE.versions, "numpy": "2.2.0"}), "NumPy 2.2.0, here 2.3.0"),
        (replace(HERE, versions={**HERE.versions, "distributed": ""}), "Dask is missing, here"),
        (replace(HERE, versions={**HERE.versions, "python": "3.11.9"}), "Python 3.11.9, here 3.12"),
        (replace(HERE, data="", problem="notes.txt: no such file"), "notes.txt: no such file"),
        (replace(HERE, data="bad"), "its data differ"),
    ],
)  # fmt: skip
def test_a_host_must_compute_the_same(facts: Facts, why: str):
    found = objection(facts, HERE)
    assert found.startswith(why) and bool(found) == bool(why)


def test_a_host_is_described_in_one_line():
    assert description(HERE, HERE) == (
        "Python 3.12.4, rnntui 0.1.0, NumPy 2.3.0, 2 cores, 3 GB free, same data, "
        "same directory of runs"
    )
    other = replace(HERE, machine={"cpu": "Zen 4"}, shares=False)
    assert "checkpoints are copied, another kind of CPU" in description(other, HERE)


def test_a_place_is_read_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(place, "find_spec", lambda _name: object())
    found = parse_place("ssh:a,me@b.example")
    assert found.hosts == ("a", "me@b.example") and found.text == "ssh:a,me@b.example"
    assert parse_place("local").is_local and parse_place("slurm").text == "slurm"
    for text in (
        "",
        "ssh",
        "ssh:",
        "ssh:a,",
        "ssh:a,a",
        "slurm:a",
        "local:x",
        "ssh:-oX=1",
        "ssh:a;b",
    ):
        with pytest.raises(UsageError, match="--on"):
            parse_place(text)
    monkeypatch.setattr(place, "find_spec", lambda _name: None)
    for text, extra in (("ssh:a", "sweep"), ("slurm", "slurm")):
        with pytest.raises(UsageError, match=rf"pip install 'rnntui\[{extra}\]'"):
            parse_place(text)
