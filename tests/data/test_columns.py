"""Which columns of a table are learned, and whether printed advice about them works."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import ValueData, load
from rnntui.data.columns import option, pick, recall
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.recipe import Recipe
from tests.conftest import quick_first, quick_where

ROWS = 120
START = datetime(2021, 1, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=n) for n in range(ROWS)]
PRICES = [100 + 5 * math.sin(n / 9) for n in range(ROWS)]


def table(folder: Path, text: str, **changes: object) -> ValueData:
    path = folder / "t.csv"
    path.write_text(text, "utf-8")
    data = load(recipe_for(path, **changes))
    assert isinstance(data, ValueData)
    return data


def recipe_for(path: Path, **changes: object) -> Recipe:
    defaults = {"task": "values", "batch": 1, "seq_len": 1, "split": 0.0}
    return Recipe().replace(**{**defaults, "source": str(path), **changes})


def complaint(folder: Path, text: str, **changes: object) -> str:
    with pytest.raises(RnntuiError) as caught:
        table(folder, text, **changes)
    assert len(str(caught.value)) <= 200
    assert str(caught.value).isprintable()
    return str(caught.value)


def columns_in(message: str) -> str:
    """The value of `columns` in a line, as a shell reads it."""
    after = message[message.index("--set ") :]
    word = shlex.split(after.split(" includes it")[0])[1]
    assert word.startswith("columns=")
    return word.removeprefix("columns=")


TIMES = {
    "seconds": [str(int(t.timestamp())) for t in HOURS],
    "milliseconds": [str(int(t.timestamp() * 1000)) for t in HOURS],
    "nanoseconds": [str(int(t.timestamp()) * 10**9) for t in HOURS],
    "seconds with a fraction": [f"{t.timestamp():.3f}" for t in HOURS],
    "dates": [f"{START + timedelta(days=n):%Y-%m-%d}" for n in range(ROWS)],
    "date and time": [f"{t:%Y-%m-%d %H:%M:%S}" for t in HOURS],
    "ISO with a zone": [t.isoformat() for t in HOURS],
    "ISO with Z": [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in HOURS],
    "German dates": [f"{START + timedelta(days=n):%d.%m.%Y}" for n in range(ROWS)],
    "American dates": [f"{t:%m/%d/%Y %I:%M %p}" for t in HOURS],
    "compact dates": [f"{START + timedelta(days=n):%Y%m%d}" for n in range(ROWS)],
    "compact times": [f"{t:%Y%m%d%H%M%S}" for t in HOURS],
    "times of day": [f"{t:%H:%M:%S}" for t in HOURS],
    "month names": [f"{START + timedelta(days=n):%b-%d-%Y}" for n in range(ROWS)],
    "months": [f"{1990 + n // 12}-{n % 12 + 1:02}" for n in range(ROWS)],
    "years": [str(1900 + n) for n in range(ROWS)],
    "a counter": [str(n) for n in range(ROWS)],
    "a counter from 6651": [str(6651 + n) for n in range(ROWS)],
    "days of Excel": [str(43831 + n) for n in range(ROWS)],
    "elapsed seconds": [f"{0.1 * n:.1f}" for n in range(ROWS)],
}
CHANGES = {
    "whole": lambda rows: rows,
    "one row missing": lambda rows: [*rows[:50], *rows[51:]],
    "many rows missing": lambda rows: [r for n, r in enumerate(rows) if n % 10 not in (3, 4)],
    "a long hole": lambda rows: [*rows[:40], *rows[90:]],
    "newest first": lambda rows: rows[::-1],
}


@pytest.mark.parametrize(
    "change",
    quick_where(CHANGES, lambda change: change in ("whole", "one row missing", "newest first")),
)
@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("place", quick_first([0, 1, 2]))
def test_time_is_not_learned_wherever_it_is(
    tmp_path: Path, kind: str, change: str, place: int
) -> None:
    rows = [[f"{p:.3f}", f"{p * p % 7:.2f}"] for p in PRICES]
    for row, cell in zip(rows, TIMES[kind], strict=True):
        row.insert(place, cell)
    header = ["price", "change"]
    header.insert(place, "t")
    lines = [",".join(row) for row in (header, *CHANGES[change](rows))]
    data = table(tmp_path, "\n".join(lines))
    assert data.features == ("price", "change")
    assert sum("left out" in note for note in data.notes) == 1


@pytest.mark.parametrize("name", ["timestamp", "Unix Time", "created_id", "eventTime", "No"])
@pytest.mark.parametrize("place", [0, 1])
def test_what_is_called_time_and_rises_is_time_with_any_gaps(
    tmp_path: Path, name: str, place: int
) -> None:
    at, lines = 1_600_000_000.0, []
    for n, price in enumerate(PRICES):
        at += 1 + (n * 7919) % 1000 / 3
        cells = [f"{at:.2f}", f"{price:.3f}"]
        lines.append(",".join(cells if place == 0 else cells[::-1]))
    header = [name, "price"]
    text = "\n".join([",".join(header if place == 0 else header[::-1]), *lines])
    assert table(tmp_path, text).features == ("price",)


def irregular(whole: bool) -> list[float]:
    at, found = 1_600_000_000.0, []
    for n in range(ROWS):
        at += 1 + (n * 7919) % 1000 / 3
        found.append(round(at) if whole else at)
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_seconds_since_1970_are_known_by_their_size(tmp_path: Path, whole: bool) -> None:
    lines = [f"{p:.3f},{t!r}" for p, t in zip(PRICES, irregular(whole), strict=True)]
    assert table(tmp_path, "\n".join(["price,zeit", *lines])).features == ("price",)


@pytest.mark.parametrize("place", [0, 1])
def test_a_counter_without_a_name_is_known_by_its_order(tmp_path: Path, place: int) -> None:
    counter = [int(t) - 1_600_000_000 for t in irregular(True)]
    for order in (1, -1):
        pairs = zip(PRICES, counter[::order], strict=True)
        lines = [f"{t},{p:.3f}" if place == 0 else f"{p:.3f},{t}" for p, t in pairs]
        assert table(tmp_path, "\n".join(lines)).features == (f"column {2 - place}",)


def test_an_empty_cell_does_not_make_time_a_value(tmp_path: Path) -> None:
    times = TIMES["seconds"].copy()
    times[7] = ""
    lines = [f"{p:.3f},{t}" for p, t in zip(PRICES, times, strict=True)]
    assert table(tmp_path, "\n".join(["price,t", *lines])).features == ("price",)


def test_the_parts_of_a_date_are_time(tmp_path: Path) -> None:
    lines = [f"{t.year},{t.month},{t.day},{t.hour},{p}" for t, p in zip(HOURS, PRICES, strict=True)]
    data = table(tmp_path, "\n".join(["year,month,day,hour,price", *lines]))
    assert data.features == ("price",)


@pytest.mark.parametrize(
    "values",
    [
        [151_325_798 + 2_500_000 * n + n * n * 31_000 for n in range(60)],  # people of a country
        [n + n * n / 50 for n in range(60)],
        [300 + 0.1 * n + 3 * math.sin(n / 4) for n in range(60)],
        [(n * 7919) % 97 for n in range(60)],
        [n // 7 for n in range(60)],
    ],
)
def test_what_merely_grows_is_learned(tmp_path: Path, values: list[float]) -> None:
    lines = [f"{p:.3f},{v}" for p, v in zip(PRICES, values, strict=False)]
    assert table(tmp_path, "\n".join(["price,amount", *lines])).features == ("price", "amount")


def test_a_series_that_is_only_a_trend_is_learned(tmp_path: Path) -> None:
    assert table(tmp_path, "sales\n" + "\n".join(str(3 * n) for n in range(60))).features == (
        "sales",
    )
    text = "n,sales\n" + "\n".join(f"{n},{100 + 2 * n}" for n in range(60))
    assert table(tmp_path, text).features == ("sales",)


def test_the_note_on_time_says_how_to_learn_it(tmp_path: Path) -> None:
    lines = [f"{t},{p:.3f}" for t, p in zip(TIMES["seconds"], PRICES, strict=True)]
    text = "\n".join(["t,price", *lines])
    (note,) = table(tmp_path, text).notes
    assert table(tmp_path, text, columns=columns_in(note)).features == ("t", "price")


# ---- columns that cannot be learned -----------------------------------------------------------


def test_a_column_where_every_cell_fails_is_left_out(tmp_path: Path) -> None:
    data = table(tmp_path, "a,name,b\n1,x,5\n3,y,6\n2,z,\n".replace("z,\n", "z,9\n"))
    assert data.features == ("a", "b")
    assert data.notes == ("left out (no numbers): name",)
    assert table(tmp_path, "a,b\n1,NaN\n3,NaN\n2,NaN\n").features == ("a",)


def test_of_many_columns_left_out_the_number_is_told(tmp_path: Path) -> None:
    names = [f"name_{n}" for n in range(30)]
    text = "\n".join(
        [",".join(["a", *names]), *(",".join([str(n), *("x" * 30)]) for n in (3, 1, 2))]
    )
    (note,) = table(tmp_path, text).notes
    assert note.startswith("left out (no numbers): 30: name_0, name_1, ")


def test_a_named_column_without_numbers_is_refused(tmp_path: Path) -> None:
    text = "a,name\n1,x\n3,y\n2,z\n"
    assert complaint(tmp_path, text, columns="name") == (
        "t.csv: column 'name' holds no numbers: leave it out of columns"
    )


HEADERS = {
    "plain": ["when", "ROOM.SENSOR.7.TEMPERATURE.CELSIUS", "b"],
    "long": ["when", "x" * 200, "y" * 200],
    "commas": ["when", "a, first", "b, second"],
    "quotes": ["when", 'say "a"', "it's"],
    "spaces": ["when", "room temperature", "$HOME `b` \\ *"],
    "equal": ["when", "a", "a"],
    "escapes": ["when", "\x1b[31m", "b\u202e"],
    "ranges": ["when", "1-2", "2-3"],
    "no": ["when", "", ""],
}


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("broken", [1, 2])
def test_the_advice_about_a_bad_cell_works(tmp_path: Path, kind: str, broken: int) -> None:
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    write(HEADERS[kind])
    for n in range(40):
        row = [f"day{n}", n * n % 17, n * n % 13]
        write([*row[:broken], "oops" if n == 9 else row[broken], *row[broken + 1 :]])
    message = complaint(tmp_path, buffer.getvalue())
    assert "column" in message
    assert "'oops' is not a number" in message
    data = table(tmp_path, buffer.getvalue(), columns=columns_in(message))
    (left,) = data.features
    assert data.values[:, 0].tolist() == [n * n % (13 if broken == 1 else 17) for n in range(40)]
    assert left == (HEADERS[kind][3 - broken] or f"column {4 - broken}")


def test_advice_fits_a_line_of_any_file(tmp_path: Path) -> None:
    header = [f"{'漢字' * 9} {n}" for n in range(40)]
    rows = [[str(n * (k + 2) % 43) for k in range(40)] for n in range(6000)]
    for row in rows[5000:]:
        row[3] = "x" * 99
    text = "\n".join(map(",".join, [header, *rows]))
    chosen = columns_in(complaint(tmp_path, text))
    assert len(table(tmp_path, text, columns=chosen).features) == 39


def test_the_advice_never_names_a_counter_or_a_constant(tmp_path: Path) -> None:
    lines = [f"{n},{n % 5 if n != 7 else 'x'},4,{n * n % 11}" for n in range(40)]
    message = complaint(tmp_path, "\n".join(["entry,a,still,b", *lines]))
    assert columns_in(message) == "b"
    lines = [f"{n % 5 if n != 7 else 'x'},4,{n}" for n in range(40)]
    message = complaint(tmp_path, "\n".join(["a,still,Entry", *lines]))
    assert message.endswith("correct it or delete the row")


def test_an_unknown_name_gets_a_suggestion_that_works(tmp_path: Path) -> None:
    text = "when,ROOM.SENSOR.7.TEMPERATURE.CELSIUS\nday0,4\nday1,7\nday2,5\n"
    message = complaint(tmp_path, text, columns="ROOM.SENSOR.7.TEMPERATURE.CELSUS")
    meant = message.split("'")[-2]
    assert table(tmp_path, text, columns=meant).features == (meant,)


names = st.text(min_size=0, max_size=12).map(str.strip)


@settings(deadline=None)
@given(st.lists(names, min_size=1, max_size=8), st.data())
def test_the_option_chooses_exactly_these_columns(header: list[str], data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.integers(0, len(header) - 1), min_size=1, unique=True))
    printed = option(indices, header)
    if printed:
        assert printed.isprintable()
        flag, word = shlex.split(printed)
        assert flag == "--set"
        assert pick(word.removeprefix("columns="), header, "t") == indices


def test_columns_by_name_number_and_range() -> None:
    header = ["a", "b", "3", "c, d", "e"]
    assert pick("a, b", header, "t") == [0, 1]
    assert pick("3,4-5", header, "t") == [2, 3, 4]
    assert pick('"c, d",e', header, "t") == [3, 4]
    for wrong in ("6", "0", "4-6", "5-4", "f", "a,,b"):
        with pytest.raises(UsageError, match="no column"):
            pick(wrong, header, "t")


def test_what_was_learned_before_is_learned_again(tmp_path: Path) -> None:
    text = "timestamp,price\n" + "".join(f"{7 * n % 60},{n * n % 9}\n" for n in range(60))
    before = table(tmp_path, text, standardize=True)
    assert before.features == ("timestamp", "price")
    later = "timestamp,price\n" + "".join(f"{n},{n * n % 9}\n" for n in range(60))
    path = tmp_path / "t.csv"
    path.write_text(later)
    data = load(recipe_for(path, standardize=True), known=before)
    assert isinstance(data, ValueData)
    assert data.features == before.features
    assert data.mean.tolist() == before.mean.tolist()
    assert data.deviation.tolist() == before.deviation.tolist()


def test_names_cut_by_the_first_version_are_found_again(tmp_path: Path) -> None:
    header = ["when", "ROOM.SENSOR.7.TEMPERATURE.CELSIUS", "ROOM.SENSOR.7.TEMPERATURE.KELVIN"]
    cut = "ROOM.SENSOR.7.TEMPERATU…"
    assert recall([cut, cut], header) == [1, 2]
    assert recall(["gone"], header) == []
    text = "\n".join([",".join(header), *(f"{n},{n * n % 7},{n * n % 5}" for n in range(60))])
    now = table(tmp_path, text, standardize=True)
    old = dataclasses.replace(now, features=(cut, cut), mean=now.mean + 1)
    data = load(recipe_for(tmp_path / "t.csv", standardize=True), known=old)
    assert isinstance(data, ValueData)
    assert data.features == now.features == tuple(header[1:])
    assert data.mean.tolist() == old.mean.tolist()


# ---- what else is read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["x y\n1 2\n3 5\n", "  1   2\n  3   5\n", "x\ty\n1\t2\n3\t5\n", "x;y\n1,0;2\n3,0;5\n"],
)
def test_spaces_tabs_and_decimal_commas(tmp_path: Path, text: str) -> None:
    assert table(tmp_path, text).values.tolist() == [[1, 2], [3, 5]]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a;b\n1,5;2\n3,5;4\n", "commas in numbers are read as decimal points"),
        ("a\n1\n\n3\n", "1 blank line skipped"),
        ("a\n1\n#2\n# x\n3\n", "2 lines starting with # skipped"),
        ("\ufeffa\n1\n3\n", "the byte order mark at the start is left out"),
        ("1,2\n3,5\n", "no header: the columns are called column 1 to column 2"),
        ("a\n-9007199254740993\n2\n", "whole numbers beyond 2^53 are rounded"),
        ("a\n9007199254740993\n2\n", "whole numbers beyond 2^53 are rounded"),
        ("a,a\n1,2\n3,7\n", "several columns have one name: a"),
    ],
)
def test_what_is_changed_or_skipped_is_noted(tmp_path: Path, text: str, note: str) -> None:
    data = table(tmp_path, text, standardize=True)
    assert any(found.startswith(note) for found in data.notes)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("1,5;2,5\n3,5;4,5\n2,0;1,5\n", [1.5, 2.5]),
        (
            "2021-10-07;1.279,25 €;4,5\n2021-10-08;1.278,25 €;3,5\n2021-10-09;2,5 €;1,5\n",
            [1279.25, 4.5],
        ),
        ('"1,279.5","12,500"\n"1,280.5","13,000"\n"9,280.5","1,000"\n', [1279.5, 12500]),
        ("1 279,5;12 500\n1 280,5;13 000\n9 280,5;1 000\n", [1279.5, 12500]),
    ],
)
def test_a_first_row_of_numbers_as_the_file_writes_them_is_no_header(
    tmp_path: Path, text: str, first: list[float]
) -> None:
    data = table(tmp_path, text)
    assert data.values.shape == (3, 2) and data.values[0].tolist() == first


def test_missing_values_are_no_header(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1, column 'column 1': the first 1 of 3 values"):
        table(tmp_path, "NA,NA\n1,2\n3,4\n")


@pytest.mark.parametrize(
    "text",
    [
        "It was a dark night, and the wind\nblew, hard, over the sea.\nNobody came.\n" * 9,
        "one word\nafter another\n",
        'He said "go.\nThen, he left.\n' * 9,
        "name,city\nAnn,Oslo\nBob,Rome\n",
    ],
)
def test_a_text_that_is_called_csv_is_told_how_to_be_read(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text).endswith("--set task=tokens reads it as text")
