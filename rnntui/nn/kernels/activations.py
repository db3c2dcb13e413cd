"""Sigmoids and tanh by one of two functions of NumPy, whose speed depends on the processor.

By tanh, σ(a) = ½ + ½ tanh(a / 2); by exp, σ(a) = 1 / (1 + exp(-a)) and tanh(a) = 2 σ(2 a) - 1.
The factor of a is in the working weights: `sigmoid_scale` and `tanh_scale`. Neither overflows to
anything but the right limit. By exp, tanh has an absolute error of a rounding of 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from rnntui.nn.kernels.layout import Array


class Gates(ABC):
    """Activations of neighbouring gates, in place."""

    sigmoid_scale: ClassVar[float]
    tanh_scale: ClassVar[float]

    @abstractmethod
    def __init__(self, dtype: str) -> None:
        """Prepare constants of `dtype`."""

    @abstractmethod
    def sigmoid(self, z: Array) -> None:
        """From scaled pre-activations to σ."""

    @abstractmethod
    def mixed(self, z: Array, sigmoids: Array, g: Array) -> None:
        """Likewise of z, which consists of `sigmoids` and of `g`, whose activation is tanh."""


class GatesByTanh(Gates):
    """One tanh over everything."""

    sigmoid_scale, tanh_scale = 0.5, 1.0

    def __init__(self, dtype: str) -> None:
        self._half = np.array(0.5, dtype)

    def sigmoid(self, z: Array) -> None:
        np.tanh(z, z)
        np.multiply(z, self._half, z)
        np.add(z, self._half, z)

    def mixed(self, z: Array, sigmoids: Array, g: Array) -> None:
        np.tanh(z, z)
        np.multiply(sigmoids, self._half, sigmoids)
        np.add(sigmoids, self._half, sigmoids)


class GatesByExp(Gates):
    """One exp over everything."""

    sigmoid_scale, tanh_scale = -1.0, -2.0

    def __init__(self, dtype: str) -> None:
        self._one, self._two = np.array(1, dtype), np.array(2, dtype)

    def sigmoid(self, z: Array) -> None:
        np.exp(z, z)
        np.add(z, self._one, z)
        np.divide(self._one, z, z)  # faster than reciprocal

    def mixed(self, z: Array, sigmoids: Array, g: Array) -> None:
        self.sigmoid(z)
        np.multiply(g, self._two, g)
        np.subtract(g, self._one, g)


GATES: dict[str, type[Gates]] = {"tanh": GatesByTanh, "exp": GatesByExp}


def tanh_by(name: str, dtype: str, scaled: bool = False) -> Callable[[Array, Array], object]:
    """The function (a, out) that computes tanh by "tanh" or "exp".

    `scaled`: a has been multiplied by the `tanh_scale` of those gates.
    """
    if name == "tanh":
        return np.tanh
    one, two, minus_two = (np.array(x, dtype) for x in (1, 2, -2))

    def tanh(a: Array, out: Array) -> None:
        if scaled:
            np.exp(a, out)
        else:
            np.multiply(a, minus_two, out)
            np.exp(out, out)
        np.add(out, one, out)
        np.divide(two, out, out)
        np.subtract(out, one, out)

    return tanh
