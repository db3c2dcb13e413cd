"""What the hidden units do over a passage: the message of the neurons view."""

from __future__ import annotations

import math

import numpy as np

from rnntui.insight.ranking import Ranked
from rnntui.insight.reader import ReadPassage
from rnntui.insight.rounding import all_rounded, rounded
from rnntui.nn.kernels.layout import Array
from rnntui.protocol.insight import Details, Neurons, UnitRow

MOST_UNITS = 40
LEVELS = 9


def neurons(
    read: ReadPassage,
    limits: tuple[float, float],
    ranked: Ranked,
    layer: int = -1,
    unit: int = -1,
    details: Details | None = None,
) -> Neurons:
    """What the units did at each position of a passage.

    `limits`: of hidden values, as `Reader.limits`. A `layer` or `unit` of -1 (or one that does not
    exist) is that of the best unit found.
    """
    layer, unit = selected(read.hidden, ranked, layer, unit)
    hidden = read.hidden[layer]  # (P, H)
    low, high = limits
    if not math.isfinite(high):
        high = max(float(np.nan_to_num(hidden, posinf=0.0).max()), 1e-6)
    return Neurons(
        step=read.step,
        passage=read.excerpt.id,
        layer=layer,
        unit=unit,
        low=low,
        high=rounded(high) or 1.0,
        activation=all_rounded(hidden[:, unit]),
        heat=tuple(UnitRow(k, levels(hidden[:, k])) for k in _shown(hidden, ranked, layer, unit)),
        follows=ranked.follows,
        ranked_at=ranked.step,
        measured=ranked.measured,
        details=details,
    )


def selected(hidden: Array, ranked: Ranked, layer: int, unit: int) -> tuple[int, int]:
    """The layer and unit of hidden values (layers, P, H) that a viewer selects."""
    layers, _, units = hidden.shape
    layer, unit = (n if 0 <= n < most else -1 for n, most in ((layer, layers), (unit, units)))
    best = next((row for row in ranked.follows if layer in (row.layer, -1)), None)
    if layer < 0:
        layer = best.layer if best and unit < 0 else layers - 1
    if unit < 0:
        unit = best.unit if best else int(_variance(hidden[layer]).argmax())
    return layer, unit


def levels(values: Array) -> str:
    """A digit for each value, from 0 for the least to 9; a space where it is no number."""
    finite = np.isfinite(values)
    if not finite.any():
        return " " * len(values)
    low, high = values[finite].min(), values[finite].max()
    wide = float(high) - float(low)
    scaled = np.where(finite, (values - low) / wide if wide > 0 else 0.0, 0.0)
    codes = np.where(finite, ord("0") + np.rint(LEVELS * scaled), ord(" "))
    return codes.astype(np.uint8).tobytes().decode("ascii")


def _shown(hidden: Array, ranked: Ranked, layer: int, unit: int) -> list[int]:
    """Units of a layer: the selected one, those that follow something, those that vary most."""
    follow = [row.unit for row in ranked.follows if row.layer == layer]
    order = np.argsort(-_variance(hidden), kind="stable").tolist()
    return list(dict.fromkeys([unit, *follow, *order]))[:MOST_UNITS]


def _variance(hidden: Array) -> Array:
    """The variance (H,) of each unit over (P, H); 0 where it is not finite."""
    with np.errstate(all="ignore"):
        variance: Array = hidden.astype(np.float64).var(axis=0)
    return np.nan_to_num(variance, posinf=0.0)
