"""Learning rates at which most networks train well."""

from __future__ import annotations

import math

from rnntui.nn.optim import OPTIMIZERS
from rnntui.recipe import Recipe


def weight(recipe: Recipe, predictions: int) -> int:
    """Return the factor by which a summed loss scales the effective learning rate.

    It is 1 for a scale-invariant optimizer, whose updates do not change, and for a gradient clipped
    by its norm, whose length does not change.
    """
    train = recipe.train
    plain = not OPTIMIZERS[train.optimizer].scale_invariant and not clips_norm(recipe)
    return predictions if train.reduction == "sum" and plain else 1


def clips_norm(recipe: Recipe) -> bool:
    """Whether the gradient's norm is bounded."""
    train = recipe.train
    return train.clip_mode == "norm" and 0 < train.clip < math.inf


def usual_rate(recipe: Recipe, predictions: int) -> float:
    """Return a learning rate at which most networks train well."""
    usual: float = OPTIMIZERS[recipe.train.optimizer].usual_rate
    return usual / weight(recipe, predictions)


def fixed_rate(recipe: Recipe, rate: float, predictions: int, fixes: int = 0) -> float:
    """Return the rate that the fix sets: the usual one, or half the current one if that is lower.

    Each earlier fix that did not help halves it again.
    """
    return min(rate / 2.0 ** (1 + fixes), usual_rate(recipe, predictions))
