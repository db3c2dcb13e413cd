"""The list of runs, summarized from their small files.

Each run is read separately: a problem with one is reported in its line and does not affect the
others.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import get_args

from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError
from rnntui.runs.store.directory import (
    FORMAT,
    INFO,
    NewerError,
    briefly,
    read_info,
)
from rnntui.runs.store.files import ForeignError, reason
from rnntui.runs.store.journal import METRICS, newest_line, whole
from rnntui.runs.store.labels import LABELS, Labels, read_labels
from rnntui.runs.store.lock_owner import (
    HEARTBEAT,
    OWNER_FILE,
    Host,
    Life,
    LockOwner,
    life_in,
    read_lock_owner,
    where,
)
from rnntui.runs.store.scan import run_paths, size_of
from rnntui.runs.store.status import ENDED, STATUS, State, Status, salvage_status
from rnntui.text import fit, safe_text

# States of runs that cannot be used.
DAMAGED, FOREIGN, UNREADABLE, NEWER = "damaged", "another user's", "unreadable", "newer"
UNUSABLE = (DAMAGED, FOREIGN, UNREADABLE, NEWER)
STATES: tuple[str, ...] = (*get_args(State), "crashed", "silent", "unknown", *UNUSABLE)

LATE = 3.5 * HEARTBEAT  # seconds without a heartbeat or status that indicate a problem
_LEAST_FREE = 16 << 10  # bytes: a disk with less is full
_LATEST = 1e11  # seconds since 1970: later times are damage
_LONGEST = 200  # characters of a text for the user


@dataclass(frozen=True)
class RunSummary:
    """A summary of a run's files. Losses are per token.

    `state` is that of the status; or `crashed`: its process ended unexpectedly; `silent`: no
    heartbeat from another host for two minutes; `unknown`: its status is damaged; or one of
    UNUSABLE, with the reason in `problem`.
    """

    name: str  # raw, like all texts except `holder`, `problem` and `reason`
    path: Path
    state: str
    started: float  # seconds since 1970
    updated: float  # seconds since 1970
    size: int  # bytes on disk; 0: not measured
    live: bool = False  # its process is alive
    recipe: str = ""
    source: str = ""
    parameters: int = 0
    step: int = 0
    total: int | None = None
    loss: float | None = None
    validation: float | None = None
    best: float | None = None
    tokens_per_second: float = 0.0
    holder: str = ""  # the name in the output of `runs --json`
    problem: str = ""
    findings: tuple[str, ...] = ()  # ids of those that hold, the most important first
    best_step: int | None = None  # update of `best`
    baseline: float | None = None  # the lowest validation loss of a simple method
    baseline_name: str = ""
    elapsed: float | None = None  # seconds of training
    tags: tuple[str, ...] = ()
    note: str = ""
    epoch: float | None = None
    averaged: int | None = None  # updates whose mean is `loss`
    checkpoint: int | None = None  # update of the newest one
    exit_code: int | None = None
    unsaved: bool = False  # it has ended, and not everything is saved
    reason: str = ""  # how a run was stopped on purpose; `problem` ends with it if nothing is wrong

    @property
    def faults(self) -> str:
        """What is wrong with it: `problem` without the reason of a stop, which is no fault."""
        return self.problem.removesuffix(self.reason).removesuffix("; ")

    @property
    def usable(self) -> bool:
        """Whether it can be opened, judging by its small files."""
        return self.state not in UNUSABLE

    @property
    def active(self) -> bool:
        """Whether its process may still make updates."""
        return self.live and self.state not in ENDED


def list_runs(root: Path, host: Host | None = None, measure: bool = True) -> list[RunSummary]:
    """List every run, the last one started or resumed first. Raises RunError."""
    found = [summarize(path, host, measure) for path in run_paths(root)]
    return sorted(found, key=lambda run: (-run.started, run.name))


def summarize(path: Path, host: Host | None = None, measure: bool = True) -> RunSummary:
    """Summarize a run, whatever is wrong with it; `measure`: determine its size."""
    size = size_of(path) if measure else 0
    changed = _changed(path)
    try:
        info, wrong = read_info(path)
    except (RnntuiError, OSError) as error:
        state, why = _unusable(path, error)
        why = fit(why, _LONGEST)
        return RunSummary(path.name, path, state, changed, changed, size, problem=why)
    problems = _named(INFO, wrong)
    status = None
    try:
        status, wrong = salvage_status(path)
        problems += _named(STATUS, wrong)
    except (RnntuiError, OSError) as error:
        wrong = ("state",)
        problems.append(_reported(path, error, STATUS))
    labels = _labels_of(path, problems)
    process = _process_of(path, host, problems)
    life = process.life
    state = _state(status, life, "state" in wrong)
    if info.format > FORMAT:
        state, problems = NEWER, [_newer(info.format)]
    elif why := _trouble(path, status, process):
        problems.append(why)
    step = max(0, status.step) if status else 0
    if not (status and status.state in ENDED):
        step = max(step, _recorded_step(path))
    if state == "loading" and step:  # the first status is written up to a second after the updates
        state = "training"
    started = max(_moment(info.started, 0.0), _moment(status.since, 0.0) if status else 0.0)
    return RunSummary(
        name=path.name,
        path=path,
        state=state,
        started=started or changed,
        updated=_moment(status.updated if status else info.started, changed),
        size=size,
        live=life == "alive",
        recipe=info.recipe[:_LONGEST],
        source=info.source[:_LONGEST],
        parameters=max(0, info.parameters),
        step=step,
        total=max(0, status.total or 0) or None if status else None,
        loss=status.loss if status else None,
        validation=status.validation if status else None,
        best=status.best if status else None,
        tokens_per_second=max(0.0, status.tokens_per_second) if status else 0.0,
        holder=where(process.owner) if process.owner and life != "dead" else "",
        problem=fit(safe_text("; ".join(problems)), _LONGEST),
        findings=tuple(safe_text(status.findings or "")[:_LONGEST].split()) if status else (),
        best_step=status.best_step if status else None,
        baseline=status.baseline if status else None,
        baseline_name=(status.baseline_name or "")[:_LONGEST] if status else "",
        elapsed=status.elapsed if status else None,
        tags=labels.tags,
        note=labels.note,
        epoch=status.epoch if status else None,
        averaged=status.averaged if status else None,
        checkpoint=status.checkpoint if status else None,
        exit_code=status.exit_code if status else None,
        unsaved=bool(status and status.state in ENDED and life != "alive" and status.unsaved),
        reason=safe_text(status.reason or "")[:_LONGEST] if status and state == "stopped" else "",
    )


def _labels_of(path: Path, problems: list[str]) -> Labels:
    """Return a run's tags and note; what cannot be read of them is added to `problems`."""
    try:
        labels, wrong = read_labels(path)
    except (RnntuiError, OSError) as error:
        problems.append(_reported(path, error, LABELS))
        return Labels()
    problems += _named(LABELS, wrong)
    return labels


