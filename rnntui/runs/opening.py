"""Start or resume a run: from a job to its training state, data and recorder."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Any, BinaryIO

from rnntui.data import Dataset, load
from rnntui.data.progress import Watcher
from rnntui.data.source import lasting_source, parse_source
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError, RunError
from rnntui.generation.prompt import fit_prompt
from rnntui.nn.kernels.choice import Kernels
from rnntui.recipe import Recipe, to_toml
from rnntui.runs.bounds import Bounds, rate_change
from rnntui.runs.capture import reinstate
from rnntui.runs.edits import (
    EDIT_WORDS,
    PLAN_WORDS,
    REPEATED_WORDS,
    Edit,
    choose_kernels,
    edits_of,
    edits_to_repeat,
    later_workers,
)
from rnntui.runs.fingerprint import fingerprint
from rnntui.runs.job import Job
from rnntui.runs.naming import changed_words
from rnntui.runs.plan_cache import recall
from rnntui.runs.recorder import Recorder
from rnntui.runs.store.anchor import anchored
from rnntui.runs.store.checkpoint import Found, newest, set_aside
from rnntui.runs.store.create import NewRun, create_run
from rnntui.runs.store.directory import RECIPE, RunDirectory, open_run
from rnntui.runs.store.event_log import EventLog
from rnntui.runs.store.files import FILES, failed, replace
from rnntui.runs.store.journal import Line, whole
from rnntui.runs.store.lock import RunLock, take
from rnntui.runs.store.machine import differences, this_machine, versions
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.runs.vocabulary import describe, rebuild
from rnntui.text import fit
from rnntui.training.loop import TrainState, fit_to_data, start
from rnntui.training.planning import Choice, Recall
from rnntui.training.workers.pool import WorkerPool

NOT_THE_SOURCE = "not what the run was trained on: restore its source, or start a new run"


@dataclass(eq=False)
class Opened:
    """A run that is ready to train.

    `captured` is what the checkpoint stores besides the training state; empty for a new run.
    """

    recipe: Recipe
    data: Dataset
    state: TrainState
    recorder: Recorder | None = None
    captured: dict[str, Any] = field(default_factory=dict)
    events: list[Line] = field(default_factory=list)  # the newest ones
    event_count: int = 0
    again: list[Line] = field(
        default_factory=list
    )  # logged events that the next updates may repeat
    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    replayed: str = ""  # the name of the run whose edits are repeated
    changed_rate: str = ""  # one line: how a new bound changes the learning rate
    new_bounds: bool = False  # the user gave new bounds to resume the run
    unsaved: str = ""  # one line: why it isn't saved, although it was to be
    recalled: bool = False  # the kernels are those that a trial found for an earlier run

    def __post_init__(self) -> None:
        """Add a note for the part of the recipe's prompt that is not in the vocabulary."""
        warning = fit_prompt(self.data, self.recipe.sample.prompt).warning
        if warning:
            self.notes.append(f"prompt: {warning}")

    @property
    def resumed(self) -> bool:
        """Whether the run was trained before."""
        return bool(self.captured or self.events)


def open_job(
    job: Job,
    stdin: BinaryIO | None = None,
    terminal: str = "",
    pool: WorkerPool | None = None,
    watcher: Watcher | None = None,
) -> Opened:
    """Prepare a job's run for its next update.

    If a new run cannot be saved, it is trained anyway, with a note that says why. `watcher` is
    called with the progress of loading a large file. Raises RnntuiError with one line.
    """
    if job.run:
        return _resume(job, stdin, terminal, pool, watcher)
    known = rebuild(open_run(Path(job.replay)).vocabulary()) if job.replay else None
    data = load(job.recipe, stdin, watcher, known)
    recipe, notes = fit_to_data(_with_lasting_source(job.recipe), data)
    edits: list[Edit] = []
    if job.replay:
        log = _events(EventLog(Path(job.replay), EDIT_WORDS))
        edits = edits_of(line for _, line in log.every)
    recalls = None if job.replay else _recall(job)
    state = start(recipe, data, pool, later=later_workers(edits), recall=recalls)
    opened = Opened(recipe, data, state, notes=list(notes), edits=edits)
    opened.recalled = state.recalled
    if job.replay:
        opened.replayed, state.kernel_trial = Path(job.replay).name, None
    if state.trial is None and not later_workers(edits):
        opened.recipe = recipe.replace(workers=state.workers)
    if job.runs:
        _create(job, opened, terminal)
    return opened


def _recall(job: Job) -> Recall:
    """Return what knows the kernels: those of the job, or else the results of earlier trials."""
    if not job.kernels:
        return recall
    choice = Choice(job.recipe.train.workers or 1, Kernels.parse(job.kernels))
    return lambda _plan: choice


def _with_lasting_source(recipe: Recipe) -> Recipe:
    """Return the recipe with a source that is valid in any working directory."""
    source = parse_source(recipe.data.source)
    if source.kind != "file":
        return recipe
    return recipe.replace(source=lasting_source(source.rest))


def _create(job: Job, opened: Opened, terminal: str) -> None:
    sha256, size = fingerprint(opened.data)
    new = NewRun(
        recipe=opened.recipe.name,
        recipe_toml=to_toml(opened.recipe),
        vocabulary=describe(opened.data),
        source=opened.data.name,
        source_size=size,
        source_sha256=sha256,
        parameters=opened.state.parameters.count,
        argv=job.argv,
        versions=versions(),
        machine=this_machine(),
    )
    try:
        run, lock = create_run(
            Path(job.runs),
            new,
            job.name or None,
            label=opened.recipe.name,
            changes=changed_words(job.recipe),
            terminal=terminal,
        )
    except RunError as error:
        if job.name:
            raise
        opened.unsaved = str(error)
        opened.notes.append(f"this run isn't saved: {error}")
        return
    train, run = opened.recipe.train, anchored(run, lock)
    opened.recorder = Recorder(run, lock, train.checkpoint_every, older=train.keep)


