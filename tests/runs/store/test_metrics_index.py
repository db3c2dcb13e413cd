"""The index of the metrics: it says what the journal says, and costs the same for any run."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.runs.store import journal
from rnntui.runs.store.journal import METRICS, segment
from rnntui.runs.store.loss_bins import all_parts, bins, parts_within, sampled
from rnntui.runs.store.metrics_index import INDEX, LINES, MetricsIndex, read_rows
from tests.conftest import examples, quick_where

HUGE = "1" + "0" * 401
# Each is alone in a line, between two that are valid.
HOSTILE = {
    "no JSON": b"\0\0\0\0",
    "half a line": b'{"step":31,"updates":1,"lo',
    "a number": b"31",
    "a list": b'[{"step":31}]',
    "two objects": b'{"step":31},{"step":32}',
    "nested": b'{"a":' * 5000,
    "no step": b'{"loss":1.0}',
    "a step of 401 digits": f'{{"step":{HUGE},"loss":1}}'.encode(),
    "a step of 5000 digits": b'{"step":' + b"9" * 5000 + b"}",
    "a step beyond all others": b'{"step":900000000000,"updates":1,"loss":1.0}',
    "a negative step": b'{"step":-5,"updates":1,"loss":1.0}',
    "an old step": b'{"step":2,"updates":1,"loss":1.0}',
    "a fractional step": b'{"step":30.5,"loss":1.0}',
    "a true step": b'{"step":true,"loss":1.0}',
    "a step in words": b'{"step":"31","loss":1.0}',
    "a rollback in words": b'{"rollback":"soon"}',
    "a rollback that is true": b'{"rollback":true}',
    "10 MB": b'{"step":31,"text":"' + b"x" * (10 << 20) + b'"}',
    "10 MB without JSON": b"\0" * (10 << 20),
}
# Each is in a line with a valid step.
VALUES: dict[str, Any] = {
    "401 digits": 10**401,
    "minus 401 digits": -(10**401),
    "NaN": math.nan,
    "infinity": math.inf,
    "text": "high",
    "a list": [1.0],
    "an object": {"float": "nan"},
    "true": True,
    "null": None,
}


def line(step: int, loss: float | None = 1.0, updates: int = 1, **more: Any) -> bytes:
    table = {"step": step, "updates": updates, "loss": loss, "low": loss, "high": loss, **more}
    return json.dumps(table, separators=(",", ":")).encode()


def write(directory: Path, rows: list[bytes], number: int = 0) -> None:
    segment(directory, METRICS, number).write_bytes(b"".join(row + b"\n" for row in rows))


def indexed(directory: Path) -> MetricsIndex:
    index = MetricsIndex(directory)
    while index.advance():
        continue
    return index


def steps(directory: Path, index: MetricsIndex) -> list[int]:
    view = index.view()
    rows = [row for record in view.records for row in read_rows(directory, record)]
    return [row.last for row in (*rows, *view.rows)]


@st.composite
def journals(draw: st.DrawFn) -> list[bytes]:
    """Lines as runs write them: more updates, broken off lines, and going back to earlier ones."""
    rows, step = list[bytes](), 0
    for kind in draw(st.lists(st.sampled_from("lllllllbtv"), max_size=60)):
        if kind == "b":
            step = draw(st.integers(0, step))
            rows.append(b'{"rollback":%d}' % step)
        elif kind == "t":
            rows.append(line(step + 1)[: draw(st.integers(1, 20))])
        else:
            made, more = draw(st.integers(1, 5)), {"validation": 2.0} if kind == "v" else {}
            for _ in range(draw(st.integers(1, 40))):
                step += made
                rows.append(line(step, step / 7, made, **more))
    return rows


@settings(deadline=None, max_examples=examples(80))
@given(journals(), st.integers(1, 9), st.data())
def test_it_has_the_lines_that_the_journal_has(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], pieces: int, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("run")
    index, written, number = MetricsIndex(directory), list[bytes](), 0
    for piece in np.array_split(np.arange(len(rows)), pieces):
        written += [rows[n] for n in piece]
        write(directory, written, number)
        while index.advance():
            continue
        match data.draw(st.sampled_from(("follow", "store", "next part"))):
            case "store":
                (directory / INDEX).write_bytes(index.stored())
                (directory / INDEX).chmod(0o600)
                index = MetricsIndex(directory)
                index.load(directory / INDEX)
            case "next part":
                written, number = [], number + 1
    while index.advance():
        continue
    kept = journal.read_journal(directory, METRICS)[0]
    assert steps(directory, index) == [row["step"] for row in kept]
    parts = all_parts(index.view())
    assert parts["good"].sum() == sum(row["updates"] for row in kept)
    if kept:
        validated = [row["step"] for row in kept if "validation" in row]
        assert parts["validation_step"].max() == max(validated, default=0)
        total = sum(row["updates"] * row["loss"] for row in kept)
        assert np.dot(parts["good"], parts["mean"]) == pytest.approx(total)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_line_costs_itself_alone(tmp_path: Path, name: str) -> None:
    good = [line(step) for step in range(1, 201)]
    write(tmp_path, [*good[:30], HOSTILE[name], *good[30:]])
    index = indexed(tmp_path)
    assert steps(tmp_path, index) == list(range(1, 201))
    found = bins(parts_within(tmp_path, index.view(), 0, 200), 0, 200)
    assert found.level == 0 and found.mean.tolist() == [1.0] * 200


@pytest.mark.parametrize("key", ["updates", "loss", "low", "high", "bad", "validation"])
@pytest.mark.parametrize("name", quick_where(VALUES, lambda name: name in ("NaN", "401 digits")))
def test_a_damaged_value_costs_itself_alone(tmp_path: Path, key: str, name: str) -> None:
    wrong = json.dumps({**json.loads(line(31)), key: VALUES[name]}).encode()
    good = [line(step) for step in range(1, 201)]
    write(tmp_path, [*good[:30], wrong, *good[31:]])
    index = indexed(tmp_path)
    assert steps(tmp_path, index) == list(range(1, 201))
    found = bins(parts_within(tmp_path, index.view(), 0, 200), 0, 200)
    assert np.isnan(found.mean).sum() == (key == "loss" and found.bad.sum())
    assert found.mean[29] == found.mean[31] == 1.0


def test_losses_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    write(tmp_path, [line(10, 2.0, 10), line(20, None, 10), line(30, 4.0, 10, bad=4)])
    parts = all_parts(indexed(tmp_path).view())
    found = bins(parts, 0, 30)
    assert found.bad.tolist() == [0] * 10 + [1] * 10 + [1] * 10
    assert found.mean[:10].tolist() == [2.0] * 10 and np.isnan(found.mean[10:20]).all()
    assert found.mean[20:].tolist() == [4.0] * 10


@pytest.mark.parametrize("count", [1, LINES - 1, LINES + 1, 20_000])
def test_every_line_is_reached_by_zooming_in(tmp_path: Path, count: int) -> None:
    losses = np.random.default_rng(1).normal(2, 0.3, count).round(6)
    write(tmp_path, [line(3 * n + 3, loss, 3) for n, loss in enumerate(losses.tolist())])
    view = indexed(tmp_path).view()
    for n in {0, count // 3, count - 1}:
        first, last = max(0, 3 * n - 100), 3 * n + 100
        found = bins(parts_within(tmp_path, view, first, last), first, last)
        at = 3 * n - found.start
        assert found.level == 0 and found.mean[at : at + 3].tolist() == [losses[n]] * 3


def test_no_spike_is_lost_on_the_whole(tmp_path: Path) -> None:
    rows = [line(n, 1.0, high=9.0 if n == 7777 else 1.0) for n in range(1, 20_001)]
    rows[12_344] = line(12_345, None)
    write(tmp_path, rows)
    found = bins(all_parts(indexed(tmp_path).view()), 0, 20_000)
    size = 1 << found.level
    assert len(found.mean) <= 512
    assert found.high[7776 // size] == 9.0 and found.bad[12_344 // size] >= 1
    assert found.bad.sum() <= 2  # one record may lie in two bins


def test_a_huge_loss_does_not_blur_the_others(tmp_path: Path) -> None:
    write(tmp_path, [line(n, 1e300 if n == 5 else 1.5) for n in range(1, 1001)])
    found = bins(all_parts(indexed(tmp_path).view()), 500, 600)
    assert found.mean.tolist() == [1.5] * len(found.mean)


# ---- what is stored -----------------------------------------------------------------------------


class Counted:
    """Counts the bytes that are read of the metrics."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read, pread = 0, journal.os.pread

        def counted(descriptor: int, size: int, offset: int) -> bytes:
            data = pread(descriptor, size, offset)
            self.read += len(data)
            return data

        monkeypatch.setattr("rnntui.runs.store.journal.os.pread", counted)


