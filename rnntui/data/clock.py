"""How the rows of a series are placed in time, and how time continues after the last one."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.decimal_years import DecimalYears
from rnntui.data.moments import DAY, HOUR, NONE, Format, iso
from rnntui.data.steps import Step
from rnntui.dataclass import dataclass

Times = NDArray[Any]  # (N,) int64 microseconds since 1970, or float64 numbers


@dataclass(frozen=True)
class Clock:
    """What a column of times is called, how it is written, and its step.

    Dates have a `step`, numbers are `every` apart. `unit` is how many microseconds one of a column
    of seconds (or parts of them) since 1970 has; without it and a `format`, dates are written in
    ISO 8601, or as `years` with decimals. `decimals` are those of numbers. `cycles` of the calendar
    are learned, if any.
    """

    name: str
    format: Format | None = None
    step: Step | None = None
    every: float = 0.0
    unit: float = 0.0
    decimals: int = 0
    cycles: tuple[str, ...] = ()
    years: DecimalYears | None = None

    @property
    def is_date(self) -> bool:
        """Whether times are dates rather than numbers."""
        return self.step is not None

    @property
    def words(self) -> str:
        """The step in words."""
        return self.step.words if self.step else f"every {self.every:.10g}"

    @property
    def seasons(self) -> tuple[int, ...]:
        """Seasons of the calendar, in steps: a day, a week, a year."""
        if self.step is None:
            return ()
        if self.step.kind == "business":
            return (5,)
        if self.step.kind == "months":
            return (12 // self.step.size,) if 12 % self.step.size == 0 else ()
        size = self.step.size
        spans = [span for span in (HOUR, DAY, 7 * DAY) if span >= 2 * size and span % size == 0]
        year = (round(365.25 * DAY / size),) if size >= DAY else ()
        return (*(span // size for span in spans), *year)

    def after(self, time: float, count: int = 1) -> float:
        """The time `count` steps after another one."""
        return self.step.after(int(time), count) if self.step else time + count * self.every

    def write(self, time: float) -> str:
        """The text of a time, as the table writes it."""
        if self.step is None:
            return f"{time:.{self.decimals}f}"
        moment = int(time)
        if self.years:
            return self.years.write(moment)
        if self.unit:
            if self.unit < 1:
                return str(moment * round(1 / self.unit))
            return f"{moment / self.unit:.{self.decimals}f}"
        return self.format.write(moment) if self.format else iso(moment)

    def read(self, text: str) -> float | None:
        """The time that a text holds; None if it holds none."""
        text = text.strip()
        if self.step is None or self.unit:
            try:
                number = float(text)
            except ValueError:
                return None
            if not math.isfinite(number):
                return None
            return number if self.step is None else round(number * self.unit)
        if self.years and (moment := self.years.read(text)) is not None:
            return moment
        for form in (self.format, *_ISO):
            found = form.read([text]) if form else None
            if found is not None and found[0] != NONE:
                return int(found[0])
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Clock:
        """Invert `to_dict`. Raises KeyError, TypeError or ValueError."""
        form, step, years = table["format"], table["step"], table.get("years")
        return cls(
            name=str(table["name"]),
            format=Format(**form) if form else None,
            step=Step(**step) if step else None,
            every=float(table["every"]),
            unit=float(table["unit"]),
            decimals=int(table["decimals"]),
            cycles=tuple(map(str, table.get("cycles", ()))),
            years=DecimalYears(**years) if years else None,
        )


_ISO = tuple(
    Format(pattern)
    for pattern in (
        *("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m", "%Y"),
        *("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"),
    )
)


def step_of_numbers(times: Times) -> float:
    """The usual step of sorted numbers (N,)."""
    gaps = np.diff(np.unique(times))
    return float(np.median(gaps)) if len(gaps) else 1.0
