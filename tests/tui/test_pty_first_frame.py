"""From the first frame on the terminal is never blank, and whatever ends the start restores it."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import environment, quick_first
from tests.support.real_runs import until
from tests.support.terminal import FRAME, Terminal

LEFT = b"\x1b[?1049l"
LIGHT, SLOW_REPLY = b"\x1b]11;rgb:ffff/ffff/ffff\x07", b"\x1b]11;rgb:ffff/ff"
TALES = ["train", "tales", "--set", "workers=1", "--set", "hidden=16", "--no-save"]


def opened(home: Path, *args: str, size: tuple[int, int] = (100, 30), **more: bytes) -> Terminal:
    settings = environment(RNNTUI_RUNS=str(home / "runs"), RNNTUI_CONFIG=str(home / "config.toml"))
    settings |= {"TMPDIR": str(home), "XDG_RUNTIME_DIR": str(home)}
    return Terminal([sys.executable, "-m", "rnntui", *args], *size, environment=settings, **more)


def check_never_blank(terminal: Terminal, size: tuple[int, int], first: str, rows: int) -> None:
    """From the first complete frame on there is a text, and so many rows at least are not empty."""
    screen = pyte.Screen(*size)
    stream = pyte.ByteStream(screen)
    sent = terminal.raw().partition(LEFT)[0]
    assert sent.index(first.encode()) < sent.index(FRAME), "the first frame came from Textual"
    whole = False
    for n in range(0, len(sent), 512):
        stream.feed(sent[n : n + 512])
        text = screen.display
        there = any(first in row for row in text) and sum(map(bool, map(str.strip, text))) >= rows
        assert there or not whole, text
        whole = whole or there
    assert whole


@pytest.mark.parametrize(
    ("args", "size", "background"),
    quick_first(
        [
            ([*TALES, "--theme", "dark"], (100, 30), b""),
            (TALES, (100, 30), LIGHT),
            (TALES, (100, 30), b""),
            (TALES, (100, 30), SLOW_REPLY),
            ([*TALES, "--theme", "nord"], (100, 30), b""),
            ([*TALES, "--view", "guesses"], (160, 40), b""),
            (
                ["train", "sunspots", "--set", "steps=0", "--no-save", "--glyphs", "ascii"],
                (80, 24),
                b"",
            ),
        ]
    ),
)
def test_the_dashboard_takes_over_without_a_blank_screen(
    tmp_path: Path, args: list[str], size: tuple[int, int], background: bytes
) -> None:
    with opened(tmp_path, *args, size=size, background=background) as terminal:
        assert terminal.wait_until(lambda _: terminal.raw().count(FRAME) > 2, 120.0)
        terminal.write("q")
        assert terminal.exit_code() == 0
        check_never_blank(terminal, size, "nntui", 8)
        if background == LIGHT:
            assert b"48;5;233" not in terminal.raw(), "dark before it is light"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(59, 16), (20, 6)])
def test_a_tiny_terminal_is_told_so_at_once(tmp_path: Path, size: tuple[int, int]) -> None:
    with opened(tmp_path, *TALES, "--theme", "dark", size=size) as terminal:
        assert terminal.wait_until(lambda _: FRAME in terminal.raw())
        terminal.pump(0.5)
        terminal.write("q")
        assert terminal.exit_code() == 0
        check_never_blank(terminal, size, "too small", 3)


@pytest.mark.slow
def test_attached_and_stored_runs_begin_alike(tmp_path: Path) -> None:
    settings = environment(RNNTUI_RUNS=str(tmp_path / "runs"), TMPDIR=str(tmp_path))
    argv = [sys.executable, "-m", "rnntui", *TALES[:-1], "--detach", "--name", "run"]
    subprocess.run(argv, env=settings | {"XDG_RUNTIME_DIR": str(tmp_path)}, check=True)
    for _ in ("attached", "stored"):
        with opened(tmp_path, "attach", "run", "--theme", "dark") as terminal:
            # A run that has ended may change nothing after its first frame.
            assert terminal.wait_until(lambda _, t=terminal: FRAME in t.raw(), 120.0)
            terminal.pump(1.0)
            terminal.write("q")
            assert terminal.exit_code() == 0
            check_never_blank(terminal, (100, 30), "nntui", 8)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [b"", LIGHT])
def test_an_interrupt_before_the_dashboard_restores_the_terminal(
    tmp_path: Path, asked: bytes
) -> None:
    with opened(tmp_path, *TALES, background=asked) as terminal:
        before = termios.tcgetattr(terminal.fd)
        assert terminal.wait_for("rnntui")
        assert FRAME not in terminal.raw()
        terminal.write("\x03")
        assert terminal.exit_code() == 130
        assert terminal.raw().rstrip().endswith(b"\x1b[0m") and LEFT in terminal.raw()
        assert termios.tcgetattr(terminal.fd)[3] == before[3]


STUCK = """
import sys, time
class Stuck:
    def find_spec(self, name, *_):
        if name == "textual":
            time.sleep(3600)
sys.meta_path.insert(0, Stuck())
from rnntui.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "code", "more"),
    quick_first(
        [
            (b"q", 0, []),
            (b"\x03", 130, []),
            (b"q", 0, ["--no-save"]),
            (b"\x03", 130, ["--no-save"]),
            (b"x", 0, ["--no-save"]),
        ]
    ),
)
def test_a_key_that_quits_need_not_wait_for_the_dashboard(
    tmp_path: Path, key: bytes, code: int, more: list[str]
) -> None:
    """The first frame is there and Textual never will be; training ends, too."""
    if key == b"x":
        (tmp_path / "config.toml").write_text('[keys]\nquit = "x"\n')
    settings = environment(RNNTUI_RUNS=str(tmp_path / "runs"), TMPDIR=str(tmp_path))
    settings |= {"RNNTUI_CONFIG": str(tmp_path / "config.toml"), "XDG_RUNTIME_DIR": str(tmp_path)}
    argv = [sys.executable, "-c", STUCK, *TALES[:-1], *more]
    with Terminal(argv, 100, 30, environment=settings) as terminal:
        before = termios.tcgetattr(terminal.fd)
        assert terminal.wait_for("generated text")
        terminal.write(key)
        assert terminal.exit_code() == code
        assert LEFT in terminal.raw() and b"Traceback" not in terminal.raw()
        assert termios.tcgetattr(terminal.fd)[3] == before[3]
        until(lambda: not list(tmp_path.glob("rnntui-*")))


@pytest.mark.slow
def test_keys_typed_before_the_dashboard_reach_it(tmp_path: Path) -> None:
    with opened(tmp_path, *TALES, background=LIGHT) as terminal:
        assert terminal.wait_for("rnntui")
        os.write(terminal.fd, b"i")
        assert terminal.wait_for("about this run")
        terminal.write("q")  # closes the page
        assert terminal.wait_for("q quit")
        terminal.write("q")
        assert terminal.exit_code() == 0
