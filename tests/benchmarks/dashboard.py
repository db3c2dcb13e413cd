"""What the dashboard costs: training speed beside it, key latency, bytes, CPU and start-up.

    python -m tests.benchmarks.dashboard [--rounds 3] [--seconds 5]

Runs the real program in a pseudo-terminal. Runs with and without the dashboard alternate, so a slow
minute of the machine meets both; medians are printed with minimum and maximum, and
written for the README. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rnntui.engine.client import EngineClient
from rnntui.protocol.messages import Hello, Look, Snapshot
from rnntui.runs.store.lock_owner import live_lock_owner
from tests.benchmarks import results
from tests.support.terminal import FRAME, Terminal, cpu_seconds

PROGRAM = [sys.executable, "-m", "rnntui"]
NETWORK = {"cell": "rnn", "layers": "1", "dropout": "0", "schedule": "constant"}
NETWORK |= {"steps": "0", "workers": "1"}
SIZES = {
    "small": {"batch": "1", "hidden": "100", "seq_len": "25"},
    "large": {"batch": "64", "hidden": "640", "seq_len": "64"},
}
LETTERS = [chr(c) for c in range(ord("А"), ord("я") + 1)]  # in no bundled corpus
CALM_AFTER = 8.0  # seconds until pictures are drawn more rarely
TRAINED = re.compile(r"train +[\d.]+ ")  # the first loss is shown
PROMPT_KEY, LEAVE_PROMPT = "g", "\x1b"


@dataclass
class Figures:
    """Everything measured, by the row it belongs to."""

    rows: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: str, *values: float) -> None:
        self.rows.setdefault(row, []).extend(values)

    def percentile(self, row: str, fraction: float) -> float:
        ordered = sorted(self.rows[row])
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def settings(size: str) -> list[str]:
    """Command-line words for a size, without validations or samples in between."""
    values = {**NETWORK, **SIZES[size], "eval_every": "0", "sample_every": "0"}
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def silent(size: str, seconds: float) -> tuple[float, float]:
    """Updates per second and per CPU second without a screen."""
    argv = [*PROGRAM, "train", "tales", *settings(size), "--json", "--every", "0"]
    process = subprocess.Popen(
        [*argv, "--seconds", str(seconds + 1)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    time.sleep(0.7)
    cpu = cpu_seconds(process.pid)
    began = time.perf_counter()
    time.sleep(seconds)
    used, wall = cpu_seconds(process.pid) - cpu, time.perf_counter() - began
    done = json.loads(process.stdout.read().splitlines()[-1])
    process.wait()
    rate = done["steps"] / done["seconds"]
    return rate, rate * wall / used


@contextlib.contextmanager
def watched(*args: str, link: int = 0) -> Iterator[Terminal]:
    """The dashboard on a run that is kept, and neither afterwards."""
    with tempfile.TemporaryDirectory(prefix="rnntui-watched-") as folder:
        environment = {"RNNTUI_RUNS": folder}
        with Terminal([*PROGRAM, *args], link=link, environment=environment) as terminal:
            yield terminal
        for lock in Path(folder).glob("*/lock.json"):
            if found := live_lock_owner(lock.parent):
                os.kill(found[0].pid, signal.SIGKILL)
                time.sleep(0.2)


def children(pid: int) -> list[int]:
    """Processes started by a process (Linux)."""
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def engine_socket(pid: int) -> str:
    """The socket an engine listens on, from the kernel's tables."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        parts = line.split()
        if len(parts) == 8 and f"socket:[{parts[6]}]" in inodes:
            return parts[7]
    raise LookupError("the engine has no socket")


