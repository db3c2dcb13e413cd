"""A run's network as other programs take it: float32 arrays under PyTorch's names, and its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer, WordTokenizer
from rnntui.data.vocabulary_counts import word_rule
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.forecast.linear import nothing
from rnntui.generation.generate import WARM_UP
from rnntui.nn.model import named_parameters
from rnntui.recipe import Recipe
from rnntui.runs.trained_model import Model, load_model
from rnntui.suffixes import Suffixes

ANY_CHARACTER = "(?s:.)"

Array32 = NDArray[np.float32]


@dataclass(frozen=True)
class Adaptive:
    """An adaptive softmax: the tokens by falling frequency, and where each tail of them begins.

    Its weights are `head.head.weight`, `head.head.bias`, and of tail n, from 0,
    `head.tail.{n}.0.weight` and `head.tail.{n}.1.weight`.
    """

    order: tuple[int, ...]
    cutoffs: tuple[int, ...]  # at least one

    @property
    def tails(self) -> range:
        """The numbers of the tails."""
        return range(len(self.cutoffs))


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network after update `step`. `weights` have PyTorch's names, shapes and gates.

    The output layer is linear (`head.weight`, `head.bias`) unless it is `adaptive`. With
    `suffixes`, the row of `suffix.weight` that belongs to the last tokens is added to its logits.
    """

    recipe: Recipe
    data: Dataset
    step: int
    weights: dict[str, Array32]
    adaptive: Adaptive | None = None
    suffixes: Suffixes | None = None

    @property
    def width(self) -> int:
        """The size of the vocabulary, or the number of features."""
        if isinstance(self.data, ValueData):
            return len(self.data.features)
        return self.inputs

    @property
    def inputs(self) -> int:
        """Numbers that the first layer reads; beside a skip connection twice the features."""
        return int(self.weights["rnn.weight_ih_l0"].shape[1])

    @property
    def parameters(self) -> int:
        """The count of all numbers in the file; PyTorch has one bias per gate more than rnntui."""
        return sum(array.size for array in self.weights.values())


def load_network(run: Path, which: str) -> Network:
    """Load a run's network from a checkpoint. Raises UsageError, DataError or RunError."""
    return network_of(load_model(run, which))


def network_of(model: Model) -> Network:
    """Return the network of a loaded model.

    Raises UsageError if it reads a calendar, for which the file has no place.
    """
    if isinstance(model.data, ValueData) and model.data.known:
        kinds = "csv, html or bundle"
        raise UsageError(f"a network that was trained with calendar = true: export --to {kinds}")
    with np.errstate(over="ignore"):
        weights = {
            name: np.ascontiguousarray(array, np.float32)
            for name, array in named_parameters(model.parameters).items()
        }
    adaptive = _adaptive(model.data) if "head.weight" not in weights else None
    if adaptive is not None and not adaptive.cutoffs:  # a linear layer in another order
        back = np.argsort(adaptive.order)
        for kind in ("weight", "bias"):
            weights[f"head.{kind}"] = weights.pop(f"head.head.{kind}")[back]
        adaptive = None
    suffixes = model.parameters.shape.suffixes
    return Network(model.recipe, model.data, model.step, weights, adaptive, suffixes)


def _adaptive(data: Dataset) -> Adaptive:
    """Return the order of the tokens in an adaptive output layer."""
    assert isinstance(data, TokenData) and data.clusters is not None
    clusters = data.clusters
    return Adaptive(clusters.order, clusters.cutoffs)


def by_frequency(network: Network) -> tuple[dict[str, Array32], tuple[int, ...]]:
    """Return the weights for tokens in the order of the output layer, and that order."""
    if network.adaptive is None:
        return network.weights, tuple(range(network.width))
    order = network.adaptive.order
    inputs = np.ascontiguousarray(network.weights["rnn.weight_ih_l0"][:, list(order)])
    return {**network.weights, "rnn.weight_ih_l0": inputs}, order


def vocabulary(data: TokenData) -> dict[str, Any]:
    """Return the vocabulary as JSON values that need no rnntui to read.

    `symbols` are texts; of a byte, the character with its number (Latin-1). `pattern` is the
    regular expression that cuts a text into pieces: each is a symbol, or spelled in characters.
    `start` is the token that generation without a prompt starts from.
    """
    tokenizer = data.tokenizer
    return {
        "unit": tokenizer.kind,
        "symbols": _symbols(tokenizer),
        "pattern": _pattern(tokenizer),
        "start": int(data.tokens[0]),
    }


def _symbols(tokenizer: Tokenizer) -> list[str]:
    if isinstance(tokenizer, ByteTokenizer):
        return [chr(value) for value in tokenizer.values]
    assert isinstance(tokenizer, CharTokenizer | WordTokenizer)
    return list(tokenizer.symbols)


def _pattern(tokenizer: Tokenizer) -> str:
    if isinstance(tokenizer, WordTokenizer):
        return f"(?s:{word_rule(tokenizer.rule).words.pattern})"
    return ANY_CHARACTER


def scale(data: ValueData) -> dict[str, Any]:
    """Return a series' columns and scale as JSON values, and its last rows in the file's units.

    The network takes (value - mean) / deviation and predicts the next row so; with `difference`,
    of the change from each row to the next. With the `lags` of a `skip` connection, it also reads
    the sum of `weights[l] * row[t + 1 - lags[l]]` and `constant`, and its output is added to that.
    """
    rows = data.rows()[-WARM_UP - (data.levels is not None) :]
    return {
        "features": list(data.features),
        "mean": data.mean.tolist(),
        "deviation": data.deviation.tolist(),
        "difference": data.levels is not None,
        "rows": rows.tolist(),
        "skip": (data.skip or nothing(len(data.features))).to_dict(),
    }
