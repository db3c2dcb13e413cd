"""Gradients that are spoiled as they are reckoned, at chosen updates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from rnntui.nn.kernels.layout import Array
from rnntui.nn.optim import gradient_norm
from rnntui.training.workers.updater import Between, Updater


def spoil(monkeypatch: pytest.MonkeyPatch, factors: Mapping[int, float], first: int = 1) -> None:
    """Multiply gradients of some updates, from `first` on, by a factor, which may be NaN."""
    whole, step = Updater.gradient, first - 1

    def spoiled(
        self: Updater, inputs: Array, targets: Array, between: Between | None = None
    ) -> tuple[float, float]:
        nonlocal step
        step += 1
        total, norm = whole(self, inputs, targets, between)
        if step in factors:
            gradients = self.arrays.gradients[0]
            np.multiply(gradients, factors[step], gradients)
            norm = gradient_norm(gradients)
        return total, norm

    monkeypatch.setattr(Updater, "gradient", spoiled)
