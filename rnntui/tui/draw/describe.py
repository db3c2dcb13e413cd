"""Descriptions of a run's settings: network, optimizer, schedule, sampling."""

from __future__ import annotations

from collections.abc import Iterable

from rnntui.numbers import count, finite, fixed, percent, rate
from rnntui.protocol.messages import Snapshot
from rnntui.recipe import Leaf, Model, Recipe, Sample, Train, keys_of
from rnntui.tui.draw.sampling import sampling_note

Setting = tuple[str, str]  # name, description


def network(model: Model) -> str:
    """ "gru 2×128", "rnn tanh 1×100"."""
    kind = [model.cell, *(getattr(model, leaf.name) for leaf in _variants(model))]
    return f"{' '.join(kind)} {model.layers}×{model.hidden}"


def training(train: Train) -> str:
    """Describe the optimizer and schedule briefly: "adam", "adam, cosine"."""
    schedule = "" if train.schedule == "constant" else f", {train.schedule}"
    return f"{train.optimizer}{schedule}"


def current_settings(recipe: Recipe, snapshot: Snapshot | None) -> list[Setting]:
    """Describe the current settings for training and sampling."""
    train = recipe.train
    found = [
        ("network", _network(recipe.model)),
        ("initialisation", _weights(recipe.model)),
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
    variants = [getattr(model, leaf.name) for leaf in _variants(model)]
    kind = f"{model.cell} ({', '.join(variants)})" if variants else model.cell
    output = "" if model.output == "full" else f", {model.output} output"
    table = f", suffixes of up to {model.suffix}" if model.suffix else ""
    return f"{kind}, {layers} of {model.hidden}{dropout}{output}{table}, {model.dtype}"


def _variants(model: Model) -> list[Leaf]:
    """The keys that choose a variant of the cell, such as its activation."""
    return [leaf for leaf in keys_of("cell", model.cell) if leaf.rule.choices]


def _weights(model: Model) -> str:
    scale = f", scale {model.init_scale:g}" if model.init_scale else ""
    biases = [leaf for leaf in keys_of("cell", model.cell) if not leaf.rule.choices]
    return f"{model.init}{scale}{_settings(model, biases)}"


def _settings(section: Model | Train, leaves: Iterable[Leaf]) -> str:
    """ ", beta1 0.9, beta2 0.999"."""
    shown = ""
    for leaf in leaves:
        value = getattr(section, leaf.name)
        number = count(value) if isinstance(value, int) else f"{value:g}"
        shown += f", {leaf.name.replace('_', ' ')} {number}"
    return shown


def _optimizer(train: Train, snapshot: Snapshot | None) -> str:
    settings = _settings(train, keys_of("optimizer", train.optimizer))
    lr = rate(snapshot.lr if snapshot else train.lr)
    return f"{train.optimizer}{settings}, learning rate {lr}"


def _schedule(train: Train, snapshot: Snapshot | None) -> str:
    """Describe the schedule and its current factor on the learning rate."""
    step, factor = (snapshot.step, snapshot.factor) if snapshot else (0, 1.0)
    if step < train.warmup:
        return f"warm-up, {count(step)} of {count(train.warmup)} updates; then {train.schedule}"
    if train.schedule == "constant":
        return train.schedule
    settings = _settings(train, keys_of("schedule", train.schedule))
    least = f", at least {percent(train.lr_least)}" if train.lr_least else ""
    return f"{train.schedule}{settings}{least}; now at {percent(factor)}"


def _clipping(train: Train, snapshot: Snapshot | None) -> str:
    if not train.clip:
        return "none"
    what = "gradient norm" if train.clip_mode == "norm" else "each gradient value"
    numbers = snapshot.numbers if snapshot else None
    norm = numbers.gradient_norm if numbers else None
    now = f"; last norm {fixed(norm, 6, 3).strip()}" if finite(norm) else ""
    return f"{what} clipped to {train.clip:g}{now}"


def _sampling(sample: Sample, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return f"temperature {sample.temperature:g}"
    now = snapshot.sampling
    texts = f", {now.samples} samples per prompt" if now.samples > 1 else ""
    return sampling_note(now, ", ") + texts
