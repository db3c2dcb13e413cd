"""The heading of a plain run: recipe, data, network, training and bounds."""

from __future__ import annotations

from rnntui import __version__
from rnntui.data import TokenData
from rnntui.foreground.report import Run
from rnntui.numbers import count, duration, plural, rounded
from rnntui.text import fit, safe_text

WIDTH = 100
LABELS = 12  # cells of the labels


def heading(run: Run) -> list[str]:
    """Return the lines, at most 100 cells wide."""
    recipe = run.recipe
    name = f"rnntui {__version__} · {recipe.name}"
    rows = [
        ("about", recipe.summary),
        ("data", _data(run)),
        *(() if isinstance(run.data, TokenData) else run.data.facts),
        ("network", _network(run)),
        ("training", _training(run)),
        ("streams", _streams(run)),
        ("workers", _workers(run)),
        ("ends", _bounds(run)),
        ("stored as", run.name),
        ("units", _units(run)),
    ]
    lines = [name, *(f"  {label:<{LABELS - 2}}{text}" for label, text in rows if text)]
    return [fit(safe_text(line), WIDTH) for line in lines]


def _data(run: Run) -> str:
    data = run.data
    if isinstance(data, TokenData):
        size = f"{count(data.size)} {data.unit}s, {data.tokenizer.vocab_size} different"
        if data.floor is not None:
            size += f", floor {rounded(data.floor)}"
    else:
        rows = len(data.values) + len(data.validation)
        size = f"{count(rows)} rows of {', '.join(data.features)}"
    return f"{data.name} · {size}; {data.split}"


def _network(run: Run) -> str:
    model = run.recipe.model
    layers = f"{plural(model.layers, 'layer')} of {model.hidden}"
    parameters = f"{count(run.parameters)} parameters"
    kind = f"{model.cell} {model.activation}" if model.cell == "rnn" else model.cell
    return f"{kind} · {layers} · {parameters} · {model.dtype}"


def _training(run: Run) -> str:
    train = run.recipe.train
    clip = f"clipped at {train.clip_mode} {train.clip:g}" if train.clip else "not clipped"
    schedule = "" if train.schedule == "constant" else f" {train.schedule}"
    steps = "whole passes"
    if isinstance(train.seq_len, int):
        steps = plural(train.seq_len, "time step")
    return (
        f"{train.optimizer}, lr {train.lr:g}{schedule}, gradient {clip} · "
        f"{plural(train.batch, 'stream')} of {steps} · seed {train.seed}"
    )


def _streams(run: Run) -> str:
    train = run.recipe.train
    if train.turns == 1:
        return ""
    return f"{count(train.streams)} in all, {count(train.turns)} sets that take turns"


def _workers(run: Run) -> str:
    return f"{run.workers} processes share every update" if run.workers > 1 else ""


def _bounds(run: Run) -> str:
    train = run.recipe.train
    ends = []
    if run.total:
        ends.append(f"after {count(run.total)} updates")
    if train.seconds:
        ends.append(f"after {duration(train.seconds)}")
    return " or ".join(ends) if ends else "on Ctrl-C (or set --steps, --epochs or --seconds)"


def _units(run: Run) -> str:
    unit = f"nats per {run.data.unit}" if run.is_text else "half the squared error per time step"
    units = f"loss: mean since the previous row, {unit}"
    if run.recipe.train.reduction == "sum":
        units += f" · sum: over {'one pass' if run.one_step else 'one update'}"
    return units
