"""Several processes at one update: the same result as one, every time, and nothing left behind."""

from __future__ import annotations

import gc
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnntui.data.suffixes import suffixes_of
from rnntui.errors import EngineError, UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.model import ModelShape
from rnntui.recipe import Recipe
from rnntui.training.loop import TrainState, copy_weights, restore, start, train
from rnntui.training.workers.channel import Kind
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.prestart import prestart
from tests.conftest import command, environment, quick_first
from tests.support.patience import PATIENCE, patiently
from tests.support.plain import token_data, value_data
from tests.support.processes import children, descriptors, gone

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")

RNG = np.random.default_rng(5)
TOKENS = token_data(RNG.integers(0, 7, 401), 7, RNG.integers(0, 7, 40))
TOKENS = replace(TOKENS, suffixes=suffixes_of(TOKENS.tokens, 7, 4, least=3))
VALUES = value_data(RNG.normal(size=(401, 2)), RNG.normal(size=(40, 2)))
SMALL = Recipe().replace(hidden=12, batch=5, seq_len=6, steps=8, clip=0.05, workers=2)

COMMAND = "rnntui.training.workers.pool.python_command"


@pytest.fixture(autouse=True)
def others() -> Iterator[set[int]]:
    """Processes that are not of this test; in the end there is none besides, and no descriptor."""
    gc.collect()  # what earlier tests have left is not to go meanwhile
    others, before = set(children()), descriptors()
    yield others
    gc.collect()
    assert set(children()) <= others
    assert descriptors() <= before


def worker_pids(state: TrainState) -> list[int]:
    return [worker.process.pid for worker in state.updater.pool.active]


def run(recipe, data=TOKENS):
    """The chunks of a whole run and what it left."""
    state = start(recipe, data)
    try:
        return list(train(recipe, data, state)), state
    finally:
        state.close()


@pytest.mark.parametrize(
    ("cell", "settings"),
    quick_first(
        [
            ("rnn", {"optimizer": "sgd", "lr": 0.1, "reduction": "sum"}),
            ("gru", {"optimizer": "adamw", "layers": 2, "turns": 3}),
            ("gru", {"optimizer": "adam", "suffix": 4, "turns": 2, "average": 0.9}),
            ("lstm", {"optimizer": "sgd", "suffix": 3, "workers": 3}),
            ("lstm", {"optimizer": "adam", "clip_mode": "value", "clip": 0.001}),
            ("lstm", {"optimizer": "rmsprop", "clip": 0.0, "layers": 3, "batch": 2}),
            ("gru", {"optimizer": "adagrad", "state": "reset", "eval_every": 3}),
            ("rnn", {"optimizer": "momentum", "workers": 3, "batch": 7}),
            ("rnn", {"task": "values", "optimizer": "adam", "workers": 2, "batch": 3}),
        ],
        2,
    ),
)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), quick_first([("float64", 1e-10), ("float32", 1e-3)])
)
def test_they_do_what_one_process_does(cell, settings, dtype, tolerance):
    recipe = SMALL.replace(cell=cell, dtype=dtype, **settings)
    data = VALUES if recipe.data.task == "values" else TOKENS
    alone, one = run(recipe.replace(workers=1), data)
    together, several = run(recipe, data)
    assert several.workers == recipe.train.workers
    for a, b in zip(alone, together, strict=True):
        assert a.applied and b.applied
        assert b.loss == pytest.approx(a.loss, rel=tolerance)
        assert b.gradient_norm == pytest.approx(a.gradient_norm, rel=tolerance)
        assert (a.validation is None) == (b.validation is None)
        if a.validation is not None:
            assert b.validation == pytest.approx(a.validation, rel=tolerance)
    moments = several.moments
    for mine, theirs in (
        (one.parameters.flat, several.parameters.flat),
        (one.hidden, several.hidden),
        *zip(one.waiting.states, several.waiting.states, strict=True),
        *((moment, moments[name]) for name, moment in one.moments.items()),
    ):
        assert np.abs(mine - theirs).max() <= tolerance * np.abs(mine).max()
    assert several.optimizer.updates == one.optimizer.updates == len(together)


