"""JAX: one jitted update with `lax.scan` over time, a table lookup for the input, donated buffers.

Adam and clipping are written out: they are compiled into the same program.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.peers.problem import Problem, Sizes, disagreement
from tests.benchmarks.peers.serving import problem, serve


def rnn(w, n, a, state):
    """h from the input's part a (B, H)."""
    (h,) = state
    return (jnp.tanh(a + h @ w[f"rnn.weight_hh_l{n}"].T),)


def gru(w, n, a, state):
    """h from the input's part a (B, 3 H), gates r, z, n."""
    (h,) = state
    m = h @ w[f"rnn.weight_hh_l{n}"].T + w[f"rnn.bias_hh_l{n}"]
    (ar, az, an), (mr, mz, mn) = jnp.split(a, 3, -1), jnp.split(m, 3, -1)
    r, z = jax.nn.sigmoid(ar + mr), jax.nn.sigmoid(az + mz)
    new = jnp.tanh(an + r * mn)
    return (new + z * (h - new),)


def lstm(w, n, a, state):
    """h and c from the input's part a (B, 4 H), gates i, f, g, o."""
    h, c = state
    i, f, g, o = jnp.split(a + h @ w[f"rnn.weight_hh_l{n}"].T, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


CELLS = {"rnn": rnn, "gru": gru, "lstm": lstm}


def mean_loss(weights, sizes: Sizes, x, y, state):
    """The mean loss of a chunk (T, B), and the state after it."""
    after, below = [], None
    for n in range(sizes.layers):
        table, b = weights[f"rnn.weight_ih_l{n}"].T, weights[f"rnn.bias_ih_l{n}"]
        inputs = (table[x] if n == 0 else below @ table) + b

        def step(carried, a, n=n):
            carried = CELLS[sizes.cell](weights, n, a, carried)
            return carried, carried[0]

        last, below = jax.lax.scan(step, state[n], inputs)
        after.append(last)
    logits = below @ weights["head.weight"].T + weights["head.bias"]
    picked = jnp.take_along_axis(logits, y[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(logits, -1) - picked).mean(), tuple(after)


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2, 3, 4, 6))
def update(loss_of, sizes: Sizes, weights, M, V, t, state, x, y):
    """One update by Adam after clipping by norm."""
    both = jax.value_and_grad(loss_of, has_aux=True)
    (loss, state), grads = both(weights, sizes, x, y, state)
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(grads)))
    grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, sizes.clip / norm), grads)
    M = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, M, grads)
    V = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, V, grads)
    rate, scale = sizes.lr / (1 - 0.9**t), 1 / (1 - 0.999**t)
    step = jax.tree.map(lambda m, v: rate * m / (jnp.sqrt(v * scale) + 1e-8), M, V)
    return jax.tree.map(jnp.subtract, weights, step), M, V, state, loss


class Trainer:
    """An update per chunk; the state goes on from chunk to chunk."""

    mean_loss = staticmethod(mean_loss)

    def __init__(self, given: Problem) -> None:
        self.sizes, self.chunks = given.sizes, given.chunks()
        trained = {name: given.weights[name] for name in given.gradients}
        self.weights = {name: jnp.asarray(array) for name, array in trained.items()}
        self.M, self.V = (jax.tree.map(jnp.zeros_like, self.weights) for _ in range(2))
        self.t, self.state = 0, self.zero_state()

    def zero_state(self):
        """Of every layer."""
        parts = 2 if self.sizes.cell == "lstm" else 1
        shape = (self.sizes.batch, self.sizes.hidden)
        return tuple(
            tuple(jnp.zeros(shape) for _ in range(parts)) for _ in range(self.sizes.layers)
        )

    def first_gradient(self, given: Problem) -> float:
        """How far the first loss and gradients are from the problem's."""
        x, y, _ = next(given.chunks())
        both = jax.jit(jax.value_and_grad(self.mean_loss, has_aux=True), static_argnums=1)
        state = self.zero_state()
        (loss, _), grads = both(self.weights, self.sizes, jnp.asarray(x), jnp.asarray(y), state)
        return disagreement(given, float(loss), {n: np.asarray(g) for n, g in grads.items()})

    def run(self, n: int) -> float:
        """So many updates; the last loss."""
        loss = 0.0
        for _ in range(n):
            x, y, starts = next(self.chunks)
            self.t += 1
            state = self.zero_state() if starts else self.state
            self.weights, self.M, self.V, self.state, loss = update(
                *(self.mean_loss, self.sizes, self.weights, self.M, self.V),
                *(np.float32(self.t), state, x, y),
            )
        return float(loss)


if __name__ == "__main__":
    given = problem()
    trainer = Trainer(given)
    serve(trainer.run, f"jax {jax.__version__}", trainer.first_gradient(given))
