"""The gradient of a recipe's loss against central differences: is backpropagation right?

For an entry w of a parameter, the loss L of one chunk is computed twice more in float64, and

    (L(w + ε) - L(w - ε)) / 2ε  =  ∂L/∂w + O(ε²)

is compared with what `Network.backward` gives. That is done for a sample of the entries of every
parameter: each takes two forward passes.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, Stream, sequences
from rnntui.dataclass import dataclass
from rnntui.nn.cells import CELLS
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import (
    SUFFIX_NAME,
    SUFFIX_TABLE,
    ModelShape,
    Parameters,
    initialise,
    output_name,
)
from rnntui.nn.network import Network
from rnntui.nn.suffix import row_gradients
from rnntui.recipe import Recipe
from rnntui.training.memory import check_memory
from rnntui.training.shape import shape_of

LIMIT = 1e-6  # what a relative error has to stay below
STEPS = (1e-5, 1e-4, 1e-6, 1e-7)  # ε: a larger one against rounding, smaller ones where it curves
KINK_STEPS = (*STEPS, 1e-8)  # with relu: crosses hardly a kink, but rounding is close to the limit
MOST, LEAST = 10, 3  # entries of a parameter
_SECONDS = 2.0  # roughly what the differences may take
_SMALL = 1e-3  # of the largest gradient of all
_MOST_KINKS = 8192  # units times rows with relu: with more, there is always one within the step
_PRODUCTS, _NUMBER, _STEP = 3e-11, 5e-9, 2e-5  # seconds: of an operation, an activation, a step
_AS_IN_PYTORCH = {"Wx": "weight_ih", "Wh": "weight_hh", "b": "bias_ih", "bm": "bias_hh"}


@dataclass(frozen=True)
class Checked:
    """One parameter, with the name and the shape that PyTorch gives it.

    `error` is the largest |quotient - gradient| of its entries, relative to the parameter's largest
    gradient; or to a thousandth of the largest of all, where the parameter's own are below that:
    their quotients are mostly rounding.
    """

    name: str
    shape: tuple[int, ...]
    entries: int
    error: float


@dataclass(frozen=True)
class GradientCheck:
    """The outcome for one chunk of `steps` x `batch`; `note` says which sizes were reduced."""

    parameters: tuple[Checked, ...]
    steps: int
    batch: int
    loss: float
    note: str

    @property
    def worst(self) -> Checked:
        """The parameter with the largest error; what is not a number counts as that."""
        return max(self.parameters, key=lambda p: math.inf if math.isnan(p.error) else p.error)

    @property
    def passes(self) -> bool:
        """Whether every error is below the limit."""
        return all(p.error < LIMIT for p in self.parameters)


def check_gradients(recipe: Recipe, data: Dataset) -> GradientCheck:
    """Check a recipe on its first streams' second chunk, in float64 whatever its own precision.

    Its initial weights are moved at random, so that none is zero and no unit almost linear. The
    mask of dropout is kept, and `loss_epsilon` left out, as training leaves it out of the gradient.
    Sizes with which it would take more than seconds are reduced. Raises DataError for data that do
    not fill a chunk.
    """
    steps = checking(recipe, data)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: GradientCheck = end.value
            return outcome


def checking(recipe: Recipe, data: Dataset) -> Generator[None, None, GradientCheck]:
    """Do the same in steps: yield after each entry, and return the outcome. Raises DataError."""
    recipe, note = _affordable(recipe, data)
    problem = _Problem(recipe, data)
    gradients = problem.gradient()
    shape = problem.parameters.shape
    entries = int(_SECONDS / _seconds(shape, problem.steps, recipe.train.batch))
    checked = yield from _checked(problem, gradients, min(max(entries, LEAST), MOST))
    return GradientCheck(tuple(checked), problem.steps, recipe.train.batch, problem.loss(), note)


class _Problem:
    """The loss of one chunk as a function of the parameters; all else is held still."""

    def __init__(self, recipe: Recipe, data: Dataset) -> None:
        train, model = recipe.train, recipe.model
        stream = Stream(_source(data), train.batch, train.seq_len, train.turns)
        shape = _shape(recipe, data)
        check_memory(recipe.replace(dtype="float64"), shape, stream.steps)
        self.steps = stream.steps
        self.parameters = Parameters(shape)
        self._gradients = Parameters(shape, dense=True)
        random = np.random.RandomState(train.seed)
        initialise(self.parameters, model.init, model.init_scale, random, model.forget_bias)
        for tensor in self.parameters.tensors.values():
            tensor += random.standard_normal(tensor.shape) * (0.5 / math.sqrt(model.hidden))
        self._random = np.random.RandomState([train.seed, 3])
        self._masks = self._random.get_state(legacy=False)
        self._network = Network(
            self.parameters,
            stream.steps,
            train.batch,
            self._gradients,
            dropout=model.dropout,
            random=self._random,
            in_order=model.dtype == "float64",  # else the way that training goes in float32
        )
        self._weight = 1.0 if train.reduction == "sum" else 1.0 / (stream.steps * train.batch)
        self._hidden = shape.hidden_state(train.batch)
        self._batch = stream.next()
        self.loss()
        for _ in range(train.turns):
            self._batch = stream.next()
        if train.state == "carry" and not self._batch.starts_epoch:
            self._network.final_state(self._hidden)

    def loss(self, trains: bool = False) -> float:
        """The loss with the parameters as they are now; `trains`: its gradient is wanted too."""
        self._random.set_state(self._masks)
        with np.errstate(all="ignore"):
            self._network.refresh()
            self._network.forward(self._batch.inputs, self._hidden)
            return self._network.total_loss(self._batch.targets, trains) * self._weight

    def gradient(self) -> Parameters:
        """Its gradient, by backpropagation."""
        self.loss(trains=True)
        with np.errstate(all="ignore"):
            self._network.backward(self._weight)
        whole = Parameters(self.parameters.shape)
        np.copyto(whole.dense, self._gradients.flat)
        if self._network.suffix is not None:
            rows, sums = row_gradients(
                self._network.suffix.numbers.reshape(-1), self._network.suffix.gradient
            )
            whole.tensors[SUFFIX_TABLE][rows] = sums
        return whole


def _checked(
    problem: _Problem, gradients: Parameters, entries: int
) -> Generator[None, None, list[Checked]]:
    random, tensors = np.random.RandomState(1), problem.parameters.tensors
    shape = problem.parameters.shape
    largest = float(np.abs(gradients.flat).max())
    found = []
    steps = KINK_STEPS if _has_kinks(shape) else STEPS
    for name, tensor in tensors.items():
        gradient = gradients.tensors[name].reshape(-1)
        scale = max(float(np.abs(gradient).max()), _SMALL * largest) or 1.0
        chosen, errors = _choose(gradient, entries, random), []
        for k in chosen:
            errors.append(_error(problem, tensor.reshape(-1), k, gradient[k], scale, steps))
            yield
        found.append(Checked(*_as_in_pytorch(shape, name), len(chosen), float(np.max(errors))))
    return found


def _has_kinks(shape: ModelShape) -> bool:
    return shape.cell == "rnn" and shape.activation == "relu"


def _error(
    problem: _Problem, flat: Array, k: int, gradient: float, scale: float, steps: Sequence[float]
) -> float:
    """The relative error of one entry, with the step that gives the least."""
    keep, errors = flat[k], []
    for step in steps:
        flat[k] = keep + step
        up = problem.loss()
        flat[k] = keep - step
        down = problem.loss()
        flat[k] = keep
        errors.append(abs((up - down) / (2 * step) - gradient) / scale)
        if errors[-1] < LIMIT:
            break
    return float(np.min(errors))


def _choose(gradient: Array, count: int, random: np.random.RandomState) -> list[int]:
    """Entries: the one with the largest gradient, some that have a gradient, some that may not."""
    present, anywhere = np.flatnonzero(gradient), np.arange(gradient.size)
    candidates = [int(np.abs(gradient).argmax())]
    for among, most in ((present, count // 2), (anywhere, count)):
        candidates += random.permutation(among)[:most].tolist()
    return list(dict.fromkeys(candidates))[:count]


def _as_in_pytorch(model: ModelShape, name: str) -> tuple[str, tuple[int, ...]]:
    """`Wh0` (G, H, H) is `rnn.weight_hh_l0` (G * H, H)."""
    shape = model.layout().shapes[name]
    if name in model.output_shapes():
        return output_name(model, name), shape[::-1]
    if name == SUFFIX_TABLE:
        return SUFFIX_NAME, shape
    kind = name.rstrip("0123456789")
    own = f"rnn.{_AS_IN_PYTORCH.get(kind, kind)}_l{name.removeprefix(kind)}"
    if len(shape) == 3:
        gates, inputs, hidden = shape
        return own, (gates * hidden, inputs)
    return own, (math.prod(shape),)


def _affordable(recipe: Recipe, data: Dataset) -> tuple[Recipe, str]:
    """The recipe with sizes that can be checked in seconds, and in words what was reduced."""
    shape, batch, seq_len = _shape(recipe, data), recipe.train.batch, recipe.train.seq_len
    steps = Stream(_source(data), batch, seq_len, recipe.train.turns).steps
    kinks = _has_kinks(shape)
    before = sizes = {"batch": batch, "seq_len": steps, "hidden": shape.hidden}

    def too_large() -> bool:
        rows, units = sizes["seq_len"] * sizes["batch"], sizes["hidden"] * shape.layers
        if kinks and rows * units > _MOST_KINKS and rows > 16:
            return True
        return LEAST * _seconds(shape, sizes["seq_len"], sizes["batch"]) > 2 * _SECONDS

    while too_large():
        rows = (
            key for key, least in (("batch", 8), ("seq_len", 8), ("batch", 2)) if sizes[key] > least
        )
        key = next(rows, "hidden")
        sizes = sizes | {key: -(-sizes[key] // 2)}
        shape = replace(shape, hidden=sizes["hidden"])
    smaller = [f"{key} {n} of {before[key]:,}" for key, n in sizes.items() if n != before[key]]
    why = "relu has kinks" if kinks else "this takes seconds"
    return recipe.replace(**sizes), f"{', '.join(smaller)}: {why}" if smaller else ""


def _seconds(shape: ModelShape, steps: int, batch: int) -> float:
    """Roughly what the differences for one entry of every parameter take."""
    layout, cell, rows = shape.layout(), CELLS[shape.cell], steps * batch
    operations = 2 * rows * (layout.count - cell.gates * shape.width * shape.hidden)
    activations = rows * (shape.layers * cell.slots * shape.hidden + shape.width) + layout.count
    calls = steps * shape.layers
    once = operations * _PRODUCTS + activations * _NUMBER + calls * _STEP
    return 2 * once * len(layout.shapes)


def _shape(recipe: Recipe, data: Dataset) -> ModelShape:
    return replace(shape_of(recipe, data), dtype="float64")


def _source(data: Dataset) -> NDArray[Any]:
    return sequences(data)[0]
