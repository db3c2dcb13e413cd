"""The list of runs: a line about each, from its small files alone."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from rnntui.errors import RnntuiError
from rnntui.run.directory import INFO, open_run
from rnntui.run.files import reason
from rnntui.run.holder import Holder, Host, Life, life_of, read_holder, where
from rnntui.run.status import ENDED, Status, read_status


@dataclass(frozen=True)
class RunSummary:
    """A run as its files tell it. Losses are per token.

    `state` is a status's, or `crashed`: its process is gone without a word; `silent`: it is on
    another host that has not been heard of for two minutes; `damaged`: `problem` says why.
    """

    name: str  # raw, as every text here but `holder` and `problem`
    path: Path
    state: str
    started: float  # seconds since 1970
    updated: float  # seconds since 1970
    size: int  # bytes on disk, 0 where they were not counted
    live: bool = False  # a process answers for it
    recipe: str = ""
    source: str = ""
    parameters: int = 0
    step: int = 0
    total: int | None = None
    loss: float | None = None
    validation: float | None = None
    best: float | None = None
    tokens_per_second: float = 0.0
    holder: str = ""
    problem: str = ""


def list_runs(root: Path, host: Host | None = None, measure: bool = True) -> list[RunSummary]:
    """Every run, the one that was begun or resumed last first. Raises OSError."""
    found = [summarize(path, host, measure) for path in run_paths(root)]
    return sorted(found, key=lambda run: (-run.started, run.name))


def run_paths(root: Path) -> list[Path]:
    """The directories of runs; where there is no root there are none. Raises OSError."""
    try:
        with os.scandir(root) as entries:
            names = [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    return [root / name for name in sorted(names) if (root / name / INFO).exists()]


def summarize(path: Path, host: Host | None = None, measure: bool = True) -> RunSummary:
    """What is known about a run, whatever is wrong with it; `measure` its size or not."""
    size = size_of(path) if measure else 0
    try:
        run = open_run(path)
        status, found = read_status(path), read_holder(path)
    except (RnntuiError, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        changed = _changed(path)
        return RunSummary(path.name, path, "damaged", changed, changed, size, problem=why)
    holder, life = _life(found, host)
    info = run.info
    return RunSummary(
        name=path.name,
        path=path,
        state=_state(status, life),
        started=max(info.started, status.since if status else 0.0),
        updated=status.updated if status else info.started,
        size=size,
        live=life == "alive",
        recipe=info.recipe,
        source=info.source,
        parameters=info.parameters,
        step=status.step if status else 0,
        total=status.total if status else None,
        loss=status.loss if status else None,
        validation=status.validation if status else None,
        best=status.best if status else None,
        tokens_per_second=status.tokens_per_second if status else 0.0,
        holder=where(holder) if holder and life != "dead" else "",
        problem=(status.trouble or status.reason or "") if status else "",
    )


def _life(found: tuple[Holder, float] | None, host: Host | None) -> tuple[Holder | None, Life]:
    if found is None:
        return None, "dead"
    holder, beat = found
    return holder, life_of(holder, time.time() - beat, host)


def _state(status: Status | None, life: Life) -> str:
    if status and status.state in ENDED:
        return status.state
    if life == "dead":
        return "crashed"
    if life == "silent":
        return "silent"
    return status.state if status else "loading"


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def size_of(path: Path) -> int:
    """Bytes of all files in a directory; what cannot be read counts nothing."""
    total = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += size_of(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    except OSError:  # it went away meanwhile
        return total
    return total
