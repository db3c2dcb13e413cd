"""The signs of a run as a message for the view: live from its history, or from its journal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.insight.findings import absent
from rnntui.insight.history import History
from rnntui.insight.rules import percent
from rnntui.insight.training_rules import LARGE
from rnntui.protocol.insight import Finding, Health, Sign, Tensor
from rnntui.recipe import Recipe
from rnntui.runs.store.journal import SIGNS, Line, number, read_journal, whole

BINS = 120
MOST_TENSORS = 12
# What a journal line has: the newest value of each of these.
JOURNALED = ("loss", "norm", "clipped", "update", "saturated", "constant", "zero", "reach", "gap")
Series = list[tuple[int, float]]  # (update, value), oldest first


@dataclass(frozen=True)
class TensorSigns:
    """A parameter tensor in one update: gradient norm before clipping, and rms(Δw) / rms(w)."""

    name: str
    gradient: float
    update: float


@dataclass(frozen=True)
class _Kind:
    """A sign as it is shown; `high` and `low`: what healthy runs stay between.

    `low` holds at the full learning rate: what a schedule has made small is not unusual.
    """

    name: str
    usual: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    scale: str = ""  # "%": shown in percent; "steps": of the window

    def for_run(self, simple: str, reduced: float) -> _Kind:
        """With the name of a baseline, at a share of the full learning rate."""
        low = self.low * reduced if self.low > 0 else self.low
        return replace(self, name=self.name.format(simple=simple), low=low)


_KINDS = {
    "reach": _Kind("reach", "", "steps back that one error is felt", scale="steps"),
    "update": _Kind(
        "update / weight",
        "0.001 … 3 %",
        "how much an update changes weights",
        1e-5,
        LARGE,
        "%",
    ),
    "saturated": _Kind(
        "saturated", "below 80 %", "hidden values at a limit: slope 0", high=0.8, scale="%"
    ),
    "constant": _Kind(
        "constant units", "below 50 %", "the same whatever is read", high=0.5, scale="%"
    ),
    "zero": _Kind("zero units", "below 30 %", "relu units that are always 0", high=0.3, scale="%"),
    "norm": _Kind("gradient norm", "", "its length before clipping", high=100.0),
    "clipped": _Kind("clipped", "any with adam", "updates shortened by the clip", scale="%"),
    "gap": _Kind("validation - training", "near 0", "how much worse on unseen data"),
    "beyond": _Kind("training - {simple}", "below 0", "below 0: better than the baseline"),
}


def series_of(history: History, newest: int = 0) -> dict[str, Series]:
    """The signs of a live run, by name; of each only the `newest` values unless that is 0."""
    found: dict[str, Series] = {
        name: [(s.step, getattr(s, name)) for s in history.samples[-newest:]]
        for name in ("loss", "norm", "clipped")
    }
    for name in ("update", "saturated", "constant", "zero"):
        found[name] = [(a.step, getattr(a, name)) for a in history.activity[-newest:]]
    found["reach"] = [(r.step, float(r.reach)) for r in history.reach[-newest:]]
    # Before a whole pass, the training loss to compare with is unknown, which is not a bad sign.
    known = [v for v in history.validated[-newest:] if not math.isnan(v.training)]
    found["gap"] = [(v.step, v.loss - v.training) for v in known]
    return found


def journal_line(history: History, seconds: float) -> dict[str, Any]:
    """The newest value of each sign, for the journal."""
    line: dict[str, Any] = {"step": history.step, "seconds": round(seconds, 3)}
    for name, values in series_of(history, newest=1).items():
        if values and math.isfinite(values[-1][1]):
            line[name] = float(f"{values[-1][1]:.4g}")
    if history.reach:
        line["window"] = history.reach[-1].window
    return line


def series_from(lines: Iterable[Line]) -> tuple[dict[str, Series], int]:
    """The signs of a stored run from the lines of its journal, and the window of its reach."""
    found: dict[str, Series] = {name: [] for name in JOURNALED}
    window = 0
    for line in lines:
        step = whole(line, "step")
        if step is None:
            continue
        window = whole(line, "window") or window
        for name in JOURNALED:
            value = number(line, name)
            if value is not None:
                found[name].append((step, value))
    return found, window


def health(
    recipe: Recipe,
    series: Mapping[str, Series],
    window: int,
    findings: Iterable[Finding] = (),
    simple: Sequence[tuple[str, float]] = (),
    tensors: Iterable[TensorSigns] = (),
    dismissed: tuple[str, ...] = (),
    rate: float | None = None,
) -> Health:
    """The message. `window`: time steps that `reach` was measured over; `simple`: baselines.

    `rate`: the learning rate of the last update, with the schedule's factor; None: the recipe's.
    """
    values = dict(series)
    model, name = recipe.model, ""
    if simple:
        name, least = simple[-1]
        values["beyond"] = [(step, loss - least) for step, loss in series.get("loss", [])]
    if model.cell != "rnn" or model.activation != "relu":
        values.pop("zero", None)
    else:
        values.pop("saturated", None)
    if not recipe.train.clip or recipe.train.clip_mode != "norm":
        values.pop("clipped", None)
    full = recipe.train.lr
    reduced = min(1.0, rate / full) if rate is not None and full > 0 else 1.0
    step = max((entries[-1][0] for entries in values.values() if entries), default=0)
    return Health(
        step,
        tuple(
            _sign(sign, kind.for_run(name, reduced), values[sign], step, window)
            for sign, kind in _KINDS.items()
            if values.get(sign)
        ),
        tuple(_tensor(tensor) for tensor in _largest(tensors)),
        absent(findings),
        dismissed,
    )


def stored_health(
    directory: Path,
    recipe: Recipe,
    findings: Iterable[Finding] = (),
    simple: Sequence[tuple[str, float]] = (),
    rate: float | None = None,
) -> Health:
    """The message for a run that is seen through its files. Raises OSError or DataError."""
    series, window = series_from(read_journal(directory, SIGNS)[0])
    return health(recipe, series, window, findings, simple, rate=rate)


def _sign(sign: str, kind: _Kind, values: Series, step: int, window: int) -> Sign:
    now = values[-1][1]
    return Sign(
        sign,
        kind.name,
        _shown(now, kind, window),
        bins(values, step),
        kind.usual,
        kind.meaning,
        not kind.low <= now <= kind.high,
    )


def _shown(value: float, kind: _Kind, window: int) -> str:
    if not math.isfinite(value):
        return "not finite"
    match kind.scale:
        case "%":
            return percent(value)
        case "steps":
            return f"{value:.0f} of {window}" if window else f"{value:.0f}"
        case _:
            return f"{value:.3g}"


def bins(values: Series, step: int, most: int = BINS) -> tuple[float | None, ...]:
    """Means over equal parts of the updates 1 to `step`; a part without a value repeats the last.

    None before the first value, and for means that are not finite.
    """
    count = max(1, min(most, len(values), step))
    sums, counts = [0.0] * count, [0] * count
    for at, value in values:
        n = min(count - 1, max(0, at - 1) * count // max(1, step))
        sums[n] += value
        counts[n] += 1
    found: list[float | None] = []
    for total, number_of in zip(sums, counts, strict=True):
        if number_of:
            mean = total / number_of
            found.append(float(f"{mean:.3g}") if math.isfinite(mean) else None)
        else:
            found.append(found[-1] if found else None)
    return tuple(found)


def _largest(tensors: Iterable[TensorSigns]) -> list[TensorSigns]:
    """Weight matrices before biases, as many as are shown."""
    return sorted(tensors, key=lambda t: not t.name.startswith("W"))[:MOST_TENSORS]


def _tensor(tensor: TensorSigns) -> Tensor:
    return Tensor(
        tensor.name, _meaning(tensor.name), _finite(tensor.gradient), _finite(tensor.update)
    )


def _meaning(name: str) -> str:
    if name in ("Wy", "by"):
        return "hidden to output" if name == "Wy" else "output bias"
    if name.startswith(("Wp", "Wt")):
        part = "hidden to" if name.startswith("Wp") else "output of"
        return f"{part} tail {name[2:]}"
    kind, layer = name.rstrip("0123456789"), int(name[len(name.rstrip("0123456789")) :]) + 1
    what = {"Wx": "input to hidden", "Wh": "hidden to hidden"}.get(kind, "bias")
    return f"{what}, layer {layer}"


def _finite(value: float) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None
