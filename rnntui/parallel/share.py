"""One process' share of every update: gradients over its streams, its part of the parameters."""

from __future__ import annotations

import numpy as np

from rnntui.nn.arena import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network
from rnntui.nn.optim import clip, make_optimizer
from rnntui.parallel.board import Board
from rnntui.parallel.plan import Plan


class Share:
    """What process `worker` of a plan does to the arrays of the board."""

    def __init__(self, plan: Plan, board: Board, worker: int) -> None:
        self._plan, self.board, self._worker = plan, board, worker
        self.streams = plan.streams(worker)
        self.parameters = Parameters(plan.shape, board.parameters)
        self.gradients = Parameters(plan.shape, board.gradients[worker])
        self._random = np.random.RandomState(plan.dropout_seed(worker))
        self.network = Network(
            self.parameters,
            plan.steps,
            self.streams.stop - self.streams.start,
            self.gradients,
            plan.epsilon,
            plan.dropout,
            self._random,
        )
        part = plan.part(worker)
        self.optimizer = make_optimizer(
            plan.optimizer,
            board.parameters,
            board.gradients[0],
            plan.coefficients,
            board.moments,
            part,
        )
        self._hidden = board.hidden[:, :, self.streams]
        self._sum, *self._others = board.gradients[: plan.workers, part]

    def gradient(self, inputs: Array, targets: Array) -> float:
        """The gradient over the share of a chunk, (T, B) or (T, B, D); its summed loss."""
        network = self.network
        network.refresh()
        network.forward(inputs[:, self.streams], self._hidden)
        total = network.total_loss(targets[:, self.streams])
        network.backward(self._plan.loss_weight)
        return total

    def reduce(self) -> float:
        """Sum the part's gradients of all processes; the square of what comes out."""
        for other in self._others:
            np.add(self._sum, other, self._sum)
        return float(np.dot(self._sum, self._sum))

    def apply(self, lr: float, norm: float) -> None:
        """Clip by the whole gradient's norm, update the part, carry the hidden state on."""
        self.network.final_state(self._hidden)
        clip(self._sum, norm, self._plan.clip, self._plan.clip_mode)
        self.optimizer.step(lr)

    def carry_on(self) -> None:
        """Carry the hidden state on without an update, unless it is not finite."""
        before = self._hidden.copy()
        self.network.final_state(self._hidden)
        if not np.isfinite(self._hidden).all():
            np.copyto(self._hidden, before)

    def put_random(self) -> None:
        """Write the state of the dropout stream on the board."""
        _, keys, position, *_ = self._random.get_state(legacy=True)
        self.board.random[self._worker, :-1] = keys
        self.board.random[self._worker, -1] = position

    def take_random(self) -> None:
        """Go on with the dropout stream as it stands on the board."""
        *keys, position = self.board.random[self._worker]
        state = "MT19937", np.array(keys, np.uint32), int(position), 0, 0.0
        self._random.set_state(state)
