"""The recipe keys of the section `model`: the network."""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import key


@dataclass(frozen=True)
class Model:
    """The network."""

    cell: str = key(
        "rnn",
        "recurrent cell",
        choices=("rnn", "gru", "lstm"),
        aka=("rnn_type", "model", "cell_type"),
    )
    activation: str = key(
        "tanh",
        "activation function of the rnn cell",
        choices=("tanh", "relu", "sigmoid"),
        only=("cell", ("rnn",)),
    )
    hidden: int = key(
        128,
        "hidden units per layer",
        least=1,
        most=16_384,
        aka=("hidden_size", "units", "hidden_units", "rnn_size"),
    )
    layers: int = key(
        1, "number of recurrent layers", least=1, most=16, aka=("num_layers", "n_layers", "depth")
    )
    dropout: float = key(
        0.0,
        "dropout rate between layers",
        least=0.0,
        most=0.95,
        aka=("drop", "dropout_rate"),
    )
    forget_bias: float = key(
        1.0,
        "lstm: initial bias of the forget gate",
        least=-100.0,
        most=100.0,
        only=("cell", ("lstm",)),
    )
    init: str = key(
        "uniform",
        "weight initialisation; orthogonal applies to recurrent weights, glorot to the rest",
        choices=("uniform", "normal", "glorot", "orthogonal"),
    )
    init_scale: float = key(
        0.0,
        "uniform, normal: width of init (0: 1/sqrt(hidden)); glorot, orthogonal: gain (0: 1)",
        least=0.0,
    )
    skip: str = key(
        "none",
        "linear connection beside the network: the last value, or an autoregression with seasons",
        choices=("none", "last", "linear"),
        only=("task", ("values",)),
        aka=("skip_connection", "highway", "residual"),
    )
    output: str = key(
        "full",
        "softmax over the whole vocabulary, or adaptive: faster from some thousand tokens",
        choices=("full", "adaptive"),
        only=("task", ("tokens",)),
        aka=("softmax", "adaptive_softmax"),
    )
    suffix: int = key(
        0,
        "most tokens of a frequent suffix that adds logits of its own to the output; 0: none",
        least=0,
        most=16,
        only=("task", ("tokens",)),
        aka=("ngram", "suffix_table"),
    )
    dtype: str = key("float32", "floating-point precision", choices=("float32", "float64"))
