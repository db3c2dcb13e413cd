"""Strings that steer, hide or break, and a parser that finds what of them a terminal would obey."""

from __future__ import annotations

import functools
import os
import random
import re
import unicodedata
from collections.abc import Callable, Iterator

# ---- strings -----------------------------------------------------------------------------------

# The parameters are such as this program never sends itself: see `_ours`.
SEQUENCES = (
    "\x1b[31m", "\x1b[5;41m", "\x1b[999;999H", "\x1b[1J", "\x1b[3J", "\x1b[K", "\x1b[6n", "\x1b[c",
    "\x1b[>c", "\x1b[>q", "\x1b[21t", "\x1b[8;1;1t", "\x1b[?9h", "\x1b[?1l", "\x1b[?47h",
    "\x1b[?5h", "\x1b[?6h", "\x1b[4h", "\x1b[20h", "\x1b[1;2r", "\x1b[s", "\x1b[u", "\x1b[!p",
    "\x1b[99A", "\x1b[99S", "\x1b[10P", "\x1b[10@", "\x1b[10X", "\x1b[0;1;30p", "\x1b[?2$p",
    "\x1bc", "\x1b7", "\x1b8", "\x1bD", "\x1bE", "\x1bM", "\x1bH", "\x1bZ", "\x1b=", "\x1b>",
    "\x1b(0", "\x1b)B", "\x1b#8", "\x1b%G", "\x1bN", "\x1bO", "\x1b\\", "\x1b", "\x1b[", "\x1b[1;",
    "\x1b]52;c;aGVsbG8=\x07", "\x1b]52;c;?\x1b\\", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\y",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1b]4;1;?\x07", "\x1b]10;?\x1b\\",
    "\x1b]777;notify;a;b\x07", "\x1bP$q m\x1b\\", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
    "\x1bPq#0;2;0;0;0~\x1b\\", "\x1b_Ga=T;AAAA\x1b\\", "\x1b^private\x1b\\", "\x1bXstart\x1b\\",
    "\x1b[200~pasted\x1b[201~", "\x9b31m", "\x9b6n", "\x9d52;c;eA==\x9c", "\x90q~\x9c",
    "\x9fG\x9c", "\x84", "\x85", "\x88", "\x8d", "\x8e", "\x8f", "\x98x\x9c", "\x9a",
    "\u009b999;999H",
)  # fmt: skip
MARKUP = (
    "[/]", "[/foo]", "[bold]", "[bold red]x", "[@click=app.quit]x[/]", "[@click='app.quit']x[/]",
    "[@click=app.command('quit')]q[/@click]", "[link=http://x]y[/link]", "[[", "]]", "\\[", "\\[/",
    "[", "]", "[#ff0000 on blue]", "[not a tag", "[$accent]x", "[/@click=]", "[a=b c='d']",
    "[red][/blue]", "**bold**", "# head", "`code`", "<b>x</b>", "&lt;", "<script>", "|a|b|",
    "{0.__class__}", "{x!r}", "%s%n%x", "%(a)s", "$(reboot)", "`id`", "; rm -rf ~", "' OR 1=1",
    '"', "'''", "\\", "\\x1b[31m", "\\u001b[2J", "\\n", "^[", "--help", "-c", "@x", "NaN", "null",
    "true", "1e999", "0x", "-0", "_",
)  # fmt: skip
HIDDEN = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060"
    "\u2061\ufeff\xad\u034f\u115f\u1160\u17b4\u180e\u3164\uffa0\ufff9\ufffa\ufffb\ufe00\ufe0f\u2028"
    "\u2029\U000e0001\U000e0041\U000e007f\U000e0100\U000e01ef\U0001d173\U000110bd\ufdd0\uffff"
    "\U0001ffff\U0010ffff\ue000\U000f0000\u0378\u2065"
)
WIDE = "漢字日本語한국어ｆｕｌｌ😀👩‍👩‍👧‍👦🇩🇪👍🏽❤️1️⃣﷽ﷺ𒐫⸻꧅𝕏Ａ　"
MARKS = "\u0300\u0301\u0308\u0323\u0e31\u0e34\u20dd\u0488\u0483\u1ab0\u1dc0\u0f71\u0331\u0489"
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def _sequence(random_: random.Random) -> str:
    return random_.choice(SEQUENCES)


def _control(random_: random.Random) -> str:
    code = random_.choice([*range(0x20), 0x7F, *range(0x80, 0xA0)])
    return chr(code) * random_.choice([1, 1, 2, 7])


def _markup(random_: random.Random) -> str:
    return random_.choice(MARKUP)


def _hidden(random_: random.Random) -> str:
    return "".join(random_.choices(HIDDEN, k=random_.randint(1, 6)))


def _wide(random_: random.Random) -> str:
    return "".join(random_.choices(WIDE, k=random_.randint(1, 12)))


