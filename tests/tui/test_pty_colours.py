"""The colours that a terminal receives, and how its background chooses between light and dark."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import quick_ones
from tests.support.terminal import BACKGROUND_QUERY, Terminal
from tests.tui.test_pty_dashboard import start

DARK, LIGHT = b"48;5;233", b"48;5;231"  # the backgrounds of our themes
REVERSED = re.compile(rb"\x1b\[(?:0;)?7m")
WHITE, BLACK = b"\x1b]11;rgb:ffff/ffff/ffff\x07", b"\x1b]11;rgb:0000/0000/0000\x1b\\"


def kinds(sent: bytes) -> set[str]:
    """Return the kinds of colour codes in what was sent: "24 bit", "256", "16"."""
    found: set[str] = set()
    for match in re.finditer(rb"\x1b\[([\d;]*)m", sent):
        codes = match[1].decode()
        codes, true = re.subn(r"[34]8;2;\d+;\d+;\d+", "", codes)
        codes, many = re.subn(r"[34]8;5;\d+", "", codes)
        few = re.search(r"(?:^|;)(?:[34][0-7]|9[0-7]|10[0-7])(?=;|$)", codes)
        found |= {name for name, is_in in (("24 bit", true), ("256", many), ("16", few)) if is_in}
    return found


def ground(sent: bytes) -> bytes:
    """Return the background that was sent last."""
    return max(DARK, LIGHT, key=sent.rfind)


def shown(terminal: Terminal) -> None:
    assert terminal.wait_for("of update"), terminal.text()
    terminal.pump(0.3)


KINDS: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "true colour, own theme": ({}, "dark", {"256"}),
    "true colour": ({}, "nord", {"24 bit"}),
    "true colour, colour-blind": ({}, "colour-blind-dark", {"24 bit", "256"}),
    "256": ({"COLORTERM": ""}, "nord", {"256"}),
    "16": ({"COLORTERM": "", "TERM": "xterm"}, "nord", {"16"}),
    "NO_COLOR": ({"NO_COLOR": "1"}, "nord", set()),
    "no colours": ({"TERM": "vt100"}, "dark", set()),
}


@pytest.mark.parametrize("kind", quick_ones(KINDS))
def test_the_terminal_receives_the_colours_it_can_show(
    tmp_path: Path, kind: tuple[dict[str, str], str, set[str]]
) -> None:
    environment, theme, expected = kind
    with start(tmp_path, f"theme:{theme}", **environment) as terminal:
        shown(terminal)
        terminal.write("g")  # the prompt has a cursor of its own
        if not expected:  # it is reversed, to be seen
            assert terminal.wait_until(lambda _: REVERSED.search(terminal.raw()) is not None)
        terminal.pump(0.5)
        sent = terminal.raw()
        assert kinds(sent) == expected
        if theme == "nord" and "24 bit" in expected:
            assert b"48;2;46;52;64" in sent  # its own background, #2e3440
        assert BACKGROUND_QUERY not in sent  # a theme that was named wins


REPLIES: dict[str, tuple[bytes, dict[str, str], bytes]] = {
    "white": (WHITE, {}, LIGHT),
    "black": (BLACK, {}, DARK),
    "black, whatever the environment says": (BLACK, {"COLORFGBG": "0;15"}, DARK),
    "none": (b"", {}, DARK),
    "none, a light environment": (b"", {"COLORFGBG": "0;15"}, LIGHT),
    "garbage": (b"\x1b]11;rgb:zz//\x07", {}, DARK),
}


@pytest.mark.parametrize("case", quick_ones(REPLIES, "white"))
def test_the_background_chooses_the_theme(
    tmp_path: Path, case: tuple[bytes, dict[str, str], bytes]
) -> None:
    background, environment, expected = case
    with start(tmp_path, background=background, **environment) as terminal:
        shown(terminal)
        sent = terminal.raw()
        assert BACKGROUND_QUERY in sent
        assert terminal.wait_until(lambda _: ground(terminal.raw()) == expected)
        assert "rgb" not in terminal.text() and b"^[]11" not in sent
        terminal.write("q")
        assert terminal.exit_code() == 0


@pytest.mark.slow
def test_a_late_reply_is_no_key_and_still_chooses(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        shown(terminal)
        before = len(terminal.raw())
        terminal.write(WHITE)
        assert terminal.wait_for_bytes(LIGHT, 60.0) is not None
        terminal.write(b"\x1b]11;rgb:dddd/dddd/")  # so late that its beginning is dropped
        terminal.pump(0.8)
        terminal.write(b"dddd\x07")  # as a key, d detaches
        terminal.pump(0.3)
        assert terminal.alive() and "rgb" not in terminal.text()
        assert b"theme:" not in terminal.raw()[before:]  # nobody chose one
        terminal.write("q")
        assert terminal.exit_code() == 0


@pytest.mark.slow
def test_a_chosen_theme_is_kept_when_the_reply_comes(tmp_path: Path) -> None:
    with start(tmp_path) as terminal:
        shown(terminal)
        terminal.write("ttt")
        assert terminal.wait_for("theme: colour-blind-light"), terminal.text()
        terminal.forget()
        terminal.write(BLACK)
        terminal.pump(0.5)
        assert DARK not in terminal.raw()
