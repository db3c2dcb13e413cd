"""Begin a run, or go on with one: from an order to a state, its data, and what records them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rnntui.data import Dataset, load
from rnntui.data.progress import Watcher
from rnntui.data.source import lasting_source, parse_source
from rnntui.errors import DataError, RunError
from rnntui.order import Order
from rnntui.parallel.crew import Crew
from rnntui.recipe import Recipe, to_toml
from rnntui.recording.capture import reinstate
from rnntui.recording.edits import Edit, edits_of
from rnntui.recording.facts import fingerprint
from rnntui.recording.recorder import Recorder
from rnntui.recording.vocabulary import describe
from rnntui.run.checkpoint import newest, set_aside
from rnntui.run.create import NewRun, create_run
from rnntui.run.directory import RECIPE, RunDirectory, open_run
from rnntui.run.files import FILES, failed, replace
from rnntui.run.journal import EVENTS, Line, read_journal
from rnntui.run.lock import RunLock, take
from rnntui.run.machine import differences, this_machine, versions
from rnntui.text import fit
from rnntui.trainer import TrainState, start


@dataclass(eq=False)
class Opened:
    """A run that can be trained. `captured`: what was kept beside its state, if it goes on."""

    recipe: Recipe
    data: Dataset
    state: TrainState
    recorder: Recorder | None = None
    captured: dict[str, Any] = field(default_factory=dict)
    events: list[Line] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        """Whether it was trained before, and stopped or broke off."""
        return bool(self.captured or self.events)


def open_order(
    order: Order,
    stdin: BinaryIO | None = None,
    terminal: str = "",
    crew: Crew | None = None,
    watcher: Watcher | None = None,
) -> Opened:
    """What an order asks for, ready for its next update.

    Where a new run cannot be kept it is trained all the same, with a note that says why. `watcher`
    is told how far the reading of a large file is. Raises RnntuiError in one line.
    """
    if order.run:
        return _go_on(order, stdin, terminal, crew, watcher)
    data = load(order.recipe, stdin, watcher)
    recipe = _settled(order.recipe)
    opened = Opened(recipe, data, start(recipe, data, crew))
    opened.recipe = recipe.replace(workers=opened.state.workers)
    if order.replay:
        opened.edits = edits_of(_events(Path(order.replay)))
    if order.runs:
        _begin(order, opened, terminal)
    return opened


def _settled(recipe: Recipe) -> Recipe:
    """With a source that is found from any working directory."""
    source = parse_source(recipe.data.source)
    if source.kind != "file":
        return recipe
    return recipe.replace(source=lasting_source(source.rest))


def _begin(order: Order, opened: Opened, terminal: str) -> None:
    sha256, size = fingerprint(opened.data)
    new = NewRun(
        recipe=opened.recipe.name,
        recipe_toml=to_toml(opened.recipe),
        vocabulary=describe(opened.data),
        source=opened.data.name,
        source_size=size,
        source_sha256=sha256,
        parameters=opened.state.parameters.count,
        argv=order.argv,
        versions=versions(),
        machine=this_machine(),
    )
    try:
        run, lock = create_run(
            Path(order.runs), new, order.name or None, label=opened.recipe.name, terminal=terminal
        )
    except RunError as error:
        if order.name:
            raise
        opened.notes.append(f"this run is not kept: {error}")
        return
    opened.recorder = Recorder(run, lock, opened.recipe.train.checkpoint_every)


def _go_on(
    order: Order,
    stdin: BinaryIO | None,
    terminal: str,
    crew: Crew | None,
    watcher: Watcher | None,
) -> Opened:
    run = open_run(Path(order.run))
    lock = take(run.path, terminal=terminal, takeover=order.takeover)
    try:
        data = load(order.recipe, stdin, watcher)
        return _reopened(order.recipe, run, lock, data, crew)
    except BaseException:
        lock.release()
        raise


def _reopened(
    recipe: Recipe,
    run: RunDirectory,
    lock: RunLock,
    data: Dataset,
    crew: Crew | None,
) -> Opened:
    if fingerprint(data)[0] != run.info.source_sha256:
        raise DataError(
            f"{data.name} has changed since the run began: put the former text back, or train anew"
        )
    found = newest(run.checkpoints)
    opened = Opened(recipe, data, start(recipe, data, crew))
    opened.notes += found.notes()
    set_aside(found.rejected)
    opened.events = _events(run.path)
    if found.checkpoint is not None:
        reinstate(opened.state, found.checkpoint)
        opened.captured = found.checkpoint.state
        opened.edits = edits_of(opened.events, after=opened.captured.get("events", 0))
    changed = differences(run.info.versions | run.info.machine, versions() | this_machine())
    if changed:
        opened.notes.append(fit(f"not bit-exact from here on: {'; '.join(changed)}", 200))
    _keep_bounds(recipe, run)
    saved = found.checkpoint.step if found.checkpoint is not None else None
    opened.recorder = Recorder(run, lock, recipe.train.checkpoint_every, saved=saved)
    opened.recorder.go_on_from(opened.state.step)
    return opened


def _keep_bounds(recipe: Recipe, run: RunDirectory) -> None:
    """New bounds are the run's own from now on."""
    text = to_toml(recipe)
    if text != run.recipe_text():
        try:
            replace(FILES, run.path / RECIPE, text.encode())
        except OSError as error:
            raise failed("write", run.path / RECIPE, error) from None


def _events(run: Path) -> list[Line]:
    try:
        return read_journal(run, EVENTS)[0]
    except OSError as error:
        raise failed("read the events of", run, error) from None
