"""Loaded data: tokens with their tokenizer, or rows of numbers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import float64
from numpy.typing import NDArray

from rnntui.clusters import Clusters
from rnntui.data.scaling import standardized, unscale
from rnntui.data.tokenizer import Tokenizer
from rnntui.dataclass import dataclass
from rnntui.suffixes import Suffixes

if TYPE_CHECKING:
    from rnntui.data.clock import Clock
    from rnntui.data.outlook import Outlook
    from rnntui.forecast.linear import Linear

# Of tables: the first knew no times, the second left rows that come twice, the third took all lines
# for rows, the fourth learned parts of the date, and took numbers that rows share for times, and
# the fifth took names that are numbers for a row, and years with decimals for a count.
READER = 6


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
    `clusters` are those of an adaptive output layer, if one was asked for, `suffixes` those of a
    suffix table.
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
    clusters: Clusters | None = None
    suffixes: Suffixes | None = None

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

    `floor` is the least mean loss (½ squared error of a row) on a generated series, if it is known.

    `clock` and `times` (N + M, one more with `levels`) place the source's rows in time, if they
    are known. The first `targets` columns are forecast (0: all); `series` has the name of each
    column's series if the source holds several. Data `read_by` the first versions have no times.

    `outlook` has what was decided about forecasts, if the recipe asked for that.

    `ahead` (N + M, C) is known in advance: the calendar of the row after each. The network reads it
    beside the values. `facts` are what was decided about a table, as labels and words.
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
    floor: float | None = None
    clock: Clock | None = None
    times: NDArray[Any] | None = None
    targets: int = 0
    series: tuple[str, ...] = ()
    read_by: int = READER
    ahead: NDArray[float64] | None = None
    outlook: Outlook | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def known(self) -> int:
        """C: the inputs that are known in advance."""
        return 0 if self.ahead is None else self.ahead.shape[1]

    @property
    def forecast(self) -> tuple[str, ...]:
        """The columns that are forecast."""
        return self.features[: self.targets or None]

    @property
    def row_count(self) -> int:
        """How many rows the source has."""
        return len(self.values) + len(self.validation) + (self.levels is not None)

    @cached_property
    def sequences(self) -> tuple[NDArray[float64], NDArray[float64]]:
        """`values` and `validation` as the network reads them: see `inputs`."""
        if self.ahead is None and self.skip is None:
            return self.values, self.validation
        both = self.inputs(np.concatenate([self.values, self.validation]), self.ahead)
        return both[: len(self.values)], both[len(self.values) :]

    @property
    def skip(self) -> Linear | None:
        """The linear method beside the network."""
        return self.outlook.skip if self.outlook else None

    def inputs(self, rows: NDArray[Any], ahead: NDArray[Any] | None) -> NDArray[Any]:
        """What the network reads for scaled rows (n, D), (n, I).

        After each row come what is known in `ahead` (n, C), and what the linear method makes of it
        and of those before it for the next one.
        """
        parts = [rows] if ahead is None else [rows, ahead]
        if self.skip is not None:
            parts.append(self.skip.after_each(rows))
        return np.concatenate(parts, axis=1) if len(parts) > 1 else rows

    def rows(self) -> NDArray[float64]:
        """The source's own rows (N + M, D), one more with `levels`."""
        if self.levels is not None:
            return self.levels
        found: NDArray[float64] = unscale(
            np.concatenate([self.values, self.validation]), self.mean, self.deviation
        )
        return found

    def unscale(self, rows: NDArray[Any], at: int) -> NDArray[Any]:
        """Return rows (n, D) of `values[at:]`, or predictions of them, on the original scale.

        With `difference`, each change is added to the row it starts from. What is known in advance,
        in columns after those, is left out.
        """
        unscaled = unscale(rows[:, : len(self.features)], self.mean, self.deviation)
        return unscaled if self.levels is None else unscaled + self.levels[at : at + len(rows)]

    def scaled(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Scale original rows (n, D) for the network; changes are one row fewer."""
        rows = rows if self.levels is None else np.diff(rows, axis=0)
        return standardized(rows, self.mean, self.deviation)


Dataset = TokenData | ValueData


def sequences(data: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a network reads: the part to train on, and the one to validate on."""
    if isinstance(data, TokenData):
        return data.tokens, data.validation
    return data.sequences
