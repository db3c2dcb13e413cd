"""Times, parts of dates and series told apart in tables as statistics packages write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.data.known import NEW, Known
from rnntui.data.table import Table, parse_table
from rnntui.recipe import Data, Recipe

DATA = Data(task="values")


def lines(*rows: object) -> str:
    return "".join(f"{','.join(map(str, row))}\n" for row in rows)  # type: ignore[call-overload]


def table(text: str, known: Known = NEW) -> Table:
    return parse_table(text, "t.csv", DATA, known)


def wave(n: int) -> int:
    return n * n % 17


FIRMS = lines(
    ["", "firm", "year", "sales"],
    *([n + 1, n // 20 + 1, 1935 + n % 20, wave(n)] for n in range(80)),
)
SHORT_YEARS = lines(
    ["", "state", "year", "sales"],
    *([n + 1, n // 20 + 1, 63 + n % 20, wave(n)] for n in range(80)),
)
MONTH_AND_DAY = lines(
    ["", "ozone", "month", "day"], *([n + 1, wave(n), 5 + n // 30, 1 + n % 30] for n in range(120))
)
DAY_AND_CLOCK = lines(
    ["", "day", "time", "temp"],
    *([n + 1, 346 + n // 60, (840 + 10 * n) % 1000, wave(n)] for n in range(100)),
)
DAYS = [str(np.datetime64("1980-01-01") + np.timedelta64(n, "D")) for n in range(60)]
SHORT_DATES = lines(
    ["date", "rate"], *([d[2:].replace("-", ""), wave(n)] for n, d in enumerate(DAYS))
)
BESIDE = lines(
    ["date", "y", "mon", "wd"],
    *([d, wave(n), int(d[5:7]), (n + 1) % 7] for n, d in enumerate(DAYS)),
)
PLURAL = lines(["", "times", "y"], *([n + 1, 2.4 + n // 2 * 0.2, wave(n)] for n in range(40)))


@pytest.mark.parametrize("text", [FIRMS, SHORT_YEARS])
def test_numbered_firms_and_states_are_series_side_by_side(text: str) -> None:
    found = table(text)
    assert found.features == tuple(f"sales ({n})" for n in range(1, 5)) and len(found.rows) == 20
    assert found.clock is not None and found.clock.name == "year"


@pytest.mark.parametrize(
    ("text", "learned"), [(MONTH_AND_DAY, ("ozone",)), (DAY_AND_CLOCK, ("temp",))]
)
def test_a_number_that_many_rows_share_is_no_time(text: str, learned: tuple[str, ...]) -> None:
    found = table(text)
    assert found.features == learned
    assert found.clock is not None and found.clock.name == "column 1"
    assert not any("time of another" in note for note in found.notes)


def test_a_date_may_have_the_last_two_digits_of_its_year() -> None:
    found = table(SHORT_DATES)
    assert found.clock is not None and found.clock.words == "daily" and found.times is not None
    assert found.clock.write(found.clock.after(found.times[-1].item())) == "800301"


@pytest.mark.parametrize("pattern", ["%y%m%d", "%d%m%y", "%m%d%y", "%y%m"])
@pytest.mark.parametrize("zeros", [True, False])
def test_short_dates_of_two_centuries_and_in_other_orders(pattern: str, zeros: bool) -> None:
    unit = "D" if "d" in pattern else "M"
    days = np.arange("1999-06", "2001-06", dtype=f"M8[{unit}]").astype("M8[D]").tolist()
    written = [day.strftime(pattern) for day in days]
    found = table(
        lines(["date", "rate"], *([w if zeros else int(w), wave(n)] for n, w in enumerate(written)))
    )
    assert found.features == ("rate",) and found.clock is not None and found.times is not None
    ends = [np.datetime64(int(found.times[n]), "us").astype("M8[D]") for n in (0, -1)]
    assert ends == [np.datetime64(days[0]), np.datetime64(days[-1])]
    assert found.clock.write(found.times[0]) == written[0]


@pytest.mark.parametrize("numbers", [range(1901, 2012), range(101, 113), range(8001, 8013)])
def test_years_and_counts_in_a_column_called_date_are_no_short_dates(numbers: range) -> None:
    found = table(lines(["date", "y"], *([n, wave(n)] for n in numbers)))
    assert found.clock is not None and not found.clock.is_date


def test_other_numbers_in_a_column_called_date_are_no_short_dates() -> None:
    text = lines(["date", "y"], *([200_000 + n, wave(n)] for n in range(40)))
    found = table(text)
    assert found.clock is not None and not found.clock.is_date


def test_parts_of_the_dates_beside_them_are_not_learned() -> None:
    assert table(BESIDE).features == ("y",)


def test_a_column_unlike_the_months_in_one_row_is_learned() -> None:
    assert "mon" in table(BESIDE.replace("1980-01-09,13,1,", "1980-01-09,13,7,")).features


def test_times_that_rise_are_not_learned_but_results_in_days_are() -> None:
    assert table(PLURAL).features == ("y",)
    results = lines(["", "days", "y"], *([n + 1, 1.5 * wave(n), n % 5] for n in range(40)))
    assert table(results).features == ("days", "y")


STOCKS = lines(
    ["symbol", "date", "price"],
    *(
        [s, f"{2000 + m // 12}-{m % 12 + 1:02}-01", wave(m)]
        for s, first in (("A", 0), ("B", 1), ("C", 40))
        for m in range(first, 90)
    ),
)


def test_a_series_that_begins_late_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "stocks.csv"
    path.write_text(STOCKS)
    recipe = Recipe().replace(task="values", source=str(path))
    found = load(recipe)
    assert isinstance(found, ValueData)
    assert found.features == ("price (A)", "price (B)") and found.row_count == 89
    assert any("begin too late" in note and "price (C)" in note for note in found.notes)
    assert load(recipe.replace(missing="drop")).features[-1] == "price (C)"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "learned"),
    [
        (FIRMS, ("firm", "sales")),
        (SHORT_YEARS, ("state", "year", "sales")),
        (MONTH_AND_DAY, ("ozone",)),
        (SHORT_DATES, ("rate",)),
        (BESIDE, ("y", "mon", "wd")),
        (PLURAL, ("times", "y")),
    ],
)
def test_a_run_of_an_earlier_version_reads_its_table_as_it_did(
    text: str, learned: tuple[str, ...]
) -> None:
    found = table(text, Known(learned, len(learned), 4))
    assert found.features == learned
    if text is MONTH_AND_DAY:
        assert found.clock is not None and found.clock.name == "month"
    if text is SHORT_DATES:
        assert found.clock is not None and not found.clock.is_date
