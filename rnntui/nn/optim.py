"""Clipping and update rules, on the one flat vector that holds every parameter."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import ClassVar

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.kernels.layout import Array, aligned, dot
from rnntui.recipe import Train
from rnntui.recipe.registry import Registry

_BLOCK = 16_384  # entries
AVERAGE = "average"  # the moment that is the mean of past weights, the newest counting most


def gradient_norm(gradients: Array, square: float | None = None) -> float:
    """Euclidean norm; NaN or infinite exactly where an entry is.

    `square` is its square where that is known, infinite or NaN if it was too large for the dtype.
    """
    if square is None:
        square = float(dot(gradients, gradients))
    if math.isfinite(square):
        return math.sqrt(square)
    largest = float(np.abs(gradients).max())
    if not math.isfinite(largest):
        return largest
    scaled = gradients.astype(np.float64) / largest  # finite, only its square was too large
    return largest * math.sqrt(float(dot(scaled, scaled)))


def clip(gradients: Array, norm: float, bound: float, mode: str) -> None:
    """Bound the gradient in place, `norm` being its norm; `bound` 0 leaves it.

    "norm" shortens the whole gradient to `bound` and keeps its direction; "value" cuts each entry
    to [-bound, bound] by itself, which turns it.
    """
    if not bound:
        return
    if mode == "value":
        np.clip(gradients, -bound, bound, out=gradients)
    elif norm > bound:
        np.multiply(gradients, bound / norm, gradients)


@dataclass(frozen=True, eq=False)
class Vectors:
    """What an optimizer works on, all (n,) and updated in place: `step` may overwrite gradients.

    Without `moments`, an optimizer makes its own. Only the entries of `part` are updated: the
    others belong to another process.
    """

    parameters: Array
    gradients: Array
    moments: Mapping[str, Array] | None
    part: slice


@dataclass(frozen=True)
class Coefficients:
    """The constants of the update rules, named as the recipe keys.

    With `average` > 0, an exponential moving average of the weights is kept, too.
    """

    momentum: float = 0.9
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    rms_decay: float = 0.99
    average: float = 0.0

    @classmethod
    def of(cls, train: Train) -> Coefficients:
        """The coefficients that a recipe sets."""
        return cls(**{field.name: getattr(train, field.name) for field in fields(cls)})


class Optimizer(ABC):
    """An update rule. `moments` are what it remembers, by name, each as long as the parameters.

    `scale_invariant`: a loss times any constant gives the same updates, so that it matters neither
    whether a loss is summed nor how long a gradient is. `usual_rate` is a learning rate that most
    small networks train well with, for a mean loss.
    """

    names: ClassVar[tuple[str, ...]] = ()  # of the moments
    scale_invariant: ClassVar[bool]
    usual_rate: ClassVar[float]

    def __init__(self, vectors: Vectors, coefficients: Coefficients) -> None:
        self._coefficients = coefficients
        whole, part = vectors.parameters, vectors.part
        given = vectors.moments
        self.moments = {
            name: aligned(whole.shape, whole.dtype) if given is None else given[name]
            for name in remembered(type(self), coefficients)
        }
        self.updates = 0
        self._parameters, self._gradients = whole[part], vectors.gradients[part]
        self._moments = [self.moments[name][part] for name in self.names]
        self._average = self.moments[AVERAGE][part] if coefficients.average else None

    def _in_blocks(self) -> list[tuple[Array, ...]]:
        """Parameters, gradients, moments and spare room, in blocks that stay in the cache."""
        size, dtype = self._parameters.size, self._parameters.dtype
        count = max(1, round(size / _BLOCK))
        length = max(1, -(-size // (16 * count))) * 16
        spare = aligned((min(length, size),), dtype)
        arrays = (self._parameters, self._gradients, *self._moments)
        bounds = [(a, min(a + length, size)) for a in range(0, size, length)]
        return [(*(array[a:b] for array in arrays), spare[: b - a]) for a, b in bounds]

    def _constants(self, *values: float) -> list[Array]:
        """0-d arrays, which cost a call less than numbers do."""
        return [np.array(value, self._parameters.dtype) for value in values]

    def step(self, lr: float) -> None:
        """One update with learning rate `lr`, and of the averaged weights, if there are any."""
        self.updates += 1
        self._step(lr)
        if self._average is not None:
            # The first weights count for less and less, however close to 1 the decay is.
            kept = min(self._coefficients.average, (self.updates - 1) / (self.updates + 8))
            np.subtract(self._parameters, self._average, self._gradients)
            np.multiply(self._gradients, 1 - kept, self._gradients)
            np.add(self._average, self._gradients, self._average)

    @abstractmethod
    def _step(self, lr: float) -> None:
        """Change the parameters with learning rate `lr`: update number `updates`, from 1."""


OPTIMIZERS: Registry[type[Optimizer]] = Registry("optimizer")


@OPTIMIZERS.register("sgd")
class Sgd(Optimizer):
    """p -= lr g."""

    scale_invariant = False
    usual_rate = 0.1

    def _step(self, lr: float) -> None:
        np.multiply(self._gradients, lr, self._gradients)
        np.subtract(self._parameters, self._gradients, self._parameters)


@OPTIMIZERS.register("momentum")
class Momentum(Optimizer):
    """v = μ v + g;  p -= lr v  (as in PyTorch's SGD)."""

    scale_invariant = False
    usual_rate = 0.01
    names = ("velocity",)

    def __init__(self, vectors: Vectors, coefficients: Coefficients) -> None:
        super().__init__(vectors, coefficients)
        (self._v,) = self._moments

    def _step(self, lr: float) -> None:
        np.multiply(self._v, self._coefficients.momentum, self._v)
        np.add(self._v, self._gradients, self._v)
        np.multiply(self._v, lr, self._gradients)
        np.subtract(self._parameters, self._gradients, self._parameters)


@OPTIMIZERS.register("adagrad")
class Adagrad(Optimizer):
    """V = V + g²;  p -= lr g / (√V + ε)  (Duchi et al. 2011)."""

    scale_invariant = True
    usual_rate = 0.02
    EPSILON = 1e-10
    names = ("V",)

    def __init__(self, vectors: Vectors, coefficients: Coefficients) -> None:
        super().__init__(vectors, coefficients)
        self._blocks = self._in_blocks()

    def _step(self, lr: float) -> None:
        multiply, add = np.multiply, np.add
        rate, epsilon = self._constants(lr, self.EPSILON)
        for p, g, V, spare in self._blocks:
            multiply(g, g, spare)
            add(V, spare, V)
            np.sqrt(V, spare)
            add(spare, epsilon, spare)
            np.divide(g, spare, spare)
            multiply(spare, rate, spare)
            np.subtract(p, spare, p)


@OPTIMIZERS.register("rmsprop")
class RmsProp(Optimizer):
    """v = α v + (1-α) g²;  p -= lr g / (√v + ε)  (Hinton 2012, as in PyTorch).

    The moment kept is V = v / (1-α), as with Adam.
    """

    scale_invariant = True
    usual_rate = 0.001
    EPSILON = 1e-8
    names = ("V",)

    def __init__(self, vectors: Vectors, coefficients: Coefficients) -> None:
        super().__init__(vectors, coefficients)
        self._blocks = self._in_blocks()

    def _step(self, lr: float) -> None:
        multiply, add = np.multiply, np.add
        decay = self._coefficients.rms_decay
        k = math.sqrt(1 - decay)
        rate, epsilon, alpha = self._constants(lr / k, self.EPSILON / k, decay)
        for p, g, V, spare in self._blocks:
            multiply(g, g, spare)
            multiply(V, alpha, V)
            add(V, spare, V)
            np.sqrt(V, spare)
            add(spare, epsilon, spare)
            np.divide(g, spare, spare)
            multiply(spare, rate, spare)
            np.subtract(p, spare, p)


@OPTIMIZERS.register("adam")
class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, algorithm 1), in blocks that stay in the cache.

    With m = (1-β₁) M and v = (1-β₂) V, which saves two products per entry, the update
    lr m̂ / (√v̂ + ε) is  rate M / (√V + ε/k)  where  k = √((1-β₂) / (1-β₂ᵗ))  and
    rate = lr (1-β₁) / ((1-β₁ᵗ) k). The moments kept are M and V.

    With a weight decay λ, p is first multiplied by 1 - lr λ.
    """

    scale_invariant = True
    usual_rate = 0.002
    EPSILON = 1e-8
    names = ("M", "V")

    def __init__(
        self, vectors: Vectors, coefficients: Coefficients, weight_decay: float = 0.0
    ) -> None:
        super().__init__(vectors, coefficients)
        self._weight_decay = weight_decay
        self._blocks = self._in_blocks()
        self._betas = self._constants(coefficients.beta1, coefficients.beta2)

    def _step(self, lr: float) -> None:
        multiply, add = np.multiply, np.add
        b1, b2, t = self._coefficients.beta1, self._coefficients.beta2, self.updates
        k = math.sqrt((1 - b2) / (1 - b2**t))
        rate = lr * (1 - b1) / ((1 - b1**t) * k)
        rate0, epsilon = self._constants(rate, self.EPSILON / k)
        beta1, beta2 = self._betas
        decay = self._weight_decay
        shrink = self._constants(1 - lr * decay)[0] if decay else None
        for p, g, M, V, spare in self._blocks:
            if shrink is not None:
                multiply(p, shrink, p)
            multiply(M, beta1, M)
            add(M, g, M)  # M = β₁ M + g
            multiply(g, g, g)
            multiply(V, beta2, V)
            add(V, g, V)  # V = β₂ V + g²
            np.sqrt(V, spare)
            add(spare, epsilon, spare)
            np.divide(M, spare, spare)
            multiply(spare, rate0, spare)
            np.subtract(p, spare, p)


@OPTIMIZERS.register("adamw")
class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)."""

    def __init__(self, vectors: Vectors, coefficients: Coefficients) -> None:
        super().__init__(vectors, coefficients, coefficients.weight_decay)


def remembered(kind: type[Optimizer], coefficients: Coefficients) -> tuple[str, ...]:
    """The names of an optimizer's moments, with that of the averaged weights if there are any."""
    return (*kind.names, AVERAGE) if coefficients.average else kind.names


def make_optimizer(
    name: str,
    parameters: Array,
    gradients: Array,
    coefficients: Coefficients | None = None,
    moments: Mapping[str, Array] | None = None,
    part: slice | None = None,
) -> Optimizer:
    """The optimizer of a recipe by its name; for the rest see `Vectors`."""
    vectors = Vectors(parameters, gradients, moments, part or slice(None))
    return OPTIMIZERS[name](vectors, coefficients or Coefficients())
