"""Checkpoints: whole or not at all, whatever fails while they are written or happens to them."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rnntui.errors import DataError, RunError, RunTakenError
from rnntui.runs.store.checkpoint import (
    OPTIMIZER,
    PARTS,
    Checkpoint,
    NoOptimizerError,
    load,
    newest,
    paths,
    prune,
    save,
    save_and_prune,
    set_aside,
    tidy,
)
from rnntui.runs.store.files import Files
from rnntui.runs.store.manifest import MANIFEST
from rnntui.runs.store.select_checkpoint import select_checkpoint
from tests.conftest import examples, quick_first
from tests.support.faults import Counted, Crash, Dying, Failing, PowerLoss, Short

DEAD = f".tmp-00000005-{uuid.uuid4()}"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG)


def checkpoint(step: int, loss: float | None = None, **state) -> Checkpoint:
    rng = np.random.default_rng(step)
    model = {"head.weight": rng.normal(size=(5, 3)).astype(np.float32)}
    optimizer = {"M": rng.normal(size=20), "random": rng.integers(0, 99, 4, np.uint32)}
    text = "of a run under test " * 8  # more than 1,000 bits
    return Checkpoint(step, model, optimizer, {"lr": 0.1 / step, "text": text, **state}, loss)


def is_same(a: Checkpoint, b: Checkpoint) -> bool:
    return (a.step, a.state) == (b.step, b.state) and all(
        one.keys() == other.keys()
        and all(one[name].tobytes() == other[name].tobytes() for name in one)
        for one, other in ((a.model, b.model), (a.optimizer, b.optimizer))
    )


class Quick(Files):
    """Does not wait for the disk."""

    def fsync(self, descriptor: int) -> None:
        pass


def fill(directory: Path, count: int) -> None:
    directory.mkdir(0o700)
    for step in range(1, count + 1):
        save(directory, checkpoint(step), files=Quick())


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def steps_in(directory: Path) -> list[int]:
    return [int(path.name.split("-")[1]) for path in paths(directory) if path.is_dir()]


def small(step: int) -> Checkpoint:
    return Checkpoint(step, {"w": np.zeros(1, np.float32)}, {"M": np.zeros(1)}, {})


def test_a_checkpoint_is_read_back_to_the_last_bit(tmp_path: Path):
    state = {
        "last": math.nan,
        "best": -math.inf,
        "nested": [{"x": math.inf}, None, True, "é\x00"],
        "large": 2**130,
        "exact": 0.1 + 0.2,
        "minus": -0.0,
    }
    made = checkpoint(12_000, **state)
    path = save(tmp_path, made, files=Files())
    assert path.name == "step-00012000"
    assert names(path) == sorted([*PARTS, MANIFEST])
    assert path.stat().st_mode & 0o777 == 0o700
    assert {inner.stat().st_mode & 0o777 for inner in path.iterdir()} == {0o600}
    found = newest(tmp_path)
    assert found.path == path
    assert found.notes() == ()
    back = found.checkpoint
    assert math.isnan(back.state.pop("last"))
    assert math.copysign(1, back.state["minus"]) == -1
    del made.state["last"]
    assert is_same(back, made)


def test_equal_checkpoints_are_equal_files(tmp_path: Path):
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir(0o700)
        path = save(tmp_path / name, checkpoint(7, loss=0.5), files=Quick())
        made.append([(path / part).read_bytes() for part in (*PARTS, MANIFEST)])
    assert made[0] == made[1]


def test_nothing_is_overwritten(tmp_path: Path):
    first = save(tmp_path, checkpoint(5, lr=0.1), files=Quick())
    assert save(tmp_path, checkpoint(5, lr=0.1), files=Quick()) == first
    second = save(tmp_path, checkpoint(5, lr=0.2), files=Quick())
    assert second.name == "step-00000005-1"
    assert load(first).state["lr"] == 0.1
    assert newest(tmp_path).checkpoint.state["lr"] == 0.2
    assert names(tmp_path) == ["step-00000005", "step-00000005-1"]


def test_kept_are_the_last_three_the_best_and_every_tenth(tmp_path: Path):
    for step in range(1, 26):
        loss = 0.5 if step in (3, 4) else 1.0 + step
        save_and_prune(tmp_path, checkpoint(step, math.nan if step == 6 else loss), files=Quick())
    assert steps_in(tmp_path) == [4, 10, 20, 23, 24, 25]
    assert [OPTIMIZER in names(path) for path in paths(tmp_path)] == [False] * 3 + [True] * 3
    for path in paths(tmp_path)[:3]:
        with pytest.raises(NoOptimizerError, match="only the last 3"):
            load(path)
        made = checkpoint(load(path, resumable=False).step)
        assert load(path, resumable=False).model.keys() == made.model.keys()
        assert load(path, resumable=False).state == made.state
    assert (
        select_checkpoint(tmp_path, "best").step == 4
        and select_checkpoint(tmp_path, "10").step == 10
    )


@pytest.mark.parametrize(
    ("older", "kept"),
    quick_first(
        [(2, [40, 80]), (0, []), (1, [80]), (4, [20, 40, 60, 80]), (99, [*range(10, 99, 10)])], 2
    ),
)
def test_older_ones_are_spread_over_the_run_and_limited(tmp_path: Path, older: int, kept):
    for step in range(1, 99):
        save_and_prune(tmp_path, small(step), files=Quick(), older=older)
        before = [step for step in steps_in(tmp_path) if step < steps_in(tmp_path)[-3:][0]]
        assert len(before) <= older
    assert steps_in(tmp_path) == [*kept, 96, 97, 98]


def test_a_limit_that_was_lowered_removes_what_is_there(tmp_path: Path):
    for step in range(1, 64):
        save_and_prune(tmp_path, small(step), files=Quick(), older=6)
    assert steps_in(tmp_path) == [10, 20, 30, 40, 50, 60, 61, 62, 63]
    save_and_prune(tmp_path, small(64), files=Quick(), older=1)
    assert steps_in(tmp_path) == [40, 62, 63, 64]


def test_without_optimizer_state_nothing_is_resumed_or_set_aside(tmp_path: Path):
    for step in range(1, 14):
        save_and_prune(tmp_path, checkpoint(step), files=Quick())
    for path in paths(tmp_path)[-3:]:
        (path / PARTS[0]).write_bytes(b"")
    found = newest(tmp_path)
    assert found.checkpoint is None and "no optimizer state" in found.rejected[-1].reason
    assert newest(tmp_path, resumable=False).checkpoint.step == 10
    set_aside(found.rejected)
    assert steps_in(tmp_path) == [10]
    assert select_checkpoint(tmp_path, "last").step == 10


def test_one_that_cannot_be_removed_keeps_no_other(tmp_path: Path):
    class Stubborn(Quick):
        def rename(self, source, target):
            if source.name == "step-00000002":
                raise PermissionError(1, "Operation not permitted")
            super().rename(source, target)

    fill(tmp_path / "run", 6)
    with pytest.raises(PermissionError):
        prune(tmp_path / "run", Stubborn())
    assert steps_in(tmp_path / "run") == [2, 4, 5, 6]


def test_only_what_this_program_writes_is_ever_removed(tmp_path: Path):
    directory = tmp_path / "run"
    fill(directory, 6)
    for name in ("step-00000001", ".tmp-notes", ".del-notes", DEAD):
        (directory / name).mkdir(0o700, exist_ok=True)
        (directory / name / "notes.txt").write_text("mine")
    (directory / "step-00000000").write_text("mine")
    save_and_prune(directory, checkpoint(7), files=Quick())
    assert len(list(directory.rglob("notes.txt"))) == 4
    assert (directory / "step-00000000").read_text() == "mine"
    assert steps_in(directory)[-3:] == [5, 6, 7]


def test_without_a_loss_none_is_best(tmp_path: Path):
    for step in range(1, 9):
        save_and_prune(tmp_path, checkpoint(step), files=Quick())
    assert [load(path).step for path in paths(tmp_path)] == [6, 7, 8]


def test_damaged_ones_are_pruned_once_there_are_three_newer_ones(tmp_path: Path):
    fill(tmp_path / "run", 3)
    (tmp_path / "run" / "step-00000002" / MANIFEST).write_bytes(b"")
    prune(tmp_path / "run")
    assert len(paths(tmp_path / "run")) == 3
    for step in (4, 5):
        save_and_prune(tmp_path / "run", checkpoint(step), files=Quick())
    assert names(tmp_path / "run") == ["step-00000003", "step-00000004", "step-00000005"]


def test_nothing_appears_once_the_run_is_anothers(tmp_path: Path):
    save(tmp_path, checkpoint(1), files=Quick())

    def fence() -> None:
        raise RunTakenError("taken over")

    with pytest.raises(RunTakenError):
        save(tmp_path, checkpoint(2), fence, Quick())
    assert names(tmp_path) == ["step-00000001"]


# ---- a failing disk -----------------------------------------------------------------------------


def saving(directory: Path, files: Files) -> None:
    """What is under test: a save that also removes an old checkpoint."""
    save_and_prune(directory, checkpoint(5), files=files)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A run that has four checkpoints and leftovers of a fifth."""
    directory = tmp_path_factory.mktemp("base") / "checkpoints"
    fill(directory, 4)
    (directory / DEAD).mkdir(0o700)
    (directory / DEAD / "model.safetensors").write_bytes(b"torn")
    return directory


