"""The findings of a run in this process: measured, judged, reported once, and stored."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic, thread_time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.insight.allowance import Allowance
from rnntui.insight.findings import SHOWN, Findings
from rnntui.insight.health import health, journal_line, series_of
from rnntui.insight.history import History
from rnntui.insight.rules import RULES
from rnntui.insight.signs import OTHERS, Meter, Open, facts_of
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Dismiss, Finding, Health
from rnntui.protocol.messages import ProtocolError
from rnntui.runs.opening import Opened
from rnntui.runs.store.journal import Line
from rnntui.session.commands import handles
from rnntui.text import safe_text
from rnntui.training.loop import Chunk

if TYPE_CHECKING:
    from rnntui.session.session import Session

FINDING: Literal["finding"] = "finding"  # kind of the journal's events, and a key of their lines
EVENT_WORDS = (f'"{FINDING}"',)  # texts that identify those lines
SAVED_UP = 0.0003  # seconds
TIMED = 15  # times that recording an update took: the median of so many counts
JOURNAL_EVERY, JOURNAL_FIRST = 5.0, 0.5  # seconds between two lines of signs, at most and at first
JOURNAL_PARTS = 60  # until then, a line comes after this part of the time so far

ChangeState = Literal["found", "withdrawn"]


@dataclass(frozen=True)
class Change:
    """A finding that was found or withdrawn after update `step`."""

    step: int
    state: ChangeState
    finding: Finding

    @property
    def text(self) -> str:
        """The change in one line."""
        title = self.finding.title
        return f"{title}: {self.finding.short}" if self.state == "found" else f"no longer: {title}"

    @property
    def line(self) -> dict[str, Any]:
        """Further fields of the journal's line."""
        return {"state": self.state, FINDING: to_plain(self.finding)}


