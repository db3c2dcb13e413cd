"""What is concluded from the environment, and from a terminal's reply about its background."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.tui.colours import (
    colour_system,
    has_colours,
    is_light,
    may_ask_background,
    theme_of,
)
from tests.conftest import examples


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "tmux-256color", "COLORTERM": "24bit", "TMUX": "/tmp/x"}, "truecolor"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "/tmp/x"}, "truecolor"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "alacritty"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "foot", "COLORTERM": ""}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "screen-256color"}, "256"),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.pts-1"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "yes"}, "256"),
        ({"TERM": "xterm"}, "standard"),
        ({"TERM": "linux"}, "standard"),
        ({"TERM": "no-such-terminal"}, "standard"),
        ({"TERM": "vt220", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm-mono"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({"COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""}, "truecolor"),
    ],
)
def test_the_colours_sent_fit_the_terminal(environment: dict[str, str], expected: str) -> None:
    assert colour_system(environment) == expected


def test_terminfo_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    curses = pytest.importorskip("curses")
    monkeypatch.setattr(curses, "setupterm", lambda term, fd: None)
    monkeypatch.setattr(curses, "tigetflag", lambda name: 1 if name == "Tc" else -1)
    monkeypatch.setattr(curses, "tigetnum", lambda name: -2)
    monkeypatch.setattr(curses, "tigetstr", lambda name: None)
    assert colour_system({"TERM": "some-256color"}) == "truecolor"
    monkeypatch.setattr(curses, "tigetflag", lambda name: -1)
    assert colour_system({"TERM": "some-256color"}) == "256"
    monkeypatch.setattr(curses, "tigetnum", lambda name: 8)
    assert colour_system({"TERM": "some-256color"}) == "truecolor"


def test_terminals_without_colours_are_known() -> None:
    terms = ("xterm", "linux", "vt220", "xterm-mono", "dumb", "")
    assert [term for term in terms if has_colours(term)] == ["xterm", "linux"]


@pytest.mark.parametrize(
    ("ground", "theme"), [("0;15", "light"), ("0;7", "light"), ("15;0", "dark"), ("", "dark")]
)
def test_without_a_reply_the_environment_decides(ground: str, theme: str) -> None:
    assert theme_of({"COLORFGBG": ground}) == theme
    assert theme_of({}) == "dark"


def test_only_terminals_that_will_not_show_the_query_are_asked() -> None:
    asked = {"xterm-256color", "tmux-256color", "alacritty"}
    terms = [*asked, "linux", "vt100", "dumb", "screen", "screen-256color", "acme"]
    assert {term for term in terms if may_ask_background({"TERM": term})} == asked
    assert may_ask_background({"TERM": "screen-256color", "TMUX": "/tmp/x"})
    assert not may_ask_background({"TERM": "xterm", "STY": "1.pts-1"})
    assert not may_ask_background({"TERM": "xterm", "NO_COLOR": "1"})


@pytest.mark.parametrize(
    ("colour", "light"),
    [
        ("rgb:ffff/ffff/ffff", True),
        ("rgb:fd/f6/e3", True),  # Solarized light
        ("rgb:0000/2b2b/3636", False),  # Solarized dark
        ("rgb:0/0/0", False),
        ("rgba:FFFF/ffff/dddd/0000", True),
        ("#1e1e2e", False),
        ("#eff1f5", True),
        ("rgb:0000/0000/ffff", False),  # pure blue is dark, pure yellow is light
        ("rgb:ffff/ffff/0000", True),
    ],
)
@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
def test_backgrounds_are_light_or_dark(colour: str, light: bool, end: str) -> None:
    assert is_light(f"\x1b]11;{colour}{end}") is light


@given(st.text(alphabet="rgba:/#0f9x;?\x07\x1b\\", max_size=24))
@settings(deadline=None, max_examples=examples(200))
def test_garbage_names_no_background(body: str) -> None:
    if is_light("\x1b]11;" + body) is not None:
        assert body.startswith(("rgb:", "rgba:", "#")) and body.endswith(("\x07", "\x1b\\"))
    assert is_light(body) is None
