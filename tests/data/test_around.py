"""Titles, units, sources and second headers around a table are no part of it, and told of."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.data.around import framed
from rnntui.data.cells import is_numeric
from rnntui.data.loading import load
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
    "a total": TABLE + "Total,30.5,12\n",
    "names in between": "x,y\n1,2\none,two\n4,5\n6,7\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_may_be_a_mistake_is_still_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"^t\.csv line \d+"):
        table(WRONG[name])


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
