"""Kill a sweep at random moments, resume it, and compare every trial with an undisturbed sweep.

    python -m tests.long.sweep_kills --kills 20 --seed 1
    python -m tests.long.sweep_kills --kills 8 --halving 100,200

A kill hits the sweep itself, one of its trials, or all of them at once. Whenever the sweep is gone
it is resumed; when it is done and kills are left, another one is started. Each ends with the same
losses, to the last digit, and the same last weights, byte by byte. With --halving, which trials
pass a rung depends on the order in which they arrive, and so on the kills: each that was cut has
the losses of the undisturbed one up to its rung. With --ssh, Dask trains the trials behind an sshd
on this machine, and its workers are killed as well.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnntui.runs.store.journal import METRICS, read_journal
from tests.conftest import command, environment
from tests.support.processes import children
from tests.support.sockets import parent_of, trials_behind
from tests.support.sshd import HOSTS, hosts_on_loopback, port_of, why_no_sshd

TRIALS = (
    "brackets", "--grid", "lr=1e-3,3e-3,1e-2,3e-2", "--jobs", "2", "--set", "hidden=40",
    "--set", "eval_every=50", "--set", "checkpoint_every=25", "--set", "final_length=0",
)  # fmt: skip
GIVE_UP = 600.0  # seconds
# Seconds between kills: three before a first checkpoint fail a trial, and hosts start slowly.
PAUSES = ((0.5, 6.0), (4.0, 16.0))
VICTIMS, REMOTE_VICTIMS = ("sweep", "trial", "all"), ("sweep", "worker", "trial")
REFERENCE = "reference"  # the sweep that nobody disturbs, on this machine


@dataclass
class Tally:
    """What was killed, and how the sweeps ended."""

    kills: dict[str, int]
    sweeps: int = 0
    lost: int = 0
    different: int = 0
    pruned: int = 0

    @property
    def total(self) -> int:
        """Kills so far."""
        return sum(self.kills.values())


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. `losses`: of its validations, as (update, loss)."""

    state: str
    update: int
    losses: frozenset[tuple[int, float]]
    weights: str  # a hash

    def is_like(self, undisturbed: Outcome, rungs: Sequence[int]) -> bool:
        """Return whether it is what an undisturbed trial was, until it was cut, if it was."""
        if self.state == "pruned":
            until = {(update, loss) for update, loss in undisturbed.losses if update <= self.update}
            return self.update in rungs and self.losses == until
        return self == undisturbed


