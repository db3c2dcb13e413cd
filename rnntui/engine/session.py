"""One training run in this process: its generator, what may be done to it, and how it stands.

No sockets here. `update` makes one update; between two of them any other method may be called, and
while `train` calls `between` (during a long validation) too: what must not happen inside an update
then waits for its end.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from rnntui.data import baselines
from rnntui.engine import steps as shown
from rnntui.engine.chronicle import Chronicle
from rnntui.engine.commands import carry_out
from rnntui.engine.guard import Guard
from rnntui.engine.keeping import Keeper
from rnntui.engine.meter import Meter
from rnntui.engine.protocol import (
    Baseline,
    EventKind,
    Generate,
    Look,
    Request,
    SamplingKey,
    Snapshot,
    State,
    Welcome,
)
from rnntui.engine.responses import responses
from rnntui.engine.scribe import Scribe
from rnntui.errors import RunTakenError, UsageError
from rnntui.recipe import check, find
from rnntui.recording.edits import EditKind
from rnntui.recording.opening import Opened
from rnntui.run.status import State as Standing
from rnntui.text import safe_text
from rnntui.trainer import Chunk, total_steps, train

CHORES_EVERY = 0.02  # seconds
BASELINES_AFTER = 1.0  # seconds: the first ones belong to the first frames
CATCH_UP = 0.02  # seconds of updates that may be made up for where a pace was not kept


class Session:
    """A run from its first update to its last, and the prompt after that."""

    def __init__(self, opened: Opened, between: Callable[[], None] | None = None) -> None:
        """Whoever opened the state closes it; what records the run is closed by `close`."""
        recipe, data, self._between = opened.recipe, opened.data, between
        self._recipe, self._data, self._state = recipe, data, opened.state
        self._notes = tuple(opened.notes)
        self._last = total_steps(recipe, data)
        self._updates = self._generator()
        self._chunk: Chunk | None = None
        self._inside = False  # an update is under way
        self._status: State = "training"
        self._left: int | None = None  # updates until it pauses; None: it does not
        self._pace: float | None = None
        self._due = 0.0  # when the next update may be made
        self._began = self._turned = monotonic()
        self._chores_due = 0.0
        self._meter = Meter(opened.captured.get("elapsed", 0.0))
        self._meter.run(self._began, self.step)
        self.chronicle = Chronicle()
        self._guard = Guard(recipe, data, self._state)
        self._mending = False
        self._scribe = Scribe(recipe.sample, data, self._state)
        self._seconds = recipe.train.seconds  # the time it may take; 0: any
        self._baselines: tuple[Baseline, ...] = ()
        self._baseliner: threading.Thread | None = None
        self._silent = False  # what happens is known already
        self._keeper = Keeper(opened, self.chronicle, self._beside)
        if opened.goes_on:
            self._note("resume", f"goes on from update {self.step}")
        self._repeat()

    def _beside(self) -> dict[str, Any]:
        """What is kept of this session."""
        return {"elapsed": self._meter.elapsed(monotonic())}

    def _generator(self) -> Iterator[Chunk]:
        # The time a run is given does not pass while it is paused, so it is kept here.
        recipe = self._recipe.replace(seconds=0.0, epochs=0, steps=self._last or 0)
        return train(recipe, self._data, self._state, self._inside_an_update)

    def _inside_an_update(self) -> None:
        if self._between is not None:
            self._between()

    # ---- updates ----------------------------------------------------------------------------

    def delay(self, now: float) -> float:
        """Seconds until the next update may be made: 0 at once, infinite while there is none."""
        if self._status != "training":
            return math.inf
        return max(0.0, self._due - now) if self._pace else 0.0

    def update(self) -> None:
        """Make one update."""
        self._inside = True
        try:
            chunk = next(self._updates, None)
        finally:
            self._inside = False
        if chunk is None:
            self._finish()
            return
        self._chunk = chunk
        self._keeper.see(chunk, self._meter.elapsed(monotonic()))
        if chunk.fault or chunk.response:
            for kind, text in responses(chunk):
                self._note(kind, text)
        known = self._guard.alert
        if self._guard.see(chunk):
            self._rest()
        if self._guard.alert is not known and self._guard.alert is not None:
            self._note("alert", self._guard.alert.title)
        if chunk.samples and self._scribe.sampled(chunk.samples, monotonic()):
            self._note("sample", safe_text(chunk.samples[0][:80]))
        if self._pace is not None or self._left is not None:
            self._count()
        if chunk.step == self._last:
            self._finish()
        if self._mending:
            self._mend()
        if self._keeper.pending.is_due(chunk.step):
            self._repeat()

    def _count(self) -> None:
        """Keep the pace, and the number of updates asked for."""
        now = monotonic()
        if self._pace is not None:
            self._due = max(self._due, now - CATCH_UP) + 1 / self._pace
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._rest()

    def turn(self, now: float, spare: float) -> None:
        """What is done a few hundred times a second besides updates.

        `spare` is how many seconds nothing else is to be done: what `delay` said.
        """
        passed, self._turned = now - self._turned, now
        if self._scribe.busy:
            self._scribe.turn(now, passed, spare)
        if now < self._chores_due:
            return
        self._chores_due = now + CHORES_EVERY
        self._meter.read(now, self.step)
        self._state.updater.check()
        if self._baseliner is None and now - self._began > BASELINES_AFTER:
            self._compare()
        self._keeper.stand(now, self._standing(), self._meter.rate(now, self.step), self._reason())
        if news := self._keeper.disk_news(now):
            self._note("disk", news)
        if self._keeper.taken:
            raise RunTakenError(self._keeper.taken)
        within = not self._seconds or self._meter.elapsed(now) < self._seconds
        if self._status == "training" and not within:
            self._finish()

    def _compare(self) -> None:
        """Reckon the baselines in a thread: it sorts and counts, hardly ever holding the lock."""

        def reckon() -> None:
            self._baselines = shown.as_baselines(baselines(self._data))

        self._baseliner = threading.Thread(target=reckon, name="baselines", daemon=True)
        self._baseliner.start()

    @property
    def step(self) -> int:
        """Updates made."""
        return self._state.step

    @property
    def finished(self) -> bool:
        """Whether its bounds are reached."""
        return self._status == "finished"

    @property
    def writing(self) -> bool:
        """Whether there is something to write."""
        return self._scribe.busy

    def _finish(self) -> None:
        """The bounds are reached: the prompt stays usable."""
        if self._status == "finished":
            return
        self._rest()
        self._status = "finished"
        loss = self.chronicle.losses.smooth
        found = f": smoothed loss {loss:.4g}" if math.isfinite(loss) else ""
        self._note("end", f"finished after {self.step} updates{found}")
        self._keeper.save()
        self._scribe.last_words()

    # ---- commands: each may raise UsageError -----------------------------------------------

    def obey(self, request: Request) -> None:
        """Carry out a viewer's command."""
        carry_out(self, request)

    def pause(self) -> None:
        """Stop after the current update."""
        self._only_unfinished()
        if self._status == "training":
            self._rest()
            self._note("pause", "paused")

    def _rest(self) -> None:
        self._meter.rest(monotonic())
        self._status, self._left = "paused", None

    def resume(self) -> None:
        """Go on; where training gave up too, which pauses again if it is not cured."""
        self._only_unfinished()
        if self._status != "training":
            self._note("resume", "resumed")
        self._go(None)

    def _go(self, count: int | None) -> None:
        now = monotonic()
        if self._status != "training":
            self._due = now
        self._status, self._left = "training", count
        self._meter.run(now, self.step)

    def make_steps(self, count: int) -> None:
        """Make exactly `count` more updates, then pause."""
        self._only_unfinished()
        # The update under way was not asked for by this command.
        self._go(count + self._inside)

    def set_pace(self, updates_per_second: float | None) -> None:
        """At most so many updates per second; None: as fast as they come."""
        self._only_unfinished()
        self._pace, self._due = updates_per_second, monotonic()
        rate = "flat out" if self._pace is None else f"{self._pace:g} updates per second"
        self._note("pace", f"pace: {rate}", self._pace, "pace")

    def set_lr(self, lr: float) -> None:
        """The learning rate from the next update on."""
        self._only_unfinished()
        lr = float(check(find("lr"), lr))
        before = self._state.rate
        self._state.set_rate(lr)
        self._rate_changed(before)

    def _rate_changed(self, before: float) -> None:
        rate = self._state.rate
        self._guard.rate_changed(before, rate)
        self._note("lr", f"learning rate {before:.4g} → {rate:.4g}", self._state.lr, "lr")

    def set_sampling(self, key: SamplingKey, value: float) -> None:
        """How what is written from now on is chosen."""
        self._scribe.set(key, value)
        self._note("sampling", f"{key} = {value:.4g}", value, key)

    def generate(self, request: Generate) -> None:
        """Write after a prompt; replaces what is being written."""
        self._scribe.generate(request)

    def stop_writing(self) -> None:
        """End what is being written."""
        self._scribe.stop()

    def mend(self) -> None:
        """Reload the last good weights, halve the learning rate and go on.

        A run that had finished is given as many updates, or as much time, again.
        """
        if self._guard.alert is None:
            raise UsageError("nothing to mend: the loss is sound")
        if self._inside:
            self._mending = True
        else:
            self._mend()

    def _mend(self) -> None:
        self._mending = False
        step = self._guard.mend()
        self.chronicle.losses.smooth_anew()
        text = f"weights of update {step} again, learning rate {self._state.rate:.4g}"
        self._note("mend", text, self._state.lr, "mend")
        if self._status == "finished":
            self._extend()
        self._go(None)

    def _extend(self) -> None:
        """Give a finished run as much again as its recipe did."""
        self._seconds += self._recipe.train.seconds
        if self._last is not None:
            self._last += total_steps(self._recipe, self._data) or 0
            self._updates = self._generator()

    def _only_unfinished(self) -> None:
        if self._status == "finished":
            raise UsageError("the run has finished")

    def save(self) -> None:
        """Write a checkpoint. Raises UsageError where nothing is kept."""
        if not self._keeper.save():
            raise UsageError("this run is not kept: start one without --no-save")
        self._note("save", f"checkpoint of update {self.step}")

    def _repeat(self) -> None:
        """Make the changes again that were made after this update in another life of the run."""
        pending = self._keeper.pending
        self._silent = pending.journaled
        for edit in pending.take(self.step):
            match edit.kind:
                case "lr" if edit.value:
                    before, self._state.lr = self._state.rate, edit.value
                    self._rate_changed(before)
                case "lr":  # without a rate it says nothing
                    continue
                case "pace":
                    self.set_pace(edit.value)
                case "mend":
                    self._mend()
                case key if edit.value is not None:
                    self.set_sampling(key, edit.value)
        self._silent = False

    def _standing(self) -> Standing:
        if self._status == "finished":
            return "finished"
        return "training" if self._status == "training" else "paused"

    def _reason(self) -> str:
        return self._guard.alert.title if self._guard.alert else ""

    def close(
        self, reason: str = "", exit_code: int = 0, failed: bool = False, whole: bool = True
    ) -> str:
        """Keep the run as it stands, and why it ends before its bounds, and let go of it.

        `whole`: no update was broken off. Returns what could not be saved, one safe line.
        """
        standing: Standing = "failed" if failed else "stopped"
        if self._status == "finished":
            standing, reason = "finished", ""
        elif self._guard.alert is not None:
            standing, reason = "diverged", self._guard.alert.title
        if standing != "finished":
            self._note("end", f"{standing} after {self.step} updates: {reason}")
        return self._keeper.close(standing, reason, exit_code, whole)

    def _note(
        self,
        kind: EventKind,
        text: str,
        value: float | None = None,
        edit: EditKind | None = None,
    ) -> None:
        """Something happened; an `edit` is something that can be made again."""
        if self._silent or self._keeper.knows(self.step, kind, text):
            return
        event = self.chronicle.events.add(self.step, self._meter.elapsed(monotonic()), kind, text)
        self._keeper.note(event, edit, value)

    # ---- how it stands ----------------------------------------------------------------------

    def welcome(self) -> Welcome:
        """What does not change while the run lasts."""
        found = shown.welcome(self._recipe, self._data, self._state)
        notes = tuple(safe_text(note)[:200] for note in self._notes)
        return dataclasses.replace(found, run=self._keeper.name, notes=(*notes, *found.notes))

    def snapshot(self, look: Look, viewers: int = 1) -> Snapshot:
        """The run as it is now, with what is new since the marks of `look`."""
        now, chunk, state = monotonic(), self._chunk, self._state
        rate = self._meter.rate(now, self.step)
        chronicle = self.chronicle
        return Snapshot(
            state=self._status,
            step=self.step,
            epoch=self.step / state.stream.chunks_per_epoch,
            loss=chunk.loss_per_token if chunk else None,
            loss_reported=chunk.loss if chunk else None,
            smooth=chronicle.losses.smooth,
            best=chronicle.best,
            validation=chronicle.validations.latest,
            best_validation=chronicle.validations.best,
            lr=state.rate,
            gradient_norm=chunk.gradient_norm if chunk else None,
            tokens_per_second=rate * state.stream.steps * state.stream.batch,
            updates_per_second=rate,
            elapsed=self._meter.elapsed(now),
            remaining=self._remaining(now, rate),
            pace=self._pace,
            temperature=state.temperature,
            top_k=state.top_k,
            top_p=state.top_p,
            greedy=state.greedy,
            samples=state.samples,
            factor=state.factor,
            history=chronicle.losses.since(look.history_level, look.history_bins),
            validations=chronicle.validations.since(look.validations),
            events=chronicle.events.since(look.events),
            event_count=chronicle.events.count,
            steps=shown.steps_of(chunk, self._data) if look.steps and chunk else None,
            writing=self._scribe.since(look.writing, look.written),
            alert=self._guard.alert,
            baselines=self._baselines,
            viewers=viewers,
            saved=self._keeper.saved,
            disk=self._keeper.trouble,
        )

    def _remaining(self, now: float, rate: float) -> float | None:
        """Expected seconds until the first bound is reached."""
        if self._status == "finished":
            return 0.0
        bounds = []
        if self._seconds:
            bounds.append(max(0.0, self._seconds - self._meter.elapsed(now)))
        if self._last is not None and rate > 0:
            bounds.append((self._last - self.step) / rate)
        return min(bounds, default=None)
