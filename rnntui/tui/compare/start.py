"""Starts the screen that compares runs, and opens the dashboards that the user asks for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.charset import Glyphs
from rnntui.errors import EngineError, RnntuiError
from rnntui.runs.compared.following import FollowedRuns, RunList
from rnntui.tui.colours import may_ask_background, theme_of
from rnntui.tui.command import Group, quit_keys
from rnntui.tui.compare.commands import CompareCommands
from rnntui.tui.compare.drawing import Drawing, Outset, first_rows
from rnntui.tui.compare.state import CompareState
from rnntui.tui.display import Display
from rnntui.tui.frames import painted
from rnntui.tui.leaving import HANG_UP, INTERRUPTED, TERMINATED, write_crash
from rnntui.tui.look import Look
from rnntui.tui.start import (
    known_theme,
    prepare_environment,
    screen_glyphs,
)

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp

OpenRun = Callable[[Path, Look], int]
FIRST_READ = 0.15  # seconds of reading losses before the first frame
SIGNALLED = (HANG_UP, INTERRUPTED, TERMINATED)  # exit codes of a dashboard ended by a signal


def show(listing: RunList, look: Look, open_run: OpenRun, groups: tuple[Group, ...]) -> int:
    """Compare runs until the user quits; return the exit code."""
    gc.disable()  # garbage collection takes a sixth of the time to import Textual
    prepare_environment()
    followed = FollowedRuns(listing)
    followed.read(FIRST_READ)
    state, note = CompareState(followed), ""
    asks = not look.theme and may_ask_background(os.environ)
    while True:
        app = _run(state, look, groups, note, asks)
        if app.crash is not None:
            return _report(app.crash)
        code = app.return_code or 0
        if code == HANG_UP:  # nothing can be printed: Python's own flush at exit would fail
            os._exit(code)
        if app.opened is None:
            return code
        asks = False
        look = replace(look, theme=app.theme, glyphs=app.options.glyphs, mouse=app.uses_mouse)
        code, note = _open(app.opened, look, open_run)
        if code in SIGNALLED:
            return code


def _run(
    state: CompareState, look: Look, groups: tuple[Group, ...], note: str, asks: bool
) -> CompareApp:
    """Show the screen until the user leaves it; its first frame comes before Textual."""
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

    with (
        screen_glyphs(look) as glyphs,
        Signals(lambda: None) as signals,
        Splash(asks) as splash,
    ):
        splash.show(partial(_first_frame, state, look, groups, glyphs, known_theme(splash, look)))
        splash.watch(quit_keys(CompareCommands.with_keys(look.keys, groups)[0].commands))
        from rnntui.tui.compare.app import CompareApp

        theme = known_theme(splash, look) or theme_of(os.environ)
        app = CompareApp(state, replace(look, glyphs=glyphs, theme=theme), groups, note)
        app.follows_background = not look.theme
        app.handle_signals(signals)
        app.take_over(splash.hand_over())
        app.run(mouse=look.mouse)
        app.remember.store()
        signals.quit = None
    return app


def _first_frame(
    state: CompareState,
    look: Look,
    groups: tuple[Group, ...],
    glyphs: Glyphs,
    theme: str,
    width: int,
    height: int,
) -> str:
    commands, _ = CompareCommands.with_keys(look.keys, groups)
    drawing = Drawing(state, Display(glyphs=glyphs, keys=commands.changed))
    system = "none" if "NO_COLOR" in os.environ else os.environ["TEXTUAL_COLOR_SYSTEM"]
    rows = first_rows(drawing, Outset(state, commands), width, height)
    return painted(rows, width, theme, system)


def _open(path: Path, look: Look, open_run: OpenRun) -> tuple[int, str]:
    """Show the dashboard of a run; return its exit code, and why it could not be shown."""
    try:
        return open_run(path, look), ""
    except RnntuiError as error:
        return 0, str(error)


def _report(crash: BaseException) -> int:
    path = write_crash(crash)
    print(f"rnntui: the screen failed ({type(crash).__name__}); details: {path}", file=sys.stderr)
    return EngineError.exit_code