def _recorded_step(path: Path) -> int:
    """Return the last update in the metrics, which are written more often than the status."""
    try:
        return whole(newest_line(path, METRICS), "step") or 0
    except OSError:
        return 0


def _unusable(path: Path, error: Exception) -> tuple[str, str]:
    """Return state and reason of a run that cannot be opened."""
    process = _owner(path)
    if process != os.geteuid():
        return FOREIGN, f"{FOREIGN} (id {process})"
    if isinstance(error, NewerError):
        return NEWER, _newer(error.format)
    state = UNREADABLE if _is_refused(error) else DAMAGED
    return state, _reported(path, error)


def _newer(version: int) -> str:
    return f"written by a newer version of rnntui (format {version})"


def _owner(path: Path) -> int:
    try:
        return path.lstat().st_uid
    except OSError:
        return os.geteuid()


def _is_refused(error: Exception) -> bool:
    """Return whether permissions or ownership, not the content, prevent reading."""
    return isinstance(error, ForeignError | OSError) or isinstance(error.__context__, OSError)


def _reported(path: Path, error: Exception, file: str = INFO) -> str:
    """Describe why a file of a run cannot be read."""
    text = f"{file}: {reason(error)}" if isinstance(error, OSError) else briefly(path, str(error))
    return text if _is_refused(error) else f"{DAMAGED}: {text}"


def _named(file: str, wrong: tuple[str, ...]) -> list[str]:
    """Describe a file with unreadable fields."""
    if not wrong:
        return []
    return [f"{DAMAGED}: {file}: {', '.join(wrong[:3])}{' …' if len(wrong) > 3 else ''}"]


@dataclass(frozen=True)
class _Process:
    """The current or last process that trained a run, and whether it is alive."""

    owner: LockOwner | None = None
    life: Life = "dead"
    beat: float = 0.0  # seconds since 1970: its last heartbeat


def _process_of(path: Path, host: Host | None, problems: list[str]) -> _Process:
    """Return a run's process; a reason why it is unknown is added to `problems`."""
    try:
        found = read_lock_owner(path)
        if found is None:
            return _Process()
        owner, beat = found
        return _Process(owner, life_in(path, owner, beat, host), beat)
    except (RnntuiError, OSError) as error:
        problems.append(_reported(path, error, OWNER_FILE))
        return _Process()


def _trouble(path: Path, status: Status | None, process: _Process) -> str:
    """Describe in one line what ended a run or prevents it from writing, or return empty."""
    known = _told(status) if status else ""
    if known or process.life != "alive" or (status and status.state in ENDED):
        return known
    try:
        disk = os.statvfs(path)
    except OSError as error:
        return f"cannot write: {reason(error)}"
    if disk.f_flag & os.ST_RDONLY:
        return "cannot write: the file system is read-only"
    if disk.f_blocks and disk.f_bavail * disk.f_frsize < _LEAST_FREE:
        return "cannot write: the disk is full"
    now = time.time()
    if now - process.beat > LATE:
        return f"no heartbeat for {now - process.beat:.0f} s: suspended, or its directory was moved"
    if status and now - _moment(status.updated, now) > LATE:
        return f"no status for {now - status.updated:.0f} s: a long update, or it cannot write"
    return ""


def _told(status: Status) -> str:
    """Return what the status says about the end: of a failure, also why it came."""
    if status.state == "failed":
        return "; ".join(dict.fromkeys(filter(None, (status.reason, status.trouble))))
    return status.trouble or status.reason or ""


def _state(status: Status | None, life: Life, damaged: bool) -> str:
    if status and status.state in ENDED and not damaged:
        return status.state
    if damaged and life == "dead":
        return "unknown"
    if life == "dead":
        return "crashed"
    if life == "silent":
        return "silent"
    return "training" if damaged else status.state if status else "loading"


def _moment(seconds: float, otherwise: float) -> float:
    """Return a time read from a file if it is plausible."""
    return seconds if 0.0 < seconds < _LATEST else otherwise


def _changed(path: Path) -> float:
    try:
        return max(0.0, path.lstat().st_mtime)
    except OSError:
        return 0.0
