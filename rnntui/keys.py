"""The recipe keys, each declared once with its default, its line of help and its limits.

Leaf names are unique: `hidden=64` needs no section.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from rnntui.errors import UsageError
from rnntui.rules import Leaf, Value, key, nearest
from rnntui.text import safe_text


@dataclass(frozen=True)
class Data:
    """What is learned."""

    task: str = key("tokens", "what the source holds", choices=("tokens", "values"))
    source: str = key("corpus:tales", "file, '-', corpus:NAME, text:…, values:1,2,3")
    repeat: int = key(1, "how often the source is repeated, end to end", least=1, most=1_000_000)
    tokenizer: str = key("char", "what a token is", choices=("char", "byte", "word"))
    columns: str = key("", "columns of a CSV by name, with commas; empty: all that vary freely")
    difference: bool = key(False, "values: learn the changes from row to row")
    standardize: bool = key(False, "values: subtract the mean, divide by the deviation")
    split: float = key(0.1, "last part of the source, kept for validation", least=0.0, most=0.5)


@dataclass(frozen=True)
class Model:
    """The network."""

    cell: str = key("rnn", "recurrent cell", choices=("rnn", "gru", "lstm"))
    activation: str = key("tanh", "of the rnn cell", choices=("tanh", "relu", "sigmoid"))
    hidden: int = key(128, "hidden units of a layer", least=1, most=16_384)
    layers: int = key(1, "recurrent layers", least=1, most=16)
    dropout: float = key(
        0.0, "share of what goes from layer to layer left out in training", least=0.0, most=0.95
    )
    forget_bias: float = key(
        1.0, "of the lstm's forget gate before training", least=-100.0, most=100.0
    )
    init: str = key(
        "uniform",
        "distribution of initial weights; orthogonal: of recurrent ones, the others glorot",
        choices=("uniform", "normal", "glorot", "orthogonal"),
    )
    init_scale: float = key(
        0.0, "its half-width or deviation, 0: 1/sqrt(hidden); gain of the others, 0: 1", least=0.0
    )
    dtype: str = key("float32", "precision", choices=("float32", "float64"))


@dataclass(frozen=True)
class Train:
    """How it is trained."""

    seq_len: int | str = key(50, "steps of truncated BPTT", least=1, most=1e9, words=("full",))
    batch: int = key(16, "parallel streams of the source", least=1, most=65_536)
    state: str = key("carry", "hidden state between chunks", choices=("carry", "reset"))
    reduction: str = key("mean", "loss of a chunk", choices=("mean", "sum"))
    loss_epsilon: float = key(0.0, "added inside the logarithm of the loss", least=0.0, most=0.1)
    optimizer: str = key(
        "adam",
        "update rule",
        choices=("sgd", "momentum", "rmsprop", "adagrad", "adam", "adamw"),
    )
    lr: float = key(2e-3, "learning rate", above=0.0, most=1e6)
    momentum: float = key(0.9, "of optimizer momentum", least=0.0, most=0.9999)
    weight_decay: float = key(0.01, "of optimizer adamw", least=0.0, most=1e6)
    beta1: float = key(0.9, "of adam and adamw: kept of the mean gradient", least=0.0, most=0.9999)
    beta2: float = key(
        0.999, "of adam and adamw: kept of the mean square", least=0.0, most=0.999999
    )
    rms_decay: float = key(
        0.99, "of optimizer rmsprop: kept of the mean square", least=0.0, most=0.999999
    )
    schedule: str = key(
        "constant",
        "factor on the learning rate, update by update",
        choices=("constant", "step", "cosine", "exponential", "plateau"),
    )
    warmup: int = key(0, "updates over which it rises from 0 first", least=0)
    decay: float = key(
        0.5, "what schedules step, exponential and plateau multiply by", above=0.0, most=1.0
    )
    decay_every: int = key(1000, "updates for that, of step and exponential", least=1)
    patience: int = key(5, "validations without a better one before plateau does", least=1)
    lr_least: float = key(0.0, "share of lr that a schedule leaves", least=0.0, most=1.0)
    clip: float = key(5.0, "bound on the gradient; 0: none", least=0.0)
    clip_mode: str = key("norm", "what is bounded", choices=("norm", "value"))
    skip_spikes: bool = key(
        True, "leave out updates whose gradient leaps; go back where the loss stays up"
    )
    epochs: int = key(0, "passes over the source; 0: no bound", least=0)
    steps: int = key(0, "updates; 0: no bound", least=0)
    seconds: float = key(0.0, "time; 0: no bound", least=0.0)
    seed: int = key(0, "of every random number", least=0, most=2**32 - 1)
    eval_every: int = key(250, "updates between validations; 0: none", least=0)
    checkpoint_every: int = key(0, "updates between checkpoints; 0: every half minute", least=0)
    workers: int = key(
        0, "processes that share an update; 0: as many as make it faster", least=0, most=256
    )


@dataclass(frozen=True)
class Sample:
    """What the network writes while it is trained and at the end."""

    sample_every: int = key(
        0, "updates between samples, the first after update 1; 0: none", least=0
    )
    sample_length: int = key(200, "tokens of a sample", least=1, most=100_000)
    final_length: int = key(200, "tokens of the sample after the last update; 0: none", least=0)
    prompt: str = key("", "what a sample goes on from")
    temperature: float = key(1.0, "of sampling", above=0.0, most=100.0)
    top_k: int = key(0, "sample from the K likeliest tokens; 0: from all", least=0)
    top_p: float = key(
        1.0, "sample from the likeliest tokens that have this share together", above=0.0, most=1.0
    )
    greedy: bool = key(False, "always the likeliest token instead of one drawn by probability")
    samples: int = key(1, "samples written at once, token by token", least=1, most=16)
    sample_start: str = key("zero", "state a sample starts from", choices=("zero", "carried"))
    sample_random: str = key(
        "own", "random stream of samples; shared: that of the weights", choices=("own", "shared")
    )
    final_pass: bool = key(True, "predict after the last update; false: as the last update did")


# By the names they are declared with: every command begins with this, and `get_type_hints` is slow.
_TYPES: dict[str, type] = {kind.__name__: kind for kind in (str, int, float, bool)}
SECTIONS: dict[str, type] = {"data": Data, "model": Model, "train": Train, "sample": Sample}


def _leaves() -> Iterator[Leaf]:
    for section, kind in SECTIONS.items():
        for f in dataclasses.fields(kind):
            types = tuple(_TYPES[name] for name in str(f.type).split(" | "))
            default: Value = f.default  # type: ignore[assignment]
            yield Leaf(section, f.name, types, default, f.metadata["rule"])


_LEAVES = {leaf.name: leaf for leaf in _leaves()}


def keys() -> tuple[Leaf, ...]:
    """Every recipe key in its order."""
    return tuple(_LEAVES.values())


def find(name: str) -> Leaf:
    """The key of that name. Raises UsageError with the nearest name."""
    if name in _LEAVES:
        return _LEAVES[name]
    hint = nearest(name, _LEAVES, "'rnntui recipes NAME' lists them all")
    raise UsageError(f"unknown key '{safe_text(name)}'{hint}")
