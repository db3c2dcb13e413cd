"""Save checkpoints in a thread of its own, so that training never waits for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from rnntui.errors import RunTakenError
from rnntui.run.checkpoint import Checkpoint
from rnntui.run.files import Report, reason
from rnntui.text import safe_text

Save = Callable[[Checkpoint], Path]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds between attempts while the disk refuses
LAST_PAUSE, LAST_CHANCE = 0.2, 4.0  # seconds: at the end it is tried so often, for so long
WHAT = "checkpoint"


class Saver:
    """Saves what it is offered, one at a time; of those that wait, the newest.

    A failure is reported and tried again after a pause, with the newest one there is; a success
    after it is reported as well. A run that was taken over is saved no more.
    """

    def __init__(
        self, save: Save, report: Report, saved: Callable[[int, Path], None] = lambda *_: None
    ) -> None:
        """`saved` is told each update and path that is on the disk, from the saver's thread."""
        self._save, self._report, self._saved = save, report, saved
        self._change = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._busy = self._failing = self._hurrying = self._ended = False
        self._thread = threading.Thread(target=self._run, name="saver", daemon=True)
        self._thread.start()

    def offer(self, checkpoint: Checkpoint) -> None:
        """Save it soon; its arrays must not change any more."""
        with self._change:
            if not self._ended:
                self._waiting = checkpoint
                self._change.notify_all()

    def finish(self, seconds: float) -> bool:
        """Try now what waits, and wait for it at most so long: whether all is on the disk."""
        end = time.monotonic() + seconds
        with self._change:
            self._hurrying = True
            self._change.notify_all()
            while self._busy or (self._waiting and self._hurrying):
                if not self._change.wait(max(0.0, end - time.monotonic())):
                    break
            self._hurrying = False
            return not self._busy and self._waiting is None and not self._ended

    def close(self, seconds: float) -> bool:
        """Finish, trying for a while what a disk refuses, and save nothing after that."""
        now = time.monotonic()
        end, last_chance = now + seconds, now + min(seconds, LAST_CHANCE)
        done = self.finish(seconds)
        while not done and not self._ended and time.monotonic() < last_chance:
            time.sleep(LAST_PAUSE)
            done = self.finish(end - time.monotonic())
        with self._change:
            self._ended, self._waiting = True, None
            self._change.notify_all()
        return done

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while (checkpoint := self._next()) is not None:
            worked = self._attempt(checkpoint)
            with self._change:
                self._busy = False
                if worked:
                    pause = FIRST_PAUSE
                else:
                    self._hurrying = False
                    if self._waiting is None and not self._ended:
                        self._waiting = checkpoint
                self._change.notify_all()
                if not worked:
                    self._change.wait_for(lambda: self._hurrying or self._ended, pause)
                    pause = min(2 * pause, LONGEST_PAUSE)

    def _next(self) -> Checkpoint | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting is not None or self._ended)
            checkpoint, self._waiting = self._waiting, None
            self._busy = checkpoint is not None
            return checkpoint

    def _attempt(self, checkpoint: Checkpoint) -> bool:
        try:
            path = self._save(checkpoint)
        except RunTakenError as error:
            with self._change:
                self._ended, self._waiting = True, None
            self._report(WHAT, str(error))
            return False
        except Exception as error:  # whatever it is, training goes on and the next one is tried
            self._failing = True
            self._report(WHAT, reason(error) if isinstance(error, OSError) else _named(error))
            return False
        if self._failing:
            self._failing = False
            self._report(WHAT, None)
        self._saved(checkpoint.step, path)
        return True


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {safe_text(str(error))[:80]}"
