"""What viewers see of a session: the welcome, snapshots, the last time steps and baselines."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Hashable
from time import monotonic
from typing import Any

from rnntui.data import TokenData, baselines
from rnntui.protocol.insight import Health, Insight, InsightLook, Passage
from rnntui.protocol.messages import (
    MOST_STREAMS,
    Baseline,
    Last,
    Look,
    Snapshot,
    State,
    TokenSteps,
    ValueSteps,
    Welcome,
)
from rnntui.runs.baselines import simple_losses
from rnntui.runs.bounds import Bounds
from rnntui.runs.opening import Opened
from rnntui.session import steps as shown
from rnntui.session.experiments import ExperimentRunner
from rnntui.session.findings import RunFindings
from rnntui.session.insight import BACKTESTS, LOOKED_AT, Insights
from rnntui.session.meter import Meter
from rnntui.session.monitor import Monitor
from rnntui.session.plateau import Plateau
from rnntui.session.prompt_session import PromptSession
from rnntui.session.recent_steps import RecentSteps
from rnntui.session.run_history import RunHistory
from rnntui.session.run_log import RunLog, last_loss
from rnntui.session.system import SystemMeter
from rnntui.session.view_file import MOST_TEXTS, Shown, read_shown, shown_bytes
from rnntui.session.windows import windows_of
from rnntui.text import safe_text
from rnntui.training.loop import Chunk, TrainState
from rnntui.update_numbers import UpdateNumbers, from_kept, kept_fields

BASELINES_AFTER = 1.0  # seconds: leave the CPU to the first frames
FEW_TOKENS = 200_000  # whose baselines take a tenth of a second
BASELINES_LEFT = 2.0  # seconds that the end of a run waits for baselines in the making
HEALTH_EVERY = 0.5  # seconds
_LAST = tuple(f.name for f in dataclasses.fields(Last))


class Views:
    """Builds the messages for viewers; it only observes the session's parts."""

    def __init__(
        self,
        opened: Opened,
        meter: Meter,
        monitor: Monitor,
        prompt_session: PromptSession,
        run_history: RunHistory,
        run_log: RunLog,
        findings: RunFindings,
        insights: Insights,
        experiments: ExperimentRunner,
        recent_steps: RecentSteps | None = None,
    ) -> None:
        self._recipe, self._data, self._state = opened.recipe, opened.data, opened.state
        self._notes = tuple(safe_text(note)[:200] for note in opened.notes)
        self._unsaved = safe_text(opened.unsaved)[:200]
        self._meter, self._monitor, self._prompt_session = meter, monitor, prompt_session
        self._run_history, self._run_log = run_history, run_log
        self._findings, self._insights, self._experiments = findings, insights, experiments
        self._recent_steps = recent_steps
        self.plateau, self._system = Plateau(), SystemMeter(lambda: opened.state.updater.pids)
        self._health: Health | None = None
        self._health_due = 0.0
        self._signs_until = 0.0  # until then, a viewer of signs or experiments may ask again
        self._windows = windows_of(run_log.path, run_log.index)
        self._began = monotonic()
        self._viewed = False  # a viewer has asked for a snapshot
        self._chunk: Chunk | None = None
        self._numbers = _numbers_of(opened.state, opened.captured)
        self._steps: TokenSteps | ValueSteps | None = None  # the last ones, for later viewers
        self._stored_streams: tuple[TokenSteps, ...] = ()
        self._baselines: tuple[Baseline, ...] = ()
        self._baseline_thread: threading.Thread | None = None
        self._has_new_baselines = False  # new baselines are to be published

    def restore(self) -> None:
        """Offer the texts of a resumed run again."""
        if (path := self._run_log.path) is not None:
            step = self._state.step
            texts = read_shown(path).past
            self._prompt_session.past.restore(past for past in texts if past.step <= step)

    def see(self, chunk: Chunk) -> None:
        """Take an update."""
        self._chunk, self._numbers = chunk, chunk.numbers

    def kept(self) -> dict[str, Any]:
        """Return what a checkpoint stores of the last update's numbers."""
        return kept_fields(self._numbers)

    def show(self) -> None:
        """Store what viewers see of the last update; no other file has it."""
        if steps := self._steps_at(0, fill=True):
            self._steps, self._stored_streams = steps, self._streams(MOST_STREAMS, steps)
        past = self._prompt_session.past.newest()[-MOST_TEXTS:]
        found = Shown(
            self._baselines, self._steps, self._findings.active, past, self._stored_streams
        )
        self._run_log.show(shown_bytes(found))

    def _steps_at(self, step: int, fill: bool) -> TokenSteps | ValueSteps | None:
        """Return the time steps of an update; 0: of the last one or, if chunks are short, pass.

        `fill`: if the run has a single stream of tokens, with those before it that are known.
        """
        recent = self._recent_steps
        joined = None
        single = isinstance(self._data, TokenData) and self._state.stream.batch == 1
        if recent is not None and fill and single:
            joined = recent.filled(step)
        if recent is not None and joined is None:
            joined = recent.at(step) if step else recent.latest()
        if joined is not None:
            first = joined.first if joined.first < joined.step else 0
            return shown.as_message(joined.step, joined.steps, self._data, first)
        if self._chunk is None or step not in (0, self._chunk.step):
            return None
        return shown.steps_of(self._chunk, self._data)

    def _streams(self, count: int, steps: TokenSteps | ValueSteps | None) -> tuple[TokenSteps, ...]:
        """Return further streams of the same update as the time steps, if that is a single one."""
        if not isinstance(steps, TokenSteps) or steps.first or self._chunk is None:
            return ()
        if steps.step != self._chunk.step:
            return ()
        return shown.streams_of(self._chunk, self._data, count)

    def tick(self, now: float) -> None:
        """Compute the baselines once they are wanted, and store them when they are known."""
        self.plateau.see(self._state.step, self._run_history.losses.recent)
        wanted = self._viewed or self._findings.wants_simple or self._lists_baseline
        if wanted and self._baseline_thread is None and now - self._began > BASELINES_AFTER:
            self._compute_baselines()
        if self._has_new_baselines:
            self._has_new_baselines = False
            self.show()

    @property
    def _lists_baseline(self) -> bool:
        """Whether `rnntui runs` shows a baseline beside the best validation loss."""
        return bool(self._run_log.name) and self._run_history.validations.best is not None

    def settle_baselines(self) -> None:
        """Know the baselines at the end of a run, if that takes no time worth mentioning."""
        if not self._lists_baseline:
            return
        if self._baseline_thread is None:
            data = self._data
            if isinstance(data, TokenData) and len(data.tokens) > FEW_TOKENS:
                return
            self._compute_baselines()
        if self._baseline_thread is not None:
            self._baseline_thread.join(BASELINES_LEFT)

    def _compute_baselines(self) -> None:
        """Compute the baselines in a thread; its sorting and counting rarely hold the GIL."""

        def compute() -> None:
            simple = baselines(self._data)
            self._run_log.baseline = min(simple, key=lambda found: found[1], default=None)
            self._findings.learn_simple(simple)
            every = simple_losses(self._data, simple)
            self._run_log.baseline = min(every, key=lambda found: found[1], default=None)
            self._baselines = shown.as_baselines(every)
            self._has_new_baselines = True

        self._baseline_thread = threading.Thread(target=compute, name="baselines", daemon=True)
        self._baseline_thread.start()

    def welcome(self, bounds: Bounds) -> Welcome:
        """Describe what does not change during the run."""
        found = shown.welcome(self._recipe, self._data, self._state)
        return dataclasses.replace(
            found,
            run=self._run_log.name,
            notes=(*self._notes, *found.notes),
            unsaved=self._unsaved,
            total_steps=bounds.last,
            total_seconds=bounds.seconds or None,
        )

    def snapshot(
        self,
        look: Look,
        viewers: int,
        viewer: Hashable,
        status: State,
        pace: float | None,
        bounds: Bounds,
    ) -> Snapshot:
        """Return the run's current numbers, with what is new since the marks in `look`."""
        self._viewed = True
        now, state = monotonic(), self._state
        rate = self._meter.rate(now, state.step)
        run_history = self._run_history
        history = run_history.losses.since(look.history_level, look.history_bins)
        insight, passage = self._look(look.insight, now, viewer)
        past, past_count = self._prompt_session.past.since(look.past)
        steps = self._steps_at(look.steps_of, look.streams > 0) if look.steps else None
        ended = status == "finished"
        if ended and look.insight.view != BACKTESTS:
            self._insights.look(InsightLook(BACKTESTS), now, ("end", viewer))
        return Snapshot(
            state=status,
            step=state.step,
            epoch=state.step / state.stream.chunks_per_epoch,
            numbers=self._numbers,
            smooth=run_history.losses.recent,
            averaged=run_history.losses.averaged,
            best=run_history.best,
            validation=run_history.validations.latest,
            best_validation=run_history.validations.best,
            lr=state.rate,
            tokens_per_second=rate * state.stream.steps * state.stream.batch,
            updates_per_second=rate,
            elapsed=self._meter.elapsed(now),
            remaining=0.0 if status == "finished" else self._remaining(now, rate, bounds),
            pace=pace,
            sampling=state.sampling,
            factor=state.factor,
            history=history,
            validations=run_history.validations.since(look.validations),
            events=run_history.events.since(look.events),
            event_count=run_history.events.count,
            steps=steps,
            streams=self._streams(look.streams, steps),
            generated=self._prompt_session.since(look.generated, look.generated_length),
            alert=self._monitor.alert,
            baselines=self._baselines,
            viewers=viewers,
            saved=self._run_log.saved,
            disk=self._run_log.trouble,
            window=self._windows.since(look, history) if self._windows else None,
            findings=self._findings.shown,
            insight=insight,
            passage=passage,
            insight_problem=self._insights.problem or self._findings.problem,
            past=past,
            past_count=past_count,
            plateau_since=self.plateau.since(state.step),
            system=self._system.read(now),
            runs=self._experiments.runs,
            backtest=self._insights.backtest_for(look, ended),
        )

    def _look(
        self, look: InsightLook, now: float, viewer: Hashable
    ) -> tuple[Insight | None, Passage | None]:
        """Return the newest message of the view that a viewer shows, and its passage."""
        if look.view in ("health", "experiments"):
            self._signs_until = now + LOOKED_AT
        if look.view == "health":
            self._insights.look(look, now, viewer)
            return self._insights.guarded(lambda: self._health_now(now)), None
        if look.view == "experiments":
            return self._experiments.message(self._state.step), None
        return self._insights.look(look, now, viewer)

    def shows_signs(self, now: float) -> bool:
        """Return whether somebody looks at the signs or at experiments."""
        return now < self._signs_until

    def _health_now(self, now: float) -> Health:
        """Return the signs, updated twice a second."""
        if self._health is None or now >= self._health_due:
            check = self._experiments.gradient_check
            self._health = dataclasses.replace(self._findings.health(), check=check)
            self._health_due = now + HEALTH_EVERY
        return self._health

    def _remaining(self, now: float, rate: float, bounds: Bounds) -> float | None:
        """Estimate the seconds until the first bound is reached."""
        found = []
        if bounds.seconds:
            found.append(max(0.0, bounds.seconds - self._meter.elapsed(now)))
        if bounds.last is not None and rate > 0:
            found.append((bounds.last - self._state.step) / rate)
        return min(found, default=None)


def last_of(now: Snapshot) -> Last:
    """Return the numbers of a run after its last update."""
    return Last(**{name: getattr(now, name) for name in _LAST})


def _numbers_of(state: TrainState, captured: dict[str, Any]) -> UpdateNumbers | None:
    """Return the numbers of a resumed run's last update; None before the first one."""
    loss = last_loss(state)
    if loss is None:
        return None
    known = from_kept(captured)
    return UpdateNumbers(state.step, state.epoch, state.last_loss, loss, state.rate, **known)