def test_the_same_bits_every_time():
    recipe = SMALL.replace(cell="gru", layers=2, dropout=0.4, workers=2, steps=9)
    runs = [run(recipe) for _ in range(2)]
    (first, a), (second, b) = runs
    assert [c.loss for c in first] == [c.loss for c in second]
    assert a.parameters.flat.tobytes() == b.parameters.flat.tobytes()
    assert a.hidden.tobytes() == b.hidden.tobytes()


def test_masks_differ_among_the_processes_and_go_on_where_they_stood():
    recipe = SMALL.replace(cell="gru", layers=2, dropout=0.4, steps=99)
    state = start(recipe, TOKENS)
    updates = train(recipe, TOKENS, state)
    before = state.updater.random_states()
    assert before.shape == (2, 625)
    assert (before[0] != before[1]).any()
    next(updates)
    saved, states = copy_weights(state), state.updater.random_states()
    assert (states != before).any(axis=1).all()
    position = state.stream.position
    after = [next(updates).loss for _ in range(3)]
    restore(state, saved)
    state.stream.restore(position)
    assert [next(updates).loss for _ in range(3)] != after, "other masks"
    restore(state, saved)
    state.stream.restore(position)
    state.updater.set_random_states(states)
    assert [next(updates).loss for _ in range(3)] == after
    state.close()


def test_what_is_shown_is_stream_0():
    a, b = (run(SMALL.replace(workers=n, steps=1))[0][0].steps() for n in (1, 2))
    assert (a.inputs == b.inputs).all() and (a.targets == b.targets).all()
    assert b.p_true == pytest.approx(a.p_true, rel=1e-5)
    assert (a.predictions == b.predictions).all()


def test_an_update_that_is_not_finite_is_left_out_by_all():
    state = start(SMALL, TOKENS)
    updates = train(SMALL, TOKENS, state)
    next(updates)
    saved = copy_weights(state)
    state.parameters.tensors["by"][1] = math.nan
    before, hidden = state.parameters.flat.copy(), state.hidden.copy()
    assert not next(updates).applied
    np.testing.assert_array_equal(state.parameters.flat, before)
    assert (state.hidden == hidden).all()
    restore(state, saved)
    assert next(updates).applied
    state.close()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_streams_and_parameters_are_divided(cell, workers):
    recipe = Recipe().replace(batch=7, hidden=9, cell=cell, optimizer="adam")
    plan = Plan.of(recipe, ModelShape.of(recipe, 11), 4, workers)
    for parts, size, least in (
        ([plan.streams(n) for n in range(workers)], 7, 1),
        ([plan.part(n) for n in range(workers)], plan.shape.layout().size, 0),
    ):
        covered = [i for part in parts for i in range(part.start, part.stop)]
        assert covered == list(range(size))
        assert all(part.stop - part.start >= least for part in parts)
    assert {plan.part(n).start % 16 for n in range(workers)} == {0}
    sizes = [plan.streams(n).stop - plan.streams(n).start for n in range(workers)]
    assert max(sizes) - min(sizes) <= 1
    assert Plan.from_json(plan.to_json()) == plan


def test_more_workers_than_streams_are_refused():
    with pytest.raises(UsageError, match="set workers = 2 or less, or batch = 3 or more"):
        start(SMALL.replace(batch=2, workers=3), TOKENS)


# ---- ends -----------------------------------------------------------------------------------


def test_a_generator_that_is_dropped_ends_them(others):
    updates = train(SMALL, TOKENS)
    next(updates)
    assert len(set(children()) - others) == 1
    updates.close()
    assert set(children()) <= others
    updates = train(SMALL, TOKENS)
    next(updates)
    assert len(set(children()) - others) == 1
    del updates
    gc.collect()
    assert set(children()) <= others


def test_a_state_that_is_forgotten_ends_them(others):
    state = start(SMALL, TOKENS)
    assert len(set(children()) - others) == 1
    del state
    gc.collect()
    assert set(children()) <= others


