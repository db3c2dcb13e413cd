"""What a terminal can show is judged from its environment; in doubt it gets ASCII."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.charset import (
    ASCII_SIGNS,
    LINE_ERRORS,
    SCREEN_ERRORS,
    Charset,
    ascii_text,
    has_screen,
    locale_encoding,
    signs_in_ascii,
    terminal_charset,
)
from rnntui.text import cell_width, safe_text

BRAILLE, ASCII = Charset("braille", "utf-8"), Charset("ascii", "utf-8")
MODERN = {"TERM": "xterm-256color"}
UTF8 = {"LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("environment", "encoding", "expected"),
    [
        # emulators, with and without a locale
        (MODERN, "utf-8", BRAILLE),
        (MODERN | UTF8, "UTF-8", BRAILLE),
        (MODERN | {"LANG": "C"}, "utf-8", BRAILLE),
        (MODERN | {"LANG": "de_DE.utf8@euro"}, "utf-8", BRAILLE),
        ({"TERM": "xterm"}, "utf-8", BRAILLE),
        ({"TERM": "alacritty"}, "utf-8", BRAILLE),
        ({"TERM": "xterm-kitty"}, "utf-8", BRAILLE),
        ({"TERM": "new-emulator-256color"}, "utf-8", BRAILLE),
        # what Python writes is not UTF-8
        (MODERN, "ascii", Charset("ascii", "ascii")),
        (MODERN | UTF8, "latin-1", Charset("ascii", "iso8859-1")),
        (MODERN, "cp1252", Charset("ascii", "cp1252")),
        (MODERN, "utf-16", Charset("ascii", "ascii")),
        (MODERN, "no such encoding", Charset("ascii", "ascii")),
        # the locale names something else, even if it is not installed here
        (MODERN | {"LC_ALL": "de_DE.ISO-8859-1"}, "utf-8", Charset("ascii", "iso8859-1")),
        (MODERN | {"LC_CTYPE": "de_DE.ISO8859-15@euro"}, "utf-8", Charset("ascii", "iso8859-15")),
        (MODERN | {"LANG": "ja_JP.eucJP"}, "utf-8", Charset("ascii", "euc_jp")),
        (MODERN | {"LC_ALL": "x.bogus"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | {"LC_ALL": "C"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | {"LC_ALL": "POSIX", "LANG": "C.UTF-8"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | {"LC_ALL": "C.UTF-8", "LANG": "de_DE.ISO-8859-1"}, "utf-8", BRAILLE),
        (MODERN | {"LC_ALL": "", "LANG": "en_US.UTF-8"}, "utf-8", BRAILLE),
        (MODERN | {"LANG": "de_DE@euro"}, "utf-8", Charset("ascii", "iso8859-15")),
        (MODERN | {"LANG": "en_US"}, "utf-8", Charset("ascii", "iso8859-1")),
        (MODERN | {"LANG": "nowhere"}, "utf-8", Charset("ascii", "ascii")),
        # multiplexers do as the locale says
        ({"TERM": "screen"}, "utf-8", Charset("ascii", "ascii")),
        ({"TERM": "screen.xterm-256color", "LANG": "C"}, "utf-8", Charset("ascii", "ascii")),
        ({"TERM": "tmux-256color", "LANG": "POSIX"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | {"TMUX": "/tmp/tmux-0/default,1,0"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | {"STY": "12.pts-0.host"}, "utf-8", Charset("ascii", "ascii")),
        (MODERN | UTF8 | {"STY": "12.pts-0.host"}, "utf-8", BRAILLE),
        ({"TERM": "tmux-256color"} | UTF8, "utf-8", BRAILLE),
        # fonts without braille, and terminals that nobody knows
        ({"TERM": "linux"} | UTF8, "utf-8", ASCII),
        ({"TERM": "linux-16color"} | UTF8, "utf-8", ASCII),
        ({"TERM": "vt100"} | UTF8, "utf-8", ASCII),
        ({"TERM": "vt220"}, "utf-8", ASCII),
        ({"TERM": "ansi"}, "utf-8", ASCII),
        ({"TERM": "cygwin"}, "utf-8", ASCII),
        ({"TERM": "something"}, "utf-8", ASCII),
        ({}, "utf-8", ASCII),
    ],
)
def test_what_a_terminal_can_show(
    environment: dict[str, str], encoding: str, expected: Charset
) -> None:
    assert terminal_charset(environment, encoding) == expected
    for chosen in ("braille", "blocks"):  # the user knows better
        assert terminal_charset(environment, encoding, chosen) == Charset(chosen, "utf-8")
    assert terminal_charset(environment, encoding, "ascii") == expected._replace(glyphs="ascii")


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_some_cannot_be_drawn_on(term: str) -> None:
    assert not has_screen({"TERM": term}) and not has_screen({})
    assert has_screen({"TERM": "vt100"}) and has_screen({"TERM": "linux"})


@given(st.dictionaries(st.sampled_from(["LC_ALL", "LC_CTYPE", "LANG", "TERM", "STY"]), st.text()))
def test_any_environment_is_understood(environment: dict[str, str]) -> None:
    charset = terminal_charset(environment, "utf-8")
    assert charset.glyphs == "ascii" or charset.encoding == "utf-8"
    assert "a".encode(charset.encoding) == b"a"
    locale_encoding(environment)


class Stream(io.StringIO):
    def __init__(self, encoding: str, terminal: bool) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def test_lines_for_a_file_do_not_depend_on_the_terminal() -> None:
    plain = {"TERM": "vt100", "STY": "1"}
    assert not signs_in_ascii(plain, Stream("utf-8", False))
    assert signs_in_ascii(plain, Stream("utf-8", True))
    assert signs_in_ascii(MODERN, Stream("ascii", False))
    assert signs_in_ascii({"LC_ALL": "C"}, Stream("utf-8", False))


@given(st.text())
def test_a_screen_keeps_its_cells(text: str) -> None:
    shown = safe_text(text)
    for encoding in ("ascii", "latin-1"):
        written = shown.encode(encoding, SCREEN_ERRORS).decode(encoding)
        assert cell_width(written) == cell_width(shown)


def test_lines_keep_what_they_say() -> None:
    assert "a│ b · ½ – …".encode("ascii", LINE_ERRORS) == b"a| b - 1/2 - ..."
    assert "é · ½".encode("latin-1", LINE_ERRORS) == b"\xe9 \xb7 \xbd"
    assert "語\U0001f600".encode("ascii", LINE_ERRORS) == b"\\u8a9e\\U0001f600"
    assert ascii_text("│ 語") == "| 語"
    assert all(sign.isascii() for sign in ASCII_SIGNS.values())
