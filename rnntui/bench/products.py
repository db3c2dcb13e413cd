"""The peak rate of matrix products in float32 on one core."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np

from rnntui.bench.clock import time_runs
from rnntui.dataclass import dataclass
from rnntui.nn.kernels.layout import Array, GateProduct, aligned

_SQUARES = (512, 1024)
_BLOCKED = ((32, 128), (64, 128), (64, 256))  # rows and units of one time step of four gates


@dataclass(frozen=True)
class Peak:
    """The highest rate measured, in operations per CPU second, and its product."""

    rate: float
    what: str


def peak(seconds: float) -> Peak:
    """Find the fastest of large square products and of products in the layout of training."""
    share = seconds / (len(_SQUARES) + len(_BLOCKED))
    rates = []
    for size in _SQUARES:
        timing = time_runs(_square(size), share, process_time)
        rates.append(Peak(2 * size**3 / timing.least, f"{size} x {size} x {size}"))
    for rows, hidden in _BLOCKED:
        timing = time_runs(_blocked(rows, hidden), share, process_time)
        operations = 2 * 4 * rows * hidden**2
        rates.append(Peak(operations / timing.least, f"{rows} x {hidden} x 64 in blocks"))
    return max(rates, key=lambda found: found.rate)


def _square(size: int) -> Callable[[int], None]:
    a, b, out = (_filled(size, size) for _ in range(3))

    def run(n: int) -> None:
        for _ in range(n):
            np.dot(a, b, out)

    return run


def _blocked(rows: int, hidden: int) -> Callable[[int], None]:
    weights = np.stack([_filled(hidden, hidden) for _ in range(4)])
    product = GateProduct(weights, rows)
    product.refresh()
    multiply, W = product.inner, product.weights
    x = product.rows_of(_filled(rows, hidden))
    out = product.out_of(aligned((4, rows, hidden), np.float32))

    def run(n: int) -> None:
        for _ in range(n):
            multiply(x, W, out)

    return run


def _filled(rows: int, columns: int) -> Array:
    """Fill an array with normal numbers; denormal ones would be slow."""
    array = aligned((rows, columns), np.float32)
    array[...] = np.random.RandomState(1).uniform(-1, 1, array.shape) / np.sqrt(columns)
    return array
