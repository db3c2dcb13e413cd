"""Journals: torn lines, failing disks, readers that follow, runs that go back."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.runs.store.files import Files
from rnntui.runs.store.journal import (
    LONGEST_LINE,
    Journal,
    JournalReader,
    add_valid,
    read_journal,
    segment,
    to_line,
)
from rnntui.runs.store.metrics import Metrics
from rnntui.update_numbers import UpdateNumbers
from tests.conftest import examples


def silent(what: str, why: str | None) -> None:
    raise AssertionError(f"{what}: {why}")


class Hurried(Files):
    """Does not wait for the disk."""

    def fsync(self, descriptor: int) -> None:
        pass


def numbers(directory: Path) -> tuple[list[int], int]:
    lines, bad = read_journal(directory, "metrics")
    return [line["step"] for line in lines], bad


def test_lines_are_read_back_in_order(tmp_path: Path):
    journal = Journal(tmp_path, "metrics", silent)
    for step in range(5):
        journal.append({"step": step, "text": "é\n\u2028"})
    assert numbers(tmp_path) == ([], 0)
    assert journal.close()
    assert numbers(tmp_path) == ([0, 1, 2, 3, 4], 0)
    path = segment(tmp_path, "metrics", 0)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().count(b"\n") == 5


def test_numbers_that_are_not_finite_are_null_and_named():
    line = to_line({"step": 1, "loss": math.nan, "high": math.inf, "low": -math.inf, "lr": 0.1})
    assert json.loads(line, parse_constant=lambda word: pytest.fail(word)) == {
        "step": 1,
        "loss": None,
        "high": None,
        "low": None,
        "lr": 0.1,
        "nonfinite": {"loss": "nan", "high": "inf", "low": "-inf"},
    }


def test_what_json_cannot_hold_is_refused(tmp_path: Path):
    journal = Journal(tmp_path, "metrics", silent)
    with pytest.raises(ValueError, match="JSON"):
        journal.append({"values": [math.nan]})
    with pytest.raises(ValueError, match="bytes"):
        journal.append({"text": "x" * LONGEST_LINE})
    assert journal.close()
    assert numbers(tmp_path) == ([], 0)


@settings(deadline=None, max_examples=examples(60))
@given(st.data())
def test_a_torn_last_line_is_passed_over_and_mended(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("run")
    records = [
        {"step": i, "text": text}
        for i, text in enumerate(data.draw(st.lists(st.text(max_size=9), min_size=1, max_size=5)))
    ]
    whole = b"".join(to_line(record) for record in records)
    cut = data.draw(st.integers(0, len(whole)))
    kept = whole[:cut].count(b"\n")
    segment(directory, "metrics", 0).write_bytes(whole[:cut])
    assert read_journal(directory, "metrics")[0] == records[:kept]
    journal = Journal(directory, "metrics", silent, Hurried())
    journal.append({"step": 99})
    assert journal.close()
    lines, bad = read_journal(directory, "metrics")
    assert lines == [*records[:kept], {"step": 99}] or (
        # The cut took the newline alone: the line before it is whole.
        bad == 0 and lines == [*records[: kept + 1], {"step": 99}]
    )
    torn = cut > 0 and whole[cut - 1 : cut] != b"\n"
    assert bad == (torn and len(lines) == kept + 1)


@settings(deadline=None, max_examples=examples(60))
@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("run")
    segment(directory, "metrics", 0).write_bytes(data)
    lines, bad = read_journal(directory, "metrics")
    assert len(lines) + bad <= data.count(b"\n")


@pytest.mark.parametrize("row", [b"[]", b"1", b"NaN", b"\0" * 40, b"[" * 100_000, b"\xff", b"null"])
def test_lines_that_hold_no_object_are_counted(tmp_path: Path, row: bytes):
    path = segment(tmp_path, "metrics", 0)
    path.write_bytes(b'{"step":1}\n' + row + b'\n{"step":2}\n')
    assert numbers(tmp_path) == ([1, 2], 1)


def test_a_line_without_end_is_passed_over(tmp_path: Path):
    path = segment(tmp_path, "metrics", 0)
    path.write_bytes(b'{"step":1}\n' + b"x" * 5_000_000 + b'\n{"step":2}\n')
    assert numbers(tmp_path) == ([1, 2], 1)


def test_parts_follow_one_another(tmp_path: Path):
    for begin in (0, 20):  # the second writer goes on where the first one was
        journal = Journal(tmp_path, "metrics", silent, most=100)
        reader = JournalReader(tmp_path, "metrics")
        for step in range(begin, begin + 20):
            journal.append({"step": step})
            assert journal.drain()
        assert journal.close()
    parts = sorted(path.name for path in tmp_path.iterdir())
    assert parts[0] == "metrics-00001.jsonl"
    assert parts[-1] == "metrics.jsonl"
    assert len(parts) > 4
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert [line["step"] for line in reader.read()] == list(range(40))
    assert reader.read() == []


def test_a_part_that_ends_torn_does_not_stop_the_reader(tmp_path: Path):
    segment(tmp_path, "metrics", 0).write_bytes(b'{"step":1}\n{"st')
    segment(tmp_path, "metrics", 1).write_bytes(b'{"step":2}\n')
    assert numbers(tmp_path) == ([1, 2], 1)


def test_a_reader_follows_a_writer(tmp_path: Path):
    count, seen = 2000, []

    def write() -> None:
        journal = Journal(tmp_path, "metrics", silent, most=9000)
        for step in range(count):
            journal.append({"step": step, "loss": step / 7})
            journal.drain()
        journal.close()

    thread = threading.Thread(target=write)
    reader = JournalReader(tmp_path, "metrics")
    thread.start()
    while thread.is_alive():
        seen += reader.read(200)
    thread.join()
    while lines := reader.read():
        seen += lines
    assert seen == [{"step": step, "loss": step / 7} for step in range(count)]
    assert reader.bad == 0


def test_a_resumed_run_voids_what_came_after(tmp_path: Path):
    journal = Journal(tmp_path, "metrics", silent)
    for step in (1, 2, 3, 4):
        journal.append({"step": step})
    journal.roll_back(2)
    journal.append({"step": 3, "again": True})
    journal.roll_back(2)
    journal.append({"step": 3, "again": "twice"})
    journal.close()
    lines, bad = read_journal(tmp_path, "metrics")
    assert lines == [{"step": 1}, {"step": 2}, {"step": 3, "again": "twice"}]
    assert bad == 0
    kept: list = []
    add_valid(kept, [{"step": 5}, {"rollback": 0}])
    assert kept == []


class FullDisk(Files):
    """Takes so many more bytes, as a disk does that fills up."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(28, "No space left on device")
        taken = super().write(descriptor, data[: self.room])
        self.room -= taken
        return taken


