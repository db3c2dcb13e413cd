"""Networks whose weights are drawn at random, with data to read."""

from __future__ import annotations

import numpy as np

from rnntui.data import TokenData, load
from rnntui.nn.cells import CELLS
from rnntui.nn.model import ModelShape, Parameters, initialise
from rnntui.recipe import Recipe

TEXT = 'She said: "The fox (a red one) ran 12 miles."\nThen He slept, and woke again; Oh no!\n' * 40
NUMBERS = [round(50 + 20 * np.sin(n / 3) + n % 4, 2) for n in range(500)]


def text_data(text=TEXT, **keys):
    return load(Recipe().replace(source=f"text:{text}", batch=1, seq_len=4, **keys))


def values_of(numbers=NUMBERS, **keys):
    source = "values:" + ",".join(map(str, numbers))
    return load(Recipe().replace(task="values", source=source, batch=1, seq_len=2, **keys))


def network_for(data, kind="gru", layers=1, hidden=8, dtype="float64", scale=0.5):
    """Parameters drawn from a normal distribution; `kind` is a cell or an activation of rnn."""
    tokens = isinstance(data, TokenData)
    cell, activation = (kind, "tanh") if kind in CELLS else ("rnn", kind)
    width = data.tokenizer.vocab_size if tokens else data.validation.shape[1]
    task = "tokens" if tokens else "values"
    shape = ModelShape(task, width, cell, activation, hidden, layers, dtype)
    parameters = Parameters(shape)
    initialise(parameters, "normal", scale, np.random.RandomState(2))
    return parameters
