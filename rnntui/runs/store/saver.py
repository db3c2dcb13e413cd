"""Save checkpoints in a separate thread, so that training never waits for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from rnntui.errors import RunTakenError
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.runs.store.files import Report, reason
from rnntui.text import safe_text

Save = Callable[[Checkpoint], Path]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds between attempts while the disk fails
LAST_PAUSE, LAST_CHANCE = 0.2, 4.0  # seconds between attempts at the end, and for all of them
WHAT = "checkpoint"
MOST_WAITING = 2  # checkpoints, each as large as the network and its optimizer state


class Saver:
    """Saves checkpoints one at a time, in the order in which they came.

    A waiting one is replaced by a newer one, unless the user asked for it: then both wait. No more
    than two do, so that a blocked disk costs a bounded amount of memory: a third displaces the
    oldest, even one that was asked for. Of one update, only the newest waits.

    A failure is reported and retried after a pause, with what waits by then; recovery is reported
    too. Nothing more is saved once the run has been taken over.
    """

    def __init__(
        self, save: Save, report: Report, saved: Callable[[int, Path], None] = lambda *_: None
    ) -> None:
        """`saved` is called in the thread, with update and path of each saved checkpoint."""
        self._save, self._report, self._saved = save, report, saved
        self._change = threading.Condition()
        self._waiting: tuple[Checkpoint, ...] = ()  # the newest last
        self._busy: Checkpoint | None = None
        self._requested: set[int] = set()  # updates, of checkpoints that wait or are being saved
        self._failing = self._hurrying = self._ended = False
        self._thread = threading.Thread(target=self._run, name="saver", daemon=True)
        self._thread.start()

    def offer(self, checkpoint: Checkpoint) -> None:
        """Queue a checkpoint; its arrays must no longer change."""
        with self._change:
            if not self._ended:
                self._wait((*self._waiting, checkpoint))
                self._change.notify_all()

    def keep(self, step: int) -> None:
        """Treat the checkpoint of that update, if it isn't saved yet, as one the user asked for."""
        with self._change:
            self._requested.add(step)
            self._forget_requests()

    def _wait(self, checkpoints: tuple[Checkpoint, ...]) -> None:
        """Of these, oldest first, let those wait that may."""
        *older, newest = checkpoints
        kept = [c for c in older if c.step in self._requested and c.step != newest.step]
        self._waiting = (*kept, newest)[-MOST_WAITING:]
        self._forget_requests()

    def _forget_requests(self) -> None:
        """Forget requests for what is saved or was displaced."""
        held = self._waiting if self._busy is None else (self._busy, *self._waiting)
        self._requested &= {checkpoint.step for checkpoint in held}

    def finish(self, seconds: float) -> bool:
        """Save what is queued, waiting at most `seconds`; return whether all is on disk."""
        end = time.monotonic() + seconds
        with self._change:
            self._hurrying = True
            self._change.notify_all()
            while self._busy or (self._waiting and self._hurrying):
                if not self._change.wait(max(0.0, end - time.monotonic())):
                    break
            self._hurrying = False
            return not self._busy and not self._waiting and not self._ended

    def close(self, seconds: float) -> bool:
        """Finish, retrying failures for a while, and end the thread."""
        now = time.monotonic()
        end, last_chance = now + seconds, now + min(seconds, LAST_CHANCE)
        done = self.finish(seconds)
        while not done and not self._ended and time.monotonic() < last_chance:
            time.sleep(LAST_PAUSE)
            done = self.finish(end - time.monotonic())
        with self._change:
            self._ended, self._waiting = True, ()
            self._change.notify_all()
        return done

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while (checkpoint := self._next()) is not None:
            failure = self._attempt(checkpoint)
            with self._change:
                self._busy = None
                if failure is None:
                    pause = FIRST_PAUSE
                    self._forget_requests()
                else:
                    self._hurrying = False
                    self._wait_again(checkpoint, failure)
                self._change.notify_all()
                if failure is not None:
                    self._change.wait_for(lambda: self._hurrying or self._ended, pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    def _wait_again(self, checkpoint: Checkpoint, failure: Exception) -> None:
        """Queue what was not saved, unless newer ones wait and it would only fail again."""
        if self._ended:
            return
        if not self._waiting or isinstance(failure, OSError):
            self._wait((checkpoint, *self._waiting))

    def _next(self) -> Checkpoint | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._ended)
            self._busy = None
            if self._waiting:
                self._busy, *later = self._waiting
                self._waiting = tuple(later)
            return self._busy

    def _attempt(self, checkpoint: Checkpoint) -> Exception | None:
        """Save a checkpoint; return why that failed."""
        try:
            path = self._save(checkpoint)
        except RunTakenError as error:
            with self._change:
                self._ended, self._waiting = True, ()
            self._report(WHAT, str(error))
            return error
        except Exception as error:  # whatever it is, training continues and the save is retried
            self._failing = True
            self._report(WHAT, reason(error) if isinstance(error, OSError) else _named(error))
            return error
        if self._failing:
            self._failing = False
            self._report(WHAT, None)
        self._saved(checkpoint.step, path)
        return None


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {safe_text(str(error))[:80]}"
