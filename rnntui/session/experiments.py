"""Experiments beside a run: slices of work on networks of their own, while the run is paused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from time import monotonic
from typing import TYPE_CHECKING

from rnntui.data import Dataset
from rnntui.errors import RnntuiError, UsageError
from rnntui.protocol import insight as messages
from rnntui.recipe import Recipe
from rnntui.session.commands import handles
from rnntui.text import safe_text
from rnntui.training.loop import TrainState

if TYPE_CHECKING:
    from rnntui.insight.race import Race
    from rnntui.insight.rate_test import RateTest
    from rnntui.session.session import Session

SLICE = 0.03  # seconds of work between two looks at the viewers' requests
MOST_RUNS = 6


class ExperimentRunner:
    """Runs one experiment at a time and keeps the last results of each kind.

    Nothing here changes the run's state. `finished` is called when an experiment has ended, with a
    line that says what it found. What an experiment needs is imported when it is started: the first
    update does not wait for it.
    """

    def __init__(
        self, recipe: Recipe, data: Dataset, state: TrainState, finished: Callable[[str], None]
    ) -> None:
        self._recipe, self._data, self._state = recipe, data, state
        self._finished = finished
        self._race: Race | None = None
        self._rate_test: RateTest | None = None
        self.runs: tuple[str, ...] = ()  # new runs that were started from here
        self._work: Iterator[None] | None = None
        self._activity = ""
        self.gradient_check: messages.GradientCheck | None = None

    @property
    def busy(self) -> bool:
        """Whether an experiment is running."""
        return self._work is not None

    @property
    def activity(self) -> str:
        """What is running, for the user; empty while nothing is."""
        return self._activity

    def start_race(self, request: messages.StartRace) -> None:
        """Start a race in place of what is running. Raises UsageError if it is impossible."""
        from rnntui.insight.race import Race

        with _refusing():
            race = Race(self._recipe, self._data, request.seq_lens, request.tokens)
        self._begin("race", race.run())
        self._race = race

    def start_rate_test(self) -> None:
        """Start a learning-rate test in place of what is running. Raises UsageError."""
        from rnntui.insight.rate_test import RateTest

        with _refusing():
            test = RateTest(self._recipe, self._data, self._state)
        self._begin("learning-rate test", test.run())
        self._rate_test = test

    def check_gradients(self) -> None:
        """Start a gradient check in place of what is running."""
        self._begin("gradient check", self._checking())

    def _checking(self) -> Generator[None, None, None]:
        from rnntui.training.gradient_check import checking

        outcome = yield from checking(self._recipe, self._data)
        worst = outcome.worst
        text = f"largest error {worst.error:.1e} ({worst.name})"
        text += f"; {outcome.note}" if outcome.note else ""
        step = self._state.step
        self.gradient_check = messages.GradientCheck(step, outcome.passes, safe_text(text))

    def stop(self) -> None:
        """Stop what is running, without a line about it; its results so far stay."""
        if isinstance(self._work, Generator):
            self._work.close()
        self._work, self._activity = None, ""

    def began(self, run: str) -> None:
        """Remember a new run that was started from here."""
        self.runs = (*self.runs, run)[-MOST_RUNS:]

    def tick(self, seconds: float = SLICE) -> None:
        """Work for about so long."""
        end = monotonic() + seconds
        while self._work is not None and monotonic() < end:
            try:
                next(self._work)
            except StopIteration:
                self._end(f"{self._activity} finished")
            except MemoryError:
                self._end(f"{self._activity}: not enough memory")
            except Exception as error:
                self._end(f"{self._activity} failed: {_line(error)}")

    def message(self, step: int) -> messages.Experiments:
        """Return the results so far."""
        return messages.Experiments(
            step=step,
            race=self._race.message() if self._race else None,
            rate_test=self._rate_test.message() if self._rate_test else None,
            runs=self.runs,
            activity=self._activity,
        )

    def _begin(self, activity: str, work: Iterator[None]) -> None:
        self.stop()
        self._activity, self._work = activity, work

    def _end(self, text: str) -> None:
        self._work, self._activity = None, ""
        self._finished(text)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn an error into a refusal: an experiment never ends the run beside it."""
    try:
        yield
    except RnntuiError as error:
        raise UsageError(str(error)) from None
    except MemoryError:
        raise UsageError("not enough memory for this experiment") from None
    except Exception as error:
        raise UsageError(_line(error)) from None


def _line(error: Exception) -> str:
    text = str(error) if isinstance(error, RnntuiError) else f"{type(error).__name__}: {error}"
    return safe_text(text)[:160]


@handles(messages.StartRace)
def _start_race(session: Session, request: messages.StartRace) -> None:
    session.experiment(lambda: session.experiments.start_race(request))


@handles(messages.StartRateTest)
def _start_rate_test(session: Session, _request: messages.StartRateTest) -> None:
    session.experiment(session.experiments.start_rate_test)


@handles(messages.CheckGradients)
def _check_gradients(session: Session, _request: messages.CheckGradients) -> None:
    session.experiment(session.experiments.check_gradients)


@handles(messages.StopExperiments)
def _stop_experiments(session: Session, _request: messages.StopExperiments) -> None:
    session.stop_experiment()