class Sweeps:
    """Runs sweeps in a directory."""

    def __init__(self, root: Path, steps: int, rungs: tuple[int, ...], home: Path | None) -> None:
        """`home`: whose ssh configuration has the hosts of the sweeps, if these are remote."""
        self.root, self._steps, self._home, self.rungs = root, steps, home, rungs
        self.ssh_port = port_of(home) if home else 0

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start a sweep."""
        more: list[str] = []
        if self._home and name != REFERENCE:
            more += ["--on", f"ssh:{','.join(HOSTS)}"]
        if self.rungs and name != REFERENCE:
            more += ["--halving", ",".join(map(str, self.rungs))]
        return self._run("sweep", *TRIALS, *more, "--steps", str(self._steps), "--name", name)

    def resume(self, name: str) -> subprocess.Popen[str]:
        """Resume one."""
        return self._run("sweep", "resume", name)

    def _run(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command(*args, "--json", "--runs-dir", str(self.root)),
            env=environment(HOME=str(self._home)) if self._home else environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def results(self, output: str) -> dict[str, Outcome]:
        """Return how each trial ended, by its settings."""
        last = json.loads(output.splitlines()[-1])
        assert last["event"] == "done", output[-500:]
        found: dict[str, Outcome] = {}
        for trial in last["trials"]:
            losses, weights = self._losses(trial["run"]), self._weights(trial["run"])
            assert trial["best"] == min((loss for _, loss in losses), default=None), trial
            settings = json.dumps(trial["settings"])
            found[settings] = Outcome(trial["state"], trial["step"], losses, weights)
        return found

    def _losses(self, run: str) -> frozenset[tuple[int, float]]:
        """Return every validation, also those made again after a kill."""
        lines = read_journal(self.root / run, METRICS)[0]
        return frozenset(
            (line["step"], line["validation"]) for line in lines if "validation" in line
        )

    def _weights(self, run: str) -> str:
        checkpoints = sorted((self.root / run / "checkpoints").glob("step-*"))
        if not checkpoints:
            return ""
        return hashlib.sha256((checkpoints[-1] / "model.safetensors").read_bytes()).hexdigest()[:12]


def kill_something(sweep: subprocess.Popen[str], chance: random.Random, port: int) -> str:
    """Kill the sweep, a trial or others; return which, or nothing if there was none.

    `port`: of the sshd behind which its trials are; 0 if they are its children.
    """
    try:
        trials = trials_behind(port) if port else children(sweep.pid)
    except OSError:
        return ""
    what = chance.choice(REMOTE_VICTIMS if port else VICTIMS)
    one = [chance.choice(trials)] if trials else []
    victims = {
        "sweep": [sweep.pid],
        "trial": one,
        "all": [sweep.pid, *trials],
        "worker": [parent_of(pid) for pid in one],
    }[what]
    killed = 0
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    return what if killed else ""


def main() -> int:
    """Run it and print a line with what came of it; the exit code is 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--halving", default="", help="updates, as in 100,200")
    parser.add_argument("--ssh", action="store_true")
    arguments = parser.parse_args()
    chance, began = random.Random(arguments.seed), time.monotonic()
    tally = Tally(dict.fromkeys(REMOTE_VICTIMS if arguments.ssh else VICTIMS, 0))
    with contextlib.ExitStack() as stack:
        new_folder = tempfile.TemporaryDirectory
        folder = stack.enter_context(new_folder(prefix="rnntui-sweep-kills-"))
        home = None
        if arguments.ssh:
            if why := why_no_sshd():
                parser.error(why)
            keys = Path(stack.enter_context(new_folder(prefix="rnntui-sshd-")))
            home = stack.enter_context(hosts_on_loopback(keys))
        rungs = tuple(map(int, filter(None, arguments.halving.split(","))))
        sweeps = Sweeps(Path(folder), arguments.steps, rungs, home)
        output, _ = sweeps.start(REFERENCE).communicate(timeout=GIVE_UP)
        expected = sweeps.results(output)
        assert {one.state for one in expected.values()} == {"finished"}, output[-2000:]
        while tally.total < arguments.kills:
            tally.sweeps += 1
            found = disturbed(sweeps, f"s{tally.sweeps}", arguments.kills, chance, tally)
            tally.lost += len(expected.keys() - found.keys())
            both = expected.keys() & found.keys()
            tally.different += sum(not found[key].is_like(expected[key], rungs) for key in both)
            tally.pruned += sum(one.state == "pruned" for one in found.values())
    parts = ", ".join(f"{count} of {what}" for what, count in tally.kills.items())
    print(
        f"{tally.total} kills ({parts}) of {tally.sweeps} sweeps of {len(expected)} trials in "
        f"{time.monotonic() - began:.0f} s: {tally.lost} trials lost, {tally.different} different"
        + (f", {tally.pruned} cut at a rung" if rungs else "")
    )
    return int(bool(tally.lost or tally.different))


def disturbed(
    sweeps: Sweeps, name: str, kills: int, chance: random.Random, tally: Tally
) -> dict[str, Outcome]:
    """Run a sweep to its end, with kills; return its results."""
    process = sweeps.start(name)
    while True:
        try:
            pause = (
                chance.uniform(*PAUSES[bool(sweeps.ssh_port)]) if tally.total < kills else GIVE_UP
            )
            output, _ = process.communicate(timeout=pause)
        except subprocess.TimeoutExpired:
            assert tally.total < kills, "the sweep does not end"
            if not started(sweeps, name) or not (
                what := kill_something(process, chance, sweeps.ssh_port)
            ):
                continue
            tally.kills[what] += 1
            continue
        if process.returncode == 0:
            return sweeps.results(output)
        assert process.returncode == -signal.SIGKILL, output[-2000:]
        process = sweeps.resume(name)


def started(sweeps: Sweeps, name: str) -> bool:
    """Return whether the sweep is stored, so that it can be resumed."""
    return (sweeps.root / ".sweeps" / name / "sweep.json").exists()


if __name__ == "__main__":
    sys.exit(main())