def test_a_state_that_is_closed_keeps_what_was_learned():
    state = start(SMALL, TOKENS)
    updates = train(SMALL, TOKENS, state)
    next(updates)
    state.close()
    assert np.isfinite(state.parameters.flat).all() and state.parameters.flat.any()
    with pytest.raises(EngineError, match="ended"):
        next(updates)


@pytest.mark.parametrize("victim", quick_first([1, 0]))
@pytest.mark.parametrize("number", quick_first([signal.SIGKILL, signal.SIGUSR1]))
def test_a_worker_that_dies_is_named(victim, number):
    recipe = SMALL.replace(workers=3, steps=10_000)
    state = start(recipe, TOKENS)
    updates = train(recipe, TOKENS, state)
    next(updates)
    pid = worker_pids(state)[victim]
    os.kill(pid, number)
    told = rf"worker {victim + 2} of 3 \(pid {pid}\) was killed by signal {int(number)}"
    with pytest.raises(EngineError, match=told) as caught:
        for _ in updates:
            pass
    assert len(str(caught.value)) <= 200
    with pytest.raises(EngineError):
        next(train(recipe, TOKENS, state))


@pytest.mark.slow
def test_a_worker_that_dies_in_the_middle_of_an_update_is_noticed_at_once():
    recipe = SMALL.replace(hidden=512, cell="lstm", batch=40, seq_len=9, steps=10_000)
    data = token_data(RNG.integers(0, 7, 4001), 7)
    for delay in (0.0, 0.011, 0.023):
        state = start(recipe, data)
        updates = train(recipe, data, state)
        next(updates)
        killer = f"import os, time; time.sleep({delay}); os.kill({worker_pids(state)[0]}, 9)"
        told = pytest.raises(EngineError, match="killed by signal 9")
        with subprocess.Popen([sys.executable, "-c", killer]), told:
            for _ in updates:
                pass


@pytest.mark.slow
def test_whenever_a_worker_dies_it_is_named(others):
    recipe = SMALL.replace(hidden=64, cell="lstm", batch=9, steps=10**6, workers=3)
    delays = random.Random(4)
    for round_ in range(10):
        state = start(recipe, TOKENS)
        updates = train(recipe, TOKENS, state)
        next(updates)
        pid = worker_pids(state)[round_ % 2]
        killer = f"sleep {delays.uniform(0, 0.03)}; kill -9 {pid}"
        told = pytest.raises(EngineError, match=rf"worker {round_ % 2 + 2} of 3 \(pid {pid}\)")
        with subprocess.Popen(["/bin/sh", "-c", killer]), told:
            for _ in updates:
                pass
        assert set(children()) <= others


def test_one_that_dies_while_nothing_is_asked_of_it_is_found():
    state = start(SMALL, TOKENS)
    next(train(SMALL, TOKENS, state))
    state.updater.check()
    os.kill(worker_pids(state)[0], signal.SIGKILL)
    with pytest.raises(EngineError, match="worker 2 of 2"):
        for _ in patiently():
            state.updater.check()
            time.sleep(0.01)


def test_a_worker_that_hangs_does_not_keep_the_trainer_from_answering():
    class Enough(BaseException):
        pass

    calls = []

    def between():
        calls.append(1)
        if len(calls) == 3:
            raise Enough

    state = start(SMALL, TOKENS)
    updates = train(SMALL, TOKENS, state, between)
    next(train(SMALL, TOKENS, state))
    os.kill(worker_pids(state)[0], signal.SIGSTOP)
    with pytest.raises(Enough):
        for _ in updates:
            pass
    with pytest.raises(EngineError, match="interrupted"):
        next(train(SMALL, TOKENS, state))
    state.close()


def test_signals_to_a_worker_are_not_meant_for_it():
    state = start(SMALL, TOKENS)
    updates = train(SMALL, TOKENS, state)
    next(updates)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker_pids(state)[0], number)
    assert next(updates).applied
    state.close()


def test_one_that_cannot_start_or_fails_is_told_of(monkeypatch):
    monkeypatch.setattr(
        "rnntui.training.workers.pool.python_command", lambda *_: ["/no/such/program"]
    )
    with pytest.raises(EngineError, match="cannot start worker 2: No such file"):
        start(SMALL, TOKENS)
    broken = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(COMMAND, lambda *_: broken)
    with pytest.raises(EngineError, match=r"worker 2 of 2 .* ended with status 3"):
        list(train(SMALL, TOKENS))


