"""A small recipe with data for it, and training to its end."""

from __future__ import annotations

import numpy as np

from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from tests.support.plain import token_data, value_data

SMALL = Recipe().replace(hidden=6, batch=2, seq_len=5, steps=7)
RNG = np.random.default_rng(8)
TOKENS = token_data(RNG.integers(0, 4, 61), 4, RNG.integers(0, 4, 30))
VALUES = value_data(RNG.normal(size=(61, 2)), RNG.normal(size=(30, 2)))


def after(recipe, data, state=None, **options):
    state = start(recipe, data) if state is None else state
    return list(train(recipe, data, state, **options)), state
