"""Distributions of the initial weights."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from rnntui.nn.kernels.layout import Array
from rnntui.recipe.registry import Registry


class Initialisation(ABC):
    """How the entries of a weight matrix are drawn."""

    scale_is_gain: ClassVar[bool]  # `scale` is a factor, by default 1; otherwise a width

    @classmethod
    def usual_scale(cls, hidden: int) -> float:
        """The scale that the recipe's 0 means: a gain of 1, or a width of 1/sqrt(hidden)."""
        return 1.0 if cls.scale_is_gain else 1 / math.sqrt(hidden)

    @staticmethod
    @abstractmethod
    def draw(rows: Array, recurrent: bool, scale: float, random: np.random.RandomState) -> None:
        """Fill `rows`, (outputs, inputs) or (gates, outputs, inputs), in place."""


INITIALISATIONS: Registry[type[Initialisation]] = Registry("init")


@INITIALISATIONS.register("uniform")
class Uniform(Initialisation):
    """Uniform from -scale to scale."""

    scale_is_gain = False

    @staticmethod
    def draw(rows: Array, recurrent: bool, scale: float, random: np.random.RandomState) -> None:
        rows[...] = random.uniform(-scale, scale, rows.shape)


@INITIALISATIONS.register("normal")
class Normal(Initialisation):
    """Normal with mean 0 and standard deviation `scale`."""

    scale_is_gain = False

    @staticmethod
    def draw(rows: Array, recurrent: bool, scale: float, random: np.random.RandomState) -> None:
        rows[...] = random.randn(*rows.shape) * scale


@INITIALISATIONS.register("glorot")
class Glorot(Initialisation):
    """Uniform up to scale * sqrt(6 / (inputs + outputs)) for each gate (Glorot & Bengio 2010)."""

    scale_is_gain = True

    @staticmethod
    def draw(rows: Array, recurrent: bool, scale: float, random: np.random.RandomState) -> None:
        Uniform.draw(rows, recurrent, scale * math.sqrt(6 / sum(rows.shape[-2:])), random)


@INITIALISATIONS.register("orthogonal")
class Orthogonal(Initialisation):
    """`scale` times an orthogonal matrix for each recurrent gate (Saxe et al. 2014)."""

    scale_is_gain = True

    @staticmethod
    def draw(rows: Array, recurrent: bool, scale: float, random: np.random.RandomState) -> None:
        if not recurrent:
            Glorot.draw(rows, recurrent, scale, random)
            return
        for gate in rows:
            gate[...] = _orthogonal(len(gate), random) * scale


def _orthogonal(size: int, random: np.random.RandomState) -> Array:
    """Return a rotation or reflection drawn uniformly (Haar measure)."""
    q, r = np.linalg.qr(random.randn(size, size))
    rotation: Array = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return rotation
