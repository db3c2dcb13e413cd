"""The recipe keys of the section `train`, and what some of their choices need."""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import Need, key

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
    turns: int = key(
        1,
        "sets of parallel streams that take turns, each with its own hidden state",
        least=1,
        most=65_536,
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
        choices=("constant", "step", "linear", "cosine", "exponential", "plateau"),
        needs={"plateau": VALIDATION_LOSS, "linear": END_OF_RUN, "cosine": END_OF_RUN},
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
    cooldown: float = key(
        0.3,
        "linear: fraction of the run, at its end, over which the rate falls",
        above=0.0,
        most=1.0,
        only=("schedule", ("linear",)),
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

    @property
    def streams(self) -> int:
        """How many streams the source is cut into."""
        return self.batch * self.turns