def _stack(random_: random.Random) -> str:
    base = random_.choice(["", "e", "日", "\u0e01", "\u1100\u1161"])
    return base + "".join(random_.choices(MARKS, k=random_.choice([1, 3, 40, 300])))


def _broken(random_: random.Random) -> str:
    return random_.choice(
        ["\ud800", "\udfff", "\udc80\udcff", "\ud83d x", "\udfff\ud800", "\udc1b["]
    )


def _long(random_: random.Random) -> str:
    return random_.choice(["x", " ", "\u3000", "[", "\x1b", "日", "-"]) * random_.choice([90, 700])


def _lines(random_: random.Random) -> str:
    end = random_.choice(["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
    return end.join("ab")


def _any(random_: random.Random) -> str:
    return "".join(chr(random_.randrange(0x110000)) for _ in range(random_.randint(1, 12)))


KINDS: tuple[Callable[[random.Random], str], ...] = (
    _sequence, _sequence, _control, _markup, _markup, _hidden, _wide, _stack, _broken, _lines, _any,
)  # fmt: skip


def hostile(count: int, seed: int = 0) -> list[str]:
    """So many strings, each with its number in front, as `mark(n)`; the same ones for a seed."""
    random_ = random.Random(seed)
    out = []
    for n in range(count):
        kinds = random_.choices(KINDS, k=random_.randint(1, 4))
        if n % 97 == 0:
            kinds.append(_long)
        words = [kind(random_) for kind in kinds]
        out.append(mark(n) + random_.choice(["", " ", "x"]).join(words))
    return out


def mark(n: int) -> str:
    """What string `n` begins with, to be looked for on the screen."""
    return f"q{n}q"


def as_name(text: str) -> str:
    """The string as a file may be called."""
    content = text.replace("/", "|").replace("\0", "").encode("utf-8", "surrogatepass")
    return os.fsdecode(content[:200])


def as_utf8(text: str) -> str:
    """The string as a file of text may hold it."""
    return text.encode("utf-8", "replace").decode()


# ---- what a terminal gets ----------------------------------------------------------------------

# What the dashboard sends besides colours and places: modes, questions, the mouse pointer's shape.
OWN = frozenset(
    [f"\x1b[?{mode}{way}" for mode in (7, 25, 1000, 1003, 1004, 1006, 1015, 1049) for way in "hl"]
    + [f"\x1b[?{mode}{way}" for mode in (1016, 2004, 2026, 2048) for way in "hl"]
    + ["\x1b[?2026$p", "\x1b[?2048$p", "\x1b[>25u", "\x1b[<u", "\x1b[2J", "\x1b]22;default\x07"]
    + ["\x1b]11;?\x07"]
)

SEQUENCE = re.compile(
    "\x1b(?:"
    r"\[(?P<csi>[0-?]*[ -/]*[@-~])"
    "|(?P<string>[]P_^X][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?)"
    "|(?P<short>[ -/]*[0-~])"
    ")?"
)
# Colours and attributes as the painter sends them: 256 colours, or the 16 of a simple terminal.
_COLOUR = r"(?:0|1|2|3|4|7|2[2347]|[34]8;5;(?:\d\d?|1\d\d|2[0-4]\d|25[0-5])|39|49)"
COLOURS = re.compile(f"(?:{_COLOUR}(?:;{_COLOUR})*)?m")
PLACE = re.compile(r"(\d+);(\d+)H")


def _ours(found: re.Match[str], size: tuple[int, int]) -> bool:
    """Whether a sequence is one that the dashboard sends on a screen of this size."""
    csi = found["csi"]
    if found.group() in OWN:
        return True
    if csi is None:
        return False
    if place := PLACE.fullmatch(csi):
        return int(place[1]) <= size[1] and int(place[2]) <= size[0]
    return COLOURS.fullmatch(csi) is not None


def obeyed(raw: bytes, size: tuple[int, int] | None = None, lines: bool = True) -> Iterator[str]:
    """What in `raw` steers a terminal or hides from the eye, each with what stands before it.

    What the dashboard sends on a screen of `size` (columns, rows) is left out, and so with `lines`
    are line ends. Bytes that are no UTF-8 are found as well.
    """
    text = raw.decode("utf-8", "surrogateescape")
    end = 0
    for found in [*SEQUENCE.finditer(text), None]:
        start = len(text) if found is None else found.start()
        yield from _unseen(text, end, start, lines)
        if found is not None:
            end = found.end()
            if size is None or not _ours(found, size):
                yield repr(text[max(0, start - 60) : end])


def _unseen(text: str, start: int, end: int, lines: bool) -> Iterator[str]:
    part = text[start:end].replace("\r\n", "") if lines else text[start:end]
    if part.isascii() and part.isprintable():
        return
    for n, char in enumerate(part):
        if _steers(char):
            yield repr(part[max(0, n - 40) : n + 1])


@functools.cache
def _steers(char: str) -> bool:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
    selector = 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF
    return hidden or selector or char in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