@pytest.fixture(scope="module")
def calls(base: Path, tmp_path_factory) -> list[str]:
    """The calls of a save in which nothing fails."""
    directory = tmp_path_factory.mktemp("calls") / "checkpoints"
    shutil.copytree(base, directory)
    counted = Counted()
    saving(directory, counted)
    assert set(counted.names) == {
        "create",
        "write",
        "fsync",
        "close",
        "rename",
        "mkdir",
        "unlink",
        "rmdir",
    }
    return counted.names


def endure(base: Path, directory: Path, files: Files) -> bool:
    """Save under faults; whether it worked. A sound checkpoint is there whatever happens."""
    shutil.copytree(base, directory)
    try:
        saving(directory, files)
        worked = True
    except (OSError, Crash):
        worked = False
    found = newest(directory)
    assert found.rejected == ()
    assert found.checkpoint.step in ((5,) if worked else (4, 5))
    assert is_same(found.checkpoint, checkpoint(found.checkpoint.step))
    # The next one finds a disk that works, and leaves everything as if nothing had been.
    saving(directory, Quick())
    assert names(directory) == [f"step-{step:08d}" for step in (3, 4, 5)]
    assert [is_same(load(path), checkpoint(load(path).step)) for path in paths(directory)] == [
        True
    ] * 3
    shutil.rmtree(directory)
    return worked