async def _progress(socket: str, terminal: Terminal, seconds: float) -> tuple[int, float]:
    client = await EngineClient.connect(Path(socket))
    await client.ask(Hello())

    async def steps() -> int:
        reply = await client.ask(Look())
        assert isinstance(reply, Snapshot)
        return reply.step

    first, began = await steps(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        terminal.read(0.0)
        await asyncio.sleep(0.005)
    last, wall = await steps(), time.perf_counter() - began
    client.close()
    return last - first, wall


def beside(size: str, seconds: float, figures: Figures) -> tuple[float, float]:
    """Updates per second and per CPU second with the dashboard open; also bytes and UI CPU."""
    with watched("train", "tales", *settings(size)) as terminal:
        if not terminal.wait_for("of update"):
            raise SystemExit("the dashboard did not come up:\n" + terminal.text())
        terminal.pump(1.5)
        (engine,) = children(terminal.pid)
        socket = engine_socket(engine)
        cpu = cpu_seconds(engine)
        updates, wall = _watch(socket, terminal, seconds, figures, size)
        cpu = cpu_seconds(engine) - cpu
        terminal.pump(CALM_AFTER)
        _watch(socket, terminal, seconds, figures, f"later, {size}")
        terminal.write("q")
        terminal.exit_code()
    return updates / wall, updates / cpu


def _watch(
    socket: str, terminal: Terminal, seconds: float, figures: Figures, when: str
) -> tuple[int, float]:
    """Updates and seconds; also adds the bytes sent and the dashboard's CPU time."""
    before, ui = len(terminal.log), cpu_seconds(terminal.pid)
    updates, wall = asyncio.run(_progress(socket, terminal, seconds))
    sent = sum(len(data) for _, data in terminal.log[before:])
    gap = " " if when.startswith("later") else ", "
    figures.add(f"bytes/s{gap}{when}", sent / wall)
    figures.add(f"UI CPU %{gap}{when}", 100 * (cpu_seconds(terminal.pid) - ui) / wall)
    return updates, wall


def key_latency(size: str, count: int, link: int = 0) -> list[float]:
    """Milliseconds from a letter typed into the prompt until the terminal has got it."""
    out: list[float] = []
    with watched("train", "tales", *settings(size), link=link) as terminal:
        terminal.wait_until(_trained, 60)
        terminal.pump(3.0 if link else 1.5)
        terminal.write(PROMPT_KEY)
        terminal.pump(1.0)
        for number in range(count):
            if number % 30 == 0:
                terminal.write("\x15")  # empties the field
                terminal.pump(0.5)
            letter = LETTERS[number % len(LETTERS)].encode()
            terminal.pump(random.uniform(0.03, 0.07) if not link else random.uniform(0.1, 0.4))
            began = time.perf_counter()
            terminal.write(letter)
            seen = terminal.wait_for_bytes(letter, 10)
            out.append(1e3 * ((seen or began + 10) - began))
        terminal.write(LEAVE_PROMPT)
        terminal.pump(0.2)
    return out


def start_up(figures: Figures) -> None:
    """First rows on the screen, first whole frame, first update, and --help, in milliseconds."""
    with watched() as terminal:
        if not terminal.wait_until(_trained, 20):
            raise SystemExit("the dashboard did not come up:\n" + terminal.text())
        paint = terminal.first_time(lambda s: "rnntui" in s)
        first = terminal.first_time(lambda s: "prompt" in s and "quit" in s)
        update = terminal.first_time(_trained)
        terminal.write("q")
        terminal.exit_code()
    for row, seconds in (("paint", paint), ("whole frame", first), ("update", update)):
        if seconds is not None:
            figures.add(f"first {row} ms", 1e3 * seconds)
    began = time.perf_counter()
    subprocess.run([*PROGRAM, "--help"], stdout=subprocess.DEVNULL, check=True)
    figures.add("--help ms", 1e3 * (time.perf_counter() - began))


def _trained(screen: str) -> bool:
    return TRAINED.search(screen) is not None


def measure(rounds: int, seconds: float) -> Figures:
    """Every figure, the runs in alternation."""
    figures = Figures()
    for _ in range(rounds):
        for size in SIZES:
            quiet, quiet_cpu = silent(size, seconds)
            seen, seen_cpu = beside(size, seconds, figures)
            figures.add(f"speed, {size}", seen / quiet)
            figures.add(f"speed per CPU second, {size}", seen_cpu / quiet_cpu)
            figures.add(f"updates/s, {size}", seen)
        figures.add("key ms, small", *key_latency("small", 60))
        figures.add("key ms, large", *key_latency("large", 60))
        figures.add("key ms at 12 kB/s", *key_latency("small", 12, link=12_000))
        for _ in range(5):
            start_up(figures)
    return figures


def as_json(figures: Figures) -> dict[str, dict[str, float]]:
    """Each figure's median, least, most, 99th percentile, and how often it was measured."""
    return {
        row: {
            "median": median(values),
            "least": min(values),
            "most": max(values),
            "p99": figures.percentile(row, 0.99),
            "count": len(values),
        }
        for row, values in figures.rows.items()
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program comes compiled
    print(f"frames are told by {FRAME!r}; {arguments.rounds} rounds")
    rows = as_json(measure(arguments.rounds, arguments.seconds))
    for row, figure in rows.items():
        print(f"{row}: " + ", ".join(f"{name} {value:.4g}" for name, value in figure.items()))
    found: dict[str, Any] = {**results.circumstances(), "rows": results.rounded(rows)}
    results.write(results.DASHBOARD, found)


if __name__ == "__main__":
    main()
