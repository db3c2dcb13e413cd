"""What the two kinds of lines share: what a run is, whole lines on a stream, and its speed."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Protocol, TextIO

from rnntui.data import Dataset, TokenData
from rnntui.errors import OutputError
from rnntui.outcome import discard
from rnntui.recipe import Recipe
from rnntui.trainer import Chunk, Result

FAREWELL = 1.0  # seconds a reader has to take the last line
WINDOW = 1.0  # seconds the speed is taken over, at least


@dataclass(frozen=True, eq=False)
class Run:
    """What does not change while a run lasts. `total`: its updates, None where it has no bound."""

    recipe: Recipe
    data: Dataset
    parameters: int
    total: int | None
    began: float  # by perf_counter
    workers: int = 1
    name: str = ""  # where it is kept; empty: it is not

    @property
    def is_text(self) -> bool:
        """Whether tokens are learned, and a loss can be told in bits."""
        return isinstance(self.data, TokenData)

    @property
    def one_step(self) -> bool:
        """Whether the weights change after each step, so that only a pass' loss says much."""
        return self.recipe.train.seq_len == 1

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return perf_counter() - self.began


class Report(Protocol):
    """Tells of a run as it goes. Methods are called in this order; `see` after each update."""

    def begin(self, run: Run) -> None:
        """The run is about to begin."""

    def see(self, chunk: Chunk) -> None:
        """An update was made."""

    def note(self, text: str) -> None:
        """Something the user should know; may come at any time."""

    def end(self, result: Result) -> None:
        """The run has reached its bounds."""

    def stop(self, reason: str) -> None:
        """The run has ended before its bounds, or could not begin."""


class Lines:
    """Whole lines on a stream, each sent at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._torn = False

    def write(self, line: str) -> None:
        """Send a line. Raises BrokenPipeError where nobody reads, OutputError for other trouble."""
        self._torn = True
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write to stdout: {error.strerror}") from None
        self._torn = False

    def last(self, line: str) -> None:
        """Send a line after a signal, which may have come in the middle of one.

        That one is completed first: its rest is still buffered. But the reader may be one who takes
        nothing, and must not keep this process from ending.
        """
        if not self._torn:
            self.write(line)
            return
        descriptor = self._stream.fileno()
        os.set_blocking(descriptor, False)
        try:
            taken = self._push(line + "\n")
        finally:
            os.set_blocking(descriptor, True)  # others may share it, as a shell does its terminal
        if not taken:
            discard(descriptor)

    def _push(self, rest: str) -> bool:
        """Write what is buffered and `rest`; False if the reader does not take it in time."""
        end = perf_counter() + FAREWELL
        while perf_counter() < end:
            try:
                self._stream.write(rest)
                rest = ""
                self._stream.flush()
                return True
            except BlockingIOError:
                rest = ""
                sleep(0.01)
        return False


class Speed:
    """Updates per second over the last second or two."""

    def __init__(self, now: float) -> None:
        self._older = self._newer = (now, 0)

    def at(self, now: float, step: int) -> float:
        """Updates per second up to update `step`, which is made `now`."""
        if now - self._newer[0] >= WINDOW:
            self._older, self._newer = self._newer, (now, step)
        since, first = self._older
        return (step - first) / max(now - since, 1e-9)


def bits(loss: float) -> float:
    """A loss in nats as bits."""
    return loss / math.log(2)


def perplexity(loss: float) -> float:
    """exp(loss): among how many equally likely tokens the network wavers; infinite if huge."""
    return math.exp(loss) if loss < 700 else loss if math.isnan(loss) else math.inf
