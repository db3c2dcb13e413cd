"""Start the dashboard: the training process first, Textual while that one loads."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rnntui.errors import EngineError
from rnntui.recipe import Recipe
from rnntui.text import safe_text

if TYPE_CHECKING:
    from rnntui.engine.spawn import EngineHandle
    from rnntui.tui.app import Dashboard
    from rnntui.tui.signals import Signals

STOP_SECONDS = 0.15  # between SIGTERM and SIGKILL for the training process
HANG_UP = 129


def run_dashboard(
    recipe: Recipe,
    *,
    glyphs: Literal["braille", "blocks", "ascii"] = "braille",
    theme: str | None = None,
    mouse: bool = True,
) -> int:
    """Train a recipe in the dashboard until its user leaves; the exit code.

    Needs a terminal on stdin and stderr. Raises EngineError if no training process can be started.
    """
    gc.disable()  # a sixth of the time of importing Textual goes into looking for garbage
    _environment()
    theme = theme or _terminal_theme()
    from rnntui.engine.spawn import spawn
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

    handle = spawn(recipe, Path.cwd())
    try:
        with Signals(last_resort=handle.kill) as signals, Splash(recipe.name, theme) as splash:
            app = _app(recipe, handle, signals, glyphs, theme)
            app.on_other_screen = splash.shown
            splash.hand_over()
            app.run(mouse=mouse)
            signals.leave = None
        return _epilogue(app, handle)
    finally:
        _stop(handle)


def _app(
    recipe: Recipe,
    handle: EngineHandle,
    signals: Signals,
    glyphs: Literal["braille", "blocks", "ascii"],
    theme: str,
) -> Dashboard:
    from rnntui.engine.client import EngineClient
    from rnntui.tui.app import Dashboard

    async def connect() -> EngineClient:
        return await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)

    app = Dashboard(
        recipe,
        connect,
        glyphs=glyphs,
        theme=theme,
        stop_engine=lambda: _terminate(handle),
    )
    app.obey(signals)
    return app


def _environment() -> None:
    """What Textual reads when it is imported. A user's own settings win."""
    for name in ("COLUMNS", "LINES"):  # exported by a shell, they would hide every later resize
        os.environ.pop(name, None)
    os.environ.setdefault("TEXTUAL_FPS", "1000")  # the paint timer: sets how fast a key is answered
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if "TEXTUAL_COLOR_SYSTEM" not in os.environ:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = colour_system(os.environ)


def colour_system(environment: Mapping[str, str]) -> str:
    """256 colours wherever the terminal has them: enough for the own themes, at half the bytes."""
    term = environment.get("TERM", "")
    rich = environment.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return "256" if rich or "256color" in term or "direct" in term else "standard"


def _terminal_theme() -> str:
    """The light theme where the terminal says its background is light."""
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in ("7", "15") else "dark"


def _terminate(handle: EngineHandle) -> None:
    if handle.exited() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(handle.pid, signal.SIGTERM)


def _stop(handle: EngineHandle) -> None:
    """No process and no socket stay behind."""
    _terminate(handle)
    handle.wait(STOP_SECONDS)
    handle.kill()


def _epilogue(app: Dashboard, handle: EngineHandle) -> int:
    """Say what there is to say on the normal screen; the exit code."""
    code = app.return_code or 0
    if code == HANG_UP:
        # Nobody is there to print for, and Python's own flushing at the end would fail: exit 120.
        _stop(handle)
        os._exit(code)
    from rnntui.tui.report import report

    if text := report(app.state):
        print(text, flush=True)
    if app.crash is not None:
        path = write_crash(app.crash)
        kind = type(app.crash).__name__
        print(f"rnntui: the dashboard failed ({kind}); details: {path}", file=sys.stderr)
        return EngineError.exit_code
    if app.failure:
        print(f"rnntui: {app.failure}", file=sys.stderr)
    return code


def write_crash(error: BaseException) -> str:
    """Write what happened to a file of its own; its name, safe to show."""
    import traceback

    descriptor, path = tempfile.mkstemp(prefix="rnntui-crash-", suffix=".txt", text=True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(error)))
    return safe_text(path)
