"""Forecasts of a network from many places of a series at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.data.scaling import unscale
from rnntui.forecast.slices import Slices
from rnntui.generation.beside import Beside
from rnntui.generation.generate import WARM_UP
from rnntui.nn.model import Parameters
from rnntui.nn.sampling import Stepper

Numbers = NDArray[np.float64]


def roll(
    parameters: Parameters,
    data: ValueData,
    origins: Sequence[int],
    horizon: int,
    most_read: int = WARM_UP,
) -> Slices[Numbers]:
    """Forecasts (K, H, D) of the rows from each origin on, in the source's units.

    An origin is a row number of `data.rows()`. The network reads up to `most_read` rows before it,
    from the zero state, and then its own forecasts. A slice is a time step. What is known in
    advance after the end of the data is taken to stay as it is there.
    """
    scaled = np.concatenate(data.sequences)
    behind = 0 if data.levels is None else 1  # change i leads from row i to row i + 1
    places = np.array(origins, np.int64) - behind
    warm = min(most_read, int(places.min()))
    stepper = Stepper(parameters, streams=len(places))
    width, beside = len(data.features), Beside(data.skip)
    found = np.zeros((horizon, len(places), width))
    for step in range(-warm, horizon):
        with np.errstate(all="ignore"):
            row = scaled[np.minimum(places + step, len(scaled) - 1)]
            if step >= 0:
                found[step] = beside.bounded(stepper.predict())
                row[:, :width] = found[step]  # beside what is known in advance
            if data.skip is not None:
                row[:, -width:] = beside.after(row[:, :width])
            stepper.advance(row)
        yield
    with np.errstate(all="ignore"):
        rows = unscale(found, data.mean, data.deviation).transpose(1, 0, 2)
        if data.levels is not None:
            rows = data.levels[places][:, None] + np.cumsum(rows, axis=1)
    return np.ascontiguousarray(rows)
