"""What training loses while its dashboard is stopped, or its terminal is not read.

    python -m tests.benchmarks.stopped [--rounds 5] [--seconds 4] [--record]

The real program in a pseudo-terminal. Windows of each kind alternate with windows of a dashboard
that is read, so a slow minute of the machine meets all; medians of the ratios are printed. Linux
only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rnntui.engine.client import EngineClient
from rnntui.protocol.messages import Hello, Look, Snapshot
from rnntui.runs.store.socket_address import read_address
from tests.benchmarks import results
from tests.support.real_runs import dashboard
from tests.support.terminal import Terminal, cpu_seconds

SETTINGS = ("hello-world-cured", "--epochs", "100000000", "--name", "run")
KEYS = "bt" * 40  # each key redraws all: more than a terminal holds that nobody reads


def updates(folder: Path) -> int:
    """How many updates have been made, as one more viewer is told."""

    async def ask() -> int:
        door = read_address(folder / "runs" / "run")
        assert door is not None
        client = await EngineClient.connect(door)
        try:
            await client.ask(Hello(who="benchmark", read_only=True))
            reply = await client.ask(Look())
        finally:
            client.close()
        assert isinstance(reply, Snapshot)
        return reply.step

    return asyncio.run(ask())


def rate(folder: Path, spend: Callable[[], object]) -> float:
    """Updates a second while something is done."""
    began, before = time.perf_counter(), updates(folder)
    spend()
    after = updates(folder)
    return (after - before) / (time.perf_counter() - began)


def windows(terminal: Terminal, folder: Path, seconds: float) -> tuple[float, float, float, float]:
    """Updates a second read, stopped and unread, and the share of a core that the last one costs.

    The dashboard is as before in the end.
    """
    read = rate(folder, lambda: terminal.pump(seconds))
    os.kill(terminal.pid, signal.SIGSTOP)
    stopped = rate(folder, lambda: time.sleep(seconds))
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.pump(1.0)
    terminal.write(KEYS)
    _settle(terminal.pid)
    used = cpu_seconds(terminal.pid)
    unread = rate(folder, lambda: time.sleep(seconds))
    share = (cpu_seconds(terminal.pid) - used) / seconds
    terminal.pump(1.0)
    return read, stopped, unread, share


def _settle(pid: int) -> None:
    """Wait until a process has little to do; not for ever, as one that spins always has."""
    for _ in range(20):
        used = cpu_seconds(pid)
        time.sleep(0.5)
        if cpu_seconds(pid) - used < 0.1:
            return


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description="What does a dashboard that hangs cost?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--record", action="store_true", help="for the README")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rnntui-stopped-") as name:
        folder = Path(name)
        with dashboard(folder / "runs", "train", *SETTINGS, columns=160, rows=50) as terminal:
            if not terminal.wait_for("of update", 60):
                sys.exit(terminal.text())
            terminal.pump(2.0)
            found = [windows(terminal, folder, given.seconds) for _ in range(given.rounds)]
            terminal.write("q")
            terminal.exit_code(30)
    told: dict[str, object] = {"rounds": given.rounds, "seconds": given.seconds}
    for kind, column in (("stopped", 1), ("unread", 2)):
        told[kind] = ratios = [row[column] / row[0] for row in found]
        print(f"{kind}: {results.spread(ratios)} of the updates of one that is read")
    told["share"] = share = median(row[3] for row in found)
    print(f"unread, the dashboard takes {share:.1%} of a core")
    if given.record:
        results.write(results.STOPPED, {**results.circumstances(), **results.rounded(told)})


if __name__ == "__main__":
    main()
