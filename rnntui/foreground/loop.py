"""Drive a run in this process and tell a report of it."""

from __future__ import annotations

import math
import sys
from time import perf_counter
from typing import NoReturn

from rnntui.data import Dataset
from rnntui.engine.health import Circumstances, Trouble, Watch, alert
from rnntui.engine.responses import responses
from rnntui.engine.steps import largest_value, yardstick
from rnntui.errors import RnntuiError
from rnntui.foreground.json_report import JsonReport
from rnntui.foreground.keeping import Keeping
from rnntui.foreground.plain_report import PlainReport
from rnntui.foreground.report import Lines, Report, Run
from rnntui.foreground.stopping import Stopped, Stopping, stoppable
from rnntui.options import View
from rnntui.order import Order
from rnntui.parallel.crew import Crew
from rnntui.parallel.recruiting import recruit
from rnntui.recipe import Recipe
from rnntui.recording.opening import open_order
from rnntui.stability import Reason
from rnntui.trainer import Chunk, TrainState, finish, total_steps, train
from rnntui.waiting import Waiting

_GIVEN_UP: dict[Reason, str] = {
    "not finite": "the loss is no longer a finite number",
    "spike": "the gradient leaps again and again",
    "stays up": "the loss stays up",
}


def train_in_foreground(order: Order, view: View, notes: tuple[str, ...] = ()) -> int:
    """Carry out an order to the recipe's bounds with lines on stdout; the exit code.

    SIGINT, SIGTERM and SIGHUP end it with a last line. Raises RnntuiError, also where the loss is
    no longer finite, or goes back to good weights in vain.
    """
    lines = Lines(sys.stdout)
    report: Report = (
        JsonReport(lines, view.every) if view.mode == "json" else PlainReport(lines, view.every)
    )
    with stoppable() as stopping:
        try:
            with Crew() as crew:
                _train(order, report, notes, stopping, crew)
        except Stopped as stop:
            report.stop(stop.name)
            return stop.code
    return 0


def _train(
    order: Order, report: Report, notes: tuple[str, ...], stopping: Stopping, crew: Crew
) -> None:
    recruit(order.recipe, crew)
    stdin = getattr(sys.stdin, "buffer", None)
    opened = open_order(order, stdin, order.terminal, crew, Waiting(report.note))
    with Keeping(opened, report.note) as keeping:
        recipe, data, state = opened.recipe, opened.data, opened.state
        began = perf_counter() - keeping.before
        parameters, total = state.parameters.count, total_steps(recipe, data)
        run = Run(recipe, data, parameters, total, began, state.workers, keeping.name)
        report.begin(run)
        for note in (*notes, *opened.notes, *data.notes):
            report.note(note)
        trouble = _Troubles(recipe, data, state, report)
        see, look = report.see, trouble.look
        for chunk in keeping.whole(train(recipe, data, state), stopping):
            see(chunk)
            look(chunk)
        trouble.check_end()
        keeping.finished()
        report.end(finish(recipe, data, state))


class _Troubles:
    """Says once what goes wrong, and ends a run that can learn no more."""

    def __init__(self, recipe: Recipe, data: Dataset, state: TrainState, report: Report) -> None:
        self._recipe, self._data, self._state, self._report = recipe, data, state, report
        self._watch = Watch(recipe.data.task, yardstick(data))
        self._told: set[Trouble] = set()
        self._bad_since = 0  # the first update left out, or that led back; 0: none, or overcome

    def look(self, chunk: Chunk) -> None:
        """Look at an update. Raises RnntuiError where going back has not helped."""
        for _, text in responses(chunk):
            self._report.note(text)
        stability = self._state.stability
        if chunk.fault or chunk.response:
            self._bad_since = self._bad_since or chunk.step
        elif not stability.rollbacks:
            self._bad_since = 0
        if chunk.response == "rollback":
            self._tell(stability.reason, chunk)
            self._watch.anew()
        elif chunk.response == "give up":
            self._give_up()
        elif not chunk.fault and (trouble := self._watch.see(chunk.loss_per_token)):
            self._tell(trouble, chunk)

    def check_end(self) -> None:
        """Raise RnntuiError if the run ended in updates that were left out."""
        if self._state.stability.troubled:
            self._give_up()

    def _tell(self, trouble: Trouble, chunk: Chunk) -> None:
        if trouble in self._told:
            return
        self._told.add(trouble)
        now = Circumstances(
            step=chunk.step,
            loss=self._watch.mean,
            lr=chunk.lr,
            gradient_norm=chunk.gradient_norm,
            predictions=chunk.tokens,
            largest_value=largest_value(self._data),
            raised=None,
            good_step=0,
        )
        found = alert(trouble, self._recipe, now, self._watch.reference)
        title, _, _ = found.title.partition(": training is paused")
        self._report.note(f"at update {chunk.step} {_begin(title)}. {found.cause}")

    def _give_up(self) -> NoReturn:
        train, reason = self._recipe.train, self._state.stability.reason
        self._report.stop("not finite" if reason == "not finite" else "diverged")
        cure = f"try --lr {self._state.rate / 4:.3g}"
        if not train.clip or train.clip_mode != "norm" or math.isinf(train.clip):
            cure += " --clip 1 --set clip_mode=norm"
        raise RnntuiError(f"{_GIVEN_UP[reason]} since update {self._bad_since}: {cure}")


def _begin(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
