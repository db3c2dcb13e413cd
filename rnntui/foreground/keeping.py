"""A run in the foreground is kept as one in a process of its own: the same files, the same ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from types import TracebackType
from typing import Any

from rnntui.engine.chronicle import Chronicle
from rnntui.engine.keeping import Keeper
from rnntui.engine.meter import Meter
from rnntui.engine.protocol import EventKind
from rnntui.engine.responses import responses
from rnntui.errors import RnntuiError, RunError, RunTakenError
from rnntui.foreground.stopping import Stopped, Stopping
from rnntui.recipe import check, find
from rnntui.recording.edits import Edit
from rnntui.recording.opening import Opened
from rnntui.trainer import Chunk

TURN_EVERY = 0.1  # seconds


class Keeping:
    """Keeps what happens inside a `with` block, and how it ended."""

    def __init__(self, opened: Opened, tell: Callable[[str], None]) -> None:
        """`tell` hears what the user should know while it goes on."""
        self._state, self._tell, self._goes_on = opened.state, tell, opened.goes_on
        self.before = float(opened.captured.get("elapsed", 0.0))  # seconds of training before this
        self._meter = Meter(self.before)
        self._chronicle = Chronicle()
        self._keeper = Keeper(opened, self._chronicle, self._beside)
        self._whole, self._finished = True, False
        self._due = 0.0

    @property
    def name(self) -> str:
        """The run's name; empty where nothing is kept."""
        return self._keeper.name

    def _beside(self) -> dict[str, Any]:
        return {"elapsed": self._meter.elapsed(monotonic())}

    def __enter__(self) -> Keeping:
        self._meter.run(monotonic(), self._state.step)
        if self._goes_on:
            self._note("resume", f"goes on from update {self._state.step}")
        self._repeat()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._finished:
            if unsaved := self._keeper.close("finished", "", 0):
                raise RunError(unsaved)
        elif isinstance(error, Stopped):
            self._end("stopped", f"stopped by {error.name}", error.code)
        elif isinstance(error, RnntuiError):
            self._end("diverged" if self._whole else "failed", str(error), error.exit_code)
        else:
            self._end("failed", kind.__name__ if kind else "", 70)

    def _end(self, state: Any, reason: str, code: int) -> None:
        self._note("end", f"{state} after {self._state.step} updates: {reason}")
        if (unsaved := self._keeper.close(state, reason, code, self._whole)) and state == "stopped":
            self._tell(unsaved)

    def _note(self, kind: EventKind, text: str, edit: Edit | None = None) -> None:
        """Something happened; an `edit` is something that can be made again."""
        if self._keeper.knows(self._state.step, kind, text):
            return
        seconds = self._meter.elapsed(monotonic())
        event = self._chronicle.events.add(self._state.step, seconds, kind, text)
        if edit is None:
            self._keeper.note(event)
        else:
            self._keeper.note(event, edit.kind, edit.value)

    def whole(self, updates: Iterator[Chunk], stopping: Stopping) -> Iterator[Chunk]:
        """The updates, none of which a signal breaks off."""
        chunk: Chunk | None = None
        try:
            while True:
                with stopping:
                    self._whole, chunk = False, None
                    chunk = next(updates, None)
                    self._whole = True
                    if chunk is not None:
                        self._see(chunk)
                if chunk is None:
                    return
                yield chunk
                chunk = None
        except Stopped:
            if chunk is not None:
                yield chunk
            raise

    def _see(self, chunk: Chunk) -> None:
        now = monotonic()
        self._keeper.see(chunk, self._meter.elapsed(now))
        for kind, text in responses(chunk):
            self._note(kind, text)
        if self._keeper.pending.is_due(chunk.step):
            self._repeat()
        if now >= self._due:
            self._due = now + TURN_EVERY
            self._meter.read(now, chunk.step)
            self._keeper.stand(now, "training", self._meter.rate(now, chunk.step))
            if news := self._keeper.disk_news(now):
                self._note("disk", news)
                self._tell(news)
            if self._keeper.taken:
                raise RunTakenError(self._keeper.taken)

    def _repeat(self) -> None:
        """Make the changes again that were made after this update in another life of the run."""
        pending, state = self._keeper.pending, self._state
        for edit in pending.take(state.step):
            if edit.value is None or edit.kind in ("pace", "mend"):  # nothing that lasts
                continue
            if edit.kind == "lr":
                state.lr = edit.value
            else:
                leaf = find(edit.kind)
                setattr(state, edit.kind, check(leaf, leaf.types[0](edit.value)))
            if not pending.journaled:
                kind: EventKind = "lr" if edit.kind == "lr" else "sampling"
                self._note(kind, f"{edit.kind} = {edit.value:.4g}", edit)

    def finished(self) -> None:
        """The bounds are reached."""
        self._finished = True
        self._note("end", f"finished after {self._state.step} updates")
        self._keeper.save()
