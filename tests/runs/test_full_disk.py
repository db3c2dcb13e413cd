"""The disk fills, or fails now and then: training goes on, its user is told, nothing is lost."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from rnntui.runs import opening, recorder
from rnntui.runs.store import saver
from rnntui.runs.store.checkpoint import newest
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.journal import EVENTS, METRICS, read_journal
from rnntui.runs.store.select_checkpoint import select_checkpoint
from rnntui.runs.store.status import STATUS
from rnntui.runs.store.summary import summarize
from rnntui.session.disk import CALM, DiskWatch
from rnntui.session.session import Session
from tests.conftest import run_process
from tests.support.faults import Counted
from tests.support.patience import PATIENCE
from tests.support.real_runs import FOX, dashboard, kill_trainers, said, until

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

STEPS = 1400
EVERY = 40  # updates between two checkpoints
SETTINGS = (
    *FOX, "--set", "eval_every=50", "--set", "workers=1", "--set", f"checkpoint_every={EVERY}",
    "--name", "run",
)  # fmt: skip
FROM, COUNT = 60, 40  # the first call that may fail, and how many may
FULL = "No space left on device"


class Flaky(Counted):
    """Every k-th of some calls fails; each time the newest checkpoint is read.

    They begin when there is one: threads of a busy machine may write much else before.
    """

    def __init__(self, path: Path, count: int, every: int, error: int) -> None:
        super().__init__()
        self.path, self.count, self.every, self.error = path, count, every, error
        self.turn = 0  # of those calls
        self.failures = 0
        self.found: list[int] = []  # the newest valid checkpoint at each failure

    def act(self, name, action):
        if self.turn or (self.calls >= FROM and newest(self.path).checkpoint):
            self.turn += 1
        if not 0 < self.turn <= self.count or self.turn % self.every:
            return action()
        if name == "close":
            action()
        self.failures += 1
        valid = newest(self.path).checkpoint
        self.found.append(valid.step if valid else 0)
        raise OSError(self.error, os.strerror(self.error))


def wait_for(disk: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a disk have some calls for each checkpoint, however little its threads get to run."""
    delay, calls = Session.delay, {0: 0}

    def delayed(session: Session, now: float) -> float:
        turn = session.step // EVERY
        before = calls.setdefault(turn, disk.calls)
        behind = turn and disk.calls < before + 5 and disk.turn < disk.count
        return max(delay(session, now), 0.002) if behind else delay(session, now)

    monkeypatch.setattr(Session, "delay", delayed)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds as moments."""
    monkeypatch.setattr(saver, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(saver, "LONGEST_PAUSE", 0.003)
    monkeypatch.setattr(saver, "LAST_PAUSE", 0.003)
    monkeypatch.setattr(saver, "LAST_CHANCE", PATIENCE)
    monkeypatch.setattr(recorder, "_WRITE_EVERY", 0.002)
    monkeypatch.setattr("rnntui.runs.store.status.INTERVAL", 0.01)
    monkeypatch.setattr("rnntui.session.disk.CALM", 0.02)
    monkeypatch.setattr("rnntui.session.housekeeping.HOUSEKEEPING_EVERY", 0.002)


@pytest.mark.parametrize(
    ("every", "error"),
    [
        (1, errno.ENOSPC),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in ((2, errno.EIO), (3, errno.EDQUOT), (7, errno.ENOSPC), (20, errno.EIO))
        ),
    ],
)
def test_a_disk_that_fails_for_a_while_costs_nothing(
    every: int, error: int, rnntui, runs: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs / "run"
    disk = Flaky(run / CHECKPOINTS, COUNT, every, error)
    wait_for(disk, monkeypatch)
    monkeypatch.setattr(opening, "Recorder", partial(recorder.Recorder, files=disk))
    ended = rnntui("train", *SETTINGS, "--steps", str(STEPS), "--json", "--every", "1000")
    assert (ended.code, ended.err) == (0, "")
    assert ended.of("done")[0]["steps"] == STEPS
    assert disk.failures >= COUNT // every - 1
    assert all(disk.found) and disk.found == sorted(disk.found)
    found = newest(run / CHECKPOINTS)
    assert found.checkpoint is not None and found.checkpoint.step == STEPS
    lines, bad = read_journal(run, METRICS)
    assert sum(line["updates"] for line in lines) == STEPS and not bad
    events = [line["text"] for line in read_journal(run, EVENTS)[0] if line["kind"] == "disk"]
    notes = [note["text"] for note in ended.of("note") if note["text"] in events]
    assert notes == events
    if every <= 2:
        assert os.strerror(error) in events[0] and events[-1].endswith("again"), events


def test_a_run_that_could_not_be_saved_says_so(
    rnntui, runs: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs / "run"
    disk = Flaky(run / CHECKPOINTS, sys.maxsize, 1, errno.ENOSPC)
    wait_for(disk, monkeypatch)
    monkeypatch.setattr(opening, "Recorder", partial(recorder.Recorder, files=disk))
    monkeypatch.setattr(saver, "LAST_CHANCE", 0.1)
    ended = rnntui("train", *SETTINGS, "--steps", "600", "--json", "--every", "1000")
    steps = ended.of("done")[0]["steps"]
    told = re.search(rf"only (\d+) of {steps} updates are saved: .*{FULL}\n$", ended.err)
    assert ended.code == 74 and told is not None, ended.err
    checkpoint = select_checkpoint(
        run / CHECKPOINTS, told[1]
    )  # one more may have come as far as its name
    assert checkpoint.step == int(told[1]) < steps


def test_news_of_the_disk_are_told_once() -> None:
    watch = DiskWatch()
    assert watch.see("", 0.0) == ""
    assert watch.see(f"cannot write checkpoints: {FULL}", 1.0).startswith("cannot write checkp")
    assert watch.see(f"cannot write the journal: {FULL}", 2.0) == ""
    assert watch.trouble == f"cannot write the journal: {FULL}"
    assert watch.see("", 3.0) == "" and watch.trouble
    assert watch.see(f"cannot write the journal: {FULL}", 3.0 + CALM / 2) == ""
    assert watch.see("", 4.0) == "" and watch.see("", 4.0 + CALM / 2) == ""
    assert watch.see("", 4.0 + CALM) == "the disk can be written to again"
    assert watch.trouble == "" and watch.see("", 9.0) == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with 2 MB."""
    place = tmp_path / "disk"
    place.mkdir(mode=0o700)
    options = "size=8m,mode=0700"
    mounting = ["mount", "-t", "tmpfs", "-o", options, "rnntui-test", str(place)]
    if not sys.platform.startswith("linux") or os.geteuid() or subprocess.call(mounting):
        pytest.skip("needs to mount a file system")
    yield place
    kill_trainers(place / "runs")
    subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def kept_full(place: Path) -> Iterator[None]:
    """Within it there is no room: a training process that removes files of its own makes none."""
    ballast, over = place / "ballast", threading.Event()

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file:
            while not over.wait(0.005):
                with suppress(OSError):
                    while file.write(bytes(4096)):
                        continue

    filling = threading.Thread(target=fill)
    filling.start()
    try:
        yield
    finally:
        over.set()
        filling.join()
        ballast.unlink()


