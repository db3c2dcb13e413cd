"""JAX with gradients of its own: the scan backward gives those of the pre-activations only.

Weight gradients are one product over all steps, outside of the scan, which `jax.grad` of a scan
would add up step by step; that of the lookup is a product with one-hot rows. Adam, clipping and
the loss are those of `jax_training`.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax.nn import sigmoid

from tests.benchmarks.peers import jax_training
from tests.benchmarks.peers.serving import problem, serve


def rows(a):
    """All steps and streams in one dimension."""
    return a.reshape(-1, a.shape[-1])


def rnn_step(W, b, carried, a):
    """The new state, and what the backward pass needs."""
    (h,) = carried
    h = jnp.tanh(a + h @ W)
    return (h,), (h,)


def rnn_back(W, before, kept, carried, dh):
    """Gradients of the state before, of the product with h, and of a."""
    (h,), (after,) = kept, carried
    dz = (1 - h * h) * (dh + after)
    return (dz @ W.T,), dz, dz


def gru_step(W, b, carried, a):
    """Likewise."""
    (h,) = carried
    (ar, az, an), (mr, mz, mn) = jnp.split(a, 3, -1), jnp.split(h @ W + b, 3, -1)
    r, z = sigmoid(ar + mr), sigmoid(az + mz)
    n = jnp.tanh(an + r * mn)
    h = n + z * (h - n)
    return (h,), (h, r, z, n, mn)


def gru_back(W, before, kept, carried, dh):
    """Likewise."""
    (h_before,), (_, r, z, n, m), (after,) = before, kept, carried
    dh = dh + after
    dz, dn = dh * (h_before - n) * z * (1 - z), dh * (1 - z) * (1 - n * n)
    dr = dn * m * r * (1 - r)
    dm, da = jnp.concatenate([dr, dz, dn * r], -1), jnp.concatenate([dr, dz, dn], -1)
    return (dh * z + dm @ W.T,), dm, da


def lstm_step(W, b, carried, a):
    """Likewise."""
    h, c = carried
    i, f, g, o = jnp.split(a + h @ W, 4, -1)
    i, f, g, o = sigmoid(i), sigmoid(f), jnp.tanh(g), sigmoid(o)
    c = f * c + i * g
    tanh_c = jnp.tanh(c)
    h = o * tanh_c
    return (h, c), (h, c, tanh_c, i, f, g, o)


def lstm_back(W, before, kept, carried, dh):
    """Likewise."""
    (_, c_before), (_, _, tanh_c, i, f, g, o), (after, dc) = before, kept, carried
    dh = dh + after
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    slopes = dc * g * i * (1 - i), dc * c_before * f * (1 - f), dc * i * (1 - g * g)
    dz = jnp.concatenate([*slopes, dh * tanh_c * o * (1 - o)], -1)
    return (dz @ W.T, dc * f), dz, dz


STEPS = {"rnn": (rnn_step, rnn_back), "gru": (gru_step, gru_back), "lstm": (lstm_step, lstm_back)}


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def layer(cell, W, b, a, state):
    """All h (T, B, H), and the state after them, from the input's part a."""
    return forward(cell, W, b, a, state)[0]


def forward(cell, W, b, a, state):
    """Also what `backward` needs."""
    step, _ = STEPS[cell]
    last, kept = jax.lax.scan(lambda carried, at: step(W, b, carried, at), state, a)
    return (kept[0], last), (W, b, state, kept)


def backward(cell, needed, gradients):
    """Gradients of W, b, a; the state is a constant."""
    (W, b, state, kept), (dh, _) = needed, gradients
    _, back = STEPS[cell]
    before = tuple(
        jnp.concatenate([first[None], all_[:-1]]) for first, all_ in zip(state, kept, strict=False)
    )

    def step(carried, given):
        carried, dm, da = back(W, given[0], given[1], carried, given[2])
        return carried, (dm, da)

    nothing = jax.tree.map(jnp.zeros_like, state)
    _, (dm, da) = jax.lax.scan(step, nothing, (before, kept, dh), reverse=True)
    db = rows(dm).sum(0) if b.ndim else None  # only the GRU has it
    return rows(before[0]).T @ rows(dm), db, da, None


layer.defvjp(forward, backward)


@jax.custom_vjp
def lookup(table, x):
    """Rows of a table."""
    return table[x]


lookup.defvjp(
    lambda table, x: (table[x], (x, table)),
    lambda needed, g: (
        jax.nn.one_hot(rows(needed[0][..., None])[:, 0], len(needed[1])).T @ rows(g),
        None,
    ),
)


def mean_loss(weights, sizes, x, y, state):
    """The mean loss of a chunk (T, B), and the state after it."""
    after, below = [], None
    for n in range(sizes.layers):
        table, b = weights[f"rnn.weight_ih_l{n}"].T, weights[f"rnn.bias_ih_l{n}"]
        inputs = lookup(table + b, x) if n == 0 else below @ table + b
        recurrent = weights.get(f"rnn.bias_hh_l{n}", jnp.zeros(()))
        W = weights[f"rnn.weight_hh_l{n}"].T
        below, last = layer(sizes.cell, W, recurrent, inputs, state[n])
        after.append(last)
    logits = below @ weights["head.weight"].T + weights["head.bias"]
    picked = jnp.take_along_axis(logits, y[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(logits, -1) - picked).mean(), tuple(after)


class Trainer(jax_training.Trainer):
    """As `jax_training`, with this loss."""

    mean_loss = staticmethod(mean_loss)


if __name__ == "__main__":
    given = problem()
    trainer = Trainer(given)
    serve(trainer.run, f"jax {jax.__version__}", trainer.first_gradient(given))
