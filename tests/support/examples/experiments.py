"""Messages of the view of experiments: a race and a learning-rate test on brackets."""

from __future__ import annotations

import math

from rnntui.protocol.insight import Experiments, Lane, Race, RateTest

_DISTANCES = ("2–3", "4–7", "8–15", "16–31", "32+")


def _lane(
    name: str, loss: tuple[float, ...], updates: int, seconds: float, correct: tuple[float, ...]
) -> Lane:
    points = (20_000, 41_000, 82_000, 164_000, 246_000, 328_000, 410_000, 492_000)
    tokens = tuple(map(float, points[: len(loss)]))
    return Lane(name, tokens, loss, updates, seconds, correct)


RACE = Race(
    key="seq_len",
    total=492_000,
    lanes=(
        _lane(
            "1",
            (1.48, 1.443, 1.436, 1.432, 1.42, 1.412, 1.407, 1.403),
            15_360,
            5.1,
            (0.96, 0.67, 0.39, 0.36, 0.43),
        ),
        _lane(
            "8",
            (1.56, 1.435, 1.4, 1.377, 1.33, 1.29, 1.27, 1.254),
            1_920,
            1.6,
            (0.95, 0.90, 0.86, 0.67, 0.48),
        ),
        _lane(
            "32",
            (1.82, 1.724, 1.5, 1.397, 1.37, 1.35, 1.34, 1.332),
            480,
            1.0,
            (0.98, 0.94, 0.93, 0.75, 0.41),
        ),
    ),
    distances=_DISTANCES,
    chance=1 / 3,
    floor=1.134,
    running=False,
)
_RATES = tuple(10.0 ** (-6 + 6 * n / 99) for n in range(100))
RATE_TEST = RateTest(
    rates=_RATES,
    losses=tuple(
        1.95
        - 0.75 / (1 + math.exp(-3 * (math.log10(rate) + 2.9)))
        + 1.4 * max(0.0, math.log10(rate) + 1.4) ** 2
        for rate in _RATES
    ),
    now=2.1e-3,
    best=6e-3,
    least_diverging=4e-2,
    running=False,
)
EXPERIMENTS = Experiments(1600, RACE, RATE_TEST, ("brackets-seq_len-128",), "")
