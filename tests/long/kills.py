"""Kill a training process at random moments, resume it, and compare with one that was left alone.

    python -m tests.long.kills --kills 2000

Each life of a run is a fork of this process, which has imported everything: the kills hit training
and saving rather than imports. A kill is inside a save where it leaves an unfinished checkpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rnntui.cli import run as rnntui
from rnntui.runs.store.checkpoint import MODEL, OPTIMIZER, newest
from rnntui.runs.store.journal import METRICS, read_journal
from rnntui.runs.store.summary import summarize
from tests.benchmarks import results
from tests.support.sessions import TEXT

STEPS = 600
LONGEST_LIFE = 0.6  # seconds
SETTINGS = (
    TEXT,
    "--cell", "lstm", "--layers", "2", "--hidden", "32", "--batch", "3", "--seq-len", "12",
    "--set", "repeat=40", "--set", "dropout=0.3", "--set", "eval_every=10",
    "--set", "sample_every=15", "--set", "workers=1", "--set", "checkpoint_every=5",
    "--optimizer", "adamw", "--set", "schedule=plateau",
)  # fmt: skip


@dataclass
class Tally:
    """What came of some kills."""

    kills: int = 0
    inside: int = 0  # a save
    runs: int = 0  # that were finished
    different: int = 0  # from the one that was left alone
    refused: int = 0  # resumptions that did not work
    passed_over: int = 0  # checkpoints that could not be used
    torn_lines: int = 0  # read past
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {self.inside} of them inside a save "
            f"({self.inside / max(1, self.kills):.0%}); {self.runs} runs finished, "
            f"{self.different} different, {self.refused} resumptions refused, "
            f"{self.passed_over} checkpoints passed over, {self.torn_lines} torn lines read past"
        )


def live(root: Path, *args: str) -> int:
    """Begin a life of a run: a process that carries out a command without printing."""
    pid = os.fork()
    if pid == 0:
        code = 70
        with contextlib.suppress(BaseException):
            for descriptor in (1, 2):
                os.dup2(
                    os.open(root.parent / f"{root.name}.log", os.O_WRONLY | os.O_CREAT), descriptor
                )
            code = rnntui((*args, "--plain", "--every", "0", "--runs-dir", str(root)))
        os._exit(code)
    return pid


def ended(pid: int) -> int | None:
    """The exit code of a life, negative for a signal; None while it lasts."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def finish(root: Path, *args: str) -> int:
    """A whole life; its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(live(root, *args), 0)[1])


def result(path: Path) -> tuple[bytes, ...]:
    """What a finished run must be equal to another in: weights, moments, random numbers."""
    found = newest(path / "checkpoints")
    assert found.path is not None and not found.rejected
    return tuple((found.path / name).read_bytes() for name in (MODEL, OPTIMIZER))


def losses(path: Path, tally: Tally) -> int:
    """How many updates the journal has; each must be there once."""
    lines, bad = read_journal(path, METRICS)
    tally.torn_lines += bad
    return sum(line["updates"] for line in lines)


def kill_until(kills: int, root: Path, seed: int = 0, steps: int = STEPS) -> Tally:
    """Kill runs of so many updates at random moments until there were so many kills."""
    settings = (*SETTINGS, "--steps", str(steps))
    chance, tally, began = random.Random(seed), Tally(), time.monotonic()
    assert finish(root, "train", *settings, "--name", "left-alone") == 0
    expected = result(root / "left-alone")
    while tally.kills < kills:
        name = f"killed-{tally.runs}"
        args: tuple[str, ...] = ("train", *settings, "--name", name)
        while True:
            pid = live(root, *args)
            code = _wait(pid, chance.uniform(0.0, LONGEST_LIFE) if tally.kills < kills else 60.0)
            if code is None:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                tally.kills += 1
                tally.inside += any((root / name / "checkpoints").glob(".tmp-*"))
            elif code == 0 or summarize(root / name).state == "finished":
                break
            else:
                tally.refused += 1
                return tally
            begun = (root / name / "run.json").exists()
            args = ("resume", name) if begun else args
        tally.runs += 1
        if (root / name).exists():
            tally.passed_over += len(list((root / name / "checkpoints").glob("damaged-*")))
            different = result(root / name) != expected or losses(root / name, tally) != steps
            tally.different += different
            if not different:
                shutil.rmtree(root / name)
    tally.seconds = time.monotonic() - began
    return tally


def _wait(pid: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while (code := ended(pid)) is None and time.monotonic() < end:
        time.sleep(0.001)
    return code


def main() -> None:
    """Kill as often as asked, and say what came of it; exit 1 if anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="of each run")
    parser.add_argument("--record", action="store_true", help="for the README")
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="rnntui-kills-")) / "runs"
    tally = kill_until(given.kills, root, given.seed, given.steps)
    print(tally)
    if given.record:
        results.write(results.KILLS, {**results.circumstances(), **asdict(tally)})
    if tally.different or tally.refused:
        sys.exit(f"what is left: {root}")
    shutil.rmtree(root.parent)


if __name__ == "__main__":
    main()