def test_without_descriptors_it_is_said(monkeypatch):
    def none(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("socket.socketpair", none)
    with pytest.raises(EngineError, match="cannot start worker 2: Too many open files"):
        start(SMALL, TOKENS)
    with WorkerPool() as pool:
        prestart(SMALL.replace(workers=0, hidden=1000, batch=16), pool)
        assert len(pool) == 0, "nobody insists on them"
    monkeypatch.undo()
    monkeypatch.setattr("rnntui.training.workers.shared_arrays._nameless", none)
    with pytest.raises(EngineError, match="cannot share memory: Too many open files"):
        start(SMALL, TOKENS)


@pytest.mark.slow
def test_memory_without_a_name_elsewhere_than_on_linux(monkeypatch):
    expected = run(SMALL)[1].parameters.flat.copy()
    monkeypatch.delattr("os.memfd_create")
    monkeypatch.delattr("os.posix_fallocate")
    assert (run(SMALL)[1].parameters.flat == expected).all()


def test_a_plan_that_fails_is_told_of():
    told = pytest.raises(EngineError, match=r"worker 2 of 2 .* failed with JSONDecodeError")
    with WorkerPool() as pool, Path(os.devnull).open() as nothing, told:
        pool.plan(1, b"{rubbish", nothing.fileno())
        pool.answers(Kind.PLAN)


TRAINER = """
import sys
from rnntui.training.workers.prestart import prestart
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from rnntui.data import load
recipe = Recipe().replace(source="text:hello world. ", repeat=200, hidden=24, batch=6, workers=3)
data = load(recipe)
state = start(recipe, data)
for chunk in train(recipe, data, state):
    if chunk.step == 3:
        print(*(worker.process.pid for worker in state.updater.pool.active), flush=True)
"""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_trainer_that_dies_leaves_no_worker(number):
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", TRAINER],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        ) as trainer:
            assert trainer.stdout is not None
            pids = [int(pid) for pid in trainer.stdout.readline().split()]
            assert len(pids) == 2
            trainer.send_signal(number)
            trainer.wait(PATIENCE)
        assert gone(pids)


@pytest.mark.slow
def test_a_trainer_without_standard_streams():
    args = ["train", "text:hello world. ", "--set", "repeat=99", "--workers", "2", "--plain"]
    args += ["--recipe", "tales"]
    closed = "import os, sys; os.closerange(0, 2); os.execv(sys.argv[1], sys.argv[1:])"
    ended = subprocess.run(
        [sys.executable, "-c", closed, *command(*args), "--batch", "4", "--steps", "20"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.slow
def test_whenever_a_trainer_dies_its_workers_end():
    delays = random.Random(5)
    early = (
        "from rnntui.training.workers.pool import WorkerPool\npool = WorkerPool()\npool.start(2)\n"
        "print(*(worker.process.pid for worker in pool._workers), flush=True)\n"
        + TRAINER.replace("start(recipe, data)", "start(recipe, data, pool)")
    )
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", early], stdout=subprocess.PIPE, env=environment()
        ) as trainer:
            assert trainer.stdout is not None
            pids = [int(pid) for pid in trainer.stdout.readline().split()]
            time.sleep(delays.uniform(0, 0.8))
            trainer.kill()
        assert len(pids) == 2 and gone(pids)


@pytest.mark.slow
def test_from_the_command_line():
    args = ["train", "text:hello world. ", "--set", "repeat=99", "--workers", "2"]
    ended = subprocess.run(
        [*command(*args), "--batch", "4", "--steps", "20", "--json"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
    )
    assert ended.returncode == 0 and ended.stderr == ""
    assert json.loads(ended.stdout.splitlines()[0])["text"].count("; 2 workers") == 1
    refused = subprocess.run(
        [*command(*args), "--batch", "1", "--steps", "20", "--json"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
    )
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1 and "set workers = 1 or less" in refused.stderr
