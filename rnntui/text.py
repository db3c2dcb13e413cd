"""safe_text(): the only door through which a foreign string reaches a terminal.

Control characters, escape sequences, bidi and zero-width characters come out as visible glyphs. The
helpers below count terminal cells, so that wide and combining characters keep columns aligned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

NEWLINE = "↵"
TAB = "⇥"
ELLIPSIS = "…"
DOTTED_CIRCLE = "◌"
MOST_MARKS = 8  # combining characters on one base; no script stacks more, and each costs bytes

# Cc: controls. Cf: bidi, zero-width, byte-order mark, tags. Zl, Zp: line separators. Cs: lone
# surrogates. Co, Cn: private use and unassigned, whose width no two terminals agree on.
_UNSAFE = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"))

# Letters and marks that draw nothing, or whose width depends on the terminal and the neighbour:
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
    """What stands for each character, found once: str.translate then runs at the speed of C."""

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
    """One character as the escape a Python string would spell it with, such as `\\x9b`."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_LINE = _Table({0x0A: NEWLINE, 0x09: TAB})
_LINES = _Table({0x0A: "\n", 0x09: TAB})


def safe_text(text: str, *, newlines: bool = False, tab: int = 0) -> str:
    """`text` with nothing in it that steers a terminal or hides from the eye.

    A newline is shown as ↵, or kept with `newlines`. A tab is shown as ⇥, or filled up to the next
    multiple of `tab` columns. Applying it twice changes nothing. The result is plain text: give it
    to a terminal as text, never as markup.
    """
    if text.isascii() and text.isprintable():
        return text
    if tab > 0:
        text = text.expandtabs(tab)
    shown = text.translate(_LINES if newlines else _LINE)
    return shown if shown.isascii() else _on_circles(shown)


def _on_circles(text: str) -> str:
    """Put each combining character that has none to sit on, or one too many, on a dotted circle."""
    parts: list[str] = []
    room = 0
    for char in text:
        if char == "\n":
            room = 0
        elif not _combines(char):
            room = MOST_MARKS
        elif room:
            room -= 1
        else:
            parts.append(DOTTED_CIRCLE)
            room = MOST_MARKS - 1
        parts.append(char)
    return "".join(parts)


def _combines(char: str) -> bool:
    """Whether a character has no cell of its own: marks, later parts of a Hangul syllable."""
    if unicodedata.category(char)[0] == "M":
        return True
    return any(first <= char <= last for first, last in _HANGUL_PARTS)


def safe_json(line: str) -> str:
    """JSON in ASCII without the one character in it that a terminal might obey: DEL."""
    return line.replace("\x7f", "\\u007f")


def cell_width(text: str) -> int:
    """How many terminal cells safe text without newlines takes."""
    if text.isascii():
        return len(text)
    return _cell_len()(text)


@cache
def _cell_len() -> Callable[[str], int]:
    from rich.cells import cell_len  # costs milliseconds that `--help` does not need

    return cell_len


_ASCII = {chr(n): (chr(n), 1) for n in range(128)}


def cells(text: str) -> list[tuple[str, int]]:
    """Safe text as units of one character and the marks that sit on it, each with its width.

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
    """A character and its width: one and the same tuple wherever it stands."""
    return _ASCII.get(char) or (char, _cell_len()(char))


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """`text` if it takes at most `width` cells, else its beginning and an ellipsis."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    room = width - cell_width(ellipsis)
    if room < 0:
        return ellipsis[:width]
    return _head(text, room) + ellipsis


def _head(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` cells."""
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
    """`text` in exactly `width` cells: shortened, or filled with spaces; align is <, > or ^."""
    if len(text) == width and text.isascii():
        return text
    text = fit(text, width)
    free = max(0, width - cell_width(text))
    left = {"<": 0, ">": free, "^": free // 2}[align]
    return " " * left + text + " " * (free - left)