def test_a_stored_index_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [line(step) for step in range(1, 30_001)]
    write(tmp_path, rows)
    (tmp_path / INDEX).write_bytes(indexed(tmp_path).stored())
    (tmp_path / INDEX).chmod(0o600)
    write(tmp_path, [*rows, *(line(step) for step in range(30_001, 30_101))])
    counted = Counted(monkeypatch)
    index = MetricsIndex(tmp_path)
    assert index.load(tmp_path / INDEX)
    while index.advance():
        continue
    assert index.view().last == 30_100
    assert counted.read < 60_000 < segment(tmp_path, METRICS, 0).stat().st_size // 20


@pytest.mark.parametrize("damage", ["shifted", "shorter", "another", "cut", "garbled", "empty"])
def test_an_index_that_does_not_fit_is_not_used(tmp_path: Path, damage: str) -> None:
    rows = [line(step, 1.0) for step in range(1, 1001)]
    write(tmp_path, rows)
    stored = indexed(tmp_path).stored()
    match damage:
        case "shifted":
            write(tmp_path, rows[1:])
        case "shorter":
            write(tmp_path, rows[:500])
        case "another":
            write(tmp_path, [line(step, 2.0) for step in range(1, 1001)])
        case "cut":
            stored = stored[:-1]
        case "garbled":
            stored = stored[:-9] + b"\xff" + stored[-8:]
        case "empty":
            stored = b""
    (tmp_path / INDEX).write_bytes(stored)
    (tmp_path / INDEX).chmod(0o600)
    index = MetricsIndex(tmp_path)
    assert not index.load(tmp_path / INDEX)
    while index.advance():
        continue
    assert steps(tmp_path, index) == [
        row["step"] for row in journal.read_journal(tmp_path, METRICS)[0]
    ]


