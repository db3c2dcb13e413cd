"""Titles, units, sources and second headers around a table are no part of it, and told of."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.data.around import framed
from rnntui.data.loading import load
from rnntui.data.recognise import is_numeric
from rnntui.data.table import Table, parse_table
from rnntui.errors import DataError
from rnntui.recipe import Data, Recipe

DAYS = "".join(f"2024-01-{day:02},{day * day % 7}.5,{day * 3 % 11}\n" for day in range(1, 31))
TABLE = "date,temp,rain\n" + DAYS
PLAIN = parse_table(TABLE, "t.csv", Data(task="values"))

AROUND = {
    "a title": ("Weather in De Bilt\n" + TABLE, "line 1 above the table skipped"),
    "a title in a spreadsheet": ("Weather,,\n" + TABLE, "line 1 above the table skipped"),
    "and a blank row": ("Weather,,\n,,\n" + TABLE, "lines 1 to 2 above the table skipped"),
    "titles with commas": (
        "Station: De Bilt, NL\nSource: the, weather, service, of, De Bilt\n\n" + TABLE,
        "lines 1 to 2 above the table skipped",
    ),
    "a title between comments": (
        "# one\nWeather in De Bilt\n# two\n" + TABLE,
        "lines 1 to 2 above the table skipped",
    ),
    "another comment": ("% of\n% KNMI\n" + TABLE, "lines 1 to 2 above the table skipped"),
    "names and values": (
        "latitude,52.1\nlongitude,5.2\n\n" + TABLE,
        "lines 1 to 2 above the table skipped",
    ),
    "a table of its own": (
        "latitude,longitude,zone,elevation\n52.1,5.2,0,3.0\n\n" + TABLE,
        "lines 1 to 2 above the table skipped",
    ),
    "Excel's delimiter": ("sep=,\n" + TABLE, "line 1 above the table skipped"),
    "units": (
        TABLE.replace("\n", "\nUTC,°C,mm\n", 1),
        "line 2 skipped (units or a second header): UTC, °C, mm",
    ),
    "units of two columns": (
        TABLE.replace("\n", "\n,°C,mm\n", 1),
        "line 2 skipped (units or a second header): °C, mm",
    ),
    "groups of columns": (
        ",weather,weather\n" + TABLE,
        "line 1 skipped (units or a second header): weather, weather",
    ),
    "two lines below the header": (
        TABLE.replace("\n", "\nplace,De Bilt,De Bilt\nDate,,\n", 1),
        "line 3 skipped (units or a second header): Date",
    ),
    "a source below": (TABLE + "\nSource: KNMI\n", "1 line below the table skipped"),
    "a source in a spreadsheet": (
        TABLE + ",,\nSource: KNMI,,\n",
        "2 lines below the table skipped",
    ),
    "sources with commas": (
        TABLE + "Source: KNMI, De Bilt, NL, and others\nAll rights reserved, 2024\n",
        "2 lines below the table skipped",
    ),
    "many settings": (
        "".join(f"setting {n} of a, b\n" for n in range(80)) + TABLE,
        "lines 1 to 80 above the table skipped",
    ),
    "comments that begin otherwise": (
        "// of KNMI, in De Bilt\n// and others\n" + TABLE,
        "lines 1 to 2 above the table skipped",
    ),
    "names in the last comment": (
        "KNMI: De Bilt\n" * 40 + "# date,temp,rain\n\n" + DAYS,
        "lines 1 to 40 above the table skipped",
    ),
    "names above units in comments": (
        "#date,temp,rain\n#-,m,m\n" + DAYS,
        "2 lines starting with # skipped",
    ),
    "a rule": (TABLE.replace("\n", "\n----------,-----,----\n", 1), "1 line of dashes skipped"),
    "a rule below": (TABLE + "__________\nSource: KNMI\n", "2 lines below the table skipped"),
    "types beside the date": (
        TABLE.replace("\n", "\n20d,14n,10s\nas of,2024-02-01 12:00,\n", 1),
        "line 2 skipped (units or a second header): 20d, 14n, 10s",
    ),
    "empty rows": (
        TABLE.replace("2024-01-11", ",,\n2024-01-11") + ",,\n,,\n",
        "3 lines of empty cells skipped",
    ),
    "a total": (
        TABLE + "Total,30.5,12\n",
        "1 line at the end skipped (totals, or no date): Total, 30.5, 12",
    ),
    "totals": (
        TABLE + ",,\nSumme,30.5,12\nMittelwert:,1.5,2\n",
        "2 lines at the end skipped (totals, or no date): Summe, 30.5, 12",
    ),
    "a total without a word": (
        TABLE + ",30.5,12\n",
        "1 line at the end skipped (totals, or no date): 30.5, 12",
    ),
    "a total in other words": (
        TABLE + "Gesamtsumme (30 Tage),30.5,12\n",
        "1 line at the end skipped (totals, or no date): Gesamtsumme (30 Tage), 30.5, 12",
    ),
    "files put one behind another": (
        TABLE[: TABLE.index("2024-01-11")]
        + "date,temp,rain\n"
        + TABLE[TABLE.index("2024-01-11") :],
        "1 line skipped: repeated header",
    ),
}


def table(text: str) -> Table:
    return parse_table(text, "t.csv", Data(task="values"))


@pytest.mark.parametrize("name", AROUND)
def test_the_table_is_found(name: str) -> None:
    text, note = AROUND[name]
    found = table(text)
    assert found.features == PLAIN.features
    assert found.rows.tolist() == PLAIN.rows.tolist()
    assert found.times is not None and PLAIN.times is not None
    assert found.times.tolist() == PLAIN.times.tolist()
    assert note in found.notes


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_title_does_not_decide_on_the_delimiter(delimiter: str) -> None:
    numbers = TABLE.replace(",", delimiter).replace(".5", ",5")
    found = table("Wetter, Regen und mehr\n" + numbers)
    assert found.rows.tolist() == PLAIN.rows.tolist()


def test_a_table_of_two_columns_after_excels_delimiter() -> None:
    found = table("sep=;\na;b\n" + "".join(f"{i};{i * i % 7}\n" for i in range(20)))
    assert found.cells.header == ("a", "b")


def test_a_title_without_a_header() -> None:
    found = table("Weather in De Bilt\n" + DAYS)
    assert found.rows.tolist() == PLAIN.rows.tolist()
    assert "line 1 above the table skipped" in found.notes


def test_lines_keep_their_numbers() -> None:
    wrong = DAYS.replace("2024-01-05,4.5", "2024-01-05,warm")
    with pytest.raises(DataError, match="line 9, column 'temp': 'warm' is not a number"):
        table("Weather in De Bilt\n\ndate,temp,rain\n,°C,mm\n" + wrong)


WRONG = {
    "a row too short": "x,y\n1,2\n3\n4,5\n6,7\n",
    "a row too long": "x,y\n1,2\n3,4,5\n4,5\n6,7\n",
    "a header too short": "x\n1,2\n3,4\n5,6\n",
    "a header without the commas of its decimals": "t,v\n1,2,5\n2,3,5\n3,4,5\n",
    "a first row too long": "1,2,3\n4,5\n6,7\n8,9\n",
    "a last line cut short": TABLE + "2024-01-3",
    "a last number cut short": TABLE + "2024-01-31,4",
    "a total in the middle": TABLE + "Total,30.5,12\n" + DAYS.replace("2024", "2025"),
    "names in between": "x,y\n1,2\none,two\n4,5\n6,7\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_may_be_a_mistake_is_still_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"^t\.csv line \d+"):
        table(WRONG[name])


def test_settings_with_as_many_cells_as_the_table_are_above_it() -> None:
    settings = "".join(f"Scale {n},CH{n}:{n}.00\n" for n in range(9))
    numbers = "".join(f"{n}e-3,{n * n % 7}\n" for n in range(40))
    found = table(settings + "Points,40\nSecond,Volt\n" + numbers)
    assert found.features == ("Volt",) and len(found.rows) == 40
    assert "lines 1 to 10 above the table skipped" in found.notes


def test_a_printed_table_of_stations() -> None:
    months = [(year, month) for year in (2020, 2021, 2022) for month in range(1, 13)]
    found = table(
        "Oxford\nLat 51.761 Lon -1.262, 63 metres\n   yyyy  mm  tmax   rain\n"
        "              degC     mm\n"
        + "".join(f"{y:7} {m:3} {m * m % 17:5}.5* {m:5}.1\n" for y, m in months[:-2])
        + "".join(f"{y:7} {m:3}   ---  {m:5}.1#  Provisional\n" for y, m in months[-2:])
    )
    assert found.features == ("tmax", "rain") and len(found.rows) == 36
    assert found.clock is not None and found.clock.words == "monthly"
    assert "lines 1 to 2 above the table skipped" in found.notes
    assert "line 4 skipped (units or a second header): degC mm" in found.notes
    behind = "words behind the last column of 2 lines are left out: Provisional"
    assert behind in found.notes
    assert "marks beside 36 numbers are left out, as in '1.5*': tmax, rain" in found.notes


def test_headers_that_a_program_prints_again_are_skipped() -> None:
    head = "procs ---memory--- cpu\n r free us sy\n"
    rows = "".join(f" {n % 3} {n * n % 7} {n % 5} {n % 4}\n" for n in range(20))
    found = table(head + rows + head + rows)
    assert found.features == ("r", "free", "us", "sy") and len(found.rows) == 40
    assert "1 line skipped: repeated title" in found.notes
    assert "1 line skipped: repeated header" in found.notes
    times = [f"12:{n:02}:01 all {n % 7}.5 {n % 5}\n" for n in range(40)]
    header = "12:{:02}:00 CPU %user %idle\n"
    whole = header.format(0) + "".join(times[:20]) + header.format(20) + "".join(times[20:])
    assert len(table(whole).rows) == 40


def test_row_names_of_r_need_no_name() -> None:
    rows = "".join(f'"{n}" {n * n % 7} {n % 5}.5\n' for n in range(1, 30))
    assert table('"temp" "wind"\n' + rows).features == ("temp", "wind")


def test_units_between_spaces_do_not_hide_the_names() -> None:
    rows = "".join(f"{n} {n * n % 7}.5 {n % 5}\n" for n in range(30))
    found = table("time temp hum\n- degC %\n" + rows)
    assert found.features == ("temp", "hum")


def test_row_names_of_r_in_a_csv() -> None:
    rows = "".join(f'"{n}",{n * n % 7},{n % 5}.5\n' for n in range(1, 30))
    assert table('"temp","wind"\n' + rows).features == ("temp", "wind")


def test_header_lines_are_joined_where_one_alone_names_columns_twice() -> None:
    found = table(",temp,rain\ncity,Paris,Rome\ndate,,\n" + DAYS)
    assert found.features == ("Paris", "Rome") and found.cells.header[0] == "date"
    head = "Price,Close,Close,Volume,Volume\nTicker,A,B,A,B\nDate,,,,\n"
    rows = [f"{line},{n},{n * n % 5}\n" for n, line in enumerate(DAYS.splitlines())]
    found = table(head + "".join(rows))
    assert found.features[:2] == ("Close A", "Close B")
    assert found.cells.header[0] == "Date"
    assert "names are joined from 3 header lines" in found.notes


@pytest.mark.parametrize(
    "second", ["day,snow\n2024-01-01,5\n2024-01-02,6\n", "day,snow,ice\n2024-01-01,5,1\n" * 2]
)
def test_a_second_table_is_refused_with_its_line(second: str) -> None:
    with pytest.raises(DataError, match=r"t\.csv line 33: a second table begins here: put it into"):
        table(TABLE + "\n" + second)


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "x\n1\n2\n3\n",
        "1,2\n3,4\n",
        ",value\n0,1\n1,2\n2,4\n",
        "shop,day,sold\na,2024-01-01,NA\nb,2024-01-01,3\n",
        '"one\nname",b\n1,2\n3,4\n',
        "name,value\na,NA\na,3\nb,4\n",
    ],
)
def test_a_plain_table_stays_as_it_is(text: str) -> None:
    found = framed(text)
    assert (found.text, found.notes) == (text, ())


def test_a_text_with_a_title_is_recognised_as_a_table() -> None:
    assert is_numeric(
        "Mean sunspots\nyear value\n" + "".join(f"{y} {y % 11}.5\n" for y in range(40))
    )
    assert not is_numeric("One day, he said\n" + "a word, and 1 more\n" * 40)


def test_a_run_can_be_trained_on_a_file_with_a_title() -> None:
    content = io.BytesIO(("Weather in De Bilt\n" + TABLE).encode())
    recipe = Recipe().replace(source="-", task="values", batch=1, seq_len=2)
    assert "line 1 above the table skipped" in load(recipe, content).notes


@given(st.text(alphabet='ab1.,;\n\t "#=-', max_size=80))
def test_any_text_keeps_its_lines(text: str) -> None:
    found = framed(text)
    for kept, line in zip(found.text.split("\n"), text.split("\n"), strict=False):
        assert not kept.strip() or kept == line
