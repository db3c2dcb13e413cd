"""One process's shard of every update: the gradients of its streams, its part of the parameters."""

from __future__ import annotations

import numpy as np

from rnntui.nn.kernels.layout import Array, dot
from rnntui.nn.model import SUFFIX_TABLE, Parameters
from rnntui.nn.network import Network
from rnntui.nn.optim import AVERAGE, clip, make_optimizer
from rnntui.nn.suffix import RATE, RowUpdate
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.shared_arrays import ROW_SQUARES, SharedArrays


class Shard:
    """What process `worker` of a plan does to the shared arrays."""

    def __init__(self, plan: Plan, arrays: SharedArrays, worker: int) -> None:
        self._plan, self.arrays, self._worker = plan, arrays, worker
        self.streams = plan.streams(worker)
        self.parameters = Parameters(plan.shape, arrays.parameters)
        self.gradients = Parameters(plan.shape, arrays.gradients[worker], dense=True)
        self._random = np.random.RandomState(plan.dropout_seed(worker))
        self.network = Network(
            self.parameters,
            plan.steps,
            self.streams.stop - self.streams.start,
            self.gradients,
            plan.epsilon,
            plan.dropout,
            self._random,
            kernels=plan.kernels,
        )
        part = plan.part(worker)
        self.optimizer = make_optimizer(
            plan.optimizer,
            arrays.parameters,
            arrays.gradients[0],
            plan.coefficients,
            arrays.moments,
            part,
        )
        self._rows = _rows(plan, self.parameters, arrays)
        self._hidden = arrays.hidden[:, :, self.streams]
        self._sum, *self._others = arrays.gradients[: plan.workers, part]

    def gradient(self, inputs: Array, targets: Array) -> float:
        """Compute the gradient over the shard's streams of a chunk, (T, B) or (T, B, D).

        Returns the summed loss.
        """
        network = self.network
        network.refresh()
        network.forward(inputs[:, self.streams], self._hidden)
        total = network.total_loss(targets[:, self.streams])
        network.backward(self._plan.loss_weight)
        if network.suffix is not None and self._plan.workers > 1:
            own = self.arrays.logit_gradients[:, self.streams]
            np.copyto(own, network.suffix.gradient.reshape(own.shape))
            np.copyto(self.arrays.numbers[:, self.streams], network.suffix.numbers)
        return total

    def reduce(self) -> float:
        """Sum the part's gradients over all processes and return the sum's squared norm."""
        for other in self._others:
            np.add(self._sum, other, self._sum)
        return float(dot(self._sum, self._sum))

    def apply(self, lr: float, norm: float) -> None:
        """Clip by the norm of the whole gradient, update the part, keep the hidden state."""
        self.network.final_state(self._hidden)
        clip(self._sum, norm, self._plan.clip, self._plan.clip_mode)
        self.optimizer.step(lr)
        if self._rows is not None:
            self._update_rows(self._rows, min(RATE, lr * self._plan.row_rate))

    def _update_rows(self, update: RowUpdate, rate: float) -> None:
        """Update the rows of the suffix table that are this process's, and averaged weights'.

        An average has the rows of the last update: rows that are seldom read need none.
        """
        numbers, gradient = self._read()
        if not len(numbers):
            return
        changed = update.step(numbers, gradient, rate)
        average = self.optimizer.moments.get(AVERAGE)
        if average is not None:
            table = Parameters(self._plan.shape, average).tensors[SUFFIX_TABLE]
            table[changed] = self.parameters.tensors[SUFFIX_TABLE][changed]

    def _read(self) -> tuple[Array, Array]:
        """Numbers (N,) of the suffixes to update, and gradients (N, V) of their logits.

        Of several processes each takes every n-th row, and its gradients from all streams.
        """
        suffix, workers = self.network.suffix, self._plan.workers
        assert suffix is not None
        if workers == 1:
            return suffix.numbers.reshape(-1), suffix.gradient
        numbers = self.arrays.numbers.reshape(-1)
        own = np.flatnonzero(numbers % workers == self._worker)
        gradients = self.arrays.logit_gradients.reshape(len(numbers), -1)
        return numbers[own], gradients.take(own, axis=0)

    def carry_on(self) -> None:
        """Keep the new hidden state without an update, unless it is not finite."""
        before = self._hidden.copy()
        self.network.final_state(self._hidden)
        if not np.isfinite(self._hidden).all():
            np.copyto(self._hidden, before)

    def random_state(self) -> Array:
        """The state of the dropout generator, (625,)."""
        _, keys, position, *_ = self._random.get_state(legacy=True)
        return np.array([*keys, position], np.uint32)

    def set_random_state(self, state: Array) -> None:
        """Restore the dropout generator from `random_state`."""
        *keys, position = state
        self._random.set_state(("MT19937", np.array(keys, np.uint32), int(position), 0, 0.0))

    def put_random(self) -> None:
        """Write the state of the dropout generator to the shared arrays."""
        self.arrays.random[self._worker] = self.random_state()

    def take_random(self) -> None:
        """Set the dropout generator to the state in the shared arrays."""
        self.set_random_state(self.arrays.random[self._worker])


def _rows(plan: Plan, parameters: Parameters, arrays: SharedArrays) -> RowUpdate | None:
    """The update of the suffix table, if there is one."""
    if plan.shape.suffixes is None:
        return None
    squares = arrays.moments[ROW_SQUARES]
    most = plan.steps * plan.batch
    return RowUpdate(parameters.tensors[SUFFIX_TABLE], squares, plan.loss_weight, most)
