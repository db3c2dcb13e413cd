"""Names that are numbers, years with decimals, and other tables whose readings are not obvious."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.data.clock import Clock
from rnntui.data.known import NEW, Known
from rnntui.data.recognise import is_numeric
from rnntui.data.table import Table, parse_table
from rnntui.errors import DataError
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
        lines(["", 12, 7], *([n * n % 9, n * n % 7, n % 5] for n in range(39))),
        lines([0, 1], *([f"{n / 100:.2f}", wave(n)] for n in range(1, 40))),
    ],
)
def test_other_first_rows_of_numbers_stay_values_without_a_word(text: str) -> None:
    found = table(text)
    assert len(found.rows) == 40
    assert not any("names" in note for note in found.notes)


def test_moments_that_begin_with_whole_numbers_are_values() -> None:
    rows = [[f"{n * n / 700:.3f}", wave(n), wave(n + 2)] for n in range(1, 40)]
    assert table(lines([0, 1, 2], *rows)).rows[0].tolist() == [0, 1, 2]


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
        [round(2000.4 + n / 10, 1) for n in range(18)],
        [*range(1900, 1960)],
    ],
)
def test_other_numbers_between_1500_and_2200_are_counts(numbers: list[float]) -> None:
    found = table(lines(["wavelength", "y"], *([x, wave(n)] for n, x in enumerate(numbers))))
    assert found.clock is None or not found.clock.is_date or found.clock.words == "yearly"


@pytest.mark.parametrize(("name", "size"), [("time", 0.5), ("time", 0.25), ("", 0.25), ("", 0.5)])
def test_seconds_in_quarters_are_no_years(name: str, size: float) -> None:
    rows = [[1500 + size * n, wave(n)] for n in range(60)]
    found = table(lines(*([[name, "y"]] if name else []), *rows))
    assert found.clock is not None and not found.clock.is_date


def test_years_with_decimals_beside_other_dates_are_not_learned() -> None:
    rows = [
        [1959 + n // 12, n % 12 + 1, f"{1959 + (n + 0.5) / 12:.3f}", wave(n)] for n in range(60)
    ]
    assert table(lines(["year", "month", "decimal", "co2"], *rows)).features == ("co2",)


def test_a_run_of_an_earlier_version_counts_years_with_decimals() -> None:
    rows = [[year, wave(n)] for n, year in enumerate(DECIMAL["the middle of months"][0])]
    found = table(lines(["year", "co2"], *rows), Known(("co2",), 1, 5))
    assert found.clock is not None and not found.clock.is_date


# ---- dates written otherwise -------------------------------------------------------------------

YEARS = range(1960, 1990)
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
SHORT_FRENCH = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."
SPANISH = "ene feb mar abr may jun jul ago sep oct nov dic"
ITALIAN = "gen feb mar apr mag giu lug ago set ott nov dic"
PORTUGUESE = "jan fev mar abr mai jun jul ago set out nov dez"
DUTCH = "januari februari maart april mei juni juli augustus september oktober november december"
OTHERWISE = {
    "seasons": ([f"{y}/{(y + 1) % 100:02}" for y in YEARS], "yearly", "1990/91"),
    "seasons with a dash": (
        [f"{y}-{(y + 1) % 100:02}" for y in range(2000, 2012)],
        "yearly",
        "2012-13",
    ),
    "whole years": ([f"{y}-{y + 1}" for y in YEARS], "yearly", "1990-1991"),
    "fiscal years": ([f"FY{y}" for y in YEARS], "yearly", "FY1990"),
    "half-years": ([f"{y}-S{h}" for y in YEARS for h in (1, 2)], "every 6 months", "1990-S1"),
    "quarters after a point": (
        [f"{y}.{q}" for y in YEARS for q in range(1, 5)],
        "quarterly",
        "1990.1",
    ),
    "quarters after a colon": (
        [f"{y}:{q}" for y in YEARS for q in range(1, 5)],
        "quarterly",
        "1990:1",
    ),
    "months after a colon": (
        [f"{y}:{m:02}" for y in YEARS for m in range(1, 13)],
        "monthly",
        "1990:01",
    ),
    "months without their zeros": (
        [str(float(f"{y}.{m:02}")) for y in YEARS for m in range(1, 13)],
        "monthly",
        "1990.01",
    ),
    **{
        names: ([f"{m} {y}" for y in YEARS for m in names.split()], "monthly", "1990-01")
        for names in (FRENCH, SHORT_FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH)
    },
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_dates_as_offices_write_them(case: str) -> None:
    dates, words, following = OTHERWISE[case]
    found = table(lines(["time", "y"], *([date, wave(n)] for n, date in enumerate(dates))))
    assert found.clock is not None and found.times is not None and found.clock.words == words
    assert len(found.rows) == len(dates)
    assert found.clock.write(found.clock.after(found.times[-1].item())) == following


def test_quarters_that_may_be_months_are_a_doubt() -> None:
    dates = OTHERWISE["quarters after a point"][0]
    text = lines(["time", "y"], *([date, wave(n)] for n, date in enumerate(dates)))
    assert any("time_format=%Y.%m if they are months" in note for note in table(text).notes)
    months = parse_table(text, "t.csv", Data(task="values", time_format="%Y.%m"))
    assert months.clock is not None and months.clock.words == "monthly"


def test_a_french_date_continues_with_its_time_of_day() -> None:
    times = [f"{d} mai 2020 {h:02}:30" for d in range(1, 5) for h in range(24)]
    found = table(lines(["time", "y"], *([time, wave(n)] for n, time in enumerate(times))))
    assert found.clock is not None and found.times is not None
    assert found.clock.write(found.times[-1].item()) == "2020-05-04 23:30"


@pytest.mark.parametrize("year", [1950, 1989])
def test_yearly_dates_are_no_doubt(year: int) -> None:
    for day in ("01-01", "12-31", "07-01"):
        rows = [[f"{y}-{day}", wave(y)] for y in range(year, year + 30)]
        found = table(lines(["date", "y"], *rows))
        assert found.clock is not None and found.clock.words == "yearly"
        assert not [note for note in found.notes if "dates" in note or "uneven" in note]


def labour(means: bool, letter: str = "M", last: int = 12) -> str:
    head = "series_id            \tyear\tperiod\t       value\tfootnote_codes\n"
    return head + "".join(
        f"LNS14000000          \t{y}\t{letter}{n:02}\t{wave(n + y):12.1f}\t\n"
        for y in range(2000, 2010)
        for n in range(1, last + 1 + means)
    )


@pytest.mark.parametrize("means", [True, False])
@pytest.mark.parametrize(("letter", "last", "words"), [("M", 12, "monthly"), ("Q", 4, "quarterly")])
def test_periods_of_the_bureau_of_labor_statistics(
    means: bool, letter: str, last: int, words: str
) -> None:
    text = labour(means, letter, last)
    found = table(text)
    assert found.features == ("value",) and len(found.rows) == 10 * last
    assert found.clock is not None and found.clock.words == words
    assert any("yearly means" in note for note in found.notes) == means
    assert is_numeric(text)


def test_running_seasons_of_three_months_are_months() -> None:
    names = ["DJF", "JFM", "FMA", "MAM", "AMJ", "MJJ", "JJA", "JAS", "ASO", "SON", "OND", "NDJ"]
    text = " SEAS  YR  TOTAL\n" + "".join(
        f" {name}  {y}  {wave(n + y)}\n" for y in range(1990, 2000) for n, name in enumerate(names)
    )
    found = table(text)
    assert found.features == ("TOTAL",) and found.clock is not None
    assert found.clock.words == "monthly"


@pytest.mark.parametrize(("name", "first"), [("HH", 1), ("hr", 0), ("uur", 0)])
def test_hours_in_a_column_of_their_own_belong_to_the_date(name: str, first: int) -> None:
    rows = [[day, h + first, wave(n + h)] for n, day in enumerate(DAYS) for h in range(24)]
    found = table(lines(["date", name, "y"], *rows))
    assert found.features == ("y",) and found.clock is not None and found.clock.words == "hourly"
    assert len(found.rows) == 24 * len(DAYS)


# ---- a column for each month, quarter or hour --------------------------------------------------


def months_of(years: range, last: int, delimiter: str = ",", pad: bool = False) -> str:
    rows = [[y, *(wave(12 * y + m) for m in range(12))] for y in years]
    rows[-1] = rows[-1][: last + 1] + [""] * (12 - last) * pad
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


@pytest.mark.parametrize(
    "header", [",".join(("Year", *MONTHS)) + "\n", "y,1,2,3,4,5,6,7,8,9,10,11,12\n", ""]
)
@pytest.mark.parametrize("delimiter", [",", " "])
@pytest.mark.parametrize("pad", [True, False])
def test_the_last_year_may_be_short(header: str, delimiter: str, pad: bool, tmp_path: Path) -> None:
    if pad and delimiter == " ":
        return
    text = header.replace(",", delimiter) + months_of(YEARS, 7, delimiter, pad)
    found = read(tmp_path / "t.csv", text)
    assert found.row_count == 12 * 29 + 7 and found.features == ("value",)
    assert found.clock is not None and found.times is not None
    assert found.clock.write(found.times[-1].item()) == "1989-07"
    assert is_numeric(text)


@pytest.mark.parametrize(
    "text",
    [
        lines(["Year", *MONTHS], [1960, *range(12)], [1961, *range(12)], [1965, 1, 2]),
        lines(["a", "b", "c"], *([n, n * n % 7, wave(n)] for n in range(30)), [30, 2]),
    ],
)
def test_other_short_last_lines_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="give every line the same number"):
        table(text)


def test_years_in_any_order_and_months_in_other_languages() -> None:
    names = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    rows = [[y, *(wave(12 * y + m) for m in range(12))] for y in reversed(YEARS) if y != 1970]
    for header in (names, SHORT_FRENCH):
        found = table(lines(["Jahr", *header.split()], *rows))
        assert found.features == ("value",) and found.clock is not None
        assert found.rows[0, 0] == wave(12 * 1960) and found.clock.words == "monthly"
        assert np.isnan(found.rows[120:132, 0]).all()


def test_rows_of_months_and_columns_of_years() -> None:
    rows = [[m, *(wave(12 * y + n) for y in YEARS)] for n, m in enumerate(MONTHS)]
    found = table(lines(["Month", *YEARS], *rows))
    assert found.features == ("value",) and len(found.rows) == 360
    assert found.rows[:, 0].tolist() == [wave(12 * y + m) for y in YEARS for m in range(12)]


@pytest.mark.parametrize("names", ["Q1 Q2 Q3 Q4", "Qtr1 Qtr2 Qtr3 Qtr4"])
def test_columns_of_quarters(names: str) -> None:
    rows = [[y, *(wave(4 * y + q) for q in range(4))] for y in YEARS]
    found = table(lines(["Year", *names.split()], *rows))
    assert found.features == ("value",) and len(found.rows) == 120
    assert found.clock is not None and found.clock.words == "quarterly"


@pytest.mark.parametrize(("name", "columns"), [("Month", 1), ("mes", 1), ("site", 5), ("id", 5)])
def test_rows_with_numbers_of_months_are_called_so(name: str, columns: int) -> None:
    rows = [[m, *(wave(12 * y + m) for y in YEARS[:5])] for m in range(1, 13)]
    assert len(table(lines([name, *YEARS[:5]], *rows)).features) == columns


@pytest.mark.parametrize("names", ["T1 T2 T3 T4", "1 2 3 4"])
def test_columns_of_four_places_are_no_quarters(names: str) -> None:
    rows = [[y, *(wave(4 * y + q) for q in range(4))] for y in YEARS]
    assert table(lines(["Year", *names.split()], *rows)).features == tuple(names.split())


@pytest.mark.parametrize(
    "times",
    [[f"{day} 05:00" for day in DAYS], [f"{y}-{m:02}" for y in YEARS[:5] for m in range(1, 13)]],
)
def test_columns_of_numbered_places_are_no_hours_of_what_is_no_day(times: list[str]) -> None:
    rows = [[time, *(wave(n + h) for h in range(24))] for n, time in enumerate(times)]
    found = table(lines(["Date", *range(1, 25)], *rows))
    assert len(found.features) == 24 and len(found.rows) == 60


@pytest.mark.parametrize(
    "names", [[f"{h:02}:00" for h in range(24)], [f"H{h}" for h in range(1, 25)], [*range(24)]]
)
def test_columns_of_hours(names: list[object]) -> None:
    rows = [[day, *(wave(24 * n + h) for h in range(24))] for n, day in enumerate(DAYS)]
    found = table(lines(["Date", *names], *rows))
    assert found.features == ("value",) and len(found.rows) == 24 * 60
    assert found.clock is not None and found.clock.words == "hourly"
    assert found.rows[:, 0].tolist() == [wave(n) for n in range(24 * 60)]


def test_a_table_of_months_with_their_mean_and_titles_without_a_mark() -> None:
    rows = [[round(wave(12 * y + m), 2) for m in range(12)] for y in YEARS]
    text = "Monthly means, ppmv\nSource: an observatory\n" + "".join(
        f"{y}  {'  '.join(map(str, row))}  {sum(row) / 12:.2f}\n"
        for y, row in zip(YEARS, rows, strict=True)
    )
    found = table(text)
    assert found.features == ("value",) and len(found.rows) == 360 and is_numeric(text)


def test_the_number_below_a_table_of_months_marks_missing_values(tmp_path: Path) -> None:
    text = "1960 1989\n" + months_of(YEARS, 12, " ").replace(" 4.5", " -99.99")
    found = read(tmp_path / "nino.csv", text + "  -99.99\n nino34\n")
    assert found.rows().min() >= 0
    assert any("-99.99, which stands below" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "learned"),
    [
        (
            lines(
                ["Year", "Q1", "Q2", "Q3", "Q4"], *([y, *map(wave, range(y, y + 4))] for y in YEARS)
            ),
            ("Q1", "Q2", "Q3", "Q4"),
        ),
        (
            lines(
                ["Date", *(f"H{h}" for h in range(1, 25))],
                *([d, *map(wave, range(n, n + 24))] for n, d in enumerate(DAYS)),
            ),
            tuple(f"H{h}" for h in range(1, 25)),
        ),
        (
            lines(
                ["mois", "y"],
                *([f"{m} {y}", wave(y)] for y in reversed(YEARS) for m in FRENCH.split()),
            ),
            ("y",),
        ),
        (
            lines(
                ["date", "HH", "y"],
                *([d, h, wave(n + h)] for n, d in enumerate(DAYS) for h in range(24)),
            ),
            ("HH", "y"),
        ),
    ],
)
def test_a_run_of_an_earlier_version_reads_such_tables_as_it_did(
    text: str, learned: tuple[str, ...]
) -> None:
    found = table(text, Known(learned, len(learned), 5))
    assert found.features == learned and len(found.rows) == text.count("\n") - 1
    assert found.clock is None or found.clock.words in ("every 1", "daily")


# ---- what is told ------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [["index", "y"], ["year", "y"], None])
def test_rows_that_lack_among_numbered_ones_are_told_of(header: list[object] | None) -> None:
    rows = [[1900 + n, wave(n)] for n in range(100) if not 3 < n % 20 < 7]
    found = table(lines(*([header] if header else []), *rows))
    assert any("15 rows are missing (every 1, at most 3 together)" in note for note in found.notes)


def test_uneven_numbers_are_told_of_and_even_ones_are_not() -> None:
    uneven = [[n + (n % 3) / 4, wave(n)] for n in range(60)]
    assert any("uneven" in note for note in table(lines(["time", "y"], *uneven)).notes)
    even = [[n / 10, wave(n)] for n in range(60)]
    assert not any("rows" in note for note in table(lines(["time", "y"], *even)).notes[1:])


def test_constant_columns_beside_counters_leave_the_counters(tmp_path: Path) -> None:
    rows = [[n, n, 2 * n, 1e300] for n in range(60)]
    found = read(tmp_path / "t.csv", lines(["t", "a", "b", "big"], *rows))
    assert found.features == ("a", "b")
    assert any(note == "constant columns are left out: big" for note in found.notes)


@pytest.mark.parametrize(
    "footer",
    [
        "Monthly milk production, pounds per cow",
        "\nMonthly milk production",
        "\n,\nMonthly milk production,",
        '\n"Milk, in pounds per cow, 1962 to 1975"',
    ],
)
def test_a_line_of_text_below_the_rows_is_no_row(footer: str) -> None:
    text = lines(["date", "milk"], *([day, wave(n)] for n, day in enumerate(DAYS)))
    assert len(table(text + footer + "\n").rows) == 60


# ---- several series, ends of intervals, steps --------------------------------------------------

SALES = [
    [day, shop, article, int(wave(n) * shop + article)]
    for shop in (1, 2)
    for article in (1, 2)
    for n, day in enumerate(DAYS)
]


@pytest.mark.parametrize("by_day", [True, False])
def test_a_shop_and_an_article_tell_series_apart_together(by_day: bool) -> None:
    rows = sorted(SALES) if by_day else SALES
    found = table(lines(["date", "store", "item", "sales"], *rows))
    assert found.features == tuple(f"sales ({s} {i})" for s in (1, 2) for i in (1, 2))
    assert len(found.rows) == len(DAYS) and np.isfinite(found.rows).all()
    assert found.rows[5].tolist() == [int(wave(5) * s + i) for s in (1, 2) for i in (1, 2)]
    assert any("told apart by store, item" in note for note in found.notes)


def test_pairs_that_are_hardly_ever_there_are_no_series() -> None:
    rows: list[list[object]] = []
    for n in range(300):
        day = np.datetime64("2023-01-01") + np.timedelta64(n, "D")
        buyer, article = n % 12, (7 * n + n // 12) % 12
        buyers = (buyer, (buyer + 1 + n // 12 % 11) % 12)
        articles = (article, (article + 1 + n // 7 % 11) % 12)
        rows += [[day, f"b{b}", f"a{a}", wave(n)] for b in buyers for a in articles]
    assert len(table(lines(["date", "buyer", "article", "sold"], *rows)).features) <= 12


def test_a_run_of_an_earlier_version_tells_series_apart_by_one_column() -> None:
    text = lines(["date", "store", "item", "sales"], *SALES)
    known = ("item (1)", "item (2)", "sales (1)", "sales (2)")
    found = table(text, Known(known, len(known), 5))
    assert found.features == known and len(found.rows) == len(DAYS)


def test_series_can_be_several_columns() -> None:
    data = Data(task="values", series="store,item")
    found = parse_table(lines(["date", "store", "item", "sales"], *SALES), "t.csv", data)
    assert len(found.features) == 4


def test_rows_with_the_name_and_the_time_of_another_one_are_told_of() -> None:
    data = Data(task="values", series="store")
    found = parse_table(lines(["date", "store", "item", "sales"], *SALES), "t.csv", data)
    assert any("120 rows have the name and the time of another one" in n for n in found.notes)


def test_names_may_look_like_numbers_with_a_unit() -> None:
    rows = [
        [day, name, wave(n + k)]
        for n, day in enumerate(DAYS)
        for k, name in enumerate(("10J", "2J"))
    ]
    found = table(lines(["Date", "D0", "Value"], *rows))
    assert found.features == ("Value (10J)", "Value (2J)") and len(found.rows) == len(DAYS)


def test_speeds_with_a_unit_are_no_names() -> None:
    rows = [[DAYS[n // 2], f"{10 + n % 5}kn", wave(n)] for n in range(120)]
    assert table(lines(["date", "speed", "y"], *rows)).features == ("speed", "y")


def test_the_end_of_each_row_is_no_duration() -> None:
    hours = [(f"{10 + n // 24:02}.05.2024", n % 24, wave(n)) for n in range(240)]
    rows = [[day, f"{h:02}:00", f"{(h + 1) % 24:02}:00", y] for day, h, y in hours]
    text = lines(["Datum", "Anfang", "Ende", "MWh"], *rows)
    assert table(text).features == ("MWh",)
    assert table(text, Known(("Ende", "MWh"), 2, 5)).features == ("Ende", "MWh")


def moments(*parts: tuple[np.datetime64, int]) -> list[str]:
    seconds = np.timedelta64(1, "s")
    return [str(day.astype("M8[s]") + after * seconds).replace("T", " ") for day, after in parts]


START, FIVE_MINUTES = np.datetime64("2024-01-01T00:00"), np.timedelta64(5, "m")
LATE = {
    "logged late": (
        moments(*((START + n * FIVE_MINUTES, n * 7 % 10) for n in range(100))),
        "every 5 minutes",
    ),
    "at about the same hour": (
        moments(*((np.datetime64(day), 29_000 + n * 37 % 600) for n, day in enumerate(DAYS))),
        "daily",
    ),
}
LAST = [
    np.datetime64(f"{y}-{m:02}") + np.timedelta64(1, "M")
    for y in range(2000, 2010)
    for m in range(1, 13)
]
TRADED = [str(np.busday_offset(m.astype("M8[D]"), -1, roll="forward")) for m in LAST]
FIRST_TRADED = [str(np.busday_offset(m.astype("M8[D]"), 0, roll="forward")) for m in LAST]


@pytest.mark.parametrize(
    ("times", "words"),
    [*LATE.values(), (TRADED, "monthly"), (FIRST_TRADED, "monthly")],
    ids=[*LATE, "last trading day", "first trading day"],
)
def test_times_near_those_of_a_clock_have_its_step(times: list[str], words: str) -> None:
    text = lines(["time", "y"], *([time, wave(n)] for n, time in enumerate(times)))
    found = table(text)
    assert found.clock is not None and found.clock.words == words
    assert len(found.rows) == len(times)
    assert any("but for small differences" in note for note in found.notes)
    assert not any("uneven" in note for note in found.notes)
    before = table(text, Known(("y",), 1, 5))
    assert before.clock is not None and before.clock.words != words


@pytest.mark.parametrize("days", [30, 91, 365])
def test_even_steps_that_are_nearly_months_are_days(days: int) -> None:
    times = [np.datetime64("2021-01-05") + np.timedelta64(days * n, "D") for n in range(6)]
    found = table(lines(["date", "y"], *([time, wave(n)] for n, time in enumerate(times))))
    assert found.clock is not None and found.clock.words == f"every {days} days"


@pytest.mark.parametrize("seconds", [1.01, 3.21, 61.0])
def test_times_that_drift_from_a_clock_keep_their_step(seconds: float) -> None:
    first = np.datetime64("2024-01-01T00:00:00.000")
    times = [first + np.timedelta64(round(1000 * seconds * n), "ms") for n in range(400)]
    text = lines(["time", "y"], *([time, wave(n)] for n, time in enumerate(times)))
    found = table(text)
    assert found.clock is not None and len(found.rows) == 400
    assert not any("differences" in note for note in found.notes)


# ---- numbers that can be read in two ways, and what is no table --------------------------------


def test_points_between_thousands_are_known_by_decimal_commas_beside_them() -> None:
    text = "Datum;Stück;Preis\n" + "".join(
        f"{day};{1 + n % 7}.{100 + n:03};{n % 9},5\n" for n, day in enumerate(DAYS)
    )
    found = table(text)
    assert found.rows[:3, 0].tolist() == [1100, 2101, 3102] and found.rows[1, 1] == 1.5
    assert any("separators between thousands are dropped: Stück" in n for n in found.notes)
    before = table(text, Known(("Stück", "Preis"), 2, 5))
    assert before.rows[0, 0] == 1.1


@pytest.mark.parametrize("count", [60, 40_000])
def test_points_that_may_be_between_thousands_are_a_doubt(count: int, tmp_path: Path) -> None:
    rows = (f"{n};{1 + n % 7}.{100 + n % 800:03}\n" for n in range(count))
    found = read(tmp_path / "t.csv", "nr;y\n" + "".join(rows))
    assert found.rows()[0, 0] == 1.1
    assert any("remove them if they separate thousands: y" in note for note in found.notes)


@pytest.mark.parametrize("cell", ["0.125", "12.5", "1234"])
def test_points_before_decimals_are_no_doubt(cell: str) -> None:
    text = "nr;y\n" + "".join(f"{n};{1 + n % 7}.{100 + n:03}\n" for n in range(40))
    assert not any("thousands" in note for note in table(text + f"40;{cell}\n").notes)


def test_commas_between_thousands_are_no_decimal_commas() -> None:
    text = "people;rate\n" + "".join(
        f"{n + 1},{100 + n};{n % 9 + 1}.{100 + n}\n" for n in range(60)
    )
    assert table(text).rows[0, -1] == 1.1


def test_millions_with_a_decimal_comma() -> None:
    rows = [[day, f'"{n % 9},25M"'] for n, day in enumerate(DAYS)]
    assert table(lines(["Datum", "Vol."], *rows)).rows[1, 0] == 1_250_000


def test_cells_with_units_below_the_delimiter_of_a_spreadsheet() -> None:
    rows = [[day, f"{wave(n)}%", f"{n * n % 7} GiB"] for n, day in enumerate(DAYS)]
    assert table("sep=,\n" + lines(["Time", "cpu", "mem"], *rows)).features == ("cpu", "mem")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f'{{"t": {n}, "v": {wave(n)}}}\n' for n in range(40)),
        '{\n  "data": [1, 2, 3]\n}\n',
    ],
)
def test_json_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(DataError, match="is JSON, not a table"):
        table(text)


def test_a_last_cell_that_is_empty_does_not_cut_a_table() -> None:
    rows = "".join(f"north\t{day}\t{wave(n)}\t\n" for n, day in enumerate(DAYS))
    text = "place\tdate\ty\tflag\n" + rows
    assert len(table(text).rows) == 60


# ---- dates as numbers, names of times, and marks -----------------------------------------------

NIGHTS = np.arange("2022-11-01", "2023-03-01", dtype="M8[D]").tolist()
AS_NUMBERS = {
    "day first": ([day.strftime("%d%m%Y") for day in NIGHTS], "daily", "01032023"),
    "month first": ([day.strftime("%m%d%Y") for day in NIGHTS], "daily", "03012023"),
    "day of the year": ([day.strftime("%Y%j") for day in NIGHTS], "daily", "2023060"),
    "month": ([f"{m:02}{y}" for y in range(2000, 2008) for m in range(1, 13)], "monthly", "012008"),
    "quarter": ([f"{y}{q}" for y in YEARS for q in range(1, 5)], "quarterly", "19901"),
}


@pytest.mark.parametrize("case", AS_NUMBERS)
@pytest.mark.parametrize("zeros", [True, False])
def test_dates_as_numbers_of_other_orders(case: str, zeros: bool) -> None:
    dates, words, following = AS_NUMBERS[case]
    rows = [[date if zeros else int(date), wave(n)] for n, date in enumerate(dates)]
    found = table(lines(["date", "y"], *rows))
    assert found.features == ("y",) and found.clock is not None and found.times is not None
    assert found.clock.words == words and len(found.rows) == len(dates)
    assert found.clock.write(found.clock.after(found.times[-1].item())) == following
    assert any("date is read as dates" in note for note in found.notes)
    before = table(lines(["date", "y"], *rows), Known(("y",), 1, 5))
    assert before.clock != found.clock


@pytest.mark.parametrize(
    ("name", "first", "step"),
    [("time", 12_000, 1), ("elapsed time", 21_950, 2), ("timestamp", 20_001, 10)],
)
def test_counts_that_pass_for_dates_of_one_day_each_year_are_counts(
    name: str, first: int, step: int
) -> None:
    rows = [[first + step * n, wave(n)] for n in range(60)]
    found = table(lines([name, "y"], *rows))
    assert found.clock is not None and found.clock.words == f"every {step}"


def test_a_voltage_is_no_day() -> None:
    rows = [[2_024_001 + n, wave(n)] for n in range(60)]
    found = table(lines(["voltage", "y"], *rows))
    assert found.clock is None or not found.clock.is_date


def test_ages_are_learned_also_if_rows_are_in_their_order() -> None:
    rows = [[n // 20, wave(n)] for n in range(60)]
    assert table(lines(["age", "y"], *rows)).features == ("age", "y")


def test_first_days_of_months_as_numbers_are_a_doubt() -> None:
    rows = [[f"{m:02}01{2020 + n}", wave(m)] for n in range(1) for m in range(1, 13)]
    found = table(lines(["date", "y"], *rows))
    assert any("--set time_format=" in note for note in found.notes)


@pytest.mark.parametrize("name", ["JD", "MJD", "elapsed", "millis"])
def test_uneven_times_of_astronomers_and_loggers_are_not_learned(name: str) -> None:
    rows = [[59_000 + 3 * n + n * n % 3, wave(n), wave(n + 4)] for n in range(60)]
    text = lines(["id", name, "mag"], *([row[1], row[0], row[2]] for row in rows))
    assert table(text).features == ("id", "mag")
    assert name in table(text, Known(("id", name, "mag"), 3, 5)).features


def test_the_name_that_lacks_is_that_of_the_time_of_day() -> None:
    first, apart = np.datetime64("2023-01-01T00:00:00"), np.timedelta64(5, "s")
    times = [str(first + n * apart).replace("T", " ") for n in range(60)]
    rows = [f" {n % 3} {wave(n)} {wave(n + 2)} {time}\n" for n, time in enumerate(times)]
    found = table(" r b free UTC\n" + "".join(rows))
    assert found.features == ("r", "b", "free") and found.clock is not None
    assert found.clock.words == "every 5 seconds" and found.rows[1].tolist() == [1, 1.5, 9.5]
    before = table(" r b free UTC\n" + "".join(rows), Known(("column 1", "r", "b"), 3, 5))
    assert before.features == ("column 1", "r", "b")


def test_decimal_commas_are_no_separators_between_thousands() -> None:
    rows = [[day, f'"{n % 9},25"'] for n, day in enumerate(DAYS)]
    found = table(lines(["date", "y"], *rows))
    assert found.rows[1, 0] == 1.25
    assert "commas in numbers are read as decimal points" in found.notes
    assert not any("thousands" in note for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "YEAR MON  TMEAN\n"
        + "".join(f"{y} {m}  {wave(n)}\n" for y in YEARS for n, m in enumerate(MONTHS)),
        "10:00:01 AM CPU %usr %sys\n"
        + "".join(f"10:{n:02}:02 AM all {wave(n)} {wave(n + 1)}\n" for n in range(60)),
        "agency\tsite\ttime\tzone\tflow\tcode\n"
        + "".join(
            f"USGS\t01646500\t{day} 00:15\tEST\t{wave(n)}\tP\n" for n, day in enumerate(DAYS)
        ),
        "".join(
            f"{y} {m + 1:02} {wave(m)} {wave(y)}{' *' * (y > 1988)}\n"
            for y in YEARS
            for m in range(12)
        ),
        "".join(f"# line {n}, of a long comment\n" for n in range(230))
        + "".join(f"{n} {wave(n)}\n" for n in range(60)),
    ],
)
def test_tables_of_numbers_in_text_files_are_found(text: str) -> None:
    assert is_numeric(text)
    assert len(table(text).rows) > 50


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"In May {n} people came, and {n + 1} left in June\n" for n in range(40)),
        "".join(f"Anna, {n}, said that it may rain\n" for n in range(40)),
        "".join(f"12:{n:02} Anna says the number {n}\n" for n in range(40)),
    ],
)
def test_sentences_with_numbers_and_months_stay_text(text: str) -> None:
    assert not is_numeric(text)


def test_null_as_databases_write_it_is_missing() -> None:
    text = lines(
        ["date", "y"], *([day, r"\N" if n == 9 else wave(n)] for n, day in enumerate(DAYS))
    )
    assert np.isnan(table(text).rows[9, 0])
