"""Train at full speed under the dashboard for a long while: does anything grow?

    python -m tests.long.soak --minutes 30

Prints memory, descriptors and threads of both processes, and how memory grew after the first part.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rnntui.runs.store.lock_owner import live_lock_owner
from tests.benchmarks import results
from tests.support.terminal import Terminal

ROOT = str(Path(__file__).parents[2])
EVERY = 5.0  # seconds between two readings
SETTLED = 1 / 6  # share of the time after which nothing may grow
KEYS = "lzzzbbbtgthe \r\x1b[]e\x1bi\x1b?\x1b"


@dataclass(frozen=True)
class Reading:
    """A process at one moment."""

    seconds: float
    kilobytes: int  # resident, without mapped files
    descriptors: int
    threads: int


def read(pid: int, began: float) -> Reading:
    """How a process stands."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return Reading(
        time.monotonic() - began,
        int(fields["RssAnon"].split()[0]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        int(fields["Threads"]),
    )


def slope(readings: list[Reading]) -> float:
    """Megabytes an hour, by least squares."""
    xs, ys = [r.seconds / 3600 for r in readings], [r.kilobytes / 1000 for r in readings]
    return statistics.linear_regression(xs, ys).slope


@dataclass(frozen=True)
class Late:
    """What a process was like after the first part of the time. Memory in megabytes."""

    first: float
    last: float
    growth: float  # an hour
    descriptors: tuple[int, int]  # least and most
    threads: tuple[int, int]

    def __str__(self) -> str:
        return (
            f"{self.first:.1f} → {self.last:.1f} MB, {self.growth:+.2f} MB/h; "
            f"descriptors {self.descriptors[0]}–{self.descriptors[1]}, "
            f"threads {self.threads[0]}–{self.threads[1]}"
        )


def late(readings: list[Reading], settled: float) -> Late:
    """The readings from `settled` seconds on, in short."""
    kept = [r for r in readings if r.seconds >= settled]
    descriptors, threads = [r.descriptors for r in kept], [r.threads for r in kept]
    return Late(
        kept[0].kilobytes / 1000,
        kept[-1].kilobytes / 1000,
        slope(kept),
        (min(descriptors), max(descriptors)),
        (min(threads), max(threads)),
    )


def main() -> None:
    """Soak for as long as asked; exit 1 if something grows."""
    parser = argparse.ArgumentParser(description="Does anything grow while training goes on?")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--record", action="store_true", help="for the README")
    parser.add_argument("settings", nargs="*", help="for rnntui train")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rnntui-soak-") as folder:
        runs = Path(folder) / "runs"
        environment = {"RNNTUI_RUNS": str(runs), "PYTHONPATH": ROOT}
        settings = given.settings or ["hello-world-cured", "--epochs", "100000000"]
        argv = [sys.executable, "-m", "rnntui", "train", *settings, "--name", "soak"]
        with Terminal(argv, 120, 40, environment=environment) as terminal:
            if not terminal.wait_for("of update", 60):
                sys.exit(f"the dashboard did not come up:\n{terminal.text()}")
            found = live_lock_owner(runs / "soak")
            assert found is not None
            both, began = (terminal.pid, found[0].pid), time.monotonic()
            readings: tuple[list[Reading], list[Reading]] = ([], [])
            end, number = began + 60 * given.minutes, 0
            while time.monotonic() < end:
                terminal.pump(EVERY)
                terminal.forget()
                terminal.write(KEYS[number % len(KEYS)])
                number += 1
                for pid, one in zip(both, readings, strict=True):
                    one.append(read(pid, began))
            terminal.write("\x1b\x1bq")
            terminal.exit_code(30)
    settled = 60 * given.minutes * SETTLED
    found = {
        name: late(each, settled)
        for name, each in zip(("dashboard", "trainer"), readings, strict=True)
    }
    for name, process in found.items():
        print(f"{name}: {process}")
    if given.record:
        told = {name: asdict(process) for name, process in found.items()}
        results.write(results.SOAK, {**results.circumstances(), "minutes": given.minutes, **told})
    sys.exit(0 if all(process.growth < 1.0 for process in found.values()) else 1)


if __name__ == "__main__":
    main()
