"""The real dashboard on a pseudo-terminal: what the terminal receives, and that it is restored."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import quick_first
from tests.support.real_runs import until
from tests.support.terminal import SYNC_QUERY, SYNC_REPLY, Terminal

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)

PROGRAM = """
import sys
from rnntui.runs.job import Job
from rnntui.recipe import Recipe
from rnntui.tui import Look, run_dashboard
recipe = Recipe(name="pty").replace(source="text:hello world\\n", repeat=300, hidden=16, batch=1)
recipe = recipe.replace(seq_len=25, eval_every=0, split=0.0)
recipe = recipe.override(dict(pair.split("=") for pair in sys.argv[1:] if "=" in pair))
theme = next((word[6:] for word in sys.argv if word.startswith("theme:")), None)
if "crash" in sys.argv:
    import rnntui.tui.app
    rnntui.tui.app.Dashboard.toggle_log = lambda self: 1 // 0
sys.exit(run_dashboard(Job(recipe), Look(theme=theme)))
"""
RESTORED = b"\x1b[?1049l"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the folder of the engine's socket: short, and empty in the end."""
    return tmp_path


def start(
    home: Path,
    *settings: str,
    columns: int = 100,
    rows: int = 30,
    background: bytes = b"",
    before: str = "",
    **more: str,
) -> Terminal:
    root = str(Path(__file__).parents[2])
    environment = {"TMPDIR": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONPATH": root}
    environment |= {"COLUMNS": "100", "LINES": "30"}  # some shells export the size they started in
    argv = [sys.executable, "-c", before + PROGRAM, *settings]
    return Terminal(argv, columns, rows, environment=environment | more, background=background)


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    with start(home) as opened:
        assert opened.wait_for("of update"), opened.text()
        yield opened


def engines(terminal: Terminal) -> list[int]:
    children = Path(f"/proc/{terminal.pid}/task/{terminal.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][:1]
    except OSError:
        return False


def check_gone(engine: list[int], home: Path) -> None:
    """Training ends soon after its viewer, and takes its socket along."""
    until(lambda: not any(map(alive, engine)) and not list(home.glob("rnntui-*")))


def check_clean(terminal: Terminal, engine: list[int], home: Path) -> None:
    assert RESTORED in terminal.raw()[-3000:]
    assert b"Traceback" not in terminal.raw()
    check_gone(engine, home)


def test_q_restores_the_terminal_and_reports(terminal: Terminal, home: Path) -> None:
    engine = engines(terminal)
    before = termios.tcgetattr(terminal.fd)
    terminal.write("q")
    assert terminal.exit_code() == 0
    check_clean(terminal, engine, home)
    report = terminal.raw().rsplit(RESTORED, 1)[1].decode()
    assert "pty: stopped after" in report and "nats per character" in report
    assert not before[3] & termios.ECHO


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    quick_first([(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]),
)
def test_signals_quit_cleanly(terminal: Terminal, home: Path, number: int, code: int) -> None:
    engine = engines(terminal)
    terminal.signal(number)
    assert terminal.exit_code() == code
    check_clean(terminal, engine, home)


@pytest.mark.slow
def test_ctrl_c_quits_from_the_prompt_too(terminal: Terminal, home: Path) -> None:
    engine = engines(terminal)
    terminal.write("gabc")
    assert terminal.wait_for("abc")
    terminal.write("\x03")
    assert terminal.exit_code() == 130
    check_clean(terminal, engine, home)


@pytest.mark.slow
def test_a_closed_terminal_leaves_nothing(terminal: Terminal, home: Path) -> None:
    engine = engines(terminal)
    terminal.hang_up()
    until(lambda: not terminal.alive())
    assert terminal.status is not None
    assert os.waitstatus_to_exitcode(terminal.status) == 129
    check_gone(engine, home)


@pytest.mark.slow
def test_a_blocked_terminal_does_not_keep_it_running(home: Path) -> None:
    with start(home, columns=200, rows=60) as terminal:
        assert terminal.wait_for("of update")
        engine = engines(terminal)
        for _ in range(300):  # each repaints everything; nobody reads
            terminal.write("bt")
        time.sleep(0.5)
        terminal.signal(signal.SIGTERM)
        until(lambda: not terminal.alive())
        assert terminal.status is not None
        assert os.waitstatus_to_exitcode(terminal.status) == 143
        check_gone(engine, home)


def test_a_killed_engine_is_reported(terminal: Terminal, home: Path) -> None:
    engine = engines(terminal)
    os.kill(engine[0], signal.SIGKILL)
    assert terminal.wait_for("the training process was killed by SIGKILL")
    terminal.write("q")
    assert terminal.exit_code() == 70
    check_clean(terminal, engine, home)
    assert b"rnntui: the training process was killed by SIGKILL" in terminal.raw()


@pytest.mark.slow
def test_a_crash_is_one_line_and_a_file(home: Path) -> None:
    with start(home, "crash") as terminal:
        assert terminal.wait_for("of update")
        engine = engines(terminal)
        terminal.write("l")
        assert terminal.exit_code() == 70
        last = terminal.raw().rsplit(RESTORED, 1)[1].decode()
        assert "rnntui: the dashboard failed (ZeroDivisionError); details: " in last
        path = Path(last.rsplit("details: ", 1)[1].strip())
        assert "ZeroDivisionError" in path.read_text()
        path.unlink()
        check_clean(terminal, engine, home)


@pytest.mark.slow
def test_what_another_program_has_written_is_drawn_over_on_request(terminal: Terminal) -> None:
    terminal.pump(0.2)
    seen = len(terminal.raw())
    terminal.write("\x0c")
    wanted = [b"rnntui", b"nats per character", b"generated text", b"prompt", b"quit"]
    assert terminal.wait_until(lambda _: all(word in terminal.raw()[seen:] for word in wanted))


def test_suspend_and_continue_repaint_everything(terminal: Terminal, home: Path) -> None:
    terminal.write("\x1a")

    def stopped(_: str) -> bool:
        return Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(") ", 1)[1][0] == "T"

    assert terminal.wait_until(stopped)
    assert terminal.wait_until(lambda _: RESTORED in terminal.raw()[-400:])
    seen = len(terminal.raw())
    terminal.signal(signal.SIGCONT)
    wanted = [b"rnntui", b"nats per character", b"generated text", b"prompt", b"quit"]
    assert terminal.wait_until(lambda _: all(word in terminal.raw()[seen:] for word in wanted))
    terminal.write("q")
    assert terminal.exit_code() == 0


@pytest.mark.slow
def test_tiny_sizes_and_back(terminal: Terminal, home: Path) -> None:
    for columns, rows in ((60, 16), (59, 30), (1, 1), (300, 100), (20, 4), (80, 24)):
        terminal.resize(columns, rows)
        terminal.pump(0.1)
    whole = terminal.wait_until(lambda text: "prompt" in text and "quit" in text)
    assert whole, terminal.text()
    terminal.resize(59, 15)
    assert terminal.wait_for("have 59x15, need 60x16")
    assert terminal.wait_for("training continues")
    terminal.write("q")
    assert terminal.exit_code() == 0


@pytest.mark.slow
def test_a_size_that_changes_and_changes_back_is_drawn_again(terminal: Terminal) -> None:
    wanted = [b"rnntui", b"nats per character", b"generated text", b"prompt", b"quit"]
    for _ in range(2):
        terminal.pump(0.2)
        seen = len(terminal.raw())
        terminal.signal(signal.SIGWINCH)  # what comes of two of them; the terminal cropped it
        assert terminal.wait_until(lambda _, n=seen: all(w in terminal.raw()[n:] for w in wanted))


SIZE_CHANGES = """
import fcntl, os, struct, sys, termios
from rnntui.tui import terminal
size_now = os.get_terminal_size
def then_it_changes(descriptor=0):
    found = size_now(descriptor)
    if tuple(found) == (59, 15):
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    return found
os.get_terminal_size = then_it_changes
"""


@pytest.mark.slow
def test_the_last_of_two_sizes_is_the_one_drawn(home: Path) -> None:
    """The second signal arrives while the first size is being read."""
    with start(home, before=SIZE_CHANGES) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        seen = len(terminal.raw())
        terminal.resize(59, 15)
        assert terminal.wait_until(lambda _: b"nats per character" in terminal.raw()[seen:])
        terminal.pump(0.5)
        drawn = terminal.raw()[seen:]
        assert drawn.rfind(b"too small") < drawn.rfind(b"nats per character")
        terminal.write("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize("report", quick_first([b"\x1b[48;15;59;600;2000t", b"\x1b[48;0;0;0;0t"]))
def test_a_size_that_was_not_asked_for_changes_nothing(terminal: Terminal, report: bytes) -> None:
    terminal.write(report + b"gmark")
    assert terminal.wait_for("mark"), terminal.text()
    terminal.pump(0.3)
    assert b"too small" not in terminal.raw()


@pytest.mark.slow
def test_undecodable_bytes_are_dropped(terminal: Terminal, home: Path) -> None:
    terminal.write(b"l\xff\xfe\xc3")
    terminal.pump(0.3)
    terminal.write("gstill here")
    assert terminal.wait_for("still here")
    terminal.write("\x1b")
    terminal.pump(0.3)
    terminal.write("q")
    assert terminal.exit_code() == 0


@pytest.mark.slow
def test_unusable_data_is_one_error_line(home: Path) -> None:
    with start(home, "source=text:a", "repeat=1") as terminal:
        assert terminal.exit_code() == 65
        last = terminal.raw().rsplit(RESTORED, 1)[1].decode()
        assert last.count("rnntui:") == 1 and "Traceback" not in last
        check_gone([], home)


@pytest.mark.slow
def test_nothing_is_drawn_while_the_terminal_is_behind(
    home: Path,
) -> None:
    with start(home) as terminal:
        assert terminal.wait_for("of update")
        terminal.pump(0.5)
        terminal.answering = False
        terminal.pump(0.5)
        before = terminal.raw().count(SYNC_QUERY)
        terminal.pump(1.0)
        assert terminal.raw().count(SYNC_QUERY) == before
        terminal.write(SYNC_REPLY)
        assert terminal.wait_until(lambda _: terminal.raw().count(SYNC_QUERY) > before)
