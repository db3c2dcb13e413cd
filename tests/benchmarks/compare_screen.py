"""What a key costs on the screen that compares runs: CPU time until its frame is complete.

    python -m tests.benchmarks.compare_screen [--runs 100] [--updates 50000] [--rounds 5]

Runs the real program in a pseudo-terminal, after it has read the runs once. A key is pressed when
the program is idle: what it computes ahead by then is not counted. It is also pressed a tenth of a
second after the screen is there and takes keys. CPU time of all threads is counted, as wall time
would include what other programs do. Linux only.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rnntui.cache_folder import VARIABLE
from tests.support.compared import add_lines, make_run, set_status
from tests.support.terminal import Terminal

SIZES = ((80, 24), (120, 40), (200, 60))
KEYS = "psoSvxlhjb"
# Each in a program of its own, and what its frame shows: others come at that time, too.
AT_ONCE = {"v": "losses:", "x": "axis:", "l": "axis:", "p": "◆", "s": "sorted"}
FRAME_END = b"\x1b[?2026l"
TAKEN_OVER = b"\x1b[?2026$p"  # what the program asks the terminal before it takes keys
FIRST_RUN = "tales-"  # in the table of the first frame
WAIT = 0.1  # seconds from then to a key that comes at once
IDLE = 0.02  # share of a core below which the program does nothing
PATIENCE = 10.0  # seconds for a frame
LINES = 10  # updates of a line of the metrics


@dataclass
class Figures:
    """Milliseconds of CPU time by what was measured."""

    rows: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: str, value: float) -> None:
        self.rows.setdefault(row, []).append(value)


def write_runs(root: Path, runs: int, updates: int) -> None:
    """Make runs that differ in three settings, with noisy losses."""
    noise = random.Random(7)
    for n in range(runs):
        hidden, lr = (32, 64, 128, 256)[n % 4], (1e-3, 3e-3, 1e-2)[n % 3]
        path = make_run(
            root, f"tales-{n}", updates=0, hidden=hidden, lr=lr, seed=n, batch=32, seq_len=50
        )
        floor, lines = 1.2 + noise.random(), list[dict[str, object]]()
        best = float("inf")
        for step in range(LINES, updates + 1, LINES):
            loss = floor + 2 / (1 + step / 500) + noise.gauss(0, 0.05)
            lines.append({"step": step, "updates": LINES, "loss": loss, "seconds": step / 50})
            if step % 500 == 0:
                lines[-1]["validation"] = loss + 0.1
                best = min(best, loss + 0.1)
        add_lines(path, lines)
        set_status(path, step=updates, total=updates, best=best)


def cpu_ms(pid: int) -> float:
    """CPU time of all threads of a process so far."""
    found = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in found) / 1e6


@contextmanager
def opened(root: Path, size: tuple[int, int]) -> Iterator[Terminal]:
    """Open the screen and wait until it is there."""
    environment = {
        "RNNTUI_RUNS": str(root / "runs"),
        "RNNTUI_CONFIG": str(root / "config"),
        VARIABLE: str(root / "cache"),
    }
    argv = [sys.executable, "-m", "rnntui", "compare"]
    with Terminal(argv, *size, environment=environment) as terminal:
        if terminal.wait_for_bytes(FIRST_RUN.encode()) is None:
            raise SystemExit("the screen did not come up:\n" + terminal.text())
        yield terminal
        terminal.write("q")
        terminal.exit_code()


def settle(terminal: Terminal) -> None:
    """Read until the program does nothing."""
    used = 1.0
    while used > IDLE:
        before = cpu_ms(terminal.pid)
        terminal.pump(0.25)
        used = (cpu_ms(terminal.pid) - before) / 250


def pressed(terminal: Terminal, key: str, shows: str = "") -> float:
    """CPU milliseconds from a key to the end of its frame: of the first one, or that shows this."""
    before, first = cpu_ms(terminal.pid), len(terminal.log)
    terminal.write(key)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        terminal.read(end - time.monotonic())
        now = cpu_ms(terminal.pid)
        data = b"".join(data for _, data in terminal.log[first:])
        at = data.find(shows.encode())
        if at >= 0 and FRAME_END in data[at:]:
            return now - before
    raise SystemExit(f"{key} has drawn nothing:\n" + terminal.text())


def measure(root: Path, figures: Figures) -> None:
    """Measure each key once, at each size."""
    for columns, rows in SIZES:
        with opened(root, (columns, rows)) as terminal:
            figures.add(f"open, {columns}x{rows}", cpu_ms(terminal.pid))
            for key in KEYS:
                settle(terminal)
                figures.add(f"{key}, {columns}x{rows}", pressed(terminal, key))
    for key, shows in AT_ONCE.items():
        with opened(root, SIZES[-1]) as terminal:
            if not any(TAKEN_OVER in data for _, data in terminal.log):
                terminal.wait_for_bytes(TAKEN_OVER)
            terminal.pump(WAIT)
            figures.add(f"{key} at once, {columns}x{rows}", pressed(terminal, key, shows))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--updates", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="rnntui-compare-") as folder:
        root = Path(folder)
        write_runs(root / "runs", arguments.runs, arguments.updates)
        began = time.perf_counter()
        with opened(root, SIZES[0]) as terminal:
            settle(terminal)
        print(f"read for the first time in {time.perf_counter() - began:.1f} s")
        for _ in range(arguments.rounds):
            measure(root, figures)
    for row, values in figures.rows.items():
        print(f"{row}: {median(values):.1f} ms ({min(values):.1f} … {max(values):.1f})")


if __name__ == "__main__":
    main()