@pytest.mark.slow
def test_runs_shows_that_a_disk_is_full(small_disk: Path, rnntui) -> None:
    """Neither the status nor anything else can be written as a new file."""
    runs = small_disk / "runs"
    runs.mkdir(mode=0o700)
    options = ("--steps", "100000000", "--detach", "--runs-dir", str(runs))
    assert run_process("train", *SETTINGS, "--set", "lr=0.0001", *options).returncode == 0
    until(lambda: newest(runs / "run" / CHECKPOINTS).checkpoint)
    until((runs / "run" / STATUS).exists)  # what is there is written over; nothing new can be

    def row() -> dict[str, object]:
        return dict(rnntui("runs", "--json", "--runs-dir", str(runs)).events[0])

    until(lambda: row()["step"])
    assert row()["problem"] == ""
    words: list[object] = []
    with kept_full(small_disk):
        until(lambda: words.append(row()["problem"]) or words[-1])
        assert words[-1] in ("cannot write: the disk is full", f"cannot write: {FULL}")
        until(lambda: FULL in str(row()["problem"]))  # in the training process's own words
        before = row()["step"]
        until(lambda: row()["step"] != before)
        until(lambda: rnntui("runs", "--runs-dir", str(runs)).out.count("cannot write") == 1)
    until(lambda: row()["problem"] == "")
    with kept_full(small_disk):
        kill_trainers(runs)
        until(lambda: row()["state"] not in ("training", "paused"))
        assert rnntui("rm", "run", "--yes", "--runs-dir", str(runs)).code == 0
    assert list(runs.iterdir()) == []