slow = pytest.mark.slow


@pytest.mark.parametrize("turn", [0, *(pytest.param(n, marks=slow) for n in (1, 2, 3))])
@pytest.mark.parametrize("lasting", quick_first([True, False]), ids=["lasting", "once"])
def test_any_call_may_fail(base, calls, tmp_path: Path, turn: int, lasting: bool):
    """Each call with one of the errors, and in four turns with all of them."""
    worked = [
        endure(base, tmp_path / "run", Failing(k, ERRORS[(k + turn) % 4], lasting))
        for k in range(1, len(calls) + 1)
    ]
    failed = [name for name, ok in zip(calls, worked, strict=True) if not ok]
    assert {"mkdir", "create", "write", "fsync", "close", "rename"} <= set(failed)
    assert worked[0] == (not lasting)  # it removes what a dead process left
    assert endure(base, tmp_path / "run", Failing(len(calls) + 1, ERRORS[turn], lasting))


@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
def test_any_write_may_be_short(base, calls, tmp_path: Path, code: int):
    worked = [
        endure(base, tmp_path / "run", Short(k, code))
        for k, name in enumerate(calls, 1)
        if name == "write"
    ]
    assert len(worked) == 4
    assert not any(worked)


def base_with_best(directory: Path) -> None:
    """Three checkpoints of which the first is the best: the next save takes its optimizer state."""
    directory.mkdir(0o700)
    for step in (1, 2, 3):
        save(directory, checkpoint(step, loss=float(step)), files=Quick())


