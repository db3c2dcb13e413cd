"""What makes the updates of a run: this process alone, or with a crew of workers."""

from __future__ import annotations

import os
from collections.abc import Callable

from rnntui.errors import EngineError
from rnntui.nn.arena import Array
from rnntui.nn.optim import gradient_norm
from rnntui.parallel.board import Board, private_board, shared_board, shared_memory, size_of
from rnntui.parallel.crew import Crew
from rnntui.parallel.line import Kind
from rnntui.parallel.plan import Plan
from rnntui.parallel.share import Share

Between = Callable[[], None]


class Updater:
    """Computes gradients of chunks and applies them. Methods raise EngineError if a worker fails.

    The share of this process, number 0, has the first streams. Without workers it is all.
    """

    def __init__(self, plan: Plan, crew: Crew) -> None:
        """`crew` gets its workers here, if it has none yet. Raises MemoryError or EngineError."""
        self.plan, self.workers, self._crew = plan, plan.workers, crew
        self._asked: Kind | None = None  # and not answered yet
        self.board = self._share_board(plan) if plan.workers > 1 else private_board(plan)
        self.share = Share(plan, self.board, 0)

    def _share_board(self, plan: Plan) -> Board:
        memory = shared_memory(size_of(plan))
        try:
            self._crew.plan(plan.workers - 1, plan.to_json(), memory)
            self._asked = Kind.PLAN
            return shared_board(memory, plan)
        finally:
            os.close(memory)

    def gradient(
        self, inputs: Array, targets: Array, between: Between | None = None
    ) -> tuple[float, float]:
        """Of a chunk, both (T, B) or (T, B, D): the summed loss and the gradient's norm.

        Nothing else changes but the streams that dropout is drawn from. `between` is called now and
        then while a worker takes its time.
        """
        if self.workers > 1:
            others = slice(self.share.streams.stop, None)
            self._settle(between)
            self.board.inputs[:, others] = inputs[:, others]
            self.board.targets[:, others] = targets[:, others]
        self._ask(Kind.GRADIENT)
        total = self.share.gradient(inputs, targets)
        total = sum(self._answers(between), total)
        self._ask(Kind.REDUCE)
        square = self.share.reduce()
        square = sum(self._answers(between), square)
        return total, gradient_norm(self.board.gradients[0], square)

    def apply(self, lr: float, norm: float, between: Between | None = None) -> None:
        """Clip the gradient, whose norm is given, make the update, carry the hidden state on."""
        self._ask(Kind.APPLY, lr, norm, self.share.optimizer.updates)
        self.share.apply(lr, norm)
        self._answers(between)

    def discard(self, carry_on: bool, between: Between | None = None) -> None:
        """Leave the update out; with `carry_on` the hidden state goes with the stream all the same.

        Nothing stays of the gradient, not even between the tensors, where it might not be finite.
        """
        self.board.gradients.fill(0)
        if carry_on:
            self._ask(Kind.CARRY_ON)
            self.share.carry_on()
            self._answers(between)

    def random_states(self) -> Array:
        """The states of the dropout streams, (workers, 625): to go on from later."""
        self._settle()
        self._ask(Kind.PUT_RANDOM)
        self.share.put_random()
        self._answers()
        return self.board.random[: self.workers].copy()

    def set_random_states(self, states: Array) -> None:
        """Go on with dropout streams as `random_states` gave them."""
        self._settle()
        self.board.random[: self.workers] = states
        self._ask(Kind.TAKE_RANDOM)
        self.share.take_random()
        self._answers()

    def check(self) -> None:
        """Raise EngineError if a worker has ended while nothing was asked of it."""
        if self._asked is None:
            self._crew.check()

    def close(self) -> None:
        """End the workers: no more updates. What they have learned stays."""
        self._crew.close()

    def _settle(self, between: Between | None = None) -> None:
        """Wait until the workers are there and have nothing to do."""
        if self._asked is Kind.PLAN:
            self._answers(between)

    def _ask(self, kind: Kind, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> None:
        if self.workers == 1:
            return
        if self._asked is not None or len(self._crew.active) != self.workers - 1:
            raise EngineError("the workers have ended or were broken off: start the run again")
        self._asked = kind
        self._crew.send(kind, a, b, c)

    def _answers(self, between: Between | None = None) -> list[float]:
        if self._asked is None:
            return []
        found = self._crew.answers(self._asked, between)
        self._asked = None
        return found
