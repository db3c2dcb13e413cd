"""A learning-rate range test: the loss while the rate rises exponentially, update by update.

Source: L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3. The
test starts from the run's weights and moments, but on a copy: the run itself is not touched.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset
from rnntui.protocol import insight as messages
from rnntui.recipe import Recipe
from rnntui.training.loop import TrainState, copy_weights, restore, start, train

UPDATES = 100
LEAST, MOST = 1e-6, 1.0
_SMOOTHED = 7  # updates in a mean
_TOO_HIGH = 3.0  # times the first loss: the rest is not tried
_RISEN = 0.1  # of the fall so far: the loss rises again
_NOISE = 5.0  # standard deviations of a mean by which the loss must fall or rise


class RateTest:
    """Makes the updates one by one."""

    def __init__(
        self, recipe: Recipe, data: Dataset, state: TrainState, updates: int = UPDATES
    ) -> None:
        """`state` is that of the run; it is only read. Raises DataError or UsageError."""
        plain = recipe.replace(
            workers=1, sample_every=0, eval_every=0, schedule="constant", warmup=0, steps=0,
            epochs=0, seconds=0.0, skip_spikes=False,
        )  # fmt: skip
        self._copy = start(plain, data)
        restore(self._copy, copy_weights(state))
        np.copyto(self._copy.waiting.states, state.waiting.states)
        self._copy.stream.restore(state.stream.position)
        self._updates = train(plain, data, self._copy)
        self._now = state.rate
        self._planned = np.geomspace(LEAST, max(MOST, 10 * self._now), updates)
        self._losses: list[float] = []
        self._running = self._complete = False

    def run(self) -> Generator[None, None, None]:
        """Make one update after the other until the loss is far above where it started."""
        self._running = True
        try:
            for rate in self._planned:
                self._copy.lr = float(rate)
                loss = next(self._updates).loss_per_token
                self._losses.append(loss)
                if not math.isfinite(loss) or loss > _TOO_HIGH * abs(self._losses[0]) + 1e-9:
                    break
                yield
            self._complete = True
        finally:
            self._running = False
            self._copy.close()

    def message(self) -> messages.RateTest:
        """Return the results so far."""
        rates = self._planned[: len(self._losses)]
        best, diverging = (None, None) if self._running else judged(rates, np.array(self._losses))
        return messages.RateTest(
            rates=tuple(rates.tolist()),
            losses=tuple(self._losses),
            now=self._now,
            best=best,
            least_diverging=diverging,
            running=self._running,
            stopped=not (self._running or self._complete),
        )


def judged(
    rates: NDArray[np.float64], losses: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Return the rate at which the loss falls fastest, and from which on it rises.

    `rates` and `losses` (N,). None: the loss falls nowhere more than its noise, or never rises.
    """
    losses = losses[np.isfinite(losses)]
    if len(losses) < 3 * _SMOOTHED:
        return None, float(rates[len(losses) - 1]) if len(losses) else None
    smooth, centres = _means(losses), rates[_SMOOTHED // 2 :]
    lowest = int(smooth.argmin())
    # From one update to the next the text changes, but hardly the weights.
    steady = losses[: lowest + _SMOOTHED]
    noise = float(np.std(np.diff(steady))) / math.sqrt(2 * _SMOOTHED)
    fall = float(losses[: 2 * _SMOOTHED].mean()) - float(smooth[lowest])
    best = None
    if fall > _NOISE * noise and lowest > 0:
        best = float(centres[int(np.diff(smooth[: lowest + 1]).argmin())])
    above = float(smooth[lowest]) + max(_RISEN * fall, _NOISE * noise)
    risen = [n for n in range(lowest, len(smooth)) if smooth[n] > above]
    return best, float(centres[risen[0]]) if risen else None


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of each _SMOOTHED neighbours."""
    return np.convolve(values, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
