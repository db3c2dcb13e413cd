"""Show a run in the dashboard, while it trains or after it has ended."""

from __future__ import annotations

from pathlib import Path

from rnntui.cli.sharing import note_newer_keys
from rnntui.engine.process import RunningEngine
from rnntui.runs.job import Job, this_terminal
from rnntui.runs.store.liveness import find_trainer
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.tui import Look, attach_dashboard, run_dashboard


def show_run(path: Path, look: Look, read_only: bool = False) -> int:
    """Attach to the process that trains a run, or show it from its files; return the exit code.

    Raises RnntuiError.
    """
    note_newer_keys(path)
    recipe = stored_recipe(path)

    def from_files(why: str) -> Job:
        return Job(recipe, run=str(path), shown=True, why=why, terminal=this_terminal())

    found = find_trainer(path)
    if found is not None and found.socket is not None:
        engine = RunningEngine(found.owner, path, found.socket)
        return attach_dashboard(recipe, engine, from_files, look, read_only)
    return run_dashboard(from_files(found.why if found else ""), look)