def endure_lightening(directory: Path, files: Files) -> None:
    """A save that drops an optimizer state, under faults: every checkpoint stays valid."""
    base_with_best(directory)
    with contextlib.suppress(OSError, Crash):
        save_and_prune(directory, checkpoint(4, loss=4.0), files=files)
    for path in paths(directory):
        step = load(path, resumable=False).step
        assert load(path, resumable=False).model.keys() == checkpoint(step).model.keys()
    assert 1 in steps_in(directory)
    for path in paths(directory)[-3:]:
        assert is_same(load(path), checkpoint(load(path).step))
    save_and_prune(directory, checkpoint(5, loss=5.0), files=Quick())
    assert steps_in(directory) == [1, 3, 4, 5] if 4 in steps_in(directory) else [1, 2, 3, 5]
    assert names(paths(directory)[0]) == [MANIFEST, PARTS[0], PARTS[2]]
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Failing, marks=pytest.mark.slow),
        pytest.param(Short, marks=pytest.mark.slow),
        pytest.param(Dying, marks=pytest.mark.slow),
        PowerLoss,
    ],
)
@pytest.mark.parametrize("case", quick_first([0, 1, 2]))
def test_dropping_optimizer_state_is_safe(tmp_path: Path, fault: type[Files], case: int):
    counted, directory = Counted(), tmp_path / "run"
    endure_lightening(directory, counted)
    assert counted.names[-2:] == ["close", "unlink"]
    for k in range(1, len(counted.names) + 2):
        how = {
            Failing: (ERRORS[(k + case) % 4], case == 0),
            Short: (ERRORS[(k + case) % 4],),
            Dying: (("before", "at", "after")[case],),
            PowerLoss: (Random(100 * k + case),),
        }[fault]
        endure_lightening(directory, fault(k, *how))


class OneByteAtATime(Counted):
    """A disk that takes little at a time."""

    def write(self, descriptor, data):
        return super().write(descriptor, data[:100])


def test_short_writes_alone_harm_nothing(base, tmp_path: Path):
    assert endure(base, tmp_path / "run", OneByteAtATime())


@pytest.mark.parametrize("when", quick_first(["at", "before", "after"]))
def test_the_process_may_die_at_any_call(base, calls, tmp_path: Path, when: str):
    for k in range(1, len(calls) + 1):
        assert not endure(base, tmp_path / "run", Dying(k, when))


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=slow) for n in range(1, 12))])
def test_power_may_fail_at_any_call(base, tmp_path: Path, seed: int):
    chance, k, alive = Random(seed), 0, False
    while not alive:
        k += 1
        alive = endure_power_loss(base, tmp_path / "run", PowerLoss(k, chance))
    assert k > 30


def endure_power_loss(base: Path, directory: Path, files: Files) -> bool:
    """As `endure`, but what was being removed may come back half: it is older than a sound one."""
    shutil.copytree(base, directory)
    try:
        saving(directory, files)
        worked = True
    except Crash:
        worked = False
    found = newest(directory)
    assert found.rejected == ()
    assert found.checkpoint.step in ((5,) if worked else (4, 5))
    assert is_same(found.checkpoint, checkpoint(found.checkpoint.step))
    for step in (5, 6, 7):
        save_and_prune(directory, checkpoint(step), files=Quick())
    assert names(directory) == [f"step-{step:08d}" for step in (5, 6, 7)]
    shutil.rmtree(directory)
    return worked


class Forgetful(PowerLoss):
    """Power fails on a disk that was never asked to sync."""

    def fsync(self, descriptor):
        pass


def test_without_fsync_power_loss_would_be_noticed(base, tmp_path: Path):
    """The test above can fail."""
    chance, lost = Random(1), 0
    for k in range(10, 40):
        try:
            endure_power_loss(base, tmp_path / "run", Forgetful(k, chance))
        except AssertionError:
            lost += 1
            shutil.rmtree(tmp_path / "run")
    assert lost > 0


