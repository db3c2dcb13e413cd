"""What a terminal can do with colours, decided from the environment, and its background."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rnntui.charset import has_screen, modern

ColourSystem = Literal["none", "standard", "256", "truecolor"]

# Asks for the background colour (xterm's OSC 11). It ends in BEL, because a terminal that does not
# know the sequence might show the other terminator.
BACKGROUND_QUERY = "\x1b]11;?\x07"
BACKGROUND_REPLY = "\x1b]11;"  # how the reply begins
_REPLY = re.compile(
    r"\x1b\]11;(?:rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?"
    r"|#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2}))(?:\x07|\x1b\\)",
    re.IGNORECASE,
)
# Relative luminance (WCAG 2) from which black text contrasts more than white text.
_LIGHT_FROM = 0.179
_24_BIT = ("truecolor", "24bit")  # values of COLORTERM
# Terminals with 24-bit colour, as part of TERM: where COLORTERM is missing, as over ssh.
_KNOWN_24_BIT = (
    "-direct", "-truecolor", "alacritty", "contour", "foot", "ghostty", "iterm2", "kitty",
    "wezterm",
)  # fmt: skip


def colour_system(environment: Mapping[str, str]) -> ColourSystem:
    """Return the most colours that the terminal is known to show; "none" if the user wants none.

    GNU screen gets 256 at most: COLORTERM describes the terminal around it.
    """
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or not has_colours(term):
        return "none"
    claimed = environment.get("COLORTERM", "").lower() in _24_BIT
    if not _in_gnu_screen(environment):
        known = any(part in term for part in _KNOWN_24_BIT)
        if claimed or known or _in_terminfo(term):
            return "truecolor"
    return "256" if claimed or "256color" in term or "direct" in term else "standard"


def has_colours(term: str) -> bool:
    """Return whether a terminal type has colours; True if unknown."""
    plain = term.startswith("vt") or term.endswith(("-m", "-mono"))
    return has_screen({"TERM": term}) and not plain


def _in_gnu_screen(environment: Mapping[str, str]) -> bool:
    inside = bool(environment.get("STY")) or environment.get("TERM", "").startswith("screen")
    return inside and not environment.get("TMUX")


def _in_terminfo(term: str) -> bool:
    """Return whether terminfo says that a terminal type has 24-bit colour.

    The capabilities are RGB (a flag, number or string) and tmux's Tc.
    """
    try:
        import curses

        curses.setupterm(term, 2)
        flags = any(curses.tigetflag(name) > 0 for name in ("RGB", "Tc"))
        return flags or curses.tigetnum("RGB") > 0 or bool(curses.tigetstr("RGB"))
    except (ImportError, ValueError, OSError):
        return False
    except curses.error:  # an unknown terminal
        return False


def theme_of(environment: Mapping[str, str]) -> str:
    """Return the light theme if COLORFGBG names a light background."""
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in ("7", "15") else "dark"


def may_ask_background(environment: Mapping[str, str]) -> bool:
    """Return whether to send BACKGROUND_QUERY.

    The Linux console would show a part of it, and GNU screen would keep it and send it again
    whenever it shows the window, even after this program has ended.
    """
    asked = colour_system(environment) != "none" and modern(environment)
    return asked and not _in_gnu_screen(environment)


def is_light(reply: str) -> bool | None:
    """Return whether a reply to BACKGROUND_QUERY names a light colour; None if it names none."""
    found = _REPLY.fullmatch(reply)
    if found is None:
        return None
    digits = [group for group in found.groups() if group]
    return _luminance([int(text, 16) / (16 ** len(text) - 1) for text in digits]) > _LIGHT_FROM


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the contrast of two colours (0 to 255 each), from 1 to 21, as WCAG 2 defines it."""
    low, high = sorted(_luminance([part / 255 for part in colour]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Iterable[float]) -> float:
    """Return the relative luminance of sRGB components (0 to 1)."""
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    """Return the linear value of an sRGB component (0 to 1), as defined by WCAG 2."""
    return share / 12.92 if share <= 0.03928 else float(((share + 0.055) / 1.055) ** 2.4)
