"""Make the updates of a run, in this process alone or with a pool of workers."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from dataclasses import replace

from rnntui.errors import WorkerError
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.layout import Array
from rnntui.nn.optim import gradient_norm
from rnntui.training.workers.channel import Kind
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.shard import Shard
from rnntui.training.workers.shared_arrays import (
    mapped_arrays,
    private_arrays,
    shared_memory,
    size_of,
)

Between = Callable[[], None]


class Updater:
    """Computes gradients of chunks and applies them. Methods raise EngineError if a worker fails.

    The share of this process, number 0, has the first streams. Without workers it is all.
    """

    def __init__(self, plan: Plan, pool: WorkerPool, most: int = 1) -> None:
        """`pool` gets its workers here, if it has none yet. Raises MemoryError or EngineError.

        `most`: the most processes that `share` may be called with.
        """
        self.plan, self.workers, self.pool = plan, plan.workers, pool
        self._asked: Kind | None = None  # and not answered yet
        self._memory: int | None = None  # the descriptor of the memory that `share` divides
        if plan.workers > 1 or most > 1:
            self._open_memory(replace(plan, workers=max(plan.workers, most)))
        self._join(most > 1)

    def share(self, workers: int) -> None:
        """Divide the updates among as many processes, once, from the next one on.

        The parameters stay where they are, and dropout continues; moments and hidden state are left
        to the caller. Raises EngineError.
        """
        if self._memory is None:  # there is nothing to divide: this process keeps its arrays
            return
        plan, random = replace(self.plan, workers=workers), self.shard.random_state()
        os.ftruncate(self._memory, size_of(plan))
        self.plan, self.workers = plan, workers
        self._join(False)
        self.shard.set_random_state(random)

    @property
    def kernels(self) -> Kernels:
        """The kernels of every process."""
        return self.plan.kernels

    def use(self, kernels: Kernels) -> None:
        """Change the kernels of every process, from the next update on. Raises EngineError."""
        if kernels == self.plan.kernels:
            return
        self._settle()
        self._ask(Kind.KERNELS, text=str(kernels).encode())
        self.plan = replace(self.plan, kernels=kernels)
        self.shard.network.use(kernels)
        self._answers()

    def _open_memory(self, plan: Plan) -> None:
        self._memory = shared_memory(size_of(plan))
        self._forget_memory = weakref.finalize(self, os.close, self._memory)

    def _join(self, again: bool) -> None:
        """Take the arrays of the plan; `again`: their memory will be divided once more."""
        if self._memory is None:
            self.arrays = private_arrays(self.plan)
        else:
            try:
                if self.workers > 1:
                    self.pool.plan(self.workers - 1, self.plan.to_json(), self._memory)
                    self._asked = Kind.PLAN
                self.arrays = mapped_arrays(self._memory, self.plan)
            finally:
                if not again:
                    self._forget_memory()
                    self._memory = None
        self.shard = Shard(self.plan, self.arrays, 0)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes that train, this one first."""
        return os.getpid(), *(self.pool.pids if self.workers > 1 else ())

    def gradient(
        self, inputs: Array, targets: Array, between: Between | None = None
    ) -> tuple[float, float]:
        """Of a chunk, both (T, B) or (T, B, D): the summed loss and the gradient's norm.

        Nothing else changes but the streams that dropout is drawn from. `between` is called now and
        then while a worker takes its time.
        """
        if self.workers == 1:
            total, square = self.shard.gradient(inputs, targets), self.shard.reduce()
        else:
            total, square = self._shared_gradient(inputs, targets, between)
        return total, gradient_norm(self.arrays.gradients[0], square)

    def _shared_gradient(
        self, inputs: Array, targets: Array, between: Between | None
    ) -> tuple[float, float]:
        """The loss and the gradient's squared norm, computed by all processes."""
        others = slice(self.shard.streams.stop, None)
        self._settle(between)
        self.arrays.inputs[:, others] = inputs[:, others]
        self.arrays.targets[:, others] = targets[:, others]
        self._ask(Kind.GRADIENT)
        total = self.shard.gradient(inputs, targets)
        total = sum(self._answers(between), total)
        self._ask(Kind.REDUCE)
        square = self.shard.reduce()
        return total, sum(self._answers(between), square)

    def apply(self, lr: float, norm: float, between: Between | None = None) -> None:
        """Clip the gradient, whose norm is given, make the update, carry the hidden state on."""
        self._ask(Kind.APPLY, lr, norm, self.shard.optimizer.updates)
        self.shard.apply(lr, norm)
        self._answers(between)

    def discard(self, carry_on: bool, between: Between | None = None) -> None:
        """Leave the update out; with `carry_on` the hidden state goes with the stream all the same.

        Nothing stays of the gradient, not even between the tensors, where it might not be finite.
        """
        self.arrays.gradients.fill(0)
        if carry_on:
            self._ask(Kind.CARRY_ON)
            self.shard.carry_on()
            self._answers(between)

    def random_states(self) -> Array:
        """The states of the dropout generators, (workers, 625), for `set_random_states`."""
        self._settle()
        self._ask(Kind.PUT_RANDOM)
        self.shard.put_random()
        self._answers()
        return self.arrays.random[: self.workers].copy()

    def set_random_states(self, states: Array) -> None:
        """Restore dropout generators from `random_states`."""
        self._settle()
        self.arrays.random[: self.workers] = states
        self._ask(Kind.TAKE_RANDOM)
        self.shard.take_random()
        self._answers()

    def check(self) -> None:
        """Raise EngineError if a worker has ended while nothing was asked of it."""
        if self._asked is None:
            self.pool.check()

    def close(self) -> None:
        """End the workers: no more updates. What they have learned stays."""
        self.pool.close()

    def _settle(self, between: Between | None = None) -> None:
        """Wait until the workers are there and have nothing to do."""
        if self._asked is Kind.PLAN:
            self._answers(between)

    def _ask(
        self, kind: Kind, a: float = 0.0, b: float = 0.0, c: float = 0.0, text: bytes = b""
    ) -> None:
        if self.workers == 1:
            return
        if self._asked is not None or len(self.pool.active) != self.workers - 1:
            raise self.pool.lost or WorkerError("the workers have ended or were interrupted")
        self._asked = kind
        if text:
            self.pool.send_text(kind, text)
        else:
            self.pool.send(kind, a, b, c)

    def _answers(self, between: Between | None = None) -> list[float]:
        if self._asked is None:
            return []
        found = self.pool.answers(self._asked, between)
        self._asked = None
        return found
