"""How good forecasts are, and what is shown beside one: parts of a Snapshot.

Errors are in the units of the source. Numbers that are unknown are null.
"""

from __future__ import annotations

from rnntui.dataclass import dataclass
from rnntui.protocol.base import Safe

Numbers = tuple[float | None, ...]


@dataclass(frozen=True)
class MethodErrors:
    """The errors of one method: by rows ahead, and over the whole horizon."""

    name: Safe
    by_horizon: Numbers  # RMSE at each of `TargetErrors.ahead`
    rmse: float | None
    mae: float | None
    mase: float | None


@dataclass(frozen=True)
class TargetErrors:
    """The backtest of one column: `origins` forecasts of `horizon` rows each."""

    target: Safe
    horizon: int
    origins: int
    season: int  # in rows; 0: none
    ahead: tuple[int, ...]  # how many rows, from 1 to the horizon
    methods: tuple[MethodErrors, ...]
    held80: float | None  # share of values inside the 80 % intervals, from 0 to 1
    held95: float | None


@dataclass(frozen=True)
class Backtested:
    """Forecasts of the held-out part by the network of update `step` and by simple methods.

    `id` counts the backtests of the run; `columns` is the number of columns, of which the first
    ones are sent.
    """

    id: int
    step: int
    columns: int
    targets: tuple[TargetErrors, ...]


@dataclass(frozen=True)
class Band:
    """Half the widths of a column's 80 % and 95 % intervals, by rows ahead."""

    half80: Numbers
    half95: Numbers


@dataclass(frozen=True)
class Earlier:
    """What would have been forecast for the last rows before a forecast, column by column.

    It is made from the row before them; these rows were held out of training.
    """

    values: Numbers
    band: Band


@dataclass(frozen=True)
class Outlook:
    """What is known of a forecast besides its values.

    `bands` and `earlier` are those of the first columns that are forecast, as many as fit; an
    interval beyond the last one of its band grows with the root of the time.
    """

    method: Safe  # what forecasts, in words
    verdict: Safe  # how the network compares with simple methods, in words; empty: unknown
    loses: bool  # a simple method is better than the network
    times_before: tuple[Safe, ...]  # of the rows that the forecast continues
    times: tuple[Safe, ...]  # of its own rows, the first of them if they are many
    bands: tuple[Band, ...]
    earlier: tuple[Earlier, ...]
    best: bool = False  # by the weights that the run has chosen, not those of the moment
