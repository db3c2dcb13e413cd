"""Input that a real terminal never finishes: the dashboard can still be quit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import quick_first
from tests.tui.test_pty_dashboard import check_clean, engines, start

UNFINISHED = {
    "paste": b"\x1b[200~hello",
    "large paste": b"\x1b[200~" + b"hello world\n" * 20_000,
    "osc": b"\x1b]11;rgb:0000/",
    "dcs": b"\x1bP>|xterm",
    "parameters": b"\x1b[" + b"1;" * 3000,
    "half a character": b"\xe2\x82",
    "half a character in a paste": b"\x1b[200~\xe2\x82",
    "key beyond unicode": b"\x1b[99999999999u",
    "answers": b"\x1b[?2026;2$y" * 3000 + b"\x1b[?62;4c" * 300,
}


@pytest.mark.slow
@pytest.mark.parametrize("sent", list(UNFINISHED.values()), ids=list(UNFINISHED))
def test_it_can_be_quit(tmp_path: Path, sent: bytes) -> None:
    with start(tmp_path) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        engine = engines(terminal)
        terminal.answering = False  # within a sequence its rest would be thousands of keys
        for first in range(0, len(sent), 1000):  # a terminal's input buffer is small
            terminal.write(sent[first : first + 1000])
            terminal.read(0.02)
        terminal.answering = True
        terminal.pump(1.0)
        terminal.write("?")
        assert terminal.wait_for("keys"), terminal.text()
        terminal.write("\x1b")
        assert terminal.wait_until(lambda text: "nats per character" in text), terminal.text()
        terminal.pump(0.3)
        terminal.write("q")
        assert terminal.exit_code() == 0
        check_clean(terminal, engine, tmp_path)


@pytest.mark.parametrize("sent", quick_first([UNFINISHED["paste"], UNFINISHED["osc"]]))
def test_ctrl_c_needs_no_pause(tmp_path: Path, sent: bytes) -> None:
    with start(tmp_path) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        terminal.write(sent)
        terminal.pump(0.2)
        terminal.write("\x03")
        assert terminal.exit_code() == 130
