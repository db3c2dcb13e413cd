"""Makes the problems that are compared, and knows which implementations solve which."""

from __future__ import annotations

import numpy as np

from rnntui.bench.workload import VOCAB, Workload, random_text
from rnntui.nn.model import named_parameters
from rnntui.nn.sampling import Stepper
from rnntui.recipe import Recipe
from rnntui.training.loop import start
from tests.benchmarks.peers.problem import Problem, Sizes

LR, CLIP = 2e-3, 5.0
COMPARED = 50  # outputs of a text that writers must agree on


def recipe_of(sizes: Sizes, workers: int = 1) -> Recipe:
    """What trains it here."""
    workload = Workload(sizes.cell, sizes.batch, sizes.hidden, sizes.steps, sizes.layers)
    return workload.recipe(workers).replace(lr=sizes.lr, clip=sizes.clip)


def training_problem(workload: Workload) -> Problem:
    """The first chunk's loss and gradients, before clipping, with a run's initial weights."""
    sizes = _sizes(workload)
    state = start(recipe_of(sizes), random_text())
    network, batch = state.network, state.stream.next()
    network.refresh()
    network.forward(batch.inputs, state.hidden)
    loss = network.total_loss(batch.targets) * state.loss_weight
    network.backward(state.loss_weight)
    gradients = named_parameters(state.gradients)
    for n in range(workload.layers):
        recurrent, other = gradients.pop(f"rnn.bias_hh_l{n}"), gradients[f"rnn.bias_ih_l{n}"]
        if workload.cell == "gru":  # where r and z have one bias here, and the same slope in both
            H = workload.hidden
            recurrent[: 2 * H] = other[: 2 * H]
            gradients[f"rnn.bias_hh_l{n}"] = recurrent
    weights = named_parameters(state.parameters)
    return Problem(sizes, _streams(workload.batch), weights, loss, gradients, np.zeros((0, VOCAB)))


def writing_problem(workload: Workload) -> Problem:
    """The outputs after each of the first tokens of the text."""
    sizes = _sizes(workload)
    parameters = start(recipe_of(sizes), random_text()).parameters
    stepper, rows, logits = Stepper(parameters), _streams(1), []
    for token in rows[:COMPARED, 0]:
        stepper.advance(int(token))
        logits.append(stepper.predict().copy())
    return Problem(sizes, rows, named_parameters(parameters), 0.0, {}, np.stack(logits))


def _sizes(work: Workload) -> Sizes:
    return Sizes(work.cell, work.batch, work.hidden, work.steps, work.layers, VOCAB, LR, CLIP)


def _streams(batch: int) -> np.ndarray:
    """(S + 1, B): stream b starts at token b S, and row S is what follows the last."""
    tokens = random_text().tokens
    size = (len(tokens) - 1) // batch
    at = np.arange(size + 1)[:, None] + size * np.arange(batch)
    return tokens[at].astype(np.int64)