def _resume(
    job: Job,
    stdin: BinaryIO | None,
    terminal: str,
    pool: WorkerPool | None,
    watcher: Watcher | None,
) -> Opened:
    run = open_run(Path(job.run))
    lock = take(run.path, terminal=terminal, takeover=job.takeover)
    try:
        data = same_data(job.recipe, run, rebuild(run.vocabulary()), stdin, watcher)
        return _load_state(job, run, lock, data, pool)
    except BaseException:
        lock.release()
        raise


def same_data(
    recipe: Recipe,
    run: RunDirectory,
    known: Dataset,
    stdin: BinaryIO | None = None,
    watcher: Watcher | None = None,
) -> Dataset:
    """Load the data of a run again; `known` was rebuilt from its vocabulary.

    Raises DataError if they have changed since the run started, or RnntuiError as `load` does.
    """
    try:
        data = load(recipe, stdin, watcher, known)
    except RnntuiError as error:
        if not error.setting:
            raise
        # A key that makes it readable does not make it what the run was trained on.
        raise DataError(f"{error.problem}, so it is {NOT_THE_SOURCE}") from None
    if fingerprint(data)[0] != run.info.source_sha256:
        raise DataError(
            f"{data.name} has changed since the run started: restore the file, or start a new run"
        )
    return data


def _load_state(
    job: Job,
    run: RunDirectory,
    lock: RunLock,
    data: Dataset,
    pool: WorkerPool | None,
) -> Opened:
    recipe, found = job.recipe, _resumable(run)
    captured = found.checkpoint.state if found.checkpoint is not None else {}
    step = found.checkpoint.step if found.checkpoint is not None else 0
    count = whole(captured, "events") or 0
    words = EDIT_WORDS, REPEATED_WORDS, PLAN_WORDS
    log = _events(EventLog(run.path, *words, after=count, step=step))
    edits = edits_to_repeat(log, step, count)
    workers = whole(captured, "workers") or 0
    known = _recall(job) if job.kernels and found.checkpoint is None else None
    state = start(recipe, data, pool, workers, later_workers(edits), recall=known)
    if choose_kernels(edits):
        state.kernel_trial = None
    opened = Opened(recipe, data, state, edits=edits, new_bounds=job.new_bounds)
    opened.recalled = state.recalled and not choose_kernels(edits)
    opened.events, opened.event_count, opened.again = log.newest(), log.count, log.recent
    try:
        return _restore(opened, found, run, lock)
    except BaseException:
        opened.state.close()
        raise


def _restore(opened: Opened, found: Found, run: RunDirectory, lock: RunLock) -> Opened:
    recipe = opened.recipe
    if found.checkpoint is not None:
        reinstate(opened.state, found.checkpoint)
        opened.captured = found.checkpoint.state
    if opened.new_bounds:
        _rebind(opened, stored_recipe(run.path))
    opened.notes += found.notes()
    set_aside(found.rejected)
    changed = differences(run.info.versions | run.info.machine, versions() | this_machine())
    if changed:
        opened.notes.append(fit(f"not bit-exact from here on: {'; '.join(changed)}", 200))
    _keep_bounds(recipe, run)
    saved = found.checkpoint.step if found.checkpoint is not None else None
    train, run = recipe.train, anchored(run, lock)
    opened.recorder = Recorder(run, lock, train.checkpoint_every, saved=saved, older=train.keep)
    opened.recorder.roll_back_to(opened.state.step)
    return opened


def _resumable(run: RunDirectory) -> Found:
    """Find the newest valid checkpoint; none if the run has none. Raises DataError, RunError."""
    found = newest(run.checkpoints)
    left = [one.path.name for one in found.rejected if not one.damaged]
    if found.checkpoint is None and left:
        raise DataError(
            f"run {run.name} cannot be resumed: the last three checkpoints are damaged, and older "
            f"ones have no optimizer state; {left[0]} still works with generate"
        )
    return found


def _rebind(opened: Opened, before: Recipe) -> None:
    """Apply new bounds to a resumed run. Raises UsageError if they are already exceeded.

    The bounds with which the run finished are accepted: a repeated command trains no further.
    """
    state, new = opened.state, Bounds.of(opened.recipe, opened.data)
    old = Bounds.continued(before, opened.data, opened.captured)
    if new != old:
        new.check(state.step, opened.captured.get("elapsed", 0.0))
    rates = old.rate(before, state), new.rate(opened.recipe, state)
    opened.changed_rate = rate_change(opened.recipe, state.step, *rates)
    opened.notes += [opened.changed_rate] if opened.changed_rate else []


def _keep_bounds(recipe: Recipe, run: RunDirectory) -> None:
    """Store the recipe if its bounds are new."""
    text = to_toml(recipe)
    if text != run.recipe_text():
        try:
            replace(FILES, run.path / RECIPE, text.encode())
        except OSError as error:
            raise failed("write", run.path / RECIPE, error) from None


def _events(log: EventLog) -> EventLog:
    try:
        log.read()
    except OSError as error:
        raise failed("read the events of", log.directory, error) from None
    return log
