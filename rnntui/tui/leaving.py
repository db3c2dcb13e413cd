"""What happens once the dashboard has closed: training stops if it must, and a short report.

The dashboard may be left before it is there: by a key or a signal while Textual is imported.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError, RunError
from rnntui.text import safe_text

if TYPE_CHECKING:
    from rnntui.engine.ending import Ending
    from rnntui.engine.stopping import Engine, Stopping
    from rnntui.protocol.messages import Ended
    from rnntui.tui.state import RunState

STOP_SECONDS = 0.15  # between SIGTERM and SIGKILL for a training process that saves nothing
SAVE_SECONDS = 60.0  # for one that saves before it exits; after that, stop waiting for it
INSISTED_SECONDS = 15.0  # for one told to exit without finishing its update
HANG_UP, INTERRUPTED, TERMINATED = 129, 130, 143


class ForeignError(EngineError):
    """The training process cannot be controlled by this version."""


@dataclass(frozen=True)
class Left:
    """How the dashboard was left, with an exit code.

    `kept`: the run is saved. `stopped`: training stops, too. `foreign`: why this version cannot
    control the training process. `failure`: what went wrong. `crash`: the dashboard's own failure.
    """

    code: int
    state: RunState
    kept: bool
    stopped: bool
    foreign: str = ""
    failure: str = ""
    crash: BaseException | None = None


def stops_training(code: int, *, kept: bool, attached: bool, read_only: bool) -> bool:
    """Return whether training stops with a dashboard that is left with this code.

    A hang-up or a SIGTERM ends only the dashboard if the run is kept, and so does an interrupt of a
    dashboard that is attached to a run.
    """
    detaching = (HANG_UP, TERMINATED, *((INTERRUPTED,) if attached else ()))
    return not read_only and (code not in detaching or not kept)


def end(engine: Engine) -> None:
    """Stop the training process, so that no process or socket remains."""
    engine.terminate()
    engine.wait(STOP_SECONDS)
    engine.kill()


def epilogue(
    left: Left, engine: Engine, run: str = "", existed: bool = False, runs: Path | None = None
) -> int:
    """Stop training if it must, print the report and any error; return the exit code.

    `run`: the name of a saved run if known. `existed`: it was saved before. `runs`: where it is.
    Raises ForeignError.
    """
    if left.code == HANG_UP:
        # Nothing can be printed, and Python's own flush at exit would fail with code 120.
        if not left.kept:
            end(engine)
        os._exit(left.code)
    if left.foreign:
        raise ForeignError(left.foreign)
    problem = _stop(left.state, engine) if left.stopped and left.kept else None
    gone = engine.moved() or _gone(left, run, runs)
    _print_report(left, engine, run, existed, gone)
    if left.crash is not None:
        path = write_crash(left.crash)
        kind = type(left.crash).__name__
        print(f"rnntui: the dashboard failed ({kind}); details: {path}", file=sys.stderr)
        return EngineError.exit_code
    told = left.state.end_message is not None
    if unsaved := left.state.unsaved if told else engine.unsaved():
        said = left.failure if engine.moved() and left.failure else unsaved
        print(f"rnntui: {said}", file=sys.stderr)
        return RunError.exit_code
    if problem is not None:
        print(f"rnntui: {problem}", file=sys.stderr)
        return problem.exit_code
    if left.failure:
        print(f"rnntui: {left.failure}", file=sys.stderr)
    return left.code


def _gone(left: Left, run: str, runs: Path | None) -> bool:
    """Whether a run that was saved is no longer where it was, so that no command finds it."""
    name = left.state.welcome.run if left.state.welcome else run
    if runs is None or not name:
        return False
    with contextlib.suppress(OSError):
        return not (runs / name).exists()
    return False


def _print_report(left: Left, engine: Engine, run: str, existed: bool, gone: bool) -> None:
    from rnntui.tui.report import report, return_commands, started_runs

    told = [report(left.state, left.stopped)]
    if not gone:
        known = safe_text(run) if left.kept else None
        told.append(return_commands(left.state, engine.exited() is None, known, existed))
    told.append(started_runs(left.state))
    if text := "\n".join(filter(None, told)):
        print(text, flush=True)


def _stop(state: RunState, engine: Engine) -> EngineError | None:
    """Stop a saved run and record what is on disk; return why it did not stop, or None."""
    from rnntui.engine.stopping import Stopping
    from rnntui.protocol.messages import Ended
    from rnntui.runs.job import this_terminal

    if state.end_message is not None:
        return None
    if engine.exited() is not None:  # something else ended it just before
        if ending := engine.ending():
            state.end_as_filed(ending)
        return None

    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    terminal = this_terminal()
    how = f"from {terminal}" if terminal else ""
    attempt = Stopping(engine, how, note, "; press ctrl+c to stop without finishing the update")
    try:
        found = _wait(attempt)
    except EngineError as error:
        return error
    finally:
        attempt.close()
    if isinstance(found, Ended):
        state.end(found)
    else:
        state.end_as_filed(found)
    if engine.wait(STOP_SECONDS) is not None:
        engine.kill()  # it may have ended before it could remove its directory
    return None


def _wait(attempt: Stopping) -> Ended | Ending:
    """Wait for the end of the run; an interrupt makes it exit without finishing its update."""
    try:
        return attempt.wait(SAVE_SECONDS)
    except KeyboardInterrupt:
        attempt.insist()
        return attempt.wait(INSISTED_SECONDS)


def write_crash(error: BaseException) -> str:
    """Write the traceback to a file; return its path, safe to show."""
    import tempfile
    import traceback

    descriptor, path = tempfile.mkstemp(prefix="rnntui-crash-", suffix=".txt", text=True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(error)))
    return safe_text(path)
