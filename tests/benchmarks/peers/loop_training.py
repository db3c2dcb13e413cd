"""A character RNN written plainly in NumPy, after the well-known short program of 2015.

One stream, float64, one-hot columns, a loop over time forwards and one backwards that adds to every
gradient at each step, new arrays throughout, clipping by value, Adagrad.
"""

from __future__ import annotations

import numpy as np

from tests.benchmarks.peers.problem import Problem, disagreement
from tests.benchmarks.peers.serving import problem, serve


class Trainer:
    """An update per chunk; the state goes on from chunk to chunk."""

    def __init__(self, given: Problem) -> None:
        w = {name: array.astype(np.float64) for name, array in given.weights.items()}
        self.V, self.lr = given.sizes.vocab, given.sizes.lr
        self.Wxh, self.Whh = w["rnn.weight_ih_l0"], w["rnn.weight_hh_l0"]
        self.bh = w["rnn.bias_ih_l0"][:, None]
        self.Why, self.by = w["head.weight"], w["head.bias"][:, None]
        self.memory = [np.zeros_like(p) for p in self.parameters()]
        self.chunks, self.h = given.chunks(), np.zeros_like(self.bh)

    def parameters(self):
        """In the order of the gradients."""
        return [self.Wxh, self.Whh, self.bh, self.Why, self.by]

    def loss_and_gradients(self, inputs, targets, h):
        """The mean loss of a chunk, its gradients, and the state after it."""
        xs, hs, ps, loss = {}, {-1: h.copy()}, {}, 0.0
        for t in range(len(inputs)):
            xs[t] = np.zeros((self.V, 1))
            xs[t][inputs[t]] = 1
            hs[t] = np.tanh(np.dot(self.Wxh, xs[t]) + np.dot(self.Whh, hs[t - 1]) + self.bh)
            y = np.dot(self.Why, hs[t]) + self.by
            ps[t] = np.exp(y) / np.sum(np.exp(y))
            loss += -np.log(ps[t][targets[t], 0])
        gradients = [np.zeros_like(p) for p in self.parameters()]
        dWxh, dWhh, dbh, dWhy, dby = gradients
        dh_next = np.zeros_like(hs[0])
        for t in reversed(range(len(inputs))):
            dy = np.copy(ps[t])
            dy[targets[t]] -= 1
            dWhy += np.dot(dy, hs[t].T)
            dby += dy
            dh = np.dot(self.Why.T, dy) + dh_next
            da = (1 - hs[t] * hs[t]) * dh
            dbh += da
            dWxh += np.dot(da, xs[t].T)
            dWhh += np.dot(da, hs[t - 1].T)
            dh_next = np.dot(self.Whh.T, da)
        T = len(inputs)
        return loss / T, [g / T for g in gradients], hs[T - 1]

    def first_gradient(self, given: Problem) -> float:
        """How far the first loss and gradients are from the problem's."""
        x, y, _ = next(given.chunks())
        loss, gradients, _ = self.loss_and_gradients(x[:, 0], y[:, 0], np.zeros_like(self.bh))
        names = ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0"]
        names += ["head.weight", "head.bias"]
        shaped = {
            name: g.reshape(given.gradients[name].shape)
            for name, g in zip(names, gradients, strict=True)
        }
        return disagreement(given, loss, shaped)

    def run(self, n: int) -> float:
        """So many updates; the last loss."""
        loss = 0.0
        for _ in range(n):
            x, y, starts = next(self.chunks)
            h = np.zeros_like(self.bh) if starts else self.h
            loss, gradients, self.h = self.loss_and_gradients(x[:, 0], y[:, 0], h)
            for p, g, m in zip(self.parameters(), gradients, self.memory, strict=True):
                np.clip(g, -5, 5, out=g)
                m += g * g
                p += -self.lr * g / np.sqrt(m + 1e-8)
        return loss


if __name__ == "__main__":
    given = problem()
    trainer = Trainer(given)
    serve(trainer.run, f"numpy {np.__version__}", trainer.first_gradient(given))
