"""The screen that compares runs in a real terminal: its end, its dashboards, and any keys."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import command
from tests.long.keys import push
from tests.support.compared import make_run, some_runs
from tests.support.terminal import Terminal

pytestmark = pytest.mark.slow
RESTORED = b"\x1b[?1049l"
# Every key but those that quit, suspend or open a dashboard.
KEYS = [
    *(bytes([code]) for code in range(0x20, 0x7F) if chr(code) not in "q"),
    *(b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[F"),
    *(b"\t", b"\x7f", b"\x10", b"\x1b", "ü☃".encode(), b"\x1b[<0;30;30M", b"\x1b[<65;9;9M"),
    b"\x1b[200~lr>=0.01 \x00\xff\n\x1b[201~",
]


@contextmanager
def opened(root: Path, *arguments: str) -> Iterator[Terminal]:
    environment = {
        "RNNTUI_RUNS": str(root),
        "RNNTUI_CACHE": str(root.parent / "cache"),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    terminal = Terminal(
        command("compare", *arguments), 120, 40, environment=environment, cwd=str(root.parent)
    )
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    some_runs(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_restores_the_terminal(root: Path, number: int, code: int) -> None:
    with opened(root) as terminal:
        assert terminal.wait_for("by best"), terminal.text()
        assert terminal.wait_for("q quit")
        os.kill(terminal.pid, number)
        assert terminal.exit_code(20) == code
        assert RESTORED in terminal.raw()


def test_keys_quit_and_interrupt(root: Path) -> None:
    for key, code in ((b"q", 0), (b"\x03", 130)):
        with opened(root) as terminal:
            assert terminal.wait_for("by best"), terminal.text()
            terminal.write(key)
            assert terminal.exit_code(20) == code
            assert b"Traceback" not in terminal.raw() and RESTORED in terminal.raw()


def test_a_dashboard_that_cannot_open_is_a_notice(root: Path) -> None:
    """These runs have no checkpoint and no vocabulary of their own, but their losses are there."""
    with opened(root, "--where", "hidden=64") as terminal:
        assert terminal.wait_for("2 runs"), terminal.text()
        terminal.write(b"j")
        assert terminal.wait_for("tales-64-0.001  train"), terminal.text()
        (root / "tales-64-0.001" / "vocab.json").write_text("{")
        terminal.write(b"\r")
        assert terminal.wait_for("changed since the run started"), terminal.text()
        assert terminal.wait_for("by best")
        terminal.write(b"q")
        assert terminal.exit_code(20) == 0, terminal.text()


def test_any_keys_end_with_a_restored_terminal(root: Path) -> None:
    broken = make_run(root, "broken")
    (broken / "run.json").write_text("{")
    chosen = random.Random(16)
    with opened(root) as terminal:
        assert terminal.wait_for("by best"), terminal.text()
        for _ in range(12):
            push(terminal, b"".join(chosen.choices(KEYS, k=25)))
            terminal.resize(chosen.randint(20, 200), chosen.randint(5, 60))
            assert terminal.alive(), terminal.raw()[-500:]
        terminal.resize(120, 40)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.exit_code(20) == 143, terminal.text()
        assert b"Traceback" not in terminal.raw()
