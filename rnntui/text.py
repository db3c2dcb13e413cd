"""safe_text(), which every foreign string must pass before it reaches a terminal.

It turns control characters, escape sequences, bidi and zero-width characters into visible glyphs.
The other functions count terminal cells, so that wide and combining characters stay aligned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

NEWLINE = "↵"
TAB = "⇥"
ELLIPSIS = "…"
DOTTED_CIRCLE = "◌"
MAX_MARKS = 8  # combining characters on one base; no script stacks more

# Cc: controls. Cf: bidi, zero-width, byte-order mark, tags. Zl, Zp: line separators. Cs: lone
# surrogates. Co, Cn: private use and unassigned, whose width no two terminals agree on.
_UNSAFE = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"))

# Characters that draw nothing, or whose width depends on the terminal and on their neighbours:
# Hangul fillers, grapheme joiner, variation selectors, halves of flags, skin tones.
_INVISIBLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0x1F1E6, 0x1F1FF),
    (0x1F3FB, 0x1F3FF),
    (0xE0100, 0xE01EF),
)

_HANGUL_PARTS = (("\u1161", "\u11ff"), ("\ud7b0", "\ud7fb"))


class _Table(dict[int, str]):
    """Caches the replacement of each character, so that str.translate runs at the speed of C."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _shown(code)
        return shown


def _shown(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    char = chr(code)
    hidden = any(first <= code <= last for first, last in _INVISIBLE)
    return escape(char) if hidden or unicodedata.category(char) in _UNSAFE else char


def escape(char: str) -> str:
    """Return the Python escape of a character, such as `\\x9b`."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# Surrogates other than those that represent a byte (surrogateescape).
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_LINE = _Table({0x0A: NEWLINE, 0x09: TAB})
_LINES = _Table({0x0A: "\n", 0x09: TAB})


def safe_text(text: str, *, newlines: bool = False, tab: int = 0) -> str:
    """Replace everything in `text` that controls a terminal or is invisible.

    A newline is shown as ↵, or kept with `newlines`. A tab is shown as ⇥, or expanded to the next
    multiple of `tab` columns. The function is idempotent. Its result is plain text: never pass it
    to a terminal library as markup.
    """
    if text.isascii() and text.isprintable():
        return text
    if tab > 0:
        text = text.expandtabs(tab)
    shown = text.translate(_LINES if newlines else _LINE)
    return shown if shown.isascii() else _on_circles(shown)


def _on_circles(text: str) -> str:
    """Put a dotted circle under each combining character without a base or in excess."""
    parts: list[str] = []
    room = 0
    for char in text:
        if char == "\n":
            room = 0
        elif not _combines(char):
            room = MAX_MARKS
        elif room:
            room -= 1
        else:
            parts.append(DOTTED_CIRCLE)
            room = MAX_MARKS - 1
        parts.append(char)
    return "".join(parts)


def _combines(char: str) -> bool:
    """Whether a character has no cell of its own: a mark, or a later part of a Hangul syllable."""
    if unicodedata.category(char)[0] == "M":
        return True
    return any(first <= char <= last for first, last in _HANGUL_PARTS)


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8, restoring bytes that could not be decoded; lone surrogates become "?"."""
    return _HALVES.sub("?", text).encode("utf-8", "surrogateescape")


def safe_json(line: str) -> str:
    """Escape DEL, the only control character that ASCII JSON can contain."""
    return line.replace("\x7f", "\\u007f")


# Latin letters, and the signs that plots and tables are drawn with.
_NARROW = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u2013\u2026\u2190-\u2193\u2500-\u25fc\u2800-\u28ff]*"
)


def is_narrow(text: str) -> bool:
    """Return whether each character surely takes one cell, so that indices count cells."""
    return text.isascii() or _NARROW.fullmatch(text) is not None


def cell_width(text: str) -> int:
    """Return the number of terminal cells of safe text without newlines."""
    if text.isascii():
        return len(text)
    return _cell_len()(text)


@cache
def _cell_len() -> Callable[[str], int]:
    from rich.cells import cell_len  # slow to import, and not needed for `--help`

    return cell_len


_ASCII = {chr(n): (chr(n), 1) for n in range(128)}


def cells(text: str) -> list[tuple[str, int]]:
    """Split safe text into units of a character and its marks, each with its width.

    The widths add up to `cell_width(text)`.
    """
    if text.isascii():
        return list(map(_ASCII.__getitem__, text))
    units: list[tuple[str, int]] = []
    for unit in map(_unit, text):
        if unit[1] == 0 and units:
            base, taken = units[-1]
            units[-1] = (base + unit[0], taken)
        else:
            units.append(unit)
    return units


@lru_cache(maxsize=1024)
def _unit(char: str) -> tuple[str, int]:
    """Return a character and its width, as a shared tuple."""
    return _ASCII.get(char) or (char, _cell_len()(char))


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """Return `text` if it fits into `width` cells, else its start and an ellipsis."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    room = width - cell_width(ellipsis)
    if room < 0:
        return ellipsis[:width]
    return _head(text, room) + ellipsis


def _head(text: str, width: int) -> str:
    """Return the longest prefix of `text` that fits into `width` cells."""
    if text.isascii():
        return text[:width]
    kept: list[str] = []
    for unit, taken in cells(text):
        if taken > width:
            break
        kept.append(unit)
        width -= taken
    return "".join(kept)


def pad(text: str, width: int, align: str = "<") -> str:
    """Shorten or pad `text` to exactly `width` cells; align is <, > or ^."""
    if len(text) == width and text.isascii():
        return text
    text = fit(text, width)
    free = max(0, width - cell_width(text))
    left = {"<": 0, ">": free, "^": free // 2}[align]
    return " " * left + text + " " * (free - left)
