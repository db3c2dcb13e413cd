"""What loading hands to training: tokens with their tokenizer, or rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import float64
from numpy.typing import NDArray

from rnntui.data.tokenizer import Tokenizer


@dataclass(frozen=True, eq=False)
class Encoded:
    """A whole source as ids (N,), the smallest unsigned integers, and notes for the user.

    `digest` is the SHA-256 of the ids, little-endian, in hexadecimal.
    """

    ids: NDArray[Any]
    tokenizer: Tokenizer
    digest: str
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TokenData:
    """A sequence of tokens, split into a part to train on and a later one to validate on.

    `tokens` (N,) and `validation` (M,) hold ids as the smallest unsigned integers; M may be 0.
    Those of a large file are mapped: looking at all of them is reading the file. `validation` is a
    sample where more than that, `held_out`, were kept for it. `digest` is that of all ids.
    `floor` is the entropy rate of a generated source in nats per token: no model can do better.
    """

    name: str
    unit: str
    tokens: NDArray[Any]
    validation: NDArray[Any]
    tokenizer: Tokenizer
    split: str
    floor: float | None = None
    baselines: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    held_out: int = 0
    digest: str = ""

    @property
    def size(self) -> int:
        """How many tokens there are, to train and to validate on."""
        return len(self.tokens) + max(self.held_out, len(self.validation))


@dataclass(frozen=True, eq=False)
class ValueData:
    """Rows of numbers in time, split into a part to train on and a later one to validate on.

    `values` (N, D) and `validation` (M, D) are standardized if that was asked for: the source's own
    numbers are `values * deviation + mean`, with `mean` (D,) and `deviation` (D,) of the part that
    is trained on.

    With `levels` (N + M + 1, D), which are the source's own rows, values are the changes from one
    row to the next.
    """

    name: str
    features: tuple[str, ...]
    values: NDArray[float64]
    validation: NDArray[float64]
    mean: NDArray[float64]
    deviation: NDArray[float64]
    split: str
    notes: tuple[str, ...] = ()
    unit: str = "value"
    levels: NDArray[float64] | None = None

    def own(self, rows: NDArray[Any], at: int) -> NDArray[Any]:
        """Rows (n, D) that belong to `values[at:]`, or were predicted for it, in own numbers.

        Changes are added to the row that each begins at.
        """
        own: NDArray[Any] = rows * self.deviation + self.mean
        return own if self.levels is None else own + self.levels[at : at + len(rows)]

    def scaled(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows (n, D) of own numbers as the network takes them, one less for changes."""
        rows = rows if self.levels is None else np.diff(rows, axis=0)
        scaled: NDArray[Any] = (rows - self.mean) / self.deviation
        return scaled


Dataset = TokenData | ValueData
