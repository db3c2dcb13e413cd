"""Make a run's updates, one at a time, until its bounds are reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rnntui.runs.bounds import Bounds, rate_change
from rnntui.runs.edits import KERNELS, WORKERS
from rnntui.runs.opening import Opened
from rnntui.runs.plan_cache import remember
from rnntui.session.notes import Notes
from rnntui.session.responses import computing, sharing
from rnntui.session.run_log import RunLog
from rnntui.training.loop import Chunk, hold_kernel_trial, hold_trial, train, validate


class Updates:
    """The updates of a run, its bounds, and the changes that wait for the end of an update."""

    def __init__(
        self,
        opened: Opened,
        between: Callable[[], None] | None,
        elapsed: Callable[[], float],
        notes: Notes,
        run_log: RunLog,
    ) -> None:
        """`between` is called now and then inside an update.

        `elapsed` returns the seconds of training so far.
        """
        self._recipe, self._data, self._state = opened.recipe, opened.data, opened.state
        self._between, self._elapsed = between, elapsed
        self._note, self._run_log = notes.add, run_log
        captured = {} if opened.new_bounds else opened.captured
        self.bounds = Bounds.continued(opened.recipe, opened.data, captured)
        self._run_log.total = self.bounds.last
        self._chunks = self._generator()
        self.inside = False  # an update is in progress
        self._broken = False  # an update was interrupted
        self._waiting: list[Callable[[], None]] = []

    def _generator(self) -> Iterator[Chunk]:
        # A run's time limit excludes pauses, so it is enforced here.
        recipe = self._recipe.replace(seconds=0.0, epochs=0, steps=self.bounds.last or 0)
        return train(recipe, self._data, self._state, self._inside_an_update)

    def _inside_an_update(self) -> None:
        if self._between is not None:
            self._between()

    @property
    def complete(self) -> bool:
        """Whether every update was completed, so that the state can be saved."""
        return not self._broken

    @property
    def time_is_over(self) -> bool:
        """Whether the time limit has been reached."""
        return bool(self.bounds.seconds) and self._elapsed() >= self.bounds.seconds

    @property
    def at_bound(self) -> bool:
        """Whether the last update has been made or the time limit reached."""
        return self._state.step == self.bounds.last or self.time_is_over

    def make(self) -> Chunk | None:
        """Make one update; return None if the bounds were already reached."""
        self.inside = True
        try:
            return None if self.time_is_over else self._next_chunk()
        finally:
            self.inside = False

    def _next_chunk(self) -> Chunk | None:
        if not self.bounds.last or self._state.step < self.bounds.last:
            chosen = hold_trial(self._recipe, self._state, self._inside_an_update)
            if chosen is not None:
                self._note("note", sharing(chosen), chosen, WORKERS)
            if hold_kernel_trial(self._state, self._inside_an_update) is not None:
                self.note_kernels()
                remember(self._recipe, self._state)
        # A trial that is interrupted leaves the weights as they are; an update does not.
        self._broken = True
        chunk = next(self._chunks, None)
        self._broken = False
        return chunk

    def note_kernels(self) -> None:
        """Log how the updates are computed."""
        kernels = self._state.updater.kernels
        self._note("plan", computing(kernels), str(kernels), KERNELS)

    def validate(self) -> float | None:
        """Return the validation loss of the current weights; None without validation data."""
        return validate(self._state, self._inside_an_update)

    def extend(self) -> None:
        """Extend a run that has reached its bounds by its recipe's bounds."""
        before = self.bounds.rate(self._recipe, self._state)
        self.bounds = self.bounds.extended(self._recipe, self._data)
        self._run_log.total = self.bounds.last
        self._chunks = self._generator()
        after = self.bounds.rate(self._recipe, self._state)
        if changed := rate_change(self._recipe, self._state.step, before, after):
            self._note("lr", changed)

    def between(self, change: Callable[[], None]) -> None:
        """Make a change now or, inside an update, when the update has ended."""
        if self.inside:
            self._waiting.append(change)
        else:
            change()

    def make_changes(self) -> None:
        """Make the changes that waited for the end of the update."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for change in waiting:
                change()
