"""Measure what open views show: between updates, and within a share of the CPU time.

While the run trains, an `Allowance` decides when the next slice of work is due; the first picture
of a view that was just opened does not wait for it. While the run does not train, slices follow
each other until nothing is left to measure. Making messages counts, too: until there is time for a
new one, a viewer gets the last one again. Views that nobody looks at cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from time import thread_time
from typing import TYPE_CHECKING, Protocol, TypeVar

from rnntui.data import Dataset
from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError, UsageError
from rnntui.generation.generate import Generator
from rnntui.insight.allowance import Allowance
from rnntui.nn.model import Parameters
from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import InsightLook, NextPassage, Passage, View
from rnntui.protocol.messages import Look
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.session.commands import handles
from rnntui.text import safe_text

if TYPE_CHECKING:
    from rnntui.insight.observer import Observer, Seen
    from rnntui.runs.backtest import Backtester
    from rnntui.session.session import Session

SHARE, SAVED_UP = 0.008, 0.03  # of the training thread's CPU time, and seconds
WITH_RECORDING = 0.013  # of it, together with recording the updates, and at least for the views
LEAST_SHARE = 0.001
FIRST_PICTURE = 1.0  # seconds of CPU time that a view just opened may take without earning them
PAUSE = 0.1  # seconds until the next look for work after one that found none
LOOKED_AT = 3.0  # seconds after its last look that a viewer counts as gone
MESSAGE_EVERY = 0.45  # seconds until a message about the same is made again while the run trains
MOST_MESSAGES = 4  # kept, of different views and selections
WHILE_IDLE = 0.03  # seconds of work at once while the run does not train
VIEWS = ("guesses", "memory", "neurons")  # those that read a passage
BACKTESTS: View = "health"  # the view of a backtest
_LONGEST = 200  # characters of a problem

Result = TypeVar("Result")


class Weights(Protocol):
    """The network that is measured."""

    parameters: Parameters
    sampling: SamplingSettings
    step: int


@dataclass
class _Viewer:
    """What a viewer looks at, since when, and when it last did."""

    look: InsightLook
    since: float
    seen: float


class Insights:
    """The views of one network that read its weights; `seconds` of CPU time were spent on them."""

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        weights: Weights,
        window: int,
        backtester: Backtester | None = None,
        forecaster: Callable[[], Generator] | None = None,
    ) -> None:
        """`window`: time steps of a training chunk. `backtester`: of values to forecast.

        `forecaster` returns the weights that forecast, if these are not always `weights`.
        """
        self.seconds = 0.0
        self._backtester, self._forecaster = backtester, forecaster
        self._recipe, self._data, self._weights, self._window = recipe, data, weights, window
        self._observer: Observer | None = None
        self._failure = ""
        self._viewers: dict[Hashable, _Viewer] = {}
        self._allowance = Allowance(SHARE, SAVED_UP)
        # The last messages, and when they were made.
        self._shown: dict[tuple[InsightLook, SamplingSettings], tuple[Seen, float]] = {}
        self._advance = 0.0  # seconds left of FIRST_PICTURE
        self._owed = False  # a message comes before the next measurement
        self._idle = False  # the run does not train
        self._due = 0.0
        self._turn = 0

    @property
    def problem(self) -> str:
        """Why nothing can be measured, as one safe line; empty if it can."""
        return self._failure or (safe_text(self._observer.problem) if self._observer else "")

    def share_time(self, recording: float) -> None:
        """Take less where recording the updates takes much of the time; `recording`: its share."""
        self._allowance.share = max(LEAST_SHARE, min(SHARE, WITH_RECORDING - recording))

    @property
    def wanted(self) -> bool:
        """Whether somebody looks at a view that is measured here."""
        return bool(self._viewers)

    def look(
        self, look: InsightLook, now: float, viewer: Hashable = None
    ) -> tuple[Seen | None, Passage | None]:
        """Return a view's newest results, and the passage unless the viewer has it.

        Both are None for a view that reads no passage, and until something has been measured.
        """
        backtests = look.view == BACKTESTS and self._backtester is not None
        if self._failure or not (look.view in VIEWS or backtests):
            self._viewers.pop(viewer, None)
            return None, None
        before = self._viewers.get(viewer)
        if before is None or before.look.view != look.view:
            self._advance = FIRST_PICTURE
        with self._counted():
            seen, passage = self.guarded(lambda: self._look(look, now, viewer)) or (None, None)
        if seen is not None or (backtests and self.backtested is not None):
            self._advance = 0.0
        return seen, passage

    @property
    def backtested(self) -> Backtested | None:
        """The newest backtest; None until there is one."""
        return self._observer.backtested if self._observer else None

    def backtest_for(self, look: Look, ended: bool = True) -> Backtested | None:
        """The newest backtest unless the viewer has it, for its view or of an `ended` run."""
        found = self.backtested if ended or look.insight.view == BACKTESTS else None
        return found if found is not None and found.id != look.backtest else None

    def _look(
        self, look: InsightLook, now: float, viewer: Hashable
    ) -> tuple[Seen | None, Passage | None]:
        observer = self._observing()
        own = replace(look, passage=0)
        before = self._viewers.get(viewer)
        if before is None or before.look != own:
            self._viewers[viewer] = _Viewer(own, since=now, seen=now)
            self._due = now  # something new was selected
        else:
            before.seen = now
        passage = observer.passage
        if passage is None or look.view == BACKTESTS:
            return None, None
        found = self._message(observer, own, passage.id, now)
        if found is not None and found.passage != passage.id:
            found = None  # of the passage before
        return found, passage if passage.id != look.passage else None

    def _message(
        self, observer: Observer, look: InsightLook, passage: int, now: float
    ) -> Seen | None:
        """Make the newest message, or repeat the last one if it is new or there is no time."""
        key = look, self._weights.sampling
        last, made = self._shown.get(key, (None, 0.0))
        self._owed = False
        if last is not None and last.passage == passage and not self._idle:
            awaited = look.details and last.details is None
            if now - made < MESSAGE_EVERY and not awaited:
                return last
            self._owed = not self._allowance.allows
            if self._owed:
                return last
        self._shown.pop(key, None)
        found = observer.message(*key)
        if found is not None:
            self._shown[key] = found, now
            if len(self._shown) > MOST_MESSAGES:
                del self._shown[next(iter(self._shown))]
        return found

    def next_passage(self, text: str) -> None:
        """Read another passage, or this text. Raises UsageError, and keeps the old one."""

        def read() -> bool:
            try:
                self._observing().next_passage(text)
            except UsageError as error:
                refusals.append(error)
            return True

        refusals: list[UsageError] = []
        if self._failure or not self.guarded(read):
            raise UsageError(self._failure)
        if refusals:
            raise refusals[0]
        self._due = 0.0

    def _observing(self) -> Observer:
        if self._observer is None:
            # Imported when a view is first opened: the first update does not wait for it.
            from rnntui.insight.observer import Observer

            self._observer = Observer(
                self._weights.parameters,
                self._data,
                self._recipe,
                self._window,
                self._backtester,
                self._forecaster,
            )
        return self._observer

    def tick(self, now: float, idle: bool) -> bool:
        """Do some of the work that is due; return whether there was any.

        `idle`: the run does not train. Whatever goes wrong ends the measuring, not the run.
        """
        self._idle = idle
        if not self._viewers or self._observer is None or now < self._due:
            return False
        if not (idle or self._advance > 0 or self._allowance.allows):
            return False
        self._viewers = {k: v for k, v in self._viewers.items() if now - v.seen < LOOKED_AT}
        if self._owed and self._viewers and not idle:
            return False
        observer = self._observer
        with self._counted() as began:
            worked = bool(self.guarded(lambda: self._work(observer, began, now, idle)))
        if not worked:
            self._due = now + PAUSE
        return worked

    @contextmanager
    def _counted(self) -> Iterator[float]:
        """Count the CPU time that the block takes; yields the time at its start.

        What is measured while the run does not train need not be earned back by training, nor a
        view's first picture.
        """
        began = thread_time()
        free = self._idle or self._advance > 0
        try:
            with nullcontext() if free else self._allowance.spending():
                yield began
        finally:
            took = thread_time() - began
            self.seconds += took
            self._advance -= took

    def guarded(self, measure: Callable[[], Result]) -> Result | None:
        """Measure something; whatever goes wrong becomes the `problem`, and None is returned."""
        try:
            return measure()
        except MemoryError:
            self._fail("not enough memory to measure this view")
        except RnntuiError as error:
            self._fail(str(error))
        except Exception as error:
            self._fail(f"this view cannot be measured: {type(error).__name__}: {error}")
        return None

    def _work(self, observer: Observer, began: float, now: float, idle: bool) -> bool:
        """Do a slice of work, or several while idle; return whether there was any."""
        looks = self._measured_looks()
        worked = False
        while looks:
            self._turn += 1
            if not observer.work(looks[self._turn % len(looks)], self._weights.step, now):
                break
            worked = True
            if not idle or thread_time() - began > WHILE_IDLE:
                break
        return worked

    def _measured_looks(self) -> list[InsightLook]:
        """Return one look per view, the one that was chosen last: the views take turns.

        Measuring several positions of one view in turn would begin each of them again and again.
        """
        viewers = sorted(self._viewers.values(), key=lambda viewer: viewer.since)
        return list({viewer.look.view: viewer.look for viewer in viewers}.values())

    def _fail(self, why: str) -> None:
        self._failure = safe_text(why)[:_LONGEST]
        self._viewers.clear()


@handles(NextPassage)
def _next_passage(session: Session, request: NextPassage) -> None:
    session.insights.next_passage(request.text)
