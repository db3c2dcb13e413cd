"""Drive a run in this process and tell a report of it."""

from __future__ import annotations

import math
import sys
from time import perf_counter
from typing import NoReturn

from rnntui.data import Dataset
from rnntui.engine.health import Circumstances, Trouble, Watch, alert
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
from rnntui.trainer import Chunk, TrainState, finish, total_steps, train
from rnntui.waiting import Waiting

PATIENCE = 10  # updates in a row that change nothing because a number is not finite


def train_in_foreground(order: Order, view: View, notes: tuple[str, ...] = ()) -> int:
    """Carry out an order to the recipe's bounds with lines on stdout; the exit code.

    SIGINT, SIGTERM and SIGHUP end it with a last line. Raises RnntuiError, also where the loss is
    no longer finite.
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
        trouble = _Troubles(recipe, data, report)
        see, look = report.see, trouble.look
        for chunk in keeping.whole(train(recipe, data, state), stopping):
            see(chunk)
            look(chunk)
        trouble.check_end(state)
        keeping.finished()
        report.end(finish(recipe, data, state))


class _Troubles:
    """Says once what goes wrong, and ends a run that can learn no more."""

    def __init__(self, recipe: Recipe, data: Dataset, report: Report) -> None:
        self._recipe, self._data, self._report = recipe, data, report
        self._watch = Watch(recipe.data.task, yardstick(data))
        self._told: set[Trouble] = set()
        self._bad = self._bad_step = 0

    def look(self, chunk: Chunk) -> None:
        """Look at an update. Raises RnntuiError after too many that changed nothing."""
        trouble = self._watch.see(chunk.loss_per_token, chunk.applied)
        if not trouble:
            return
        if trouble not in self._told:
            self._told.add(trouble)
            self._tell(trouble, chunk)
        if trouble == "not finite":
            self._bad = self._bad + 1 if chunk.step == self._bad_step + 1 else 1
            self._bad_step = chunk.step
            if self._bad == PATIENCE:
                self._give_up(chunk.lr)

    def check_end(self, state: TrainState) -> None:
        """Raise RnntuiError if the run ended on an update that changed nothing."""
        if state.step and state.step == self._bad_step:
            self._give_up(state.lr)

    def _tell(self, trouble: Trouble, chunk: Chunk) -> None:
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
        what = "a number is no longer finite" if trouble == "not finite" else _begin(found.title)
        self._report.note(f"at update {chunk.step} {what}. {found.cause}")

    def _give_up(self, lr: float) -> NoReturn:
        self._report.stop("not finite")
        train = self._recipe.train
        cure = f"try --lr {lr / 4:.3g}"
        if not train.clip or train.clip_mode != "norm" or math.isinf(train.clip):
            cure += " --clip 1 --set clip_mode=norm"
        since = self._bad_step - self._bad + 1
        raise RnntuiError(f"the loss is no longer a finite number since update {since}: {cure}")


def _begin(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