@pytest.mark.slow
def test_who_leaves_a_full_disk_is_told_what_is_saved(small_disk: Path) -> None:
    runs = small_disk / "runs"
    runs.mkdir(mode=0o700)
    with dashboard(runs, "train", *SETTINGS, "--set", "lr=0.0001") as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        checkpoints = runs / "run" / CHECKPOINTS
        until(lambda: newest(checkpoints).checkpoint and terminal.pump(0.05) is not None)
        with kept_full(small_disk):
            assert terminal.wait_for(FULL), terminal.text()
            terminal.write("q")
            assert terminal.exit_code() == 74
        told = re.search(rf"only (\d+) of \d+ updates are saved: .*{FULL}", said(terminal))
        assert told is not None and select_checkpoint(checkpoints, told[1]).step == int(told[1]), (
            said(terminal)
        )


@pytest.mark.slow
def test_the_list_of_runs_shows_a_disk_that_takes_no_status(small_disk: Path, rnntui) -> None:
    runs = small_disk / "runs"
    runs.mkdir(mode=0o700)
    train = ("train", *SETTINGS, "--steps", "100000000", "--runs-dir", str(runs))
    assert run_process(*train, "--detach").returncode == 0
    until(lambda: newest(runs / "run" / CHECKPOINTS).checkpoint and summarize(runs / "run").step)
    until((runs / "run" / STATUS).exists)  # what is there is written over; nothing new can be

    def listed() -> str:
        return " ".join(rnntui("runs", "--runs-dir", str(runs)).out.split())

    with kept_full(small_disk):
        until(lambda: FULL in listed())
        ended = rnntui("stop", "run", "--runs-dir", str(runs))
    saved = newest(runs / "run" / CHECKPOINTS).checkpoint
    assert ended.code == 74 and saved is not None
    assert re.search(rf"but only {saved.step} of \d+ updates are saved: .*{FULL}\n$", ended.err)
    assert summarize(runs / "run").state == "stopped"
    assert FULL in listed()


def newest_step(checkpoints: Path) -> int:
    """The update of the newest checkpoint; one that is removed while it is read is tried again."""
    found: list[int] = []

    def read() -> bool:
        checkpoint = newest(checkpoints).checkpoint
        found.extend([checkpoint.step] if checkpoint else [])
        return bool(found)

    until(read)
    return found[-1]


@pytest.mark.slow
def test_a_full_disk_is_shown_until_there_is_room(small_disk: Path) -> None:
    runs = small_disk / "runs"
    runs.mkdir(mode=0o700)
    path = runs / "run"
    with dashboard(runs, "train", *SETTINGS, "--recipe", "tales", "--set", "lr=0.0001") as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        checkpoints = path / CHECKPOINTS
        until(lambda: newest(checkpoints).checkpoint and terminal.pump(0.05) is not None)
        with kept_full(small_disk):
            assert terminal.wait_for(FULL), terminal.text()
            before = newest_step(checkpoints)
            terminal.pump(1.0)
            shown = terminal.wait_until(lambda text: FULL in text and "training continues" in text)
            assert shown, terminal.text()
            assert newest_step(checkpoints) >= before
        assert terminal.wait_for("saving works again"), terminal.text()
        assert terminal.wait_until(lambda text: FULL not in text), terminal.text()
        until(lambda: newest_step(checkpoints) > before and terminal.pump(0.05) is not None)
        terminal.write("q")
        assert terminal.exit_code() == 0
        assert "stopped after" in said(terminal)
    until(lambda: summarize(path).state == "stopped")
    last = newest(checkpoints).checkpoint
    lines, bad = read_journal(path, METRICS)
    assert last is not None and sum(line["updates"] for line in lines) == last.step
    assert bad <= 1  # a line that the disk took in part is written again as a whole
    kinds = [line["text"] for line in read_journal(path, EVENTS)[0] if line["kind"] == "disk"]
    assert len(kinds) == 2 and FULL in kinds[0] and kinds[1].endswith("again"), kinds
