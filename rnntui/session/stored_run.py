"""A run seen through its files: it has ended, or its process cannot be reached."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.baseline import LAST_VALUE
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.insight.findings import SHOWN as MOST_FINDINGS
from rnntui.insight.findings import in_order
from rnntui.insight.health import stored_health
from rnntui.numbers import ago, count
from rnntui.protocol.insight import (
    Experiments,
    Finding,
    Health,
    Insight,
    InsightLook,
    NextPassage,
    Passage,
)
from rnntui.protocol.messages import (
    VERSION,
    Ended,
    Generate,
    Look,
    Request,
    SetSampling,
    Snapshot,
    State,
    StopGenerating,
    Welcome,
)
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.runs.backtest import backtester_of
from rnntui.runs.compared.run import tokens_per_update
from rnntui.runs.job import Job
from rnntui.runs.listing import settings_of
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.event_log import EventLog
from rnntui.runs.store.journal import SIGNS, number, signature, whole
from rnntui.runs.store.metrics import numbers_in
from rnntui.runs.store.status import ENDED, Status, read_status
from rnntui.runs.store.summary import RunSummary, summarize
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.runs.trained_model import Model, find_checkpoint, model_of
from rnntui.runs.vocabulary import rebuild
from rnntui.session.experiments import MOST_RUNS
from rnntui.session.findings import EVENT_WORDS, findings_from
from rnntui.session.insight import Insights
from rnntui.session.prompt_session import PromptSession
from rnntui.session.recorded_losses import SLICE, RecordedLosses
from rnntui.session.run_history import RunHistory
from rnntui.session.view_file import read_shown
from rnntui.text import safe_text
from rnntui.training.state import chunk_steps
from rnntui.update_numbers import UpdateNumbers

FOLLOW_EVERY = 1.0  # seconds between two checks of the files of a live run
READING_PAUSE = 0.001  # seconds for requests between two slices of a long journal
SHOWN: dict[str, State] = {
    "finished": "finished",
    "training": "training",
    "loading": "training",
    "paused": "paused",
    "crashed": "crashed",
    "diverged": "diverged",
    "failed": "failed",
}


class StoredRun:
    """Answers like a session, except for commands that would change the run."""

    def __init__(self, job: Job) -> None:
        """Raises RnntuiError with one line if the run's files cannot be read."""
        self._recipe, self._path = job.recipe, Path(job.run)
        self._why = safe_text(job.why)
        self._run = open_run(self._path)
        self._data = rebuild(self._run.vocabulary())
        self._due = 0.0
        self._problem = ""
        self.ended: Ended | None = None  # this process ends no run
        self.run_history = RunHistory()
        self._saved: int | None = None  # the update of the last checkpoint
        self._model: Model | None = None
        self._prompt_session: PromptSession | None = None
        try:
            checkpoint = find_checkpoint(self._path)
            self._saved = checkpoint.step
            if isinstance(self._data, ValueData):  # a forecast is the one of `rnntui generate`
                checkpoint = find_checkpoint(self._path, "best")
            self._model = model_of(stored_recipe(self._path), self._data, checkpoint)
            tests = backtester_of(self._recipe, self._data)
            self._prompt_session = PromptSession(
                self._recipe.sample, self._data, self._model, tests
            )
        except RnntuiError as error:
            self._problem = str(error)
        self._shown = read_shown(self._path)
        if self._prompt_session is not None:
            self._prompt_session.past.restore(self._shown.past)
        self._log, self._new_events = EventLog(self._path, recent=EVENT_WORDS), 0
        self._findings: tuple[Finding, ...] = ()
        self._health: tuple[object, Health] | None = None  # and what it was made from
        self._insights: Insights | None = None
        self._measuring = False  # a view is being measured
        self._runs: tuple[str, ...] = ()  # started from here
        self._unread = ""  # why the views cannot read the source
        self._recorded = RecordedLosses(self._path)
        self._summary: RunSummary = summarize(self._path, measure=False)
        self._status: Status | None = None
        self._follow(0.0)

    def _follow(self, seconds: float = SLICE) -> None:
        """Read new lines for about `seconds`."""
        try:
            self._recorded.follow(seconds)
            self._new_events += self._log.read(seconds)
            if self._log.complete:
                for line in self._log.newest(self._new_events):
                    self.run_history.events.keep_line(line)
                if self._new_events:
                    self._findings = in_order(self._newest(findings_from(self._log.recent)))
                self._new_events, self.run_history.events.count = 0, self._log.count
        except (OSError, DataError) as error:
            self._problem = safe_text(str(error))
        self._status = self._final_status()

    def _newest(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Give each finding its newest evidence: the journal has that of when it was found."""
        newest = {(finding.id, finding.since): finding for finding in self._shown.findings}
        for finding in findings:
            yield newest.get((finding.id, finding.since), finding)

    def _final_status(self) -> Status | None:
        """Return an ended run's status: unlike the metrics, it has the last update's numbers."""
        if self._summary.state not in ENDED:
            return None
        try:
            return read_status(self._path)
        except (OSError, DataError) as error:
            self._problem = safe_text(str(error))
            return None

    # ---- what the loop calls ----------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Always true: nothing needs doing without a viewer."""
        return True

    @property
    def _complete(self) -> bool:
        """Whether everything has been read; unreadable files are not waited for."""
        return self._recorded.complete and (self._log.complete or bool(self._problem))

    @property
    def busy(self) -> bool:
        """Whether there is work to do, so that waiting would delay it."""
        generating = self._prompt_session is not None and self._prompt_session.busy
        return generating or self._measuring

    def delay(self, _now: float) -> float:
        """Return how long to wait for requests; there is no next update."""
        return math.inf if self._complete else READING_PAUSE

    def update(self) -> None:
        """Do nothing: there are no updates."""

    def tick(self, now: float, spare: float) -> None:
        """Generate text, and follow the files of a live run."""
        if self._prompt_session is not None and self._prompt_session.busy:
            self._prompt_session.tick(now, 0.0, spare)
        self._measuring = self._insights is not None and self._insights.tick(now, idle=True)
        if self._complete and not self._summary.live:
            return
        if not self._complete or now >= self._due:
            self._follow()
            self._due = monotonic() + (FOLLOW_EVERY if self._complete else 0.0)
        if self._complete:
            self._summary = summarize(self._path, measure=False)

    @property
    def complete(self) -> bool:
        """True: no update is made here."""
        return True

    def close(self, *_: Any, **__: Any) -> str:
        """Do nothing: the run was not changed."""
        return ""

    def handle(self, request: Request) -> None:
        """Handle what changes nothing of the run. Raises UsageError for any other command."""
        if isinstance(request, NextPassage) and self._model is not None:
            self._measured().next_passage(request.text)
            return
        if self._prompt_session is None or not isinstance(
            request, Generate | SetSampling | StopGenerating
        ):
            raise UsageError(self._problem or self._why_not())
        match request:
            case Generate():
                self._prompt_session.generate(request)
            case SetSampling():
                self._prompt_session.set(request.key, request.value)
            case StopGenerating():
                self._prompt_session.stop()

    @property
    def recipe(self) -> Recipe:
        """The recipe that was trained."""
        return self._recipe

    def report(self, text: str) -> None:
        """Show a line for the user; nothing is written to the run."""
        self.run_history.events.add(self._step, 0.0, "note", safe_text(text)[:200])

    @property
    def name(self) -> str:
        """The run's name."""
        return self._path.name

    def began(self, run: str) -> None:
        """Show that a new run was started from here."""
        self._runs = (*self._runs, run)[-MOST_RUNS:]
        self.report(f"started {run}: rnntui attach {run}")

    def _why_not(self) -> str:
        if self._summary.live:
            return self._why or f"this run is being trained elsewhere: {self._summary.holder}"
        return f"this run has ended: rnntui resume {self._path.name} continues it"

    # ---- views ------------------------------------------------------------------------------

    def welcome(self) -> Welcome:
        """Describe what does not change."""
        data, info, train = self._data, self._run.info, self._recipe.train
        features = data.features if isinstance(data, ValueData) else ()
        return Welcome(
            version=VERSION,
            pid=os.getpid(),
            parameters=info.parameters,
            source=safe_text(info.source)[:200],
            unit=data.unit,
            vocab_size=data.tokenizer.vocab_size if isinstance(data, TokenData) else 0,
            train_size=0,
            validation_size=0,
            split=safe_text(data.split)[:200],
            steps_per_epoch=0,
            tokens_per_update=tokens_per_update(settings_of(self._recipe)),
            total_steps=self._summary.total,
            total_seconds=train.seconds or None,
            floor=data.floor,
            baselines=(),
            features=tuple(safe_text(feature)[:40] for feature in features[:16]),
            notes=(safe_text(self._problem)[:200],) if self._problem else (),
            workers=train.workers or 1,
            batch=train.batch,
            turns=train.turns,
            seq_len=train.seq_len if isinstance(train.seq_len, int) else 0,
            run=safe_text(self._path.name),
            ended=True,
            news=self._news(),
        )

    def _news(self) -> str:
        """Summarize in one line how the run ended."""
        found, name = self._summary, safe_text(self._path.name)
        if found.live:
            why = self._why or f"it is being trained by {found.holder}"
            return f"shown from its files: {why}"[:200]
        when = ago(time.time() - found.updated)
        if found.state in ENDED:
            why = f": {safe_text(found.problem)}" if found.problem else ""
            return f"{found.state} {when}, after update {count(found.step)}{why}"[:200]
        saved = "the start"
        if self._saved is not None:
            saved = f"the checkpoint at update {count(self._saved)}"
        last = self._step or found.step
        return (
            f"crashed {when}, after update {count(last)}: "
            f"rnntui resume {name} continues from {saved}"
        )[:200]

    def snapshot(self, look: Look, viewers: int = 1, viewer: Hashable = None) -> Snapshot:
        """Return the run's numbers from its files."""
        past, model, line = self._recorded, self._model, self._recorded.line
        history = past.history(look)
        loss, recent, averaged, best = self._losses()
        validations = past.validations(0)
        insight, passage = self._look(look.insight, viewer)
        prompts = self._prompt_session
        texts, text_count = prompts.past.since(look.past) if prompts else ((), 0)
        steps = self._shown.steps if look.steps and not look.steps_of else None
        return Snapshot(
            state=SHOWN.get(self._summary.state, "stopped"),
            step=self._step,
            epoch=number(line, "epoch") or 0.0,
            numbers=self._numbers(loss),
            smooth=recent,
            averaged=averaged,
            best=best,
            validation=validations[-1].loss if validations else None,
            best_validation=past.best_validation,
            lr=number(line, "lr") or self._recipe.train.lr,
            tokens_per_second=self._summary.tokens_per_second if self._summary.live else 0.0,
            updates_per_second=0.0,
            elapsed=number(line, "seconds") or 0.0,
            remaining=None,
            pace=None,
            sampling=model.sampling if model else SamplingSettings.of(self._recipe.sample),
            history=history,
            validations=past.validations(look.validations),
            events=self.run_history.events.since(look.events),
            event_count=self.run_history.events.count,
            steps=steps,
            streams=self._shown.streams[: look.streams] if steps is not None else (),
            generated=self._prompt_session.since(look.generated, look.generated_length)
            if self._prompt_session
            else None,
            alert=None,
            baselines=self._shown.baselines,
            saved=self._saved,
            viewers=viewers,
            window=past.window(look, history),
            findings=self._findings[:MOST_FINDINGS],
            insight=insight,
            passage=passage,
            insight_problem=self._insight_problem(),
            past=texts,
            past_count=text_count,
            runs=self._runs,
            backtest=self._insights.backtest_for(look) if self._insights else None,
        )

    def _look(self, look: InsightLook, viewer: Hashable) -> tuple[Insight | None, Passage | None]:
        """Return the newest message of the view that a viewer shows, and its passage."""
        if look.view == "health":
            if self._model is not None and isinstance(self._data, ValueData):
                self._measured().look(look, monotonic(), viewer)
            return self.health(), None
        if look.view == "experiments":
            return Experiments(self._step, runs=self._runs), None
        if look.view == "watch" or self._model is None:
            return None, None
        return self._measured().look(look, monotonic(), viewer)

    def _measured(self) -> Insights:
        """Return the views of the checkpoint; they read the run's own source."""
        if self._insights is None:
            assert self._model is not None
            data: Dataset = self._data
            try:
                data = same_data(self._recipe, self._run, self._data)
            except (RnntuiError, OSError) as error:
                self._unread = f"the views cannot read the source: {safe_text(str(error))}"[:200]
            window, tests = chunk_steps(self._recipe, data), backtester_of(self._recipe, data)
            self._insights = Insights(self._recipe, data, self._model, window, tests)
        return self._insights

    def _insight_problem(self) -> str:
        if self._model is None:
            return safe_text(self._problem)[:200]
        return self._unread or (self._insights.problem if self._insights else "")

    def health(self) -> Health | None:
        """Return the signs over the whole run, from its journal; None if it is unreadable."""
        known = (signature(self._path, SIGNS), self._findings, self._shown.baselines)
        if self._health is None or self._health[0] != known:
            compared = self._shown.baselines
            if isinstance(self._data, ValueData):  # as while it trained
                compared = tuple(one for one in compared if one.name == LAST_VALUE)
            simple = tuple((one.name, one.loss) for one in compared)
            try:
                rate = number(self._recorded.line, "lr")
                found = stored_health(self._path, self._recipe, self._findings, simple, rate)
            except (OSError, DataError) as error:
                self._problem = safe_text(str(error))
                return None
            self._health = known, found
        return self._health[1]

    @property
    def _step(self) -> int:
        return whole(self._recorded.line, "step") or 0

    def _numbers(self, loss: float | None) -> UpdateNumbers | None:
        """Return what the files say about the last update, with its loss per token."""
        if not self._step:
            return None
        line, known = self._recorded.line, math.nan if loss is None else loss
        epoch = math.floor(number(line, "epoch") or 0.0)
        return UpdateNumbers(self._step, epoch, known, known, **numbers_in(line))

    def _losses(self) -> tuple[float | None, float | None, int, float | None]:
        """Return the last loss, the recent mean, the updates averaged, and the lowest mean."""
        status, line = self._status, self._recorded.line
        if status is not None and status.averaged is not None:
            return status.last, status.loss, status.averaged, status.lowest
        # A live run, or one of an older version: a line summarizes several updates.
        loss = number(line, "loss")
        return loss, loss, whole(line, "updates") or 1, self._recorded.best
