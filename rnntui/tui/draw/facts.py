"""How a run trains and writes, in words: network, update rule, where the schedule stands."""

from __future__ import annotations

from rnntui.engine.protocol import Snapshot
from rnntui.recipe import Model, Recipe, Sample, Train
from rnntui.tui.draw.numbers import count, finite, fixed, percent, scientific
from rnntui.tui.draw.sampling import sampling_note

Fact = tuple[str, str]  # what it is about, and how it is


def network(model: Model) -> str:
    """ "gru 2×128", "rnn tanh 1×100"."""
    kind = f"{model.cell} {model.activation}" if model.cell == "rnn" else model.cell
    return f"{kind} {model.layers}×{model.hidden}"


def training(train: Train) -> str:
    """ "adam", "adam, cosine"."""
    schedule = "" if train.schedule == "constant" else f", {train.schedule}"
    return f"{train.optimizer}{schedule}"


def facts(recipe: Recipe, snapshot: Snapshot | None) -> list[Fact]:
    """What is used to train and to write, as it stands now."""
    train = recipe.train
    found = [
        ("network", _network(recipe.model)),
        ("begins with", _weights(recipe.model)),
        ("optimizer", _optimizer(train, snapshot)),
        ("schedule", _schedule(train, snapshot)),
        ("clipping", _clipping(train, snapshot)),
    ]
    if recipe.data.task == "tokens":
        found.append(("sampling", _sampling(recipe.sample, snapshot)))
    return found


def _network(model: Model) -> str:
    layers = "1 layer" if model.layers == 1 else f"{model.layers} layers"
    dropout = f", dropout {model.dropout:g} between layers" if model.dropout else ""
    kind = f"{model.cell} ({model.activation})" if model.cell == "rnn" else model.cell
    return f"{kind}, {layers} of {model.hidden}{dropout}, {model.dtype}"


def _weights(model: Model) -> str:
    scale = f", scale {model.init_scale:g}" if model.init_scale else ""
    bias = f", forget bias {model.forget_bias:g}" if model.cell == "lstm" else ""
    return f"{model.init} weights{scale}{bias}"


def _optimizer(train: Train, snapshot: Snapshot | None) -> str:
    parts = [train.optimizer]
    if train.optimizer == "momentum":
        parts.append(f"momentum {train.momentum:g}")
    if train.optimizer == "rmsprop":
        parts.append(f"decay {train.rms_decay:g}")
    if train.optimizer in ("adam", "adamw"):
        parts.append(f"betas {train.beta1:g} and {train.beta2:g}")
    if train.optimizer == "adamw":
        parts.append(f"weight decay {train.weight_decay:g}")
    parts.append(f"learning rate {scientific(snapshot.lr if snapshot else train.lr, 2)}")
    return ", ".join(parts)


def _schedule(train: Train, snapshot: Snapshot | None) -> str:
    """The schedule, and the factor on the learning rate that it gives now."""
    step, factor = (snapshot.step, snapshot.factor) if snapshot else (0, 1.0)
    if step < train.warmup:
        return f"warm-up, {count(step)} of {count(train.warmup)} updates; then {train.schedule}"
    every = f"{count(train.decay_every)} updates"
    words = {
        "constant": "constant",
        "step": f"step, times {train.decay:g} every {every}",
        "exponential": f"exponential, times {train.decay:g} over {every}",
        "cosine": f"cosine, down to {percent(train.lr_least)} at the end of the run",
        "plateau": f"plateau, times {train.decay:g} after {train.patience} validations no better",
    }[train.schedule]
    return words if train.schedule == "constant" else f"{words}; now at {percent(factor)}"


def _clipping(train: Train, snapshot: Snapshot | None) -> str:
    if not train.clip:
        return "none"
    what = "norm of the gradient" if train.clip_mode == "norm" else "each value of the gradient"
    norm = snapshot.gradient_norm if snapshot and snapshot.step else None
    now = f"; the last norm was {fixed(norm, 6, 3).strip()}" if finite(norm) else ""
    return f"{what} at most {train.clip:g}{now}"


def _sampling(sample: Sample, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return f"temperature {sample.temperature:g}"
    texts = f", {snapshot.samples:g} texts at once" if snapshot.samples > 1 else ""
    return sampling_note(snapshot, ", ") + texts
