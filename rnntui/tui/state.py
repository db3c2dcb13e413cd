"""What the dashboard knows: the run as the engine told it, and how its user wants to see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rnntui.engine.ending import Ending
from rnntui.engine.protocol import (
    Alert,
    Baseline,
    Event,
    History,
    Loading,
    Look,
    Snapshot,
    TokenSteps,
    ValueSteps,
    Welcome,
    Writing,
)
from rnntui.recipe import Recipe
from rnntui.tui.draw import Bins, Glyphs

KEPT_TEXT = 8_000  # characters of a writing that can still be looked at
KEPT_EVENTS = 500
KEPT_SAMPLES = 20
KEPT_VALIDATIONS = 2_000

Number = float | None
Connection = Literal["starting", "live", "gone"]


@dataclass(frozen=True)
class Written:
    """A writing as far as it has arrived. `end` counts everything written, shown here or not."""

    id: int = 0
    source: Literal["prompt", "sample"] = "sample"
    step: int = 0
    prompt: str = ""
    text: str = ""
    values: tuple[tuple[Number, ...], ...] = ()
    end: int = 0
    finished: bool = True
    warning: str = ""
    others: tuple[str, ...] = ()  # written beside it, the newest part of each
    before: tuple[tuple[Number, ...], ...] = ()  # what a forecast goes on from

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is written at once."""
        return (self.text, *self.others)


@dataclass
class Display:
    """The user's choices of how to look at the run."""

    glyphs: Glyphs = "braille"
    log: bool = False
    zoom: int = 0  # the plot shows the last 1/2**zoom of the updates
    at: int | None = None  # update of the loss plot whose losses are told
    news_seen: bool = False  # what happened while nobody looked has been put away
    chosen: int | None = None  # step of the strip whose details are shown
    feature: int | None = None  # of values: one, or all
    text: int | None = None  # of several written at once: one, or all
    put_away: int = 0  # id of the writing whose forecast is not shown any more


@dataclass
class RunState:
    """The run as it was last seen, put together from snapshots that carry only what is new."""

    recipe: Recipe
    connection: Connection = "starting"
    loading: Loading | None = None  # how far the data are, while they are being read
    welcome: Welcome | None = None
    snapshot: Snapshot | None = None
    bins: Bins = field(default_factory=Bins)
    validations: list[tuple[int, Number]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_count: int = 0
    steps: TokenSteps | ValueSteps | None = None
    written: Written | None = None
    samples: list[tuple[int, str]] = field(default_factory=list)  # (step, text), the newest last
    ending: Ending | None = None  # of the training process, once it is gone
    wanted: dict[str, Any] = field(default_factory=dict)

    def look(self, steps: bool) -> Look:
        """The request for what is new; `steps` asks for the view of the last update's steps."""
        started = bool(self.bins.mean)
        return Look(
            history_level=self.bins.level if started else -1,
            history_bins=len(self.bins.mean),
            validations=self.validations[-1][0] if self.validations else 0,
            events=self.event_count,
            steps=steps,
            writing=self.written.id if self.written else 0,
            written=self.written.end if self.written else 0,
        )

    def take(self, snapshot: Snapshot) -> None:
        """Add what a snapshot brings."""
        self.connection = "live"
        self.snapshot = snapshot
        self.bins = join_history(self.bins, snapshot.history)
        newest = self.validations[-1][0] if self.validations else -1
        self.validations += [(v.step, v.loss) for v in snapshot.validations if v.step > newest]
        del self.validations[:-KEPT_VALIDATIONS]
        missing = snapshot.event_count - self.event_count
        if missing > 0:
            self.events += snapshot.events[-missing:]
            del self.events[:-KEPT_EVENTS]
        self.event_count = snapshot.event_count
        if snapshot.steps is not None:
            self.steps = snapshot.steps
        if snapshot.writing is not None:
            self._take_writing(snapshot.writing)

    def _take_writing(self, new: Writing) -> None:
        before, self.written = self.written, join_writing(self.written, new)
        if before is not None and before.id != new.id and before.text:
            self.samples.append((before.step, before.prompt + before.text))
            del self.samples[:-KEPT_SAMPLES]

    @property
    def shown(self) -> Snapshot | None:
        """The snapshot with what the user has asked for and the engine has not confirmed yet."""
        if self.snapshot is None:
            return None
        if self.ending is not None:
            return dataclasses.replace(self.snapshot, state=self.ending.state, remaining=None)
        if not self.wanted:
            return self.snapshot
        return dataclasses.replace(self.snapshot, **self.wanted)

    @property
    def alert(self) -> Alert | None:
        """The trouble the run is in."""
        return self.snapshot.alert if self.snapshot else None

    @property
    def news(self) -> str:
        """What happened while nobody looked."""
        return self.welcome.news if self.welcome else ""

    @property
    def disk(self) -> str:
        """Why nothing can be saved just now; empty: it can, or nobody knows."""
        return self.snapshot.disk if self.snapshot and self.connection == "live" else ""

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """Simple models to compare with, as far as they are known."""
        if self.snapshot and self.snapshot.baselines:
            return self.snapshot.baselines
        return self.welcome.baselines if self.welcome else ()

    @property
    def state(self) -> str:
        """The engine's state, or how far the connection to it is."""
        if self.connection != "live":
            return self.connection
        return self.shown.state if self.shown else "loading"

    @property
    def running(self) -> bool:
        """Whether pausing, stepping and steering mean anything."""
        return self.state in ("training", "paused")

    @property
    def values(self) -> bool:
        """Whether the task is one of numbers."""
        return self.recipe.data.task == "values"

    def forecast(self, display: Display) -> Written | None:
        """The forecast that is shown in place of the steps, if there is one."""
        written = self.written
        wanted = self.values and written is not None and written.id != display.put_away
        return written if wanted and written is not None and written.values else None

    @property
    def step_count(self) -> int:
        """How many steps the strip has."""
        return len(self.steps.input) if self.steps else 0


def join_history(bins: Bins, new: History) -> Bins:
    """The bins at hand, replaced from `new.start` on; all of them when the level has changed."""
    same = new.level == bins.level and new.start <= len(bins.mean)
    start = new.start if same else 0

    def joined(old: Sequence[Any], fresh: Sequence[Any]) -> tuple[Any, ...]:
        return (*old[:start], *fresh)

    return Bins(
        level=new.level,
        mean=joined(bins.mean, new.mean),
        low=joined(bins.low, new.low),
        high=joined(bins.high, new.high),
        smooth=joined(bins.smooth, new.smooth),
        bad=joined(bins.bad, new.bad),
    )


def join_writing(old: Written | None, new: Writing) -> Written:
    """What was written so far with its new part; only the newest text is kept."""
    same = old is not None and old.id == new.id
    text, values, end = (old.text, old.values, old.end) if same and old else ("", (), 0)
    if new.start < end:
        text = text[: len(text) - (end - new.start)]
        values = values[: max(0, len(values) - (end - new.start))]
    elif new.start > end:
        text, values = "", ()
    text, values = text + new.text, (*values, *new.values)
    return Written(
        id=new.id,
        source=new.source,
        step=new.step,
        prompt=new.prompt,
        text=text[-KEPT_TEXT:],
        values=values,
        end=new.start + (len(new.text) or len(new.values)),
        finished=new.finished,
        warning=new.warning,
        others=new.others,
        before=new.before or (old.before if same and old else ()),
    )
