"""Names that are numbers, years with decimals, and other tables whose readings are not obvious."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.data.cells import is_numeric
from rnntui.data.clock import Clock
from rnntui.data.known import NEW, Known
from rnntui.data.table import Table, parse_table
from rnntui.recipe import Data, Recipe

DATA = Data(task="values")


def lines(*rows: object) -> str:
    return "".join(f"{','.join(map(str, row))}\n" for row in rows)  # type: ignore[call-overload]


def table(text: str, known: Known = NEW) -> Table:
    return parse_table(text, "t.csv", DATA, known)


def read(path: Path, text: str) -> ValueData:
    path.write_text(text)
    found = load(Recipe().replace(task="values", source=str(path), seq_len=5))
    assert isinstance(found, ValueData)
    return found


def wave(n: int) -> float:
    return n * n % 17 + 0.5


DAYS = [str(np.datetime64("2023-01-01") + np.timedelta64(n, "D")) for n in range(60)]

# ---- names that are numbers --------------------------------------------------------------------


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_NAMES = [f"{month}-{year}" for year in range(2000, 2005) for month in MONTHS]


@pytest.mark.parametrize(
    ("first", "before"),
    [
        (["", 0], range(60)),
        (["", 0, 1, 2], range(60)),
        (["", 0, 1], DAYS),
        (["date", 0], DAYS),
        (["date", 101, 205, 102], DAYS),
        (["hour", 2.5, 5.0], range(60)),
        (["month", 7, 9], MONTH_NAMES),
    ],
)
def test_numbers_above_a_column_of_times_are_names(
    first: list[object], before: list[object]
) -> None:
    rows = [[time, *(wave(n + k) for k in range(len(first) - 1))] for n, time in enumerate(before)]
    found = table(lines(first, *rows))
    assert found.features == tuple(map(str, first[1:])) and len(found.rows) == 60
    assert found.rows[0, 0] == 0.5 and found.clock is not None
    assert any("are names of columns" in note for note in found.notes)


def test_numbers_that_count_the_columns_are_names_if_those_below_have_decimals() -> None:
    rows = [[wave(n), wave(n + 1), wave(n + 5)] for n in range(40)]
    found = table(lines([0, 1, 2], *rows))
    assert found.features == ("0", "1", "2") and len(found.rows) == 40
    assert is_numeric(lines([0, 1, 2], *rows))


@pytest.mark.parametrize(
    "text",
    [
        lines([0, 1, 2], *([n * n % 7, n * n % 5, n * n % 11] for n in range(5, 40))),
        lines([0], *([wave(n)] for n in range(35))),
    ],
)
def test_a_first_row_that_may_be_names_or_values_is_values_and_a_doubt(text: str) -> None:
    found = table(text)
    assert len(found.rows) == 36
    assert any("delete it if it names the columns" in note for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        lines(*([n, wave(n), wave(n + 3)] for n in range(40))),
        lines(["", 5.5, 3.5], *([day, wave(n), wave(n + 1)] for n, day in enumerate(DAYS[1:40]))),
        lines(*([n, n + 1, n + 2] for n in range(40))),
    ],
)
def test_other_first_rows_of_numbers_stay_values_without_a_word(text: str) -> None:
    found = table(text)
    assert len(found.rows) == 40
    assert not any("names" in note for note in found.notes)


def test_large_tables_have_such_names_too(tmp_path: Path) -> None:
    rows = [[wave(n), wave(n + 1), wave(n + 5)] for n in range(30_000)]
    found = read(tmp_path / "large.csv", lines([0, 1, 2], *rows))
    assert found.features == ("0", "1", "2") and found.row_count == 30_000


def test_a_run_of_an_earlier_version_takes_numbers_of_the_first_line_for_a_row() -> None:
    text = lines(["", 0, 1], *([day, wave(n), wave(n + 2)] for n, day in enumerate(DAYS)))
    found = table(text, Known(("column 2", "column 3"), 2, 5))
    assert found.features == ("column 2", "column 3") and len(found.rows) == 61


# ---- years with decimals -----------------------------------------------------------------------


def passed(year: int, day: float) -> float:
    return year + day / (366 if year % 4 == 0 else 365)


MID_MONTHS = (15, 45, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349)  # days of a common year
EVERY_MONTH = [(y, m) for y in range(1959, 1975) for m in range(12)]
DECIMAL = {
    "the middle of months": (
        [f"{y + (m + 0.5) / 12:.3f}" for y, m in EVERY_MONTH],
        "monthly",
        "1975.042",
    ),
    "their start": ([f"{y + m / 12:.6f}" for y, m in EVERY_MONTH], "monthly", "1975.000000"),
    "days of the year": (
        [f"{passed(y, MID_MONTHS[m] + (y % 4 == 0 and m > 1)):.4f}" for y, m in EVERY_MONTH],
        "monthly",
        "1975.0411",
    ),
    "two decimals": ([f"{y + (m + 0.5) / 12:.2f}" for y, m in EVERY_MONTH], "monthly", "1975.04"),
    "quarters": (
        [f"{y + q / 4:.2f}" for y in range(1960, 1990) for q in range(4)],
        "quarterly",
        "1990.00",
    ),
    "weeks": (
        [f"{passed(1974 + n, 4.5 + 7 * w):.4f}" for n in range(1) for w in range(52)],
        "weekly",
        "1975.0096",
    ),
    "days": ([f"{passed(1975, n + 0.5):.4f}" for n in range(90)], "daily", "1975.2479"),
}


@pytest.mark.parametrize("case", DECIMAL)
@pytest.mark.parametrize("header", [["decimal date", "co2"], None])
def test_years_with_decimals_are_dates_and_continue_as_they_are_written(
    case: str, header: list[object] | None
) -> None:
    years, words, following = DECIMAL[case]
    rows: list[list[object]] = [[year, wave(n)] for n, year in enumerate(years)]
    found = table(lines(*([header] if header else []), *rows))
    assert found.features[0] in ("co2", "column 2") and len(found.rows) == len(rows)
    assert found.clock is not None and found.times is not None and found.clock.words == words
    clock, times = found.clock, found.times.tolist()
    assert [clock.write(time) for time in times] == years
    assert clock.write(clock.after(times[-1])) == following
    assert clock.read(years[3]) == times[3] and Clock.from_dict(clock.to_dict()) == clock
    assert any("read as years with decimals" in note for note in found.notes)


def test_a_month_that_lacks_among_years_with_decimals_is_put_in() -> None:
    rows = [[year, wave(n)] for n, year in enumerate(DECIMAL["the middle of months"][0])]
    found = table(lines(["year", "co2"], *rows[:50], *rows[51:]))
    assert len(found.rows) == len(rows) and np.isnan(found.rows[50, 0])


@pytest.mark.parametrize(
    "numbers",
    [
        [1500 + n / 4 for n in range(60)],  # nanometres
        [1700.5 + n for n in range(60)],
        [1600 + 0.013 * n for n in range(60)],
        [*range(1900, 1960)],
    ],
)
def test_other_numbers_between_1500_and_2200_are_counts(numbers: list[float]) -> None:
    found = table(lines(["wavelength", "y"], *([x, wave(n)] for n, x in enumerate(numbers))))
    assert found.clock is None or not found.clock.is_date or found.clock.words == "yearly"


def test_years_with_decimals_beside_other_dates_are_not_learned() -> None:
    rows = [
        [1959 + n // 12, n % 12 + 1, f"{1959 + (n + 0.5) / 12:.3f}", wave(n)] for n in range(60)
    ]
    assert table(lines(["year", "month", "decimal", "co2"], *rows)).features == ("co2",)


def test_a_run_of_an_earlier_version_counts_years_with_decimals() -> None:
    rows = [[year, wave(n)] for n, year in enumerate(DECIMAL["the middle of months"][0])]
    found = table(lines(["year", "co2"], *rows), Known(("co2",), 1, 5))
    assert found.clock is not None and not found.clock.is_date
