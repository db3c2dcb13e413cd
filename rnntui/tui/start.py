"""Start the dashboard: the training process first, Textual while that one loads."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from rnntui.errors import EngineError, RunError
from rnntui.recipe import Recipe
from rnntui.text import safe_text

if TYPE_CHECKING:
    from rnntui.engine.ending import Ending
    from rnntui.order import Order
    from rnntui.tui.app import Dashboard
    from rnntui.tui.signals import Signals

STOP_SECONDS = 0.15  # between SIGTERM and SIGKILL for a training process that keeps nothing
SAVE_SECONDS = 15.0  # for one that saves before it ends; longer, and it is left to itself
SAYS_SO = 0.5  # seconds until a user wants to know what there is to wait for
LAST_BREATH = 50  # looks, of 20 ms, at whether a process that hung up has ended
HANG_UP = 129


class Engine(Protocol):
    """A training process, started here or found."""

    @property
    def socket(self) -> Path:
        """Where it listens, or will."""

    def exited(self) -> int | None:
        """Its exit status once it has ended, else None."""

    def wait(self, seconds: float) -> int | None:
        """As `exited`, waiting for its end at most so long."""

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""

    def unsaved(self) -> str:
        """In one safe line, what of a run that has ended is not on the disk; empty: nothing."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it now."""


@dataclass(frozen=True)
class Look:
    """How the dashboard looks."""

    glyphs: Literal["braille", "blocks", "ascii"] = "braille"
    theme: str | None = None
    mouse: bool = True


def run_dashboard(order: Order, look: Look | None = None) -> int:
    """Train in the dashboard until its user leaves; the exit code.

    Needs a terminal on stdin and stderr. Raises EngineError if no training process can be started.
    """
    gc.disable()  # a sixth of the time of importing Textual goes into looking for garbage
    from rnntui.engine.spawn import spawn

    return _show(order.recipe, spawn(order, Path.cwd()), look or Look(), kept=order.kept)


def attach_dashboard(
    recipe: Recipe, engine: Engine, look: Look | None = None, read_only: bool = False
) -> int:
    """Show a run that is being trained by a process that was started elsewhere; the exit code."""
    gc.disable()
    return _show(recipe, engine, look or Look(), kept=True, read_only=read_only)


def _show(
    recipe: Recipe, engine: Engine, look: Look, *, kept: bool, read_only: bool = False
) -> int:
    _environment()
    theme = look.theme or _terminal_theme()
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

    app: Dashboard | None = None
    try:
        last_resort = (lambda: None) if kept else engine.kill
        with Signals(last_resort) as signals, Splash(recipe.name, theme) as splash:
            app = _app(recipe, engine, signals, look.glyphs, theme, kept, read_only)
            app.on_other_screen = splash.shown
            splash.hand_over()
            app.run(mouse=look.mouse)
            signals.leave = None
        return _epilogue(app, engine)
    finally:
        if not kept:
            _end(engine)


def _app(
    recipe: Recipe,
    engine: Engine,
    signals: Signals,
    glyphs: Literal["braille", "blocks", "ascii"],
    theme: str,
    kept: bool,
    read_only: bool,
) -> Dashboard:
    import asyncio

    from rnntui.engine.client import EngineClient
    from rnntui.tui.app import Dashboard

    async def connect() -> EngineClient:
        return await EngineClient.connect(engine.socket, alive=lambda: engine.exited() is None)

    async def ending() -> Ending | None:
        for _ in range(LAST_BREATH):
            if engine.exited() is not None:
                break
            await asyncio.sleep(0.02)
        return engine.ending()

    app = Dashboard(
        recipe,
        connect,
        ending=ending,
        glyphs=glyphs,
        theme=theme,
        stop_engine=engine.terminate,
        kept=kept,
        read_only=read_only,
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


def _end(engine: Engine) -> None:
    """No process and no socket stay behind."""
    engine.terminate()
    engine.wait(STOP_SECONDS)
    engine.kill()


def _epilogue(app: Dashboard, engine: Engine) -> int:
    """Say what there is to say on the normal screen; the exit code."""
    code = app.return_code or 0
    if code == HANG_UP:
        # Nobody is there to print for, and Python's own flushing at the end would fail: exit 120.
        if not app.kept:
            _end(engine)
        os._exit(code)
    from rnntui.tui.report import report, where

    if app.stopped:
        _wait_for_saving(engine)
    told = (report(app.state, app.stopped), where(app.state, engine.exited() is None))
    if text := "\n".join(filter(None, told)):
        print(text, flush=True)
    if app.crash is not None:
        path = write_crash(app.crash)
        kind = type(app.crash).__name__
        print(f"rnntui: the dashboard failed ({kind}); details: {path}", file=sys.stderr)
        return EngineError.exit_code
    if unsaved := engine.unsaved():
        print(f"rnntui: {unsaved}", file=sys.stderr)
        return code or RunError.exit_code
    if app.failure:
        print(f"rnntui: {app.failure}", file=sys.stderr)
    return code


def _wait_for_saving(engine: Engine) -> None:
    """A checkpoint is written before the training process ends."""
    if engine.wait(SAYS_SO) is None:
        print("saving the run …", file=sys.stderr, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            engine.wait(SAVE_SECONDS)


def write_crash(error: BaseException) -> str:
    """Write what happened to a file of its own; its name, safe to show."""
    import traceback

    descriptor, path = tempfile.mkstemp(prefix="rnntui-crash-", suffix=".txt", text=True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(error)))
    return safe_text(path)
