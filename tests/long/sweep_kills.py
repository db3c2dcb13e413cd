"""Kill a sweep at random moments, resume it, and compare every trial with an undisturbed sweep.

    python -m tests.long.sweep_kills --kills 20 --seed 1

A kill hits the sweep itself, one of its trials, or all of them at once. Whenever the sweep is gone
it is resumed; when it is done and kills are left, another one is started. Each ends with the same
best losses, to the last digit, and the same last weights, byte by byte. With --ssh, Dask trains the
trials behind an sshd on this machine, and its workers are killed as well.
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
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import command, environment
from tests.support.processes import children
from tests.support.sockets import parent_of, trials_behind
from tests.support.sshd import HOSTS, hosts_on_loopback, port_of, why_no_sshd

TRIALS = (
    "brackets", "--grid", "lr=1e-3,3e-3,1e-2,3e-2", "--grid", "hidden=40,48", "--jobs", "2",
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

    @property
    def total(self) -> int:
        """Kills so far."""
        return sum(self.kills.values())


class Sweeps:
    """Runs sweeps in a directory."""

    def __init__(self, root: Path, steps: int, home: Path | None) -> None:
        """`home`: whose ssh configuration has the hosts of the sweeps, if these are remote."""
        self.root, self._steps, self._home = root, steps, home
        self.ssh_port = port_of(home) if home else 0

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start a sweep."""
        there = ("--on", f"ssh:{','.join(HOSTS)}") if self._home and name != REFERENCE else ()
        return self._run("sweep", *TRIALS, *there, "--steps", str(self._steps), "--name", name)

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

    def results(self, name: str, output: str) -> dict[str, tuple[object, ...]]:
        """Return how each trial ended: state, best loss, its update, and a hash of the weights."""
        last = json.loads(output.splitlines()[-1])
        assert last["event"] == "done", output[-500:]
        return {
            json.dumps(trial["settings"]): (
                trial["state"], trial["best"], trial["best_step"], self._weights(trial["run"])
            )
            for trial in last["trials"]
        }  # fmt: skip

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
        sweeps = Sweeps(Path(folder), arguments.steps, home)
        output, _ = sweeps.start(REFERENCE).communicate(timeout=GIVE_UP)
        expected = sweeps.results(REFERENCE, output)
        assert {one[0] for one in expected.values()} == {"finished"}, output[-2000:]
        while tally.total < arguments.kills:
            tally.sweeps += 1
            found = disturbed(sweeps, f"s{tally.sweeps}", arguments.kills, chance, tally)
            tally.lost += len(expected.keys() - found.keys())
            tally.different += sum(found.get(key) != one for key, one in expected.items())
    parts = ", ".join(f"{count} of {what}" for what, count in tally.kills.items())
    print(
        f"{tally.total} kills ({parts}) of {tally.sweeps} sweeps of {len(expected)} trials in "
        f"{time.monotonic() - began:.0f} s: {tally.lost} trials lost, {tally.different} different"
    )
    return int(bool(tally.lost or tally.different))


def disturbed(
    sweeps: Sweeps, name: str, kills: int, chance: random.Random, tally: Tally
) -> dict[str, tuple[object, ...]]:
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
            return sweeps.results(name, output)
        assert process.returncode == -signal.SIGKILL, output[-2000:]
        process = sweeps.resume(name)


def started(sweeps: Sweeps, name: str) -> bool:
    """Return whether the sweep is stored, so that it can be resumed."""
    return (sweeps.root / ".sweeps" / name / "sweep.json").exists()


if __name__ == "__main__":
    sys.exit(main())
