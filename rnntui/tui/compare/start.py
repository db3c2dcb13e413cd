"""Starts the screen that compares runs, and opens the dashboards that the user asks for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rnntui.errors import EngineError, RnntuiError
from rnntui.runs.compared.following import FollowedRuns, RunList
from rnntui.tui.colours import may_ask_background, theme_of
from rnntui.tui.command import Group
from rnntui.tui.look import Look
from rnntui.tui.start import (
    HANG_UP,
    known_theme,
    prepare_environment,
    screen_glyphs,
    write_crash,
)

OpenRun = Callable[[Path, Look], int]
SIGNALLED = (HANG_UP, 130, 143)  # exit codes of a dashboard that was ended by a signal


def show(listing: RunList, look: Look, open_run: OpenRun, groups: tuple[Group, ...]) -> int:
    """Compare runs until the user quits; return the exit code."""
    gc.disable()  # garbage collection takes a sixth of the time to import Textual
    prepare_environment()
    from rnntui.tui.compare.app import CompareApp
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

    followed = FollowedRuns(listing)
    asks = not look.theme and may_ask_background(os.environ)
    choices, note = None, ""
    while True:
        with (
            screen_glyphs(look) as glyphs,
            Signals(lambda: None) as signals,
            Splash(asks) as splash,
        ):
            theme = known_theme(splash, look) or theme_of(os.environ)
            app = CompareApp(
                followed, replace(look, glyphs=glyphs, theme=theme), choices, groups, note
            )
            app.follows_background = not look.theme
            app.handle_signals(signals)
            app.take_over(splash.shown, splash.typed, splash.asked)
            splash.hand_over()
            app.run(mouse=look.mouse)
            app.remember.store()
            signals.quit = None
        if app.crash is not None:
            return _report(app.crash)
        code = app.return_code or 0
        if code == HANG_UP:  # nothing can be printed: Python's own flush at exit would fail
            os._exit(code)
        if app.opened is None:
            return code
        choices, asks = app.state.choices, False
        look = replace(look, theme=app.theme, glyphs=app.options.glyphs, mouse=app.uses_mouse)
        code, note = _open(app.opened, look, open_run)
        if code in SIGNALLED:
            return code


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
