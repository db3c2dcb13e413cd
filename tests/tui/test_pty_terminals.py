"""The dashboard in limited terminals: it is readable and can be quit."""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import quick_first, quick_ones
from tests.tui.test_pty_dashboard import check_clean, engines, start

TEXT = "source=text:Grüße, 漢字 end!"
UNABLE = {
    "ascii stream": {"PYTHONIOENCODING": "ascii"},
    "latin-1 stream": {"PYTHONIOENCODING": "latin-1"},
    "latin-1 locale": {"LC_ALL": "de_DE.ISO-8859-1"},
    "latin-9 locale": {"LANG": "de_DE@euro", "LC_CTYPE": "de_DE.ISO-8859-15@euro"},
    "no locale inside tmux": {"LANG": "", "TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"},
    "no locale inside screen": {"LANG": "C", "TERM": "screen", "STY": "1.pts-1.host"},
    "old terminal": {"TERM": "vt100"},
    "linux console": {"TERM": "linux"},
    "no locale, no colour": {"LC_ALL": "C", "NO_COLOR": "1"},
}


@pytest.mark.parametrize("environment", quick_ones(UNABLE, "latin-1 locale"))
def test_it_is_readable_and_can_be_quit(tmp_path: Path, environment: dict[str, str]) -> None:
    with start(tmp_path, TEXT, **environment) as terminal:
        # The screen model reads UTF-8, so that every byte beyond ASCII would be seen as damage.
        assert terminal.wait_for("of update"), terminal.text()
        assert terminal.wait_until(lambda text: "+-" in text and "*" in text), terminal.text()
        sent = terminal.raw()
        assert b"\\u" not in sent and b"\\x" not in sent
        signs = [sign for sign in "│┤─●▲⠤⣀·–…▌½" if sign.encode() in sent]
        assert signs == []
        assert terminal.wait_until(lambda text: "G r" in text or "Gr" in text), terminal.text()
        engine = engines(terminal)
        terminal.write("?")
        assert terminal.wait_for("keys"), terminal.text()
        terminal.write("\x1b")
        assert terminal.wait_for("loss"), terminal.text()
        terminal.pump(0.3)
        terminal.write("q")
        assert terminal.exit_code() == 0
        check_clean(terminal, engine, tmp_path)
        assert b"\\u" not in terminal.raw()


@pytest.mark.slow
def test_requested_glyphs_are_drawn(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    from tests.support.terminal import Terminal

    argv = [sys.executable, "-m", "rnntui", "train", "counting", "--no-save", "--glyphs", "braille"]
    environment = {"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONPATH": root}
    environment |= {"PYTHONIOENCODING": "latin-1", "TERM": "screen", "LANG": "C"}
    with Terminal(argv, 100, 30, environment=environment) as terminal:
        braille = [chr(code) for code in range(0x2801, 0x2900)]
        assert terminal.wait_until(lambda text: any(sign in text for sign in braille))
        terminal.write("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize("size", quick_ones({"none": (0, 0), "no rows": (0, 80)}, "none"))
@pytest.mark.parametrize("exported", quick_first([(("", ""),), (("100", "30"),)]))
def test_a_terminal_without_a_size_is_drawn_on_and_can_be_quit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    exported: tuple[str, str],
) -> None:
    from tests.support.terminal import Terminal

    unsized = struct.pack("HHHH", *size, 0, 0)
    monkeypatch.setattr(
        Terminal, "_set_size", lambda _, fd: fcntl.ioctl(fd, termios.TIOCSWINSZ, unsized)
    )
    with start(tmp_path, TEXT, COLUMNS=exported[0], LINES=exported[1]) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        engine = engines(terminal)
        terminal.write("q")
        assert terminal.exit_code() == 0
        check_clean(terminal, engine, tmp_path)
