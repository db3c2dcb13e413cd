"""A recurrent network written as plainly as possible, to compare the product with: forward only."""

from __future__ import annotations

import numpy as np

from rnntui.data import TokenData, ValueData
from rnntui.data.tokenizer import CharTokenizer, smallest

ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda a: np.where(a > 0, a, 0),
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
}


def kind_settings(kind):
    """Recipe keys for a cell by name, or for the rnn cell by its activation."""
    return {"activation": kind} if kind in ACTIVATIONS else {"cell": kind}


def token_data(tokens, vocab, validation=()):
    """Tokens 0 … vocab - 1, shown as a, b, c, …"""
    tokenizer = CharTokenizer(tuple(chr(ord("a") + n) for n in range(vocab)))
    kind = smallest(vocab)
    parts = (np.array(part, dtype=kind) for part in (tokens, validation))
    return TokenData("tokens", "character", *parts, tokenizer, "")


def value_data(values, validation=None, mean=0.0, deviation=1.0):
    """Rows of values (N, D)."""
    features = values.shape[1]
    validation = values[:0] if validation is None else validation
    scale = (np.full(features, mean), np.full(features, deviation))
    names = tuple(f"f{n}" for n in range(features))
    return ValueData("values", names, values, validation, *scale, "")


def gru(a, m, h):
    """Next hidden state (H,) from the parts (3 H,) of input and hidden state, gates r, z, n."""
    sigmoid, size = ACTIVATIONS["sigmoid"], len(h)
    r, z = (sigmoid(a[gate] + m[gate]) for gate in (slice(size), slice(size, 2 * size)))
    return (1 - z) * np.tanh(a[2 * size :] + r * m[2 * size :]) + z * h


def lstm(a, h, c):
    """Next hidden state and cell state (H,) from the sum of both parts (4 H,), gates i, f, g, o."""
    sigmoid = ACTIVATIONS["sigmoid"]
    i, f, g, o = a.reshape(4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def outputs(named, kind, inputs, hidden, nudge=None):
    """Outputs (T, width) and hidden states of one stream, weights by PyTorch's names.

    `nudge` (layer, step, vector) is added to the hidden values of that layer after that step.

    `kind` is a cell, or the activation of the rnn cell; `inputs` (T,) tokens or (T, D) values;
    `hidden` (layers, parts, H) before the first step, or (layers, H) for a cell of one part.
    """
    after, rows = hidden.copy(), []
    states = after if after.ndim == 3 else after[:, None]
    for t, x in enumerate(inputs):
        if inputs.ndim == 1:
            x = np.eye(named["rnn.weight_ih_l0"].shape[1])[x]
        for n, state in enumerate(states):
            a = named[f"rnn.weight_ih_l{n}"] @ x + named[f"rnn.bias_ih_l{n}"]
            m = named[f"rnn.weight_hh_l{n}"] @ state[0] + named[f"rnn.bias_hh_l{n}"]
            if kind == "lstm":
                state[:] = lstm(a + m, *state)
            else:
                state[0] = gru(a, m, state[0]) if kind == "gru" else ACTIVATIONS[kind](a + m)
            if nudge and nudge[:2] == (n, t):
                state[0] += nudge[2]
            x = state[0]
        rows.append(named["head.weight"] @ x + named["head.bias"])
    return np.array(rows), after


def losses(outputs, targets):
    """The loss of each step: -log softmax(outputs)[target], or half the squared error."""
    if targets.ndim == 2:
        return ((outputs - targets) ** 2).sum(axis=1) / 2
    largest = outputs.max(axis=1)
    total = np.log(np.exp(outputs - largest[:, None]).sum(axis=1)) + largest
    return total - outputs[np.arange(len(targets)), targets]


def streams_loss(named, kind, inputs, targets, hidden):
    """Summed loss and final hidden states of streams: inputs (T, B[, D]), hidden (L, P, B, H)."""
    total, after = 0.0, np.empty_like(hidden)
    for b in range(inputs.shape[1]):
        rows, after[..., b, :] = outputs(named, kind, inputs[:, b], hidden[..., b, :])
        total += losses(rows, targets[:, b]).sum()
    return total, after
