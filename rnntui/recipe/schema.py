"""The recipe keys, each declared once with its default, help line and limits.

Leaf names are unique: `hidden=64` needs no section.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from rnntui.errors import UsageError
from rnntui.recipe.rules import Leaf, Need, Value, key
from rnntui.recipe.sampling import SamplingSettings
from rnntui.suggestions import nearest
from rnntui.text import safe_text

VALIDATION_LOSS = Need(
    "a validation loss",
    ("split", "eval_every"),
    every=True,
    advice="add --set split=0.1 --set eval_every=250",
)
END_OF_RUN = Need(
    "an end of the run",
    ("steps", "epochs", "seconds"),
    every=False,
    advice="add --steps, --epochs or --seconds",
)


@dataclass(frozen=True)
class Data:
    """The data to learn."""

    task: str = key(
        "tokens", "kind of data: tokens (text) or values (numbers)", choices=("tokens", "values")
    )
    source: str = key(
        "corpus:tales", "data source: file, '-' (stdin), corpus:NAME, text:…, values:1,2,3"
    )
    repeat: int = key(
        1, "number of copies of the source, joined end to end", least=1, most=1_000_000
    )
    tokenizer: str = key(
        "char",
        "unit of text that becomes one token",
        choices=("char", "byte", "word"),
        only=("task", ("tokens",)),
    )
    max_words: int = key(
        4000,
        "most words in a vocabulary of words; rarer ones are spelled by character",
        least=1,
        most=500_000,
        only=("tokenizer", ("word",)),
        aka=("vocab_size", "max_vocab"),
    )
    columns: str = key(
        "",
        "comma-separated columns (empty: all that vary freely)",
        only=("task", ("values",)),
    )
    target: str = key(
        "",
        "columns to forecast; other columns are then left out unless inputs names them",
        only=("task", ("values",)),
    )
    inputs: str = key(
        "",
        "columns that are learned too, but left out of forecasts",
        only=("task", ("values",)),
        aka=("covariates", "regressors"),
    )
    exclude: str = key(
        "",
        "columns to leave out",
        only=("task", ("values",)),
        aka=("ignore", "drop_columns"),
    )
    series: str = key(
        "",
        "column that tells apart several series in one table (none: not looked for)",
        only=("task", ("values",)),
        aka=("group", "item_id", "unique_id", "series_id"),
    )
    time: str = key(
        "",
        "columns of the time, such as Date,Time (empty: found by itself; none: rows have none)",
        only=("task", ("values",)),
        aka=("timestamp", "time_column", "date_column", "ds"),
    )
    time_format: str = key(
        "",
        "format of the time: dmy, mdy, ymd, or a pattern such as %d.%m.%Y %H:%M",
        only=("task", ("values",)),
        aka=("date_format",),
    )
    calendar: bool = key(
        False,
        "values: learn hour, weekday and month of the time, known in advance of each row",
        only=("task", ("values",)),
        aka=("time_features", "calendar_features", "add_encoders"),
    )
    missing: str = key(
        "auto",
        "missing values; auto: interpolate gaps of up to 24 rows, refuse longer ones",
        choices=("auto", "error", "drop", "carry", "interpolate"),
        only=("task", ("values",)),
    )
    missing_values: str = key(
        "",
        "further marks of a missing value, such as -200,-999",
        only=("task", ("values",)),
        aka=("na_values", "sentinel", "sentinels"),
    )
    encoding: str = key(
        "utf-8",
        "text encoding of a table, such as latin-1",
        only=("task", ("values",)),
    )
    difference: bool | str = key(
        False,
        "values: learn the change from each row to the next; auto: where that forecasts better",
        words=("auto",),
        only=("task", ("values",)),
    )
    standardize: bool = key(
        False,
        "values: subtract the mean, divide by the standard deviation",
        only=("task", ("values",)),
    )
    split: float = key(
        0.1,
        "fraction held out for validation, at the end of the source",
        least=0.0,
        most=0.5,
        aka=("validation", "val_split", "validation_split"),
    )

    @property
    def unit(self) -> str:
        """The name of what one loss is about: a "character", "byte", "word" or "value"."""
        if self.task == "values":
            return "value"
        return {"char": "character"}.get(self.tokenizer, self.tokenizer)


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
    dtype: str = key("float32", "floating-point precision", choices=("float32", "float64"))


@dataclass(frozen=True)
class Train:
    """How the network is trained."""

    seq_len: int | str = key(
        50,
        "time steps of truncated BPTT; full: the whole stream",
        least=1,
        most=1e9,
        words=("full",),
        aka=("seq_length", "sequence_length", "bptt", "block_size", "time_steps"),
    )
    batch: int = key(
        16,
        "streams of the source read in parallel",
        least=1,
        most=65_536,
        aka=("batch_size", "bs", "streams"),
    )
    state: str = key(
        "carry",
        "hidden state between chunks: carry over or reset to zero",
        choices=("carry", "reset"),
    )
    reduction: str = key("mean", "reduction of the loss over a chunk", choices=("mean", "sum"))
    loss_epsilon: float = key(
        0.0,
        "constant added inside the logarithm of the loss",
        least=0.0,
        most=0.1,
        only=("task", ("tokens",)),
    )
    optimizer: str = key(
        "adam",
        "update rule",
        choices=("sgd", "momentum", "rmsprop", "adagrad", "adam", "adamw"),
        aka=("optim",),
    )
    lr: float = key(
        2e-3,
        "learning rate",
        above=0.0,
        most=1e6,
        aka=("learning_rate", "lrate", "rate", "alpha", "eta"),
    )
    momentum: float = key(
        0.9, "momentum: coefficient", least=0.0, most=0.9999, only=("optimizer", ("momentum",))
    )
    weight_decay: float = key(
        0.01, "adamw: weight decay", least=0.0, most=1e6, only=("optimizer", ("adamw",))
    )
    beta1: float = key(
        0.9,
        "adam, adamw: first-moment decay",
        least=0.0,
        most=0.9999,
        only=("optimizer", ("adam", "adamw")),
    )
    beta2: float = key(
        0.999,
        "adam, adamw: second-moment decay",
        least=0.0,
        most=0.999999,
        only=("optimizer", ("adam", "adamw")),
    )
    rms_decay: float = key(
        0.99,
        "rmsprop: second-moment decay",
        least=0.0,
        most=0.999999,
        only=("optimizer", ("rmsprop",)),
    )
    schedule: str = key(
        "constant",
        "learning-rate schedule",
        choices=("constant", "step", "cosine", "exponential", "plateau"),
        needs={"plateau": VALIDATION_LOSS, "cosine": END_OF_RUN},
    )
    warmup: int = key(0, "updates over which the learning rate rises from 0", least=0)
    decay: float = key(
        0.5,
        "step, exponential, plateau: factor of a decay",
        above=0.0,
        most=1.0,
        only=("schedule", ("step", "exponential", "plateau")),
    )
    decay_every: int = key(
        1000,
        "step, exponential: updates between decays",
        least=1,
        only=("schedule", ("step", "exponential")),
    )
    patience: int = key(
        5,
        "plateau: validations without improvement before the rate drops",
        least=1,
        only=("schedule", ("plateau",)),
    )
    average: float = key(
        0.0,
        "decay of averaged weights, which forecast and generate instead of the last; 0: none",
        least=0.0,
        most=0.99999,
        aka=("ema", "ema_decay", "weight_averaging"),
    )
    select: str = key(
        "validation",
        "choose the best checkpoint by validation loss, or by forecast errors over the horizon",
        choices=("validation", "horizon"),
        only=("task", ("values",)),
    )
    lr_least: float = key(0.0, "minimum rate, as a fraction of lr", least=0.0, most=1.0)
    clip: float = key(
        5.0,
        "gradient clipping bound; 0: no clipping",
        least=0.0,
        aka=("grad_clip", "clip_norm", "max_norm", "gradient_clip"),
    )
    clip_mode: str = key(
        "norm", "clip the norm of the gradient, or each value", choices=("norm", "value")
    )
    skip_spikes: bool = key(
        True, "skip updates with a gradient spike; restore weights if the loss stays high"
    )
    epochs: int = key(
        0, "stop after this many passes over the source; 0: no bound", least=0, decides="end"
    )
    steps: int = key(
        0,
        "stop after this many updates; 0: no bound",
        least=0,
        aka=("updates", "iterations", "max_steps", "max_iters"),
        decides="end",
    )
    seconds: float = key(0.0, "stop after this many seconds; 0: no bound", least=0.0, decides="end")
    seed: int = key(0, "random seed", least=0, most=2**32 - 1, aka=("random_seed",))
    eval_every: int = key(250, "updates between validations; 0: none", least=0, decides="records")
    checkpoint_every: int = key(
        0, "updates between checkpoints; 0: every half minute", least=0, decides="records"
    )
    keep: int = key(
        10,
        "older checkpoints to keep, besides the last three and the best",
        least=0,
        most=1_000_000,
        decides="records",
    )
    workers: int = key(
        0,
        "processes that share an update; 0: choose the fastest number",
        least=0,
        most=256,
        decides="speed",
    )
    plan: str = key(
        "auto",
        "auto: time equivalent kernels and use the fastest; reference: fixed kernels, same bits",
        choices=("auto", "reference"),
        decides="speed",
    )


# `Sample` has its keys in the order of its bases, the last one first.
@dataclass(frozen=True)
class _SampleLengths:
    """When samples are generated, how long they are, and what they continue."""

    sample_every: int = key(
        0, "updates between samples, the first after update 1; 0: none", least=0
    )
    sample_length: int = key(200, "tokens in a sample", least=1, most=100_000)
    final_length: int = key(200, "tokens in the sample after the last update; 0: none", least=0)
    prompt: str = key("", "text that a sample continues")


@dataclass(frozen=True)
class _SampleOrigins:
    """What samples start from, and how the end of a run predicts."""

    sample_start: str = key(
        "zero",
        "hidden state that a sample starts from",
        choices=("zero", "carried"),
        only=("task", ("tokens",)),
    )
    sample_random: str = key(
        "own",
        "random stream of the samples; shared: the one that drew the weights",
        choices=("own", "shared"),
        only=("task", ("tokens",)),
    )
    horizon: int = key(
        0,
        "rows that forecasts are judged on; 0: a season, else a tenth of the validation split",
        least=0,
        most=10_000,
        only=("task", ("values",)),
        aka=("prediction_length", "fh", "output_chunk_length", "forecast_horizon"),
    )
    method: str = key(
        "network",
        "forecasting method; auto: the mean of methods that a backtest prefers",
        choices=(
            "network",
            "auto",
            "last value",
            "seasonal naive",
            "autoregression",
            "exponential smoothing",
        ),
        only=("task", ("values",)),
    )
    final_pass: bool = key(
        True, "predict with the final weights; false: report the last update's own predictions"
    )


@dataclass(frozen=True)
class Sample(_SampleOrigins, SamplingSettings, _SampleLengths):
    """What the network generates during training and at the end."""


# Types by declared name: every command imports this module, and `get_type_hints` is slow.
_TYPES: dict[str, type] = {kind.__name__: kind for kind in (str, int, float, bool)}
SECTIONS: dict[str, type] = {"data": Data, "model": Model, "train": Train, "sample": Sample}


def _leaves() -> Iterator[Leaf]:
    for section, kind in SECTIONS.items():
        for f in dataclasses.fields(kind):
            types = tuple(_TYPES[name] for name in str(f.type).split(" | "))
            default: Value = f.default  # type: ignore[assignment]
            yield Leaf(section, f.name, types, default, f.metadata["rule"])


_LEAVES = {leaf.name: leaf for leaf in _leaves()}


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


_BY_PLAIN_NAME = {_plain(name): leaf for name, leaf in _LEAVES.items()}
_ALSO_KNOWN = {_plain(name): leaf.name for leaf in _LEAVES.values() for name in leaf.rule.aka}


def keys() -> tuple[Leaf, ...]:
    """Return every recipe key, in order of declaration."""
    return tuple(_LEAVES.values())


def keys_of(name: str, choice: str) -> tuple[Leaf, ...]:
    """The keys that take effect only with `name = choice`, and perhaps with other choices."""
    return tuple(
        leaf
        for leaf in _LEAVES.values()
        if leaf.rule.only and leaf.rule.only[0] == name and choice in leaf.rule.only[1]
    )


def leaf_called(name: str) -> Leaf | None:
    """Return the key that a user means: "top k", "Learning-Rate"; None if there is none."""
    plain = _plain(name)
    return _BY_PLAIN_NAME.get(plain) or _LEAVES.get(_ALSO_KNOWN.get(plain, ""))


def find(name: str) -> Leaf:
    """Return the key of that name. Raises UsageError that suggests the closest name."""
    if name in _LEAVES:
        return _LEAVES[name]
    meant = _ALSO_KNOWN.get(_plain(name))
    hint = nearest(meant or name, _LEAVES, "'rnntui recipes NAME' lists them all")
    raise UsageError(f"unknown key '{safe_text(name)}'{hint}")
