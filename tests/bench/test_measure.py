"""`rnntui bench`: what it counts, what it suggests, and how it ends."""

from __future__ import annotations

import math
import signal
import subprocess
import sys

import pytest

from rnntui.bench import measure
from rnntui.bench.clock import time_runs
from rnntui.bench.workload import GENERATION, TRAINING, VOCAB, random_text
from rnntui.nn.model import ModelShape
from tests.conftest import command, environment, quick_first
from tests.support.patience import PATIENCE
from tests.support.small_bench import SMALL, shrink


@pytest.fixture
def small(monkeypatch):
    """A few small networks instead of the large ones."""
    shrink(monkeypatch)


@pytest.mark.parametrize("workload", TRAINING)
def test_operations_are_those_of_the_weight_matrices(workload):
    layout = ModelShape.of(workload.recipe(), VOCAB).layout()
    matrices = {name: shape for name, shape in layout.shapes.items() if name[0] == "W"}
    del matrices["Wx0"]  # a lookup
    weights = sum(math.prod(shape) for shape in matrices.values())
    assert workload.operations == 2 * 3 * workload.tokens * weights


def test_the_text_has_every_character_and_fills_a_chunk():
    text = random_text()
    assert set(text.tokens) == set(range(VOCAB))
    assert all(len(text.tokens) > work.tokens for work in (*TRAINING, *GENERATION))


@pytest.mark.parametrize(
    ("rates", "batch"),
    [
        ([(8, 50.0), (16, 89.0), (32, 90.0), (64, 100.0)], 32),
        ([(8, 100.0), (16, 70.0)], 8),
        ([(8, 1.0), (16, 2.0), (32, 4.0)], 32),
    ],
)
def test_the_smallest_batch_that_is_almost_as_fast_is_suggested(rates, batch):
    assert measure.smallest_fast(rates) == batch


@pytest.mark.parametrize("seconds", [0.0, 0.02])
def test_a_timing_is_of_one_run(seconds):
    runs = []
    timing = time_runs(runs.append, seconds)
    assert runs[:2] == [1, 1]
    assert timing.least <= timing.median <= timing.most
    assert timing.least * sum(runs[2:]) <= max(1.0, 50 * seconds)


@pytest.mark.slow
def test_a_table_for_people(rnntui, small):
    ended = rnntui("bench", "--seconds", "0.1")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("rnntui ")
    assert "GFLOP/s" in ended.out
    rows = [line for line in lines if line.startswith("  lstm 2 x 16")]
    assert [row.split()[4:8] for row in rows] == [["3", "x", "4", "1"], ["3", "x", "4", "2"]]
    assert all(row.endswith(" %") for row in rows)
    assert lines[-2].startswith("  8 units: --batch ")
    assert "workers=" in lines[-2]
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in ended.out


def test_json_for_programs(rnntui, small):
    ended = rnntui("bench", "--seconds", "0.1", "--json")
    assert (ended.code, ended.err) == (0, "")
    kinds = [event["event"] for event in ended.events]
    assert kinds == ["machine", *["training"] * 4, "writing", "suggestion"]
    (machine,) = ended.of("machine")
    for n, event in enumerate(ended.of("training")):
        workload, workers = SMALL[n // 2], n % 2 + 1
        assert event["workers"] == workers
        assert event["tokens_per_s"] * event["seconds"] == pytest.approx(workload.tokens)
        rate = workload.operations / event["seconds"] / workers
        assert event["share_of_peak"] == pytest.approx(rate / machine["peak_flops"])
    (suggestion,) = ended.of("suggestion")
    assert str(suggestion["batch"]) in suggestion["tokens_per_s_by_batch"]
    assert suggestion["workers"] in (1, 2)
    (writing,) = ended.of("writing")
    assert writing["characters_per_s"] * writing["seconds"] == pytest.approx(1)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_time_that_is_none_is_refused(rnntui, seconds):
    ended = rnntui("bench", "--seconds", seconds)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", quick_first([signal.SIGINT, signal.SIGTERM]))
def test_it_can_be_ended_at_any_time(number):
    process = subprocess.Popen(
        command("bench", "--json", "--seconds", "5"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith('{"event": "machine"')
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert said == ""
