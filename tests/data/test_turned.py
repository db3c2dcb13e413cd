"""Tables with a column for each time are read as those with a row for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from rnntui.data.known import Known
from rnntui.data.table import Table, parse_table
from rnntui.recipe import Data

YEARS = range(1990, 2010)
MONTHS = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"


def table(text: str) -> Table:
    return parse_table(text, "t.csv", Data(task="values"))


def lines(*rows: Sequence[object]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.mark.parametrize(
    "names", [YEARS, [f"{y} [YR{y}]" for y in YEARS], [f"X{y}" for y in YEARS]]
)
def test_columns_of_years(names: Iterable[object]) -> None:
    found = table(
        lines(
            ["Country", "Code", "Kind", *names],
            ["France", "FRA", "GDP", *(y % 7 for y in YEARS)],
            ["Spain", "ESP", "GDP", *(y % 5 for y in YEARS)],
        )
    )
    assert found.features == ("France", "Spain")
    assert found.rows.tolist() == [[y % 7, y % 5] for y in YEARS]
    assert found.times is not None and found.times.tolist() == [*YEARS]
    assert "the columns 1990 to 2009 are times: they are read as rows" in found.notes


@pytest.mark.parametrize("years", [range(2009, 1989, -1), [*range(1990, 2000), *range(2005, 2015)]])
def test_columns_of_years_that_are_newest_first_or_lack_some(years: Sequence[int]) -> None:
    found = table(
        lines(["", *years], ["a", *(y % 7 for y in years)], ["b", *(y % 5 for y in years)])
    )
    assert found.features == ("a", "b")
    assert found.times is not None and found.times.tolist() == sorted(years)
    assert found.rows[:, 0].tolist() == [y % 7 for y in sorted(years)]


def test_an_index_of_a_weather_service() -> None:
    rows = [[y, *(f"{(y + m) % 7}.50" for m in range(12))] for y in YEARS]
    body = "".join(" ".join(map(str, row)) + "\n" for row in rows)
    found = table(" 1990 2009\n" + body + "  -99.99\n  Nino Index\n  from CPC\n")
    assert found.features == ("value",) and len(found.rows) == 240
    assert "line 1 above the table skipped" in found.notes
    assert "3 lines below the table skipped" in found.notes


def test_columns_of_months_with_flags() -> None:
    times = [f"{y}-{m:02} " for y in (2020, 2021) for m in range(1, 13)]
    found = table(
        "unit,geo\\TIME\t"
        + "\t".join(times)
        + "\nPC,DE\t"
        + "\t".join(f"{n * n % 7}.5 {'p' if n > 20 else ''}" for n in range(24))
        + "\nPC,FR\t"
        + "\t".join(": " if n == 5 else f"{n * n % 5}.5 " for n in range(24))
        + "\n"
    )
    assert found.features == ("DE", "FR") and len(found.rows) == 24
    assert found.clock is not None and found.clock.words == "monthly"
    assert found.rows[:, 0].tolist() == [n * n % 7 + 0.5 for n in range(24)]


def test_names_that_are_not_unique_are_joined() -> None:
    days = [f"1/{day}/20" for day in range(1, 31)]
    found = table(
        lines(
            ["Province", "Country", "Lat", *days],
            ["", "France", 1.5, *(n * n % 7 for n in range(30))],
            ["Guadeloupe", "France", 2.5, *(n * n % 5 for n in range(30))],
        )
    )
    assert found.features == ("France", "Guadeloupe France")
    assert found.clock is not None and found.clock.words == "daily"


@pytest.mark.parametrize(
    "header", ["Year," + MONTHS, "Year," + MONTHS + ",J-D", "y,1,2,3,4,5,6,7,8,9,10,11,12", ""]
)
def test_rows_of_years_and_columns_of_months(header: str) -> None:
    rows = [[y, *(f"{(y + m) % 7}.5" for m in range(12))] for y in YEARS]
    extra: list[object] = ["9.5"] if header.endswith("J-D") else []
    found = table((header + "\n" if header else "") + lines(*([*row, *extra] for row in rows)))
    assert found.features == ("value",) and len(found.rows) == 240
    assert found.rows[:, 0].tolist() == [(y + m) % 7 + 0.5 for y in YEARS for m in range(12)]
    assert found.clock is not None and found.clock.words == "monthly"
    assert any(note.startswith("the columns are months") for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        lines(["a", *range(1990, 1994)], ["x", 1, 2, 3, 4], ["y", 2, 3, 4, 6]),
        lines(*([y, *((y + m) % 7 for m in range(12))] for y in YEARS)),
        lines(["year", *"abcdefghijkl"], *([y, *((y + m) % 7 for m in range(12))] for y in YEARS)),
    ],
)
def test_other_tables_stay_as_they_are(text: str) -> None:
    assert len(table(text).features) > 3


@pytest.mark.parametrize("read_by", [1, 2, 3])
def test_a_run_of_an_earlier_version_reads_its_table_as_it_did(read_by: int) -> None:
    months = tuple(MONTHS.split(","))
    text = lines(["Year", *months], *([y, *((y * m) % 17 for m in range(1, 13))] for y in YEARS))
    known = Known(months, len(months), read_by)
    found = parse_table(text, "t.csv", Data(task="values"), known)
    assert found.features == months and len(found.rows) == len(YEARS)
    assert table(text).features == ("value",)


def test_a_total_is_a_row_for_a_run_of_an_earlier_version() -> None:
    days = [[f"2024-01-{n:02}", n, n * n % 7] for n in range(1, 21)]
    text, data = lines(["day", "a", "b"], *days, ["", 9, 9]), Data(task="values", time="none")
    assert len(parse_table(text, "t.csv", data).rows) == 20
    assert len(parse_table(text, "t.csv", data, Known(("a", "b"), 2, 3)).rows) == 21
