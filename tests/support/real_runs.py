"""Runs of the real program, in processes of their own: settings, dashboards on them, their end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rnntui.runs.store.lock_owner import live_lock_owner
from tests.support.patience import PATIENCE
from tests.support.sessions import TEXT
from tests.support.terminal import Terminal

ROOT = str(Path(__file__).parents[2])
FOX = (
    TEXT,
    "--hidden", "9", "--batch", "2", "--seq-len", "10", "--layers", "1", "--set", "dropout=0",
    "--set", "repeat=30",
)  # fmt: skip
HELLO = (
    "text:hello world, ", "--set", "repeat=300", "--hidden", "16", "--batch", "1", "--layers", "1",
    "--seq-len", "25", "--set", "dropout=0", "--set", "eval_every=0", "--set", "split=0",
    "--set", "workers=1", "--steps", "100000000", "--name", "run",
)  # fmt: skip


def dashboard(runs: Path, *args: str, columns: int = 120, rows: int = 40) -> Terminal:
    """The program on a terminal, to be used in a `with`; all it keeps is in or beside `runs`."""
    beside = str(runs.parent)
    environment = {"RNNTUI_RUNS": str(runs), "PYTHONPATH": ROOT}
    environment |= {"TMPDIR": beside, "XDG_RUNTIME_DIR": beside}
    argv = [sys.executable, "-m", "rnntui", *args]
    return Terminal(argv, columns, rows, environment=environment)


def said(terminal: Terminal) -> str:
    """All that the terminal got."""
    return terminal.raw().decode("utf-8", "replace")


def until(met: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


def kill_trainers(runs: Path) -> None:
    """Whatever still trains there."""
    for path in runs.glob("*/lock.json"):
        if found := live_lock_owner(path.parent):
            os.kill(found[0].pid, signal.SIGKILL)
