"""The frame of the dashboard, shown while Textual is imported: that takes longer than all the rest.

What stands here is repainted by the dashboard in the same places. Until then the terminal does not
echo what is typed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from typing import Any

from rnntui.text import fit, safe_text
from rnntui.tui.signals import restore_terminal, terminal_modes

ENTER = "\x1b[?1049h\x1b[?25l"
# Background, text, title, strong and muted as the own themes have them, in the 256-colour palette.
COLOURS = {"dark": (233, 251, 79, 231, 245), "light": (231, 236, 23, 16, 242)}


class Splash:
    """Shows the frame when it is entered; `hand_over` gives the terminal's modes to the dashboard.

    Left without that, it gives the terminal back.
    """

    def __init__(self, name: str, theme: str) -> None:
        self._name = name
        self._theme = theme
        self._modes: list[Any] | None = None
        self.shown = False

    def __enter__(self) -> Splash:
        palette, stderr = COLOURS.get(self._theme), sys.__stderr__
        few = os.environ.get("TEXTUAL_COLOR_SYSTEM") == "standard" or "NO_COLOR" in os.environ
        if palette is None or stderr is None or few:
            return self
        with contextlib.suppress(OSError, ValueError, termios.error):
            columns, rows = os.get_terminal_size(stderr.fileno())
            self._modes = terminal_modes()
            self._echo_off()
            stderr.write(ENTER + frame(self._name, columns, rows, palette))
            stderr.flush()
            self.shown = True
        return self

    def _echo_off(self) -> None:
        if self._modes is not None and sys.__stdin__ is not None:
            quiet = [*self._modes[:3], self._modes[3] & ~termios.ECHO, *self._modes[4:]]
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, quiet)

    def hand_over(self) -> None:
        """The dashboard takes the terminal now; it is to find the modes that were there before."""
        if self._modes is not None and sys.__stdin__ is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self._modes)
        self.shown = False

    def __exit__(self, *_: object) -> None:
        if self.shown:
            restore_terminal(self._modes)


def frame(name: str, columns: int, rows: int, palette: tuple[int, int, int, int, int]) -> str:
    """First and last row of the dashboard on its background."""
    ground, _text, title, strong, muted = palette
    if columns < 40 or rows < 3:
        return f"\x1b[48;5;{ground}m\x1b[2J\x1b[0m"
    shown = fit(safe_text(name), 24)
    return (
        f"\x1b[48;5;{ground}m\x1b[2J"
        f"\x1b[1;1H\x1b[1;38;5;{title}m rnntui\x1b[38;5;{strong}m  {shown}"
        f"\x1b[22;38;5;{muted}m  starting"
        f"\x1b[{rows};1H\x1b[1;38;5;{strong}m q\x1b[22;38;5;{muted}m quit\x1b[0m"
    )
