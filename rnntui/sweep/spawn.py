"""Run a sweep in the background, and stop one. Needs no NumPy."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from rnntui.errors import DataError, EngineError, RunError, UsageError
from rnntui.processes import one_blas_thread, python_command
from rnntui.runs.store.files import failed
from rnntui.runs.store.lock_owner import LockOwner, live_lock_owner, shares_pids, this_host, where
from rnntui.sweep.store import Sweep
from rnntui.text import safe_text

LOG = "log"
_STARTS, _STOPS, _LOOK_EVERY = 60.0, 90.0, 0.05  # seconds
_LONGEST = 200  # characters of an error
_STARTED: list[subprocess.Popen[bytes]] = []  # they outlive this process, without a warning


def run_in_background(sweep: Sweep, jobs: int | None = None, on: str = "") -> None:
    """Start a process that runs a sweep, and return once it does.

    It has no terminal, so closing one or logging out does not end it. Raises EngineError, or
    RunError.
    """
    arguments = {"root": str(sweep.root), "name": sweep.name, "jobs": jobs, "on": on}
    try:
        with (sweep.directory / LOG).open("wb") as log:
            process = subprocess.Popen(
                python_command("rnntui.sweep.background", json.dumps(arguments)),
                env=one_blas_thread(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise failed("run the sweep in", sweep.directory, error) from None
    _STARTED.append(process)
    end = time.monotonic() + _STARTS
    while not sweep.held:
        if process.poll() is not None:
            if process.returncode == 0:  # there was nothing left to do
                return
            raise EngineError(f"the sweep did not start: {_last_line(sweep.directory / LOG)}")
        if time.monotonic() > end:
            raise EngineError(f"the sweep has not started after {_STARTS:.0f} s")
        time.sleep(_LOOK_EVERY)


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text("utf-8", "replace").splitlines()
        found = next((line for line in reversed(lines) if line.strip()), "")
        return safe_text(found.removeprefix("rnntui: "))[:_LONGEST]
    return "its log cannot be read"


def ask_to_stop(sweep: Sweep) -> LockOwner:
    """Ask the process that runs a sweep to stop it; return that process.

    Raises UsageError if no process runs it, RunError if it runs elsewhere.
    """
    found = None
    with contextlib.suppress(OSError, DataError):
        found = live_lock_owner(sweep.directory)
    if found is None:
        raise UsageError(f"sweep {sweep.name} is not being run: rnntui sweep show {sweep.name}")
    owner = found[0]
    if not shares_pids(owner, this_host()):
        raise RunError(f"sweep {sweep.name} is being run by {where(owner)}: stop it there")
    with contextlib.suppress(ProcessLookupError):
        os.kill(owner.pid, signal.SIGTERM)
    return owner


def stop_sweep(sweep: Sweep) -> None:
    """Stop a sweep and wait until its trials are saved. Raises as `ask_to_stop`, EngineError."""
    owner, end = ask_to_stop(sweep), time.monotonic() + _STOPS
    while sweep.held:
        if time.monotonic() > end:
            raise EngineError(f"process {owner.pid} still runs sweep {sweep.name}")
        time.sleep(_LOOK_EVERY)