class RunFindings:
    """Measures the signs of a run and judges them; `changes` are those of the last update."""

    def __init__(self, opened: Opened) -> None:
        """Continue from what the checkpoint and the journal have."""
        state, captured = opened.state, opened.captured
        self._recipe, self._state = opened.recipe, state
        self._facts = facts_of(opened.recipe, opened.data, state)
        self._history = History()
        self._meter = Meter(self._facts, opened.data, state, self._history)
        if isinstance(signs := captured.get("signs"), Mapping):
            self._history.restore(signs)
        before = [found for row in _rows(captured) if (found := _finding(row))]
        self._findings = Findings(findings_from(opened.again, before), state.step)
        self._judging = Allowance(OTHERS.judging, SAVED_UP)
        self._dismissed: tuple[str, ...] = tuple(
            name for name in captured.get("dismissed", ()) if isinstance(name, str)
        )
        self._failure = ""
        self._aside = False  # the next update is not simply recorded: it is timed, or nothing is
        self._timed: deque[float] = deque(maxlen=TIMED)  # seconds that recording an update took
        self._journal_due = self._began = monotonic()
        self._journaled = self._history.step
        self.changes: tuple[Change, ...] = ()
        self.wants_simple = False  # a verdict waits for the losses of simple models

    @property
    def active(self) -> tuple[Finding, ...]:
        """All that hold and have not been dismissed, the most important first."""
        return tuple(f for f in self._findings.active if f.id not in self._dismissed)

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The most important ones."""
        return self.active[:SHOWN]

    @property
    def problem(self) -> str:
        """Why the signs are no longer measured, in one safe line; empty if they are."""
        return self._failure or self._meter.problem

    @property
    def ids(self) -> frozenset[str]:
        """Ids of those that hold."""
        return frozenset(finding.id for finding in self._findings.active)

    @property
    def fixable(self) -> bool:
        """Whether one of them is fixed by restoring weights at a lower learning rate."""
        return any(finding.key == "m" for finding in self._findings.active)

    def share_time(self, view: Open) -> None:
        """Measure less while a view is open: what both take together is limited."""
        self._meter.open = view

    @property
    def recording_share(self) -> float:
        """The share of the time that it takes to record every update; 0 until that is known.

        It is measured while a view is open.
        """
        return float(np.median(self._timed)) / self._meter.update_seconds if self._timed else 0.0

    def see(self, chunk: Chunk) -> None:
        """Measure an update and, if it is time to, judge the signs.

        Whatever goes wrong ends the judging, not the run: `problem` then says what.
        """
        self.changes = ()
        if self._aside:
            self._see_aside(chunk)
            return
        try:
            if self._meter.see(chunk):
                self._judge_if_due(chunk.step)
        except Exception as error:
            self._fail(error)

    def _see_aside(self, chunk: Chunk) -> None:
        """Time how long recording an update takes, unless nothing is recorded any more."""
        if self._failure:
            return
        self._aside = False
        began = thread_time()
        self.see(chunk)
        took = thread_time()
        if not self._aside:  # an update that completes a sample is no measure of the others
            self._timed.append(max(0.0, 2 * took - began - thread_time()))  # less the clock's

    def see_end(self, step: int, validation: float | None) -> None:
        """Judge the signs at the end of a run, with the validation that it ended with, if any."""
        self.changes = ()
        if self._failure:
            return
        try:
            if validation is not None:
                self._meter.validated(step, validation)
            self.changes = self._judge(step)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._aside = True
        self._failure = safe_text(f"no more findings: {type(error).__name__}: {error}")[:200]

    def _judge_if_due(self, step: int) -> None:
        self._aside = bool(self._meter.open)
        self._judging.share = self._meter.shares.judging
        if self._judging.allows:
            with self._judging.spending():
                self.changes = self._judge(step)

    def _judge(self, step: int) -> tuple[Change, ...]:
        judged = self._findings.judge(self._facts, self._history)
        self.wants_simple = judged.needs_simple
        return (
            *(Change(step, "withdrawn", finding) for finding in judged.withdrawn),
            *(Change(step, "found", finding) for finding in judged.found),
        )

    def learn_simple(self, simple: tuple[tuple[str, float], ...]) -> None:
        """Take the losses of simple models; another thread may call it."""
        self._facts = dataclasses.replace(self._facts, simple=simple)

    def restart(self, step: int) -> tuple[Change, ...]:
        """Withdraw what was found about weights in whose place the user has restored earlier ones.

        Returns these changes, which are also among those of the last update.
        """
        self._meter.restart()
        gone = tuple(Change(step, "withdrawn", finding) for finding in self._findings.withdraw())
        self.changes += gone
        return gone

    def dismiss(self, name: str) -> None:
        """Hide a finding for the rest of the run. Raises UsageError for an unknown one."""
        if name not in RULES:
            raise UsageError(f"no finding is called '{safe_text(name)}'")
        if name not in self._dismissed:
            self._dismissed = (*self._dismissed, name)

    def health(self) -> Health:
        """The signs so far, as a message."""
        return health(
            self._recipe,
            series_of(self._history),
            self._history.reach[-1].window if self._history.reach else 0,
            self._findings.active,
            self._facts.simple or (),
            self._meter.tensors,
            self._dismissed,
            self._history.samples[-1].rate if self._history.samples else None,
        )

    def due_line(self, seconds: float, last: bool = False) -> dict[str, Any] | None:
        """The newest signs for the journal if a line is due; `last`: if they are not in it yet."""
        now = monotonic()
        if self._history.step == self._journaled or not (last or now >= self._journal_due):
            return None
        part = (now - self._began) / JOURNAL_PARTS
        self._journal_due = now + min(JOURNAL_EVERY, max(JOURNAL_FIRST, part))
        self._journaled = self._history.step
        return journal_line(self._history, seconds)

    def capture(self) -> dict[str, Any]:
        """What a checkpoint stores, as plain values."""
        return {
            "signs": self._history.capture(),
            "findings": [to_plain(finding) for finding in self._findings.active],
            "dismissed": list(self._dismissed),
        }


def findings_from(lines: Iterable[Line], before: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """The findings that hold after the events of a journal, given those that held before."""
    active = {finding.id: finding for finding in before}
    for line in lines:
        if line.get("kind") != FINDING or not (finding := _finding(line.get(FINDING))):
            continue
        if line.get("state") == "found":
            active[finding.id] = finding
        else:
            active.pop(finding.id, None)
    return tuple(active.values())


def _rows(captured: Mapping[str, Any]) -> list[Any]:
    rows = captured.get("findings")
    return rows if isinstance(rows, list) else []


def _finding(row: Any) -> Finding | None:
    """A finding from unchecked plain values."""
    try:
        return from_plain(Finding, row)
    except (ProtocolError, TypeError, KeyError):
        return None


@handles(Dismiss)
def _dismiss(session: Session, request: Dismiss) -> None:
    session.findings.dismiss(request.finding)