def test_a_full_disk_loses_no_line(tmp_path: Path):
    told: list[tuple[str, str | None]] = []
    disk = FullDisk(25)
    journal = Journal(tmp_path, "metrics", lambda *report: told.append(report), disk)
    for step in range(6):
        journal.append({"step": step})
        journal.drain()
    assert numbers(tmp_path)[0] == [0, 1]
    assert told
    assert set(told) == {("metrics", "No space left on device")}
    disk.room = 1 << 20
    assert journal.drain()
    assert told[-1] == ("metrics", None)
    assert numbers(tmp_path) == ([0, 1, 2, 3, 4, 5], 1)
    assert journal.lost == 0
    assert journal.close()


def test_what_waits_for_a_disk_is_bounded(tmp_path: Path):
    disk = FullDisk(0)
    journal = Journal(tmp_path, "metrics", lambda *report: None, disk)
    for step in range(50):
        journal.append({"step": step, "text": "x" * 200_000})
    assert not journal.drain()
    disk.room = 1 << 30
    assert journal.close()
    steps, _ = numbers(tmp_path)
    assert steps == list(range(journal.lost, 50))
    assert 10 < len(steps) < 25


class Clock:
    """A clock that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def metrics_of(tmp_path: Path, updates: int, per_second: float, **options) -> list[dict]:
    clock, journal = Clock(), Journal(tmp_path, "metrics", silent)
    metrics = Metrics(journal, clock, **options)
    for step in range(1, updates + 1):
        clock.now = step / per_second
        loss = math.nan if step == 3 else 1 / step
        validation = 0.5 if step % 100 == 0 else None
        numbers = UpdateNumbers(step, 0, loss, loss, 0.01, 2.0)
        metrics.add(numbers, step / 10, clock.now, validation)
    metrics.flush()
    metrics.flush()
    journal.close()
    return read_journal(tmp_path, "metrics")[0]


def test_metrics_are_gathered(tmp_path: Path):
    lines = metrics_of(tmp_path, 10_000, per_second=100)
    assert sum(line["updates"] for line in lines) == 10_000
    assert sum(line.get("bad", 0) for line in lines) == 1
    early = [line for line in lines if line["seconds"] <= 60]
    assert len(early) <= 300 + 60
    assert len(lines) - len(early) <= 40 + 40
    validated = [line for line in lines if "validation" in line]
    assert [line["step"] for line in validated] == list(range(100, 10_001, 100))
    first = next(line for line in lines if line["step"] > 1)
    assert first["low"] <= first["loss"] <= first["high"]
    assert lines[-1]["step"] == 10_000
    assert lines[-1]["lr"] == 0.01


def test_metrics_of_every_update(tmp_path: Path):
    lines = metrics_of(tmp_path, 20, per_second=1e6, interval=0.0)
    assert [line["step"] for line in lines] == list(range(1, 21))
    assert lines[6]["loss"] == lines[6]["low"] == 1 / 7
    assert lines[2]["loss"] is None
    assert lines[2]["nonfinite"]["loss"] == "nan"