# ---- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
def test_every_flipped_bit_and_every_truncation_is_found(tmp_path: Path, name: str):
    directory = tmp_path / "run"
    fill(directory, 2)
    older, newer = paths(directory)
    whole, chance = (newer / name).read_bytes(), Random(name)
    bits = chance.sample(range(8 * len(whole)), examples(1000))
    flipped = [with_flipped(whole, bit) for bit in bits]
    cut = [whole[: len(whole) * n // 64] for n in range(64)]
    for data in (*flipped, *cut, whole + b"\0", bytes(len(whole))):
        (newer / name).write_bytes(data)
        with pytest.raises(DataError, match=name):
            load(newer)
    for data in (flipped[0], cut[0], cut[63]):  # the other one is used, and the user told
        (newer / name).write_bytes(data)
        found = newest(directory)
        assert found.path == older
        assert is_same(found.checkpoint, checkpoint(1))
        (note,) = found.notes()
        assert all(part in note for part in (newer.name, name, f"went back to {older.name}"))
        assert len(note) <= 200
        assert note.isprintable()
    (newer / name).write_bytes(whole)
    assert newest(directory).checkpoint.step == 2


def with_flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def rename_step(path: Path) -> None:
    path.rename(path.with_name("step-00000009"))


def others_may_write(path: Path) -> None:
    (path / PARTS[0]).chmod(0o666)


def others_may_write_the_directory(path: Path) -> None:
    path.chmod(0o777)


def swap(path: Path) -> None:
    shutil.copy(path.with_name("step-00000001") / PARTS[0], path / PARTS[0])


def remove(path: Path) -> None:
    (path / PARTS[1]).unlink()


def fifo(path: Path) -> None:
    (path / PARTS[1]).unlink()
    os.mkfifo(path / PARTS[1])


def link(path: Path) -> None:
    (path / PARTS[1]).rename(path / "elsewhere")
    (path / PARTS[1]).symlink_to(path / "elsewhere")


def a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"x")


@pytest.mark.parametrize(
    "harm",
    [
        rename_step,
        others_may_write,
        others_may_write_the_directory,
        swap,
        remove,
        fifo,
        link,
        a_file,
    ],
)
def test_what_else_may_happen_to_a_checkpoint(tmp_path: Path, harm: Callable[[Path], None]):
    fill(tmp_path / "run", 2)
    harm(tmp_path / "run" / "step-00000002")
    found = newest(tmp_path / "run")
    assert found.path.name == "step-00000001"
    assert len(found.rejected) == 1
    assert all(len(note) <= 200 and note.isprintable() for note in found.notes())


def test_weights_that_are_not_finite_are_not_gone_on_with(tmp_path: Path):
    fill(tmp_path / "run", 2)
    bad = checkpoint(3)
    bad.model["head.weight"][0, 0] = np.nan
    save(tmp_path / "run", bad, files=Quick())
    found = newest(tmp_path / "run")
    assert found.checkpoint.step == 2
    assert "NaN or infinity" in found.notes()[0]


def test_the_caller_may_reject_as_well(tmp_path: Path):
    fill(tmp_path / "run", 3)
    found = newest(tmp_path / "run", lambda c: "of another corpus" if c.step > 1 else None)
    assert found.checkpoint.step == 1
    assert [rejected.reason for rejected in found.rejected] == ["of another corpus"] * 2
    nothing = newest(tmp_path / "run", lambda c: "no")
    assert nothing.checkpoint is None
    assert "no other" in nothing.notes()[0]


def test_a_directory_that_is_not_there(tmp_path: Path):
    with pytest.raises(RunError) as error:
        newest(tmp_path / "missing")
    assert len(str(error.value)) <= 200
    assert newest(tmp_path).checkpoint is None


def test_rejected_ones_are_set_aside(tmp_path: Path):
    fill(tmp_path / "run", 2)
    (tmp_path / "run" / "step-00000002" / PARTS[0]).write_bytes(b"")
    found = newest(tmp_path / "run")
    set_aside(found.rejected)
    assert newest(tmp_path / "run").rejected == ()
    again = save(tmp_path / "run", checkpoint(2), files=Quick())
    assert again.name == "step-00000002"
    assert names(tmp_path / "run")[0].startswith("damaged-step-00000002")
    tidy(tmp_path / "run")
    assert len(names(tmp_path / "run")) == 3
    with pytest.raises(DataError):
        load(tmp_path / "run" / names(tmp_path / "run")[0])
