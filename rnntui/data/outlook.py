"""What is decided about forecasts of a series, from the part that is trained on alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.backtest import default_horizon
from rnntui.forecast.linear import Linear, fit_linear, last_value
from rnntui.forecast.season import find_season
from rnntui.recipe import Recipe

Numbers = NDArray[np.float64]

HELD_SHARE = 0.1  # of the part trained on: rows that only choose the weights
MOST_HELD = 1000
LEAST_TRAINED, LEAST_HELD = 30, 6  # rows; with fewer, nothing is held back
MOST_LOOKED_AT = 100  # columns; the others have the season that most of these have


@dataclass(frozen=True, eq=False)
class Outlook:
    """Decisions about forecasts.

    `seasons` of the columns are in rows (0: none). The last `held` rows of the part trained on are
    left out of training: forecasts of `horizon` rows from there choose the weights. `skip` is the
    linear method beside the network, on scaled rows.
    """

    seasons: tuple[int, ...]
    horizon: int
    held: int = 0
    skip: Linear | None = None

    @property
    def season(self) -> int:
        """The season that most columns have, the longer one of two."""
        return usual(self.seasons)

    def words(self, changes: bool) -> str:
        """What was decided, in words; `changes` from row to row are learned, or the rows."""
        parts = [f"{self.horizon} rows ahead" if self.horizon > 1 else "a row ahead"]
        parts += [f"season {self.season} rows"] if self.season else []
        parts += ["as changes"] if changes else []
        if self.skip is not None:
            longest = self.skip.longest
            beside = f"an autoregression over {longest} rows" if longest > 1 else "the last value"
            parts.append(f"beside {beside}")
        parts += [f"{self.held} rows only choose the weights"] if self.held else []
        return " · ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        skip = self.skip and self.skip.to_dict()
        return {"seasons": list(self.seasons), "horizon": self.horizon, "held": self.held} | {
            "skip": skip
        }

    @classmethod
    def from_dict(cls, table: dict[str, Any], width: int) -> Outlook:
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError."""
        seasons = tuple(map(int, table["seasons"]))
        horizon, held = int(table["horizon"]), int(table["held"])
        if min(horizon - 1, held, *seasons) < 0 or len(seasons) != width:
            raise ValueError("outlook")
        skip = None if table["skip"] is None else Linear.from_dict(table["skip"], width)
        return cls(seasons, horizon, held, skip)


def looks_ahead(recipe: Recipe) -> bool:
    """Whether a recipe needs an outlook."""
    return recipe.model.skip != "none" or recipe.train.select == "horizon"


def look_ahead(
    recipe: Recipe, seasons: tuple[int, ...], scaled: Numbers, validated: int
) -> Outlook:
    """Decide from the `scaled` rows (M, D) of the part trained on, and their seasons.

    `validated` is the number of rows after them.
    """
    horizon = recipe.sample.horizon or default_horizon(usual(seasons), validated)
    skip = None
    if recipe.model.skip == "last":
        skip = last_value(scaled.shape[1])
    elif recipe.model.skip == "linear":
        skip = fit_linear(scaled, seasons)
    held = _held(len(scaled), horizon) if recipe.train.select == "horizon" else 0
    return Outlook(seasons, horizon, held, skip)


def seasons_of(rows: Numbers, likely: Sequence[int] = ()) -> tuple[int, ...]:
    """The season of each column of rows (N, D)."""
    found = [find_season(column, likely) for column in tamed(rows[:, :MOST_LOOKED_AT]).T]
    return (*found, *[usual(found)] * (rows.shape[1] - len(found)))


def tamed(rows: Numbers) -> Numbers:
    """Rows (N, D) divided by a power of two, so that no square overflows or vanishes."""
    size: Numbers = np.frexp(abs(rows).max(axis=0))[1]
    return np.ldexp(rows, -size)


def usual(seasons: Sequence[int]) -> int:
    """The season that most columns have, the longer one of two."""
    return max(seasons, key=lambda season: (seasons.count(season), season))


def _held(rows: int, horizon: int) -> int:
    """Rows left out of training: a tenth, or two horizons if these are no more than a fifth."""
    held = min(MOST_HELD, max(int(rows * HELD_SHARE), min(2 * horizon, rows // 5)))
    return held if held >= LEAST_HELD and rows - held >= LEAST_TRAINED else 0
