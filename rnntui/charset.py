"""Which characters a terminal can show, and replacements for the others.

This is decided from the environment alone: a terminal cannot be asked which glyphs its font has. In
doubt the answer is ASCII, which every terminal shows.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import Literal, NamedTuple, TextIO

Glyphs = Literal["braille", "blocks", "ascii"]

# Signs that this program prints, and common typographic ones.
ASCII_SIGNS = {
    "│": "|", "┤": "+", "├": "+", "└": "+", "─": "-", "·": "-", "–": "-", "—": "-", "−": "-",
    "…": "...", "→": "->", "←": "<-", "↑": "^", "↓": "v", "▲": "^", "▼": "v", "●": "o", "½": "1/2",
    "×": "x", "µ": "u", "↵": "\\n", "⇥": "\\t", "␣": "_", "␡": "^?", "◌": "o", "≤": "<=", "≥": ">=",
    "±": "+-", "²": "^2", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ",
} | {chr(0x2400 + code): f"^{chr(code + 64)}" for code in range(0x20)}  # fmt: skip
_SIGNS_BY_CODE = str.maketrans(ASCII_SIGNS)

# Terminal emulators whose fonts have braille, by prefix of TERM.
_MODERN = (
    "xterm", "screen", "tmux", "rxvt", "kitty", "alacritty", "foot", "wezterm", "ghostty", "iterm",
    "konsole", "gnome", "vte", "st", "contour", "mintty", "putty", "eterm", "mlterm", "nsterm",
    "terminator", "zellij", "rio", "eat", "dtterm",
)  # fmt: skip
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
_MULTIPLEXERS = ("screen", "tmux")
_NO_SCREEN = ("", "dumb", "unknown", "network", "dialup")


class Charset(NamedTuple):
    """What a terminal can show: the glyphs for drawing, and the encoding."""

    glyphs: Glyphs
    encoding: str


def terminal_charset(
    environment: Mapping[str, str], encoding: str, chosen: Glyphs | None = None
) -> Charset:
    """Choose the character set for a terminal that Python would write to in `encoding`.

    Glyphs that the user chose override the environment; braille and blocks then imply UTF-8.
    """
    encoding = _known(encoding)
    claimed = locale_encoding(environment)
    if encoding == "utf-8" and claimed not in ("", "utf-8"):
        encoding = claimed
    elif encoding == "utf-8" and not claimed and _multiplexed(environment):
        encoding = "ascii"  # screen and tmux follow the locale, which names no encoding
    if chosen is not None:
        return Charset(chosen, encoding if chosen == "ascii" else "utf-8")
    capable = encoding == "utf-8" and modern(environment)
    return Charset("braille" if capable else "ascii", encoding)


def locale_encoding(environment: Mapping[str, str]) -> str:
    """Return the encoding that the user's locale names, or "" if it names none.

    LC_ALL=C is a choice of ASCII; in the other variables, C means that nothing was chosen.
    """
    name = next((v for key in _LOCALE if (v := environment.get(key))), "")
    if name.partition("@")[0] in ("", "C", "POSIX"):
        return "ascii" if name and environment.get("LC_ALL") else ""
    if "." not in name:  # e.g. "de_DE@euro", which implies an encoding
        from locale import normalize

        name = normalize(name)
    return _known(name.partition(".")[2].partition("@")[0])


def user_environment() -> dict[str, str]:
    """Return the environment without the locale that Python sets if the user has none."""
    environment = dict(os.environ)
    coerced = sys.flags.utf8_mode and environment.get("PYTHONUTF8") != "1"
    if coerced and environment.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        environment["LC_CTYPE"] = _initial_value("LC_CTYPE")
    return environment


def _initial_value(name: str) -> str:
    """Return a variable's value when this process started, or "" if unknown."""
    from pathlib import Path

    try:
        given = Path("/proc/self/environ").read_bytes()
    except OSError:
        return ""
    start = name.encode() + b"="
    found = next((pair for pair in given.split(b"\0") if pair.startswith(start)), start)
    return os.fsdecode(found[len(start) :])


def has_screen(environment: Mapping[str, str]) -> bool:
    """Whether TERM names a terminal that can be drawn on."""
    return environment.get("TERM", "") not in _NO_SCREEN


def _known(encoding: str) -> str:
    """Return Python's name of an encoding, or ASCII for an unknown or unsuitable one."""
    try:
        usable = "\x1b[".encode(encoding) == b"\x1b["  # false for UTF-16
    except (LookupError, ValueError):
        return "ascii"
    return codecs.lookup(encoding).name if usable else "ascii"


def _multiplexed(environment: Mapping[str, str]) -> bool:
    inside = environment.get("STY") or environment.get("TMUX")
    return bool(inside) or environment.get("TERM", "").startswith(_MULTIPLEXERS)


def modern(environment: Mapping[str, str]) -> bool:
    """Whether TERM names a terminal emulator, with fonts that have braille."""
    term = environment.get("TERM", "").lower()
    if term.startswith("linux"):
        return False  # the fonts of the Linux console have 512 glyphs at most
    return term.startswith(_MODERN) or term.endswith(("-256color", "-direct"))


def signs_in_ascii(environment: Mapping[str, str], stream: TextIO) -> bool:
    """Whether to print only ASCII signs to `stream`."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if stream.isatty():
        return terminal_charset(environment, encoding).glyphs == "ascii"
    named = {key: environment[key] for key in _LOCALE if key in environment}
    return terminal_charset(named, encoding).encoding != "utf-8"


def ascii_text(text: str) -> str:
    """Replace the signs of this program by ASCII; leave other characters unchanged."""
    return text if text.isascii() else text.translate(_SIGNS_BY_CODE)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """Replace a sign by ASCII, and any other character that cannot be encoded by an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from rnntui.text import escape

    missing = error.object[error.start : error.end]
    return "".join(ASCII_SIGNS.get(c) or escape(c) for c in missing), error.end


def _one_cell_each(error: UnicodeError) -> tuple[str, int]:
    """Replace a character by as many question marks as it has cells, to keep columns aligned."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from rnntui.text import cell_width

    return "?" * cell_width(error.object[error.start : error.end]), error.end


LINE_ERRORS, SCREEN_ERRORS = "rnntui.lines", "rnntui.screen"
codecs.register_error(LINE_ERRORS, _spelled)
codecs.register_error(SCREEN_ERRORS, _one_cell_each)
