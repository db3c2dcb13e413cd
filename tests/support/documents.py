"""The five programs the recipes of that name reproduce, written again with plain loops.

Vectors are one-dimensional, weights as documents write them (outputs, inputs); every random number
comes from one legacy generator, drawn as W_xh, W_hh, W_hy and then whatever is written. `nudge`
changes the first weights by that relative amount, to see how much rounding matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np


@dataclass
class Weights:
    """The parameters of a network with one recurrent layer."""

    xh: np.ndarray
    hh: np.ndarray
    hy: np.ndarray
    h: np.ndarray
    y: np.ndarray

    @classmethod
    def drawn(cls, random, inputs, hidden, outputs, scale):
        drawn = [random.randn(*s) for s in ((hidden, inputs), (hidden, hidden), (outputs, hidden))]
        return cls(*(d * scale for d in drawn), np.zeros(hidden), np.zeros(outputs))

    def all(self):
        return [self.xh, self.hh, self.hy, self.h, self.y]

    def zeros(self):
        return Weights(*(np.zeros_like(w) for w in self.all()))


@dataclass
class Told:
    """What a program prints: losses of each pass (or chunk), predictions, what it writes."""

    losses: list = field(default_factory=list)
    predicted: list = field(default_factory=list)
    samples: dict = field(default_factory=dict)
    generated: list = field(default_factory=list)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def states_of(w, inputs, h):
    """Hidden states of a tanh network, the first being `h`, and its outputs."""
    states, outputs = [h], []
    for x in inputs:
        states.append(np.tanh(w.xh @ x + w.hh @ states[-1] + w.h))
        outputs.append(w.hy @ states[-1] + w.y)
    return states, outputs


def gradient_through_time(w, inputs, states, errors):
    """The gradient of a summed loss whose slope at output t is errors[t]."""
    d, later = w.zeros(), np.zeros_like(w.h)
    for t in range(len(inputs) - 1, -1, -1):
        d.hy += np.outer(errors[t], states[t + 1])
        d.y += errors[t]
        da = (1 - states[t + 1] ** 2) * (w.hy.T @ errors[t] + later)
        d.h += da
        d.xh += np.outer(da, inputs[t])
        d.hh += np.outer(da, states[t])
        later = w.hh.T @ da
    return d


def descend(w, d, lr):
    for weight, slope in zip(w.all(), d.all(), strict=True):
        weight -= lr * slope


def counting(seed=1, hidden=10, lr=0.1, epochs=200, nudge=0.0):
    """0 1 2 3 -> 1 2 3 4 by softmax, the whole gradient."""
    w, told = Weights.drawn(np.random.RandomState(seed), 5, hidden, 5, 0.01 * (1 + nudge)), Told()
    inputs, targets = np.eye(5)[:4], np.eye(5)[1:]
    for _ in range(epochs):
        states, outputs = states_of(w, inputs, np.zeros(hidden))
        p = [softmax(y) for y in outputs]
        told.losses.append(-sum(np.log(p[t][t + 1]) for t in range(4)))
        errors = [p[t] - targets[t] for t in range(4)]
        descend(w, gradient_through_time(w, inputs, states, errors), lr)
    told.predicted = [int(y.argmax()) for y in states_of(w, inputs, np.zeros(hidden))[1]]
    return told


def ramp(seed=0, hidden=5, lr=0.01, epochs=1000, nudge=0.0):
    """Five values by a sigmoid network that changes after each step, the gradient cut there."""
    values = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    w, told = Weights.drawn(np.random.RandomState(seed), 1, hidden, 1, 1 + nudge), Told()
    for epoch in range(epochs + 1):
        h, total = np.zeros(hidden), 0.0
        for x, target in zip(values[:-1, None], values[1:, None], strict=True):
            before, h = h, sigmoid(w.xh @ x + w.hh @ h + w.h)
            y = w.hy @ h + w.y
            if epoch == epochs:
                told.predicted.append(float(y[0]))
                continue
            total += float((y - target)[0] ** 2 / 2)
            da = (w.hy.T @ (y - target)) * h * (1 - h)
            slopes = (
                np.outer(da, x),
                np.outer(da, before),
                np.outer(y - target, h),
                da,
                y - target,
            )
            descend(w, Weights(*slopes), lr)
        if epoch < epochs:
            told.losses.append(total)
    return told


def successor(seed=42, hidden=5, lr=0.01, epochs=100, nudge=0.0):
    """1 2 3 4 -> 2 3 4 5 through a linear output, the whole gradient."""
    w, told = Weights.drawn(np.random.RandomState(seed), 1, hidden, 1, 0.01 * (1 + nudge)), Told()
    inputs = np.array([[1.0], [2.0], [3.0], [4.0]])
    for _ in range(epochs):
        states, outputs = states_of(w, inputs, np.zeros(hidden))
        errors = [y - (x + 1) for y, x in zip(outputs, inputs, strict=True)]
        told.losses.append(sum(float(e[0] ** 2) for e in errors) / 2)
        told.predicted = [float(y[0]) for y in outputs]
        descend(w, gradient_through_time(w, inputs, states, errors), lr)
    return told


def write(w, random, token, h, count):
    """Tokens drawn one after another by a tanh network."""
    written = []
    for _ in range(count):
        (_, h), (y,) = states_of(w, np.eye(len(w.y))[[token]], h)
        token = int(random.choice(len(w.y), p=softmax(y)))
        written.append(token)
    return written


def hello_world(
    seed=42, hidden=100, lr=0.1, iterations=3000, every=300, nudge=0.0, length=25, bound=5.0
):
    """A repeated line in chunks, the state carried on; each entry of the gradient is bounded."""
    text = "hello world\n" * 200
    symbols = sorted(set(text))
    tokens, size = [symbols.index(c) for c in text], len(symbols)
    random, told, at = np.random.RandomState(seed), Told(), 0
    w = Weights.drawn(random, size, hidden, size, 0.01 * (1 + nudge))
    for iteration in range(1, iterations + 1):
        if iteration == 1 or at + length + 1 >= len(tokens):
            h, at = np.zeros(hidden), 0
        inputs = np.eye(size)[tokens[at : at + length]]
        true = tokens[at + 1 : at + length + 1]
        states, outputs = states_of(w, inputs, h)
        p = [softmax(y) for y in outputs]
        told.losses.append(-sum(np.log(p[t][true[t]] + 1e-12) for t in range(length)))
        errors = [p[t] - np.eye(size)[true[t]] for t in range(length)]
        d = gradient_through_time(w, inputs, states, errors)
        for slope in d.all():
            np.clip(slope, -bound, bound, out=slope)
        descend(w, d, lr)
        h = states[-1]
        if iteration == 1 or iteration % every == 0:
            written = write(w, random, tokens[at], h, 50)
            told.samples[iteration] = "".join(symbols[i] for i in written)
        at += length
    written = write(w, random, symbols.index("h"), np.zeros(hidden), 100)
    told.generated = "h" + "".join(symbols[i] for i in written)
    return told


def i_love_ai(seed=0, hidden=8, lr=0.5, epochs=2000, nudge=0.0):
    """Nine characters, the weights changed after each, the gradient cut there."""
    text = "I Love AI"
    symbols = sorted(set(text))
    tokens, size = [symbols.index(c) for c in text], len(symbols)
    random, told, one_hot = np.random.RandomState(seed), Told(), np.eye(size)
    w = Weights.drawn(random, size, hidden, size, 0.01 * (1 + nudge))
    for _ in range(epochs):
        h, total = np.zeros(hidden), 0.0
        for x, true in pairwise(tokens):
            before, h = h, np.tanh(w.xh[:, x] + w.hh @ h + w.h)
            p = softmax(w.hy @ h + w.y)
            total -= np.log(p[true] + 1e-9)
            error = p - one_hot[true]
            da = (w.hy.T @ error) * (1 - h * h)
            slopes = (np.outer(da, one_hot[x]), np.outer(da, before), np.outer(error, h), da, error)
            descend(w, Weights(*slopes), lr)
        told.losses.append(float(total))
    written = write(w, random, symbols.index("I"), np.zeros(hidden), 30)
    told.generated = "I" + "".join(symbols[i] for i in written)
    return told
