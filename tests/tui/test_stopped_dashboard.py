"""A hanging dashboard does not slow training, and one without a terminal exits."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.stopped import KEYS, windows
from tests.support.patience import PATIENCE
from tests.support.real_runs import HELLO, dashboard
from tests.support.terminal import Terminal, cpu_seconds

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)


@pytest.fixture
def terminal(runs: Path) -> Iterator[Terminal]:
    """Yield a dashboard on a saved run; stop both afterwards."""
    with dashboard(runs, "train", *HELLO, columns=160, rows=50) as opened_one:
        assert opened_one.wait_for("of update"), opened_one.text()
        opened_one.pump(0.3)
        yield opened_one


@pytest.mark.slow
def test_training_continues_beside_a_suspended_or_unread_one(
    terminal: Terminal, tmp_path: Path
) -> None:
    read, stopped, unread, share = windows(terminal, tmp_path, 1.0)
    assert stopped > read / 2 and unread > read / 2
    assert share < 0.5
    terminal.write("q")
    assert terminal.exit_code() == 0


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.mark.slow
def test_a_suspended_one_resumes_and_restores_the_terminal(
    terminal: Terminal,
) -> None:
    before = threads(terminal.pid)
    for _ in range(2):
        terminal.signal(signal.SIGSTOP)
        time.sleep(0.1)
        seen = len(terminal.raw())
        terminal.signal(signal.SIGCONT)
        assert terminal.wait_until(lambda _, seen=seen: b"nats per" in terminal.raw()[seen:])
    terminal.pump(0.5)
    assert threads(terminal.pid) <= before
    terminal.write("ghello")
    assert terminal.wait_for("prompt › hello"), terminal.text()
    terminal.write("\x1b")
    terminal.pump(0.3)
    assert not termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    terminal.write("q")
    assert terminal.exit_code() == 0
    assert termios.tcgetattr(terminal.fd)[3] & termios.ECHO


@pytest.mark.parametrize(
    "before",
    ["unread", *(pytest.param(how, marks=pytest.mark.slow) for how in ("read", "stopped"))],
)
@pytest.mark.slow
def test_one_whose_terminal_is_closed_exits(before: str, terminal: Terminal) -> None:
    if before == "unread":
        terminal.write(KEYS)
        time.sleep(0.5)
    if before == "stopped":
        os.kill(terminal.pid, signal.SIGSTOP)
    used = cpu_seconds(terminal.pid)
    terminal.hang_up()
    if before == "stopped":
        os.kill(terminal.pid, signal.SIGCONT)
    began, spent = time.monotonic(), 0.0
    while terminal.alive():
        assert time.monotonic() - began < PATIENCE
        spent = cpu_seconds(terminal.pid) - used
        time.sleep(0.01)
    print(f"{before}: gone after {time.monotonic() - began:.2f} s, {spent:.2f} s of a core")
    assert terminal.status is not None
    assert os.waitstatus_to_exitcode(terminal.status) == 129
    assert spent < 1.5
