"""Starts the dashboard: first the training process, then Textual while that process loads."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.charset import SCREEN_ERRORS, Glyphs, terminal_charset, user_environment
from rnntui.dataclass import dataclass
from rnntui.recipe import Recipe
from rnntui.tui.colours import colour_system, may_ask_background, theme_of
from rnntui.tui.leaving import ForeignError, Left, end, epilogue, stops_training
from rnntui.tui.look import Look

if TYPE_CHECKING:
    from rnntui.engine.early import EarlyProcess
    from rnntui.engine.ending import Ending
    from rnntui.engine.process import RunningEngine
    from rnntui.engine.stopping import Engine
    from rnntui.runs.job import Job
    from rnntui.tui.app import Dashboard
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

EXIT_CHECKS = 50  # checks, 20 ms apart, whether a process that closed its connection has exited


@dataclass(frozen=True)
class Role:
    """What the dashboard may do; `attached`: it did not start the run.

    `run`: the name of a saved run; empty: the training process will name it. `runs`: where it is.
    `existed`: it was saved before, so that it can be resumed whatever happens now.
    """

    kept: bool = False
    run: str = ""
    attached: bool = False
    read_only: bool = False
    runs: Path | None = None
    existed: bool = False


def run_dashboard(job: Job, look: Look | None = None, early: EarlyProcess | None = None) -> int:
    """Train in the dashboard until the user quits; return the exit code.

    `early`: a process that waits for the job, in the current directory. Needs a terminal on stdin
    and stderr. Raises EngineError if no training process can be started.
    """
    gc.disable()  # garbage collection takes a sixth of the time to import Textual
    from rnntui.engine.spawn import spawn

    name = Path(job.run).name if job.run else job.name
    role = Role(kept=job.kept, run=name, runs=_runs_of(job), existed=bool(job.run))
    return _show(job.recipe, spawn(job, Path.cwd(), early), look or Look(), role)


def attach_dashboard(
    recipe: Recipe,
    engine: RunningEngine,
    from_files: Callable[[str], Job],
    look: Look | None = None,
    read_only: bool = False,
) -> int:
    """Show a run that another process is training; return the exit code.

    `from_files` takes a reason and returns the job that shows the run from its files, for a process
    of another version that cannot be controlled.
    """
    gc.disable()
    look, name, runs = look or Look(), engine.run.name, _runs_of(from_files(""))
    role = Role(kept=True, run=name, attached=True, read_only=read_only, runs=runs, existed=True)
    try:
        return _show(recipe, engine, look, role)
    except ForeignError as error:
        why = f"process {engine.pid} cannot be controlled from here, only stopped ({error})"
        return run_dashboard(from_files(why), look)


def _runs_of(job: Job) -> Path | None:
    """Return the directory with the directory of a job's run; None if the run isn't saved."""
    if job.run:
        return Path(job.run).parent
    return Path(job.runs) if job.runs else None


def _show(recipe: Recipe, engine: Engine, look: Look, role: Role) -> int:
    asks = not look.theme and may_ask_background(os.environ)
    prepare_environment()
    from rnntui.tui.signals import Signals
    from rnntui.tui.splash import Splash

    app: Dashboard | None = None
    try:
        last_resort = (lambda: None) if role.kept else engine.kill
        try:
            with (
                screen_glyphs(look) as glyphs,
                Signals(last_resort) as signals,
                Splash(asks) as splash,
            ):
                look = replace(look, glyphs=glyphs)
                _show_first_frame(splash, recipe, look, role)
                app = _app(recipe, engine, signals, look, role, splash)
                app.take_over(splash.hand_over())
                app.run(mouse=look.mouse)
                app.remember.store()
                signals.quit = None
            left = _left(app)
        except SystemExit as early:  # from a key or signal that came before the dashboard
            left = _left_early(early, recipe, role)
        return epilogue(left, engine, role.run, role.existed, role.runs)
    finally:
        if not role.kept:
            end(engine)


def _left(app: Dashboard) -> Left:
    code = app.return_code or 0
    return Left(code, app.state, app.kept, app.stopped, app.foreign, app.failure, app.crash)


def _left_early(exit_: SystemExit, recipe: Recipe, role: Role) -> Left:
    from rnntui.tui.state import RunState

    code = exit_.code if isinstance(exit_.code, int) else 0
    stopped = stops_training(code, kept=role.kept, attached=role.attached, read_only=role.read_only)
    return Left(code, RunState(recipe), role.kept, stopped)


def _show_first_frame(splash: Splash, recipe: Recipe, look: Look, role: Role) -> None:
    """Show what the dashboard will draw first, in the terminal's own colours if none are known.

    From then on, a key that quits need not wait for Textual.
    """
    from rnntui.tui.command import quit_keys
    from rnntui.tui.first_frame import Outset, first_frame

    theme = known_theme(splash, look)
    system = "none" if "NO_COLOR" in os.environ else os.environ["TEXTUAL_COLOR_SYSTEM"]

    def draw(columns: int, rows: int) -> str:
        outset = Outset(recipe, look, columns, role.kept, role.attached, role.read_only)
        return first_frame(outset, rows, theme, system)

    splash.show(draw)
    splash.watch(quit_keys(Outset(recipe, look, 0).table.commands))


def known_theme(splash: Splash, look: Look) -> str:
    """Return the theme; empty while the terminal has not told its background."""
    splash.listen()
    if look.theme:
        return look.theme
    if splash.light is not None:
        return "light" if splash.light else "dark"
    return theme_of(os.environ) if splash.asked is None else ""


def _app(
    recipe: Recipe, engine: Engine, signals: Signals, look: Look, role: Role, splash: Splash
) -> Dashboard:
    import asyncio

    from rnntui.engine.client import EngineClient
    from rnntui.tui.app import Dashboard

    async def connect() -> EngineClient:
        def alive() -> bool:
            return engine.exited() is None

        return await EngineClient.connect(lambda: engine.socket, alive=alive)

    async def ending() -> Ending | None:
        for _ in range(EXIT_CHECKS):
            if engine.exited() is not None:
                break
            await asyncio.sleep(0.02)
        return engine.ending()

    theme = known_theme(splash, look) or theme_of(os.environ)
    app = Dashboard(
        recipe,
        connect,
        ending=ending,
        look=replace(look, theme=theme),
        stop_engine=engine.terminate,
        suspended=engine.suspended,
        kept=role.kept,
        attached=role.attached,
        read_only=role.read_only,
        runs=role.runs,
    )
    app.handle_signals(signals)
    return app


@contextlib.contextmanager
def screen_glyphs(look: Look) -> Iterator[Glyphs]:
    """Yield the glyphs to draw with; meanwhile stderr uses an encoding the terminal supports."""
    stream = sys.__stderr__
    encoding = stream.encoding if stream is not None else "utf-8"
    charset = terminal_charset(user_environment(), encoding, look.glyphs)
    if look.glyphs is None and look.usual_glyphs and charset.glyphs != "ascii":
        charset = charset._replace(glyphs=look.usual_glyphs)
    if not isinstance(stream, io.TextIOWrapper):
        yield charset.glyphs
        return
    errors = stream.errors
    stream.reconfigure(encoding=charset.encoding, errors=SCREEN_ERRORS)
    try:
        yield charset.glyphs
    finally:
        stream.reconfigure(encoding=encoding, errors=errors)


def prepare_environment() -> None:
    """Set the variables that Textual reads when imported; the user's settings take precedence."""
    for name in ("COLUMNS", "LINES"):  # if exported by a shell, they would hide later resizes
        os.environ.pop(name, None)
    os.environ.setdefault(
        "TEXTUAL_FPS", "1000"
    )  # the paint timer: limits how fast a key takes effect
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    system = colour_system(os.environ)
    if system == "none":
        os.environ["NO_COLOR"], system = "1", "standard"
    else:
        os.environ.pop("NO_COLOR", None)  # an empty one asks for nothing, but Textual heeds it
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", system)
