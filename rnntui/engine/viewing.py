"""A run that has ended, or trains where it cannot be talked to, seen from its files alone."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from pathlib import Path
from typing import Any

from rnntui.data import TokenData, ValueData
from rnntui.engine.chronicle import Chronicle
from rnntui.engine.protocol import (
    VERSION,
    Generate,
    History,
    Look,
    Request,
    SetSampling,
    Snapshot,
    State,
    StopWriting,
    Welcome,
)
from rnntui.engine.scribe import Scribe
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.order import Order
from rnntui.recording.model import Model, load_model
from rnntui.recording.vocabulary import rebuild
from rnntui.run.directory import open_run
from rnntui.run.journal import EVENTS, METRICS, ROLLBACK, JournalReader, Line, add_valid
from rnntui.run.status import ENDED
from rnntui.run.summary import RunSummary, summarize
from rnntui.text import safe_text

FOLLOW_EVERY = 1.0  # seconds between two looks at the files of a run that goes on
MOST_RELIVED = 200_000  # updates, of a longer run every second, fourth …
SHOWN: dict[str, State] = {
    "finished": "finished",
    "training": "training",
    "loading": "training",
    "paused": "paused",
    "crashed": "crashed",
    "diverged": "diverged",
    "failed": "failed",
}


class Viewing:
    """Answers as a session does, but for commands that would change the run."""

    def __init__(self, order: Order) -> None:
        """Raises RnntuiError in one line where the run's files cannot be read."""
        self._recipe, self._path = order.recipe, Path(order.run)
        self._run = open_run(self._path)
        self._data = rebuild(self._run.vocabulary())
        self._journals = [JournalReader(self._path, stem) for stem in (METRICS, EVENTS)]
        self._lines: list[list[Line]] = [[], []]
        self._due = 0.0
        self._problem = ""
        self.chronicle, self._level = Chronicle(), 0
        self._scribe: Scribe | None = None
        try:
            self._model: Model | None = load_model(self._path)
            self._scribe = Scribe(self._recipe.sample, self._data, self._model)
        except RnntuiError as error:
            self._model, self._problem = None, str(error)
        self._follow()

    def _follow(self) -> None:
        """Read what is new; where a rollback has voided something, put it all together anew."""
        fresh: list[list[Line]] = [[], []]
        for reader, new in zip(self._journals, fresh, strict=True):
            try:
                while lines := reader.read():
                    new += lines
            except (OSError, DataError) as error:
                self._problem = safe_text(str(error))
        begun = self._lines[0] and not any(ROLLBACK in line for new in fresh for line in new)
        for lines, new in zip(self._lines, fresh, strict=True):
            add_valid(lines, new)
        if begun:
            self._relive(*fresh)
        else:
            self.chronicle = Chronicle()
            updates = _whole(self._lines[0][-1], "step") if self._lines[0] else 0
            self._level = max(0, math.ceil(math.log2(max(1, updates) / MOST_RELIVED)))
            self._relive(*self._lines)
        self._summary: RunSummary = summarize(self._path)

    def _relive(self, metrics: list[Line], events: list[Line]) -> None:
        for line in metrics:
            _relive(self.chronicle, line, 1 << self._level)
        for line in events:
            self.chronicle.events.keep_line(line)

    # ---- what the loop calls ----------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Nothing is left to do for whoever looks away."""
        return True

    @property
    def writing(self) -> bool:
        """Whether there is something to write."""
        return self._scribe is not None and self._scribe.busy

    def delay(self, _now: float) -> float:
        """There is no next update."""
        return math.inf

    def update(self) -> None:
        """There is none."""

    def turn(self, now: float, spare: float) -> None:
        """Write, and follow a run that goes on."""
        if self._scribe is not None and self._scribe.busy:
            self._scribe.turn(now, 0.0, spare)
        if self._summary.live and now >= self._due:
            self._due = now + FOLLOW_EVERY
            self._follow()

    def close(self, *_: Any, **__: Any) -> str:
        """Nothing was changed."""
        return ""

    def obey(self, request: Request) -> None:
        """Write after a prompt. Raises UsageError for any other command."""
        if self._scribe is None or not isinstance(request, Generate | SetSampling | StopWriting):
            raise UsageError(self._problem or self._why_not())
        match request:
            case Generate():
                self._scribe.generate(request)
            case SetSampling():
                self._scribe.set(request.key, request.value)
            case StopWriting():
                self._scribe.stop()

    def _why_not(self) -> str:
        if self._summary.live:
            return f"it trains elsewhere: {self._summary.holder}"
        return f"this run has ended: rnntui resume {self._path.name} goes on with it"

    # ---- how it stands ----------------------------------------------------------------------

    def welcome(self) -> Welcome:
        """What does not change."""
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
            tokens_per_update=0,
            total_steps=self._summary.total,
            total_seconds=train.seconds or None,
            floor=data.floor if isinstance(data, TokenData) else None,
            baselines=(),
            features=tuple(safe_text(feature)[:40] for feature in features[:16]),
            notes=(safe_text(self._problem)[:200],) if self._problem else (),
            workers=train.workers or 1,
            run=safe_text(self._path.name),
            ended=True,
            news=self._news(),
        )

    def _news(self) -> str:
        """In a line, how it ended: what is looked for first."""
        found, name = self._summary, safe_text(self._path.name)
        if found.live:
            return f"seen from its files: {found.holder} trains it"
        ago = _ago(time.time() - found.updated)
        if found.state in ENDED:
            why = f": {safe_text(found.problem)}" if found.problem else ""
            return f"{found.state} {ago}, after update {_thousands(found.step)}{why}"[:200]
        saved = "the beginning"
        if self._model:
            saved = f"the checkpoint of update {_thousands(self._model.step)}"
        last = _whole(self._lines[0][-1], "step") if self._lines[0] else found.step
        return (
            f"crashed {ago}, without a word, after update {_thousands(last)}: "
            f"rnntui resume {name} goes on from {saved}"
        )[:200]

    def _history(self, look: Look) -> History:
        known = look.history_level - self._level if look.history_level >= 0 else -1
        found = self.chronicle.losses.since(known, look.history_bins)
        return dataclasses.replace(found, level=found.level + self._level)

    def snapshot(self, look: Look, viewers: int = 1) -> Snapshot:
        """The run as its files tell it."""
        chronicle, state = self.chronicle, self._model
        last = self._lines[0][-1] if self._lines[0] else {}
        return Snapshot(
            state=SHOWN.get(self._summary.state, "stopped"),
            step=int(last.get("step", 0)),
            epoch=_number(last, "epoch") or 0.0,
            loss=_number(last, "loss"),
            loss_reported=_number(last, "loss"),
            smooth=chronicle.losses.smooth,
            best=chronicle.best,
            validation=chronicle.validations.latest,
            best_validation=chronicle.validations.best,
            lr=_number(last, "lr") or self._recipe.train.lr,
            gradient_norm=_number(last, "gradient_norm"),
            tokens_per_second=self._summary.tokens_per_second if self._summary.live else 0.0,
            updates_per_second=0.0,
            elapsed=_number(last, "seconds") or 0.0,
            remaining=None,
            pace=None,
            temperature=state.temperature if state else self._recipe.sample.temperature,
            history=self._history(look),
            validations=chronicle.validations.since(look.validations),
            events=chronicle.events.since(look.events),
            event_count=chronicle.events.count,
            steps=None,
            writing=self._scribe.since(look.writing, look.written) if self._scribe else None,
            alert=None,
            saved=state.step if state else None,
            viewers=viewers,
            **(_sampling(state) if state else {}),
        )


def _relive(chronicle: Chronicle, line: Line, stride: int) -> None:
    """Updates that a line of the journal gathers, as if each had cost what they did on average.

    Of a long run, one for every `stride` updates.
    """
    loss = _number(line, "loss")
    for _ in range(_whole(line, "step") // stride - chronicle.losses.count):
        chronicle.losses.add(math.nan if loss is None else loss)
    if isinstance(validation := line.get("validation"), int | float):
        chronicle.validations.add(int(line["step"]), float(validation))


def _sampling(model: Model) -> dict[str, Any]:
    keys = ("top_k", "top_p", "greedy", "samples")
    names = {f.name for f in dataclasses.fields(Snapshot)}
    return {key: getattr(model, key) for key in keys if key in names}


def _whole(line: Line, key: str) -> int:
    value = line.get(key)
    return value if isinstance(value, int) and 0 <= value <= 10**12 else 0


def _number(line: Line, key: str) -> float | None:
    value = line.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
