"""The views 2 to 5 of one run, measured between updates, a slice of work at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from rnntui.data import Dataset
from rnntui.errors import DataError, UsageError
from rnntui.generation.generate import Generator
from rnntui.insight.details import details
from rnntui.insight.guesses import guesses
from rnntui.insight.memory import MemoryMeter, MemoryReading, Moved, memory, occlusion
from rnntui.insight.neurons import neurons, selected
from rnntui.insight.passage import describe, excerpt, typed
from rnntui.insight.ranking import Ranked, Ranking, untrained
from rnntui.insight.reader import Reader, ReadPassage
from rnntui.insight.survey import Statistics, Survey
from rnntui.nn.model import Parameters
from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import (
    Details,
    Guesses,
    InsightLook,
    Memory,
    Neurons,
    Passage,
    ValueGuesses,
)
from rnntui.recipe import Recipe, SamplingSettings

if TYPE_CHECKING:
    from rnntui.insight.horizon import HorizonMeter
    from rnntui.runs.backtest import Backtester

REFRESH = 0.5  # seconds between two measurements of the same kind; what takes long gets the rest

Seen = Guesses | ValueGuesses | Memory | Neurons


class Observer:
    """Reads a run's live weights and nothing else of it.

    `work` does the next slice for what a viewer looks at, `message` returns the newest results.
    Buffers are allocated when a view is first looked at. Of several viewers, the results follow the
    one whose look came last.
    """

    def __init__(
        self,
        parameters: Parameters,
        data: Dataset,
        recipe: Recipe,
        window: int,
        backtester: Backtester | None = None,
        forecaster: Callable[[], Generator] | None = None,
    ) -> None:
        """`window`: the time steps of a training chunk. `backtester`: of values to forecast.

        `forecaster` returns the weights to backtest, if these are not always `parameters`.
        """
        self._forecaster = forecaster
        self._parameters, self._data, self._recipe = parameters, data, recipe
        self._window = window
        self._number, self._version = 1, 0  # passage 0 is none
        self._turns: Counter[str] = Counter()  # by view
        self._time = 0.0
        self._measured_at: dict[str, float] = {}  # by what was measured
        self.problem = ""  # why there is no passage, in one line
        self._reader: Reader | None = None
        self._read: ReadPassage | None = None
        self._occlusion: tuple[tuple[int, int, int, int], Iterator[Moved]] | None = None
        self._moved: tuple[tuple[int, int, int, int], Moved] | None = None
        self._newest: Moved | None = None  # of the occlusion in progress
        self._details: tuple[tuple[int, ...], Details | None] | None = None
        self._survey: Survey | None = None
        self._surveyed = self._survey_began = -1
        self._ranking: Ranking | None = None
        self._meter: MemoryMeter | None = None
        self._impossible: set[type] = set()  # what the data are too short for
        self._first: MemoryReading | None = None
        self._now: MemoryReading | None = None
        self._horizon = _horizon_meter(backtester) if backtester else None
        self._made: tuple[tuple[object, ...], Seen | None] | None = None
        try:
            self._set_reader(Reader(parameters, data, excerpt(data, self._number)))
        except UsageError as error:
            self.problem = str(error)

    # ---- the passage ------------------------------------------------------------------------

    @property
    def passage(self) -> Passage | None:
        """The passage as a message; None if there is none."""
        if self._reader is None:
            return None
        return describe(self._data, self._reader.excerpt, self._parameters.shape)

    def next_passage(self, text: str = "") -> None:
        """Read another passage, or this text. Raises UsageError, in one line, and keeps the old."""
        number = self._number + 1
        chosen = typed(self._data, text, number) if text else excerpt(self._data, number)
        self._number = number
        self._set_reader(Reader(self._parameters, self._data, chosen))

    def _set_reader(self, reader: Reader) -> None:
        self._reader, self.problem = reader, ""
        self._read = self._occlusion = self._moved = self._details = None
        self._version += 1

    # ---- work -------------------------------------------------------------------------------

    def work(self, look: InsightLook, step: int, now: float) -> bool:
        """Do one slice of work for a view; `step` is the update whose weights are the live ones.

        `now` is a clock in seconds. False: there is nothing to do now, and without a change of the
        weights, the passage or the look, nothing later.
        """
        jobs = self._jobs(look)
        self._time = now
        with np.errstate(all="ignore"):  # weights may have become anything
            for _ in jobs:
                self._turns[look.view] += 1
                if jobs[self._turns[look.view] % len(jobs)](look, step):
                    return True
        return False

    def _jobs(self, look: InsightLook) -> tuple[Callable[[InsightLook, int], bool], ...]:
        """What a view needs: these take turns."""
        if look.view == "guesses":
            return (self._reread, self._measure_guesses, self._detail)
        if look.view == "memory":
            return (self._remeasure, self._occlude, self._detail)
        if look.view == "neurons":
            return (self._reread, self._rank, self._detail)
        if look.view == "health":
            return (self._backtest,)
        return ()

    def _backtest(self, _look: InsightLook, step: int) -> bool:
        meter = self._horizon
        if meter is None or not self._possible(type(meter)):
            return False
        parameters, newest = self._parameters, meter.newest
        if self._forecaster is not None:
            weights = self._forecaster()
            parameters, step = weights.parameters, weights.step
        if newest and not meter.busy and (newest.step == step or not self._due("backtest")):
            return False
        try:
            meter.work(step, parameters)
        except DataError:
            return self._give_up(type(meter))
        return True

    @property
    def backtested(self) -> Backtested | None:
        """The newest backtest; None until there is one."""
        return self._horizon.newest if self._horizon else None

    def _reread(self, _look: InsightLook, step: int) -> bool:
        if self._reader is None:
            return False
        if self._read and (self._read.step == step or not self._due("passage")):
            return False
        self._read = self._reader.read(step)
        self._version += 1
        return True

    def _measure_guesses(self, _look: InsightLook, step: int) -> bool:
        if self._surveyed == step or not self._possible(Survey):
            return False
        if self._survey is None:
            try:
                self._survey = Survey(self._parameters, self._data)
            except UsageError:
                return self._give_up(Survey)
        if self._survey_began < 0:
            self._survey_began = step
        if self._survey.work():
            self._surveyed, self._survey_began = self._survey_began, -1
            self._version += 1
        return True

    def _rank(self, _look: InsightLook, step: int) -> bool:
        if not self._possible(Ranking) or (self._ranked.measured and self._ranked.step == step):
            return False
        if self._ranking is None:
            try:
                self._ranking = Ranking(self._parameters, self._data, self._recipe)
            except UsageError:
                return self._give_up(Ranking)
        self._version += self._ranking.work(step)
        return True

    def _remeasure(self, _look: InsightLook, step: int) -> bool:
        if not self._possible(MemoryMeter):
            return False
        if self._now and (self._now.step == step or not self._due("memory")):
            return False
        if self._meter is None:
            try:
                self._meter = MemoryMeter(self._parameters, self._data, self._window)
            except UsageError:
                return self._give_up(MemoryMeter)
        if self._first is None:
            weights = untrained(self._parameters.shape, self._recipe)
            first = MemoryMeter(weights, self._data, self._window)
            self._first = first.measure(0)
            return True
        self._now = self._meter.measure(step)
        self._version += 1
        return True

    def _occlude(self, look: InsightLook, step: int) -> bool:
        """Replace inputs: a result of fewer replacements is shown only until there is a better."""
        if self._reader is None:
            return False
        chosen = self._reader.excerpt
        place = (chosen.id, chosen.position(look.at), look.feature)
        if self._occlusion is None or self._occlusion[0][:3] != place:
            if self._moved and self._moved[0] == (*place, step):
                return False
            self._occlusion = (
                (*place, step),
                occlusion(self._reader, look.at, feature=look.feature),
            )
            self._newest = None
        key, slices = self._occlusion
        result = next(slices, None)
        if result is None:
            self._occlusion, result = None, self._newest
        elif self._moved and self._moved[0][:3] == place and self._moved[0] != key:
            self._newest = result
            return True
        if result is not None:
            self._moved = key, result
            self._version += 1
        self._newest = result
        return True

    def _detail(self, look: InsightLook, step: int) -> bool:
        key = self._detail_key(look, step)
        if key is None or (self._details and self._details[0] == key):
            return False
        same_place = self._details and self._details[0][:3] == key[:3]
        if same_place and not self._due("details"):
            return False
        assert self._reader is not None
        _, at, layer, _ = key
        self._details = key, details(self._reader, at, layer)
        self._version += 1
        return True

    def _detail_key(self, look: InsightLook, step: int) -> tuple[int, int, int, int] | None:
        """Passage, position, layer and update of the details that a viewer looks at."""
        if not look.details or self._reader is None:
            return None
        chosen, layer = self._reader.excerpt, look.layer
        if look.view == "neurons" and self._read:
            layer, _ = selected(self._read.hidden, self._ranked, look.layer, look.unit)
        return chosen.id, chosen.position(look.at), layer, step

    def _due(self, what: str) -> bool:
        """Whether it is time to repeat a measurement; if so, it is taken to be repeated now."""
        if self._time - self._measured_at.get(what, -REFRESH) < REFRESH:
            return False
        self._measured_at[what] = self._time
        return True

    def _possible(self, kind: type) -> bool:
        return kind not in self._impossible

    def _give_up(self, kind: type) -> bool:
        """Leave out what the data are too short for."""
        self._impossible.add(kind)
        return False

    # ---- messages ---------------------------------------------------------------------------

    def message(self, look: InsightLook, settings: SamplingSettings) -> Seen | None:
        """Return the newest results for a view; None until there are some.

        `settings`: those of sampling, for the guesses view.
        """
        key = (self._version, look, settings)
        if self._made is None or self._made[0] != key:
            with np.errstate(all="ignore"):
                self._made = key, self._make(look, settings)
        return self._made[1]

    def _make(self, look: InsightLook, settings: SamplingSettings) -> Seen | None:
        shown = self._shown_details(look)
        if look.view == "memory" and self._moved:
            now = self._now
            if now is None:
                if self._possible(MemoryMeter):
                    return None
                now = MemoryReading(self._moved[0][3], self._window, ())
            return memory(now, self._first or now, self._moved[1], shown)
        if self._reader is None or self._read is None:
            return None
        if look.view == "guesses":
            found = self._survey.statistics if self._survey else Statistics()
            return guesses(self._data, self._read, look.at, settings, found, shown)
        if look.view == "neurons":
            limits = self._reader.limits
            return neurons(self._read, limits, self._ranked, look.layer, look.unit, shown)
        return None

    @property
    def _ranked(self) -> Ranked:
        return self._ranking.ranked if self._ranking else Ranked()

    def _shown_details(self, look: InsightLook) -> Details | None:
        """The newest details of the position and layer that a viewer looks at."""
        key = self._detail_key(look, 0)
        if key is None or self._details is None or self._details[0][:3] != key[:3]:
            return None
        return self._details[1]


def _horizon_meter(backtester: Backtester) -> HorizonMeter:
    """Return what measures forecasts; text is observed without importing it."""
    from rnntui.insight.horizon import HorizonMeter

    return HorizonMeter(backtester)
