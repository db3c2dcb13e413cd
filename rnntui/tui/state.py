"""The dashboard's state: the run as reported by the engine, and the user's view options."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import field
from typing import Any, Literal

from rnntui.dataclass import dataclass
from rnntui.engine.ending import Ending, ending_of
from rnntui.errors import UsageError
from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import Finding, Insight, InsightLook, Passage
from rnntui.protocol.messages import (
    Alert,
    Baseline,
    Ended,
    Event,
    Generated,
    Loading,
    Look,
    PastText,
    Snapshot,
    TokenSteps,
    ValueSteps,
    Welcome,
    Window,
)
from rnntui.recipe import Recipe, Value, parsed
from rnntui.recipe.sizing import KEYS
from rnntui.tui.display import Display
from rnntui.tui.draw.loss import Bins
from rnntui.tui.final_numbers import final_numbers
from rnntui.tui.generated_text import GeneratedText, join_generated
from rnntui.tui.history import join_history

SHOWN_SAMPLES = 20  # of them shown below the current text
KEPT_EVENTS = 500
KEPT_SAMPLES = 200
KEPT_VALIDATIONS = 2_000
FOLLOWED = 4.0  # updates per second that a user can follow
# From these seconds of training on, times as rarely.
CALM = ((60.0, 4.0), (8.0, 3.0), (1.5, 2.0), (0.0, 1.0))

Connection = Literal["starting", "live", "gone"]


@dataclass
class RunState:
    """The last known state of the run, assembled from incremental snapshots."""

    recipe: Recipe
    connection: Connection = "starting"
    loading: Loading | None = None  # progress of reading the data
    welcome: Welcome | None = None
    snapshot: Snapshot | None = None
    bins: Bins = field(default_factory=Bins)
    validations: list[tuple[int, float | None]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_count: int = 0
    steps: TokenSteps | ValueSteps | None = None
    streams: tuple[TokenSteps, ...] = ()  # further ones of the same update as `steps`
    streams_shown: int = 0  # how many of them there is room for
    generated: GeneratedText | None = None
    past: list[PastText] = field(default_factory=list)  # generated earlier, newest last
    past_count: int = 0
    pointed: int = 0  # the update whose time steps are wanted; 0: the last one
    pointed_steps: TokenSteps | ValueSteps | None = None  # the newest that came of such an update
    not_kept: int = 0  # the update pointed at, if its time steps are known not to be kept
    asked_steps: int | None = None  # the update whose time steps were asked for last; 0: the last
    ending: Ending | None = None  # how the training process ended, once it is gone
    end_message: Ended | None = None  # the last message of the training process
    silent: float = 0.0  # seconds since a reply became overdue
    pending: dict[str, Any] = field(default_factory=dict)  # commanded values, not yet confirmed
    requested_window: tuple[int, int] | None = None  # updates that the loss plot is zoomed to
    window: Window | None = None  # the last reply with those updates
    window_bins: Bins = field(default_factory=Bins)
    insight_look: InsightLook = field(default_factory=InsightLook)  # what the view asks for
    insight: Insight | None = None  # the newest of the view shown; None until it is measured
    passage: Passage | None = None  # the one that the views read
    backtest: Backtested | None = None  # the newest
    frozen: bool = False  # the view keeps what it shows
    shows_steps: bool = True  # a view shows time steps

    def look(self, steps: bool) -> Look:
        """Return the request for what is new; `steps`: with time steps, if a view shows them."""
        steps = steps and self.shows_steps
        started = bool(self.bins.mean)
        self.asked_steps = self.pointed if steps else None
        first, last = self.requested_window or (0, 0)
        window = self.window
        known = window is not None and (window.first, window.last) == (first, last)
        return Look(
            history_level=self.bins.level if started else -1,
            history_bins=len(self.bins.mean),
            validations=self.validations[-1][0] if self.validations else 0,
            events=self.event_count,
            steps=steps,
            steps_of=self.pointed,
            past=self.past_count,
            backtest=self.backtest.id if self.backtest else 0,
            streams=self.streams_shown if steps else 0,
            generated=self.generated.id if self.generated else 0,
            generated_length=self.generated.end if self.generated else 0,
            window_first=first,
            window_last=last,
            window=window.mark if known and window is not None else 0,
            insight=dataclasses.replace(
                self.insight_look, passage=self.passage.id if self.passage else 0
            ),
        )

    def apply(self, snapshot: Snapshot) -> None:
        """Apply a snapshot."""
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
        if snapshot.window is not None:
            self.window, found = snapshot.window, snapshot.window.history
            self.window_bins = join_history(Bins(start=found.start), found)
        self._apply_steps(snapshot.steps, snapshot.streams)
        self.past += snapshot.past
        self.past_count = snapshot.past_count
        del self.past[:-KEPT_SAMPLES]
        if snapshot.generated is not None:
            self._apply_generated(snapshot.generated)
        if not self.frozen:
            self.passage = snapshot.passage or self.passage
            self.insight = snapshot.insight or self.insight
            self.backtest = snapshot.backtest or self.backtest

    def end(self, ended: Ended) -> None:
        """Record how the run ended, with the numbers after its last update."""
        self.connection = "gone"
        self.ending = ending_of(ended.state, ended.reason, ended.step, ended.saved, ended.unsaved)
        self.end_message = ended
        self.pending.clear()
        if self.snapshot is not None and ended.last is not None:
            last = vars(ended.last)
            self.snapshot = dataclasses.replace(self.snapshot, step=ended.step, **last)

    def end_as_filed(self, ending: Ending) -> None:
        """The run has ended without its last message: its files say how, and with which numbers."""
        self.connection = "gone"
        self.ending = ending
        self.pending.clear()
        if self.snapshot is not None and (status := ending.status):
            self.snapshot = dataclasses.replace(
                self.snapshot, **final_numbers(status, self.snapshot.numbers)
            )

    @property
    def saved(self) -> int | None:
        """The update of the newest checkpoint; None: there is none."""
        if self.end_message is not None:
            return self.end_message.saved
        return self.snapshot.saved if self.snapshot else None

    @property
    def unsaved(self) -> str:
        """What of an ended run could not be saved; empty if nothing."""
        return self.end_message.unsaved if self.end_message else ""

    def _apply_steps(
        self, steps: TokenSteps | ValueSteps | None, streams: tuple[TokenSteps, ...]
    ) -> None:
        if self.asked_steps and self.asked_steps == self.pointed:
            kept = steps is not None and belongs(steps, self.pointed)
            self.pointed_steps = steps if kept else None
            self.not_kept = 0 if kept else self.pointed
        if steps is None:
            return
        if self.steps is None or steps.step >= self.steps.step:
            self.steps, self.streams = steps, streams

    def point_at(self, update: int | None) -> None:
        """Ask for the time steps of an update; None: of the last one."""
        self.pointed = update or 0
        if not update:
            self.pointed_steps, self.not_kept = None, 0

    @property
    def shown_steps(self) -> TokenSteps | ValueSteps | None:
        """The time steps of the update pointed at if they are known, else of the last one."""
        return self.pointed_steps or self.steps

    @property
    def samples(self) -> list[tuple[int, str]]:
        """Update and text of what was generated before the current text, newest last."""
        now = self.generated
        found = [(past.step, past.prompt + past.texts[0]) for past in self.past[-SHOWN_SAMPLES:]]
        if found and now is not None and (now.update, now.prompt + now.text) == found[-1]:
            found.pop()
        return found

    def _apply_generated(self, new: Generated) -> None:
        self.generated = join_generated(self.generated, new)

    @property
    def shown(self) -> Snapshot | None:
        """The snapshot with pending values that the engine has not confirmed yet."""
        if self.snapshot is None:
            return None
        if self.ending is not None:
            return dataclasses.replace(self.snapshot, state=self.ending.state, remaining=None)
        if not self.pending:
            return self.snapshot
        return dataclasses.replace(self.snapshot, **self.pending)

    @property
    def alert(self) -> Alert | None:
        """The current alert, or None."""
        return self.snapshot.alert if self.snapshot else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that hold now, the most important first."""
        return self.snapshot.findings if self.snapshot else ()

    @property
    def news(self) -> str:
        """What happened while the user was away, or why the run isn't saved."""
        if self.not_saved:
            return f"This run isn't saved: {self.not_saved}"
        return self.welcome.news if self.welcome else ""

    @property
    def not_saved(self) -> str:
        """Why the run isn't saved, although it was to be; empty if it is."""
        return self.welcome.unsaved if self.welcome else ""

    @property
    def disk(self) -> str:
        """Why saving currently fails; empty if it works or is unknown."""
        return self.snapshot.disk if self.snapshot and self.connection == "live" else ""

    @property
    def unit(self) -> str:
        """The name of a token, such as "character"."""
        return self.welcome.unit if self.welcome else self.recipe.data.unit

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """The losses of simple models to compare with, as far as known."""
        if self.snapshot and self.snapshot.baselines:
            return self.snapshot.baselines
        return self.welcome.baselines if self.welcome else ()

    @property
    def status(self) -> str:
        """The status of the run, or of the connection to the engine until it is live."""
        if self.connection != "live":
            return self.connection
        return self.shown.state if self.shown else "loading"

    @property
    def calm(self) -> float:
        """How many times as rarely as in its first seconds a run's pictures are drawn.

        1 while the user can follow each update. A longer run changes less from second to second.
        """
        snapshot = self.snapshot
        if snapshot is None or snapshot.state != "training":
            return 1.0
        if snapshot.updates_per_second <= FOLLOWED:
            return 1.0
        return next(times for seconds, times in CALM if snapshot.elapsed >= seconds)

    @property
    def running(self) -> bool:
        """Whether commands that control training apply."""
        return self.status in ("training", "paused")

    def set_welcome(self, welcome: Welcome) -> None:
        """Store the description of the run, with the settings that its data determined."""
        names = ("batch", "seq_len", "turns")
        from_data = {name: getattr(welcome, name) for name in names}
        self.welcome = welcome
        self.recipe = self.recipe.replace(
            **_by_size(welcome) | {key: value for key, value in from_data.items() if value}
        )

    @property
    def restorable(self) -> bool:
        """Whether earlier weights can be restored: also once the run has reached its last update.

        It then makes as many updates again.
        """
        in_its_process = self.welcome is not None and not self.welcome.ended
        return self.running or (self.status == "finished" and in_its_process)

    @property
    def ended(self) -> bool:
        """Whether no more updates will follow."""
        shown_from_files = self.welcome is not None and self.welcome.ended
        return shown_from_files or self.status not in ("starting", "loading", "training", "paused")

    @property
    def values(self) -> bool:
        """Whether the task is to predict values."""
        return self.recipe.data.task == "values"

    def forecast(self, display: Display) -> GeneratedText | None:
        """Return the forecast shown instead of the time steps, or None."""
        generated = self.generated
        if not self.values or generated is None or generated.id == display.dismissed_forecast:
            return None
        return generated if generated.values else None

    @property
    def time_step_count(self) -> int:
        """Number of time steps shown."""
        return len(self.shown_steps.input) if self.shown_steps else 0


def belongs(steps: TokenSteps | ValueSteps, update: int) -> bool:
    """Return whether time steps are those of an update, or of several that include it."""
    return (steps.first or steps.step) <= update <= steps.step


def _by_size(welcome: Welcome) -> dict[str, Value]:
    """The settings that were chosen by the size of the data; those that make no sense left out."""
    found: dict[str, Value] = {}
    for fact in welcome.by_size:
        if fact.label in KEYS:
            with contextlib.suppress(UsageError):
                found |= parsed({fact.label: fact.words})
    return found
