"""Shared by both kinds of report: facts about the run, complete lines on a stream, speed."""

from __future__ import annotations

import os
from textwrap import wrap
from time import perf_counter, sleep
from typing import Protocol, TextIO

from rnntui.charset import ascii_text, signs_in_ascii, user_environment
from rnntui.data import Dataset, TokenData
from rnntui.errors import OutputError
from rnntui.forecast.backtest import Backtest
from rnntui.nn.model import Parameters
from rnntui.recipe import Recipe
from rnntui.runs.backtest import final_backtests
from rnntui.runs.trained_model import model_of
from rnntui.session.findings import Change
from rnntui.session.session import Session
from rnntui.streams import discard
from rnntui.text import cell_width
from rnntui.training.loop import Chunk, Result, TrainState

LAST_LINE_TIMEOUT = 1.0  # seconds in which the reader must accept the last line
WINDOW = 1.0  # minimum seconds over which the speed is measured


class Run:
    """The run that is reported, and its progress."""

    def __init__(self, recipe: Recipe, data: Dataset, state: TrainState, session: Session) -> None:
        self.recipe, self.data, self.session = recipe, data, session
        self._state = state

    @property
    def name(self) -> str:
        """Name of the stored run; empty if it is not stored."""
        return self.session.name

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self._state.parameters.count

    @property
    def workers(self) -> int:
        """Number of processes that share an update."""
        return self._state.workers

    @property
    def step(self) -> int:
        """Updates made, including those before it was resumed."""
        return self.session.step

    @property
    def epoch(self) -> int:
        """Epoch of the last update, from 0."""
        return self._state.epoch

    @property
    def tokens(self) -> int:
        """Tokens per update."""
        return self._state.stream.steps * self._state.stream.batch

    @property
    def total(self) -> int | None:
        """Bound on the updates, or None if there is none."""
        return self.session.total

    @property
    def last_loss(self) -> float:
        """Loss of the last update, reduced as the recipe says; NaN before the first."""
        return self._state.last_loss

    @property
    def last_pass(self) -> float:
        """Summed loss of the last complete pass; NaN before the first."""
        return self.session.run_history.last_pass

    @property
    def validation(self) -> float | None:
        """Latest validation loss."""
        return self.session.run_history.validations.latest

    @property
    def validated(self) -> int | None:
        """Update of the latest validation."""
        newest = self.session.run_history.validations.newest
        return newest.step if newest else None

    @property
    def best(self) -> float | None:
        """Lowest validation loss, including those before it was resumed."""
        return self.session.run_history.validations.best

    @property
    def is_text(self) -> bool:
        """Whether the data are tokens, so that a loss can be given in bits."""
        return isinstance(self.data, TokenData)

    @property
    def one_step(self) -> bool:
        """Whether each time step is an update, so that only the loss of a pass is meaningful."""
        return self.recipe.train.seq_len == 1

    def elapsed(self) -> float:
        """Return the seconds of training."""
        return self.session.elapsed

    def backtests(self) -> tuple[Backtest, ...]:
        """Compare forecasts with simple methods; empty if that is unknown.

        The weights are those that `rnntui generate` forecasts with: of the best validation.
        """
        return final_backtests(self.recipe, self.data, self._parameters)

    def _parameters(self) -> Parameters:
        return model_of(self.recipe, self.data, self.session.best_checkpoint()).parameters


class Report(Protocol):
    """Reports the progress of a run. Methods are called in this order; `see` after each update."""

    def begin(self, run: Run) -> None:
        """Report that the run starts."""

    def see(self, chunk: Chunk) -> None:
        """Report an update."""

    def note(self, text: str) -> None:
        """Report a note; may be called at any time."""

    def change(self, change: Change) -> None:
        """Report that a finding was found or withdrawn."""

    def end(self, result: Result) -> None:
        """Report that the run has reached its bounds."""

    def stop(self, reason: str) -> None:
        """Report that the run ended before its bounds, or could not start."""


class Lines:
    """Writes complete lines to a stream, flushing each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._interrupted = False
        self._ascii = signs_in_ascii(user_environment(), stream)

    @property
    def width(self) -> int | None:
        """The columns of the terminal; None: the stream is not one, so that lines may be long."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or None
        except (OSError, ValueError):  # also that the stream has no descriptor
            return None

    def write_wrapped(self, line: str, indent: int) -> None:
        """Write a line, on a narrow terminal as several, all but the first indented."""
        width = self.width
        if width is None or cell_width(line) <= width:
            self.write(line)
            return
        for part in wrap(line, max(indent + 20, width), subsequent_indent=" " * indent):
            self.write(part)

    def write(self, line: str) -> None:
        """Write a line. Raises BrokenPipeError if the reader is gone, else OutputError."""
        line = ascii_text(line) if self._ascii else line
        self._interrupted = True
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write to stdout: {error.strerror}") from None
        self._interrupted = False

    def last(self, line: str) -> None:
        """Write the last line after a signal, which may have interrupted another line.

        The interrupted line is completed first: its rest is still buffered. A reader that has
        stopped reading must not keep this process from ending.
        """
        if not self._interrupted:
            self.write(line)
            return
        line = ascii_text(line) if self._ascii else line
        descriptor = self._stream.fileno()
        os.set_blocking(descriptor, False)
        try:
            accepted = self._push(line + "\n")
        finally:
            os.set_blocking(descriptor, True)  # it may be shared, e.g. the terminal of a shell
        if not accepted:
            discard(descriptor)

    def _push(self, rest: str) -> bool:
        """Write the buffer and `rest`; return False if the reader does not accept it in time."""
        end = perf_counter() + LAST_LINE_TIMEOUT
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
    """Measures updates per second over the last one or two seconds."""

    def __init__(self, now: float, step: int) -> None:
        self._older = self._newer = (now, step)

    def at(self, now: float, step: int) -> float:
        """Return updates per second up to update `step`, made at time `now`."""
        if now - self._newer[0] >= WINDOW:
            self._older, self._newer = self._newer, (now, step)
        since, first = self._older
        return (step - first) / max(now - since, 1e-9)