def test_samples_show_the_whole_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 100_000
    write(tmp_path, [line(n * 5, 1 + n / count, 5) for n in range(1, count + 1)])
    view = MetricsIndex(tmp_path).view()
    counted = Counted(monkeypatch)
    parts, last = sampled(tmp_path, view, 0, 0)
    assert last["step"] == count * 5
    assert counted.read < segment(tmp_path, METRICS, 0).stat().st_size / 3
    found = bins(parts, 0, count * 5)
    expected = 1 + (np.arange(len(found.mean)) + 0.5) * (1 << found.level) / (count * 5)
    assert np.abs(found.mean - expected)[:-1].max() < 0.02


GROWTH = """
import resource, sys
from pathlib import Path
from rnntui.runs.store.loss_bins import bins, parts_within, all_parts
from rnntui.runs.store.metrics_index import MetricsIndex
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
directory = Path(sys.argv[1])
index = MetricsIndex(directory)
while index.advance():
    pass
view = index.view()
bins(all_parts(view), 0, view.last)
for zoom in range(1, 12):
    first = view.last - (view.last >> zoom)
    bins(parts_within(directory, view, first, view.last), first, view.last)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    more = {"lr": 0.001, "gradient_norm": 0.123456789, "epoch": 12.3, "time": 1795952863.469}
    grown = []
    for count in (30_000, 150_000):
        write(tmp_path, [line(n, 1.23456789, **more) for n in range(1, count + 1)])
        argv = [sys.executable, "-c", GROWTH, str(tmp_path)]
        grown.append(int(subprocess.run(argv, capture_output=True, check=True).stdout))
    assert grown[1] < 30_000  # KiB, for 20 MB of lines
    assert grown[1] - grown[0] < 6_000
