"""Names, roots, and the small files of a run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.errors import DataError, RunError, UsageError
from rnntui.runs.store import files
from rnntui.runs.store.directory import RunInfo, open_run
from rnntui.runs.store.files import Files, check_owner, read_file, replace
from rnntui.runs.store.json_record import from_bytes, read_record, to_bytes
from rnntui.runs.store.names import LONGEST, check_name, names_for, slug
from rnntui.runs.store.root import make_root, runs_root
from rnntui.runs.store.status import Status, StatusWriter, read_status

INFO = RunInfo(
    uuid="u",
    started=1.5,
    recipe="tales",
    source="corpus:tales",
    source_size=3,
    source_sha256="a" * 64,
    vocabulary_sha256="b" * 64,
    parameters=12,
    argv=("rnntui", "train"),
    versions={"numpy": "2"},
    machine={"cpu": "x"},
)
STATUS = Status("training", 5, None, 0.5, 1.25, None, None, 1e4, 1, 2.0, 3.0)


def assert_one_line(error: Exception) -> None:
    text = str(error)
    assert 0 < len(text) <= 200
    assert text.isprintable()


def test_the_root_is_the_given_one_then_the_variables(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("RNNTUI_RUNS", "~/mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runs_root(tmp_path / "x") == tmp_path / "x"
    assert runs_root() == tmp_path / "mine"
    monkeypatch.delenv("RNNTUI_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert runs_root().is_relative_to(tmp_path)
    assert runs_root().parts[-2:] == ("rnntui", "runs")
    with pytest.raises(UsageError) as error:
        runs_root("~nobody-of-that-name/x")
    assert_one_line(error.value)


def test_the_root_is_made_for_its_user_alone(tmp_path: Path):
    root = tmp_path / "a" / "b"
    make_root(root)
    make_root(root)
    assert root.stat().st_mode & 0o777 == root.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["file", "file/inner", "nul\0", "x" * 300])
def test_a_root_that_cannot_be_made(tmp_path: Path, name: str):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError) as error:
        make_root(tmp_path / name)
    assert_one_line(error.value)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_names_are_safe_whatever_is_trained(label: str):
    name = next(names_for(label))
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert check_name(name) == name
    assert slug(slug(label)) == slug(label)


def test_names_do_not_run_out():
    names = names_for("My Notes.txt", choose=lambda words: words[0])
    first = [next(names) for _ in range(40)]
    assert first[0] == "my-notes-txt-agile-badger"
    assert len(set(first)) > 15


@pytest.mark.parametrize(
    "name", ["", "-x", ".x", "a/b", "..", "a b", "ä", "a\n", "a" * (LONGEST + 1), "\x1b[31m" * 99]
)
def test_names_that_no_run_may_have(name: str):
    with pytest.raises(UsageError) as error:
        check_name(name)
    assert_one_line(error.value)


def test_records_are_read_back(tmp_path: Path):
    path = tmp_path / "run.json"
    for record in (INFO, STATUS):
        replace(files.FILES, path, to_bytes(record))
        assert read_record(type(record), path) == record
        assert path.stat().st_mode & 0o777 == 0o600
    assert [inner.name for inner in tmp_path.iterdir()] == ["run.json"]
    newer = to_bytes(INFO).replace(b"{", b'{"later": [1],', 1)
    assert from_bytes(RunInfo, newer, path) == INFO


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{", b"["),
        (b"1.5", b"NaN"),
        (b"1.5", b'"now"'),
        (b"1.5", b"true"),
        (b'"uuid"', b'"uid"'),
        (b'"numpy": "2"', b'"numpy": 2'),
        (b'"tales"', b"null"),
        (b"12,", b"12.5,"),
        (b'"tales"', b"[" * 100_000),
        (b"1.5", b"1" * 10_000),
        (b'"u"', b'"\xff"'),
    ],
)
def test_damaged_records_are_refused(tmp_path: Path, old: bytes, new: bytes):
    data = to_bytes(INFO)
    assert old in data
    with pytest.raises(DataError) as error:
        from_bytes(RunInfo, data.replace(old, new, 1), tmp_path / "run.json")
    assert_one_line(error.value)


def test_only_plain_files_are_read(tmp_path: Path):
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"x" * 101)
    for name in ("directory", "fifo", "large"):
        with pytest.raises(DataError) as error:
            read_file(tmp_path / name, 100)
        assert_one_line(error.value)
    (tmp_path / "link").symlink_to(tmp_path / "large")
    for name in ("link", "missing"):
        with pytest.raises(OSError, match=name):
            read_file(tmp_path / name, 1000)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_files_that_others_may_write_are_refused(tmp_path: Path, mode: int):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    path.chmod(0o644)
    assert read_file(path, 10) == b"x"
    path.chmod(mode)
    with pytest.raises(DataError, match="chmod") as error:
        read_file(path, 10)
    assert_one_line(error.value)


def test_files_of_another_user_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(DataError, match="another user") as error:
        check_owner(tmp_path, tmp_path.stat())
    assert_one_line(error.value)
    with pytest.raises(DataError, match="another user"):
        open_run(tmp_path)


def test_a_run_opens(tmp_path: Path):
    run = tmp_path / "tales-calm-heron"
    run.mkdir(0o700)
    with pytest.raises(RunError) as error:
        open_run(run)
    assert_one_line(error.value)
    (run / "run.json").write_bytes(to_bytes(INFO))
    (run / "recipe.toml").write_text("[data]\n")
    (run / "vocab.json").write_text("{}")
    opened = open_run(run)
    assert opened.info == INFO
    assert opened.name == "tales-calm-heron"
    assert opened.recipe_text() == "[data]\n"
    with pytest.raises(DataError, match="changed"):
        opened.vocabulary()
    (run / "run.json").write_bytes(to_bytes(INFO).replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(DataError, match="newer"):
        open_run(run)
    run.chmod(0o770)
    with pytest.raises(DataError, match="chmod"):
        open_run(run)


class Clock:
    """A clock that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_status_is_written_once_a_second(tmp_path: Path):
    clock = Clock()
    writer = StatusWriter(tmp_path, lambda what, why: pytest.fail(f"{why}"), clock=clock)
    assert read_status(tmp_path) is None
    written = []
    for tenth in range(35):
        clock.now = tenth / 10
        writer.set(Status("training", tenth, None, 0.5, 1.0, None, None, 1.0, 1, 0.0, clock.now))
        writer.drain()
        status = read_status(tmp_path)
        assert status
        if status.step not in written:
            written.append(status.step)
    assert written == [0, 10, 20, 30]
    writer.drain(now=True)
    assert read_status(tmp_path).step == 34
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


class NoRoom(Files):
    """A disk without room."""

    def write(self, descriptor: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")


def test_a_status_that_cannot_be_written_is_reported(tmp_path: Path):
    told, clock = [], Clock()
    disk = NoRoom()
    writer = StatusWriter(tmp_path, lambda *report: told.append(report), disk, clock)
    writer.set(STATUS)
    assert not writer.drain()
    assert told == [("status", "No space left on device")]
    disk.write = Files().write
    assert writer.drain()
    assert told[1:] == []
    clock.now = 1.0
    assert writer.drain()
    assert told[1:] == [("status", None)]
    assert read_status(tmp_path) == STATUS


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"state": "dancing"}', b"\0" * 100])
def test_a_damaged_status_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "status.json").write_bytes(data)
    with pytest.raises(DataError) as error:
        read_status(tmp_path)
    assert_one_line(error.value)
