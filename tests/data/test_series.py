"""Numbers: CSV, .npy and inline; every mistake is named with its line and column."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import load
from rnntui.data.dataset import ValueData
from rnntui.data.npy import parse_npy
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.recipe import Recipe


def values(source: object, **changes: Any) -> ValueData:
    defaults = {"task": "values", "batch": 1, "seq_len": 1, "split": 0.0}
    data = load(Recipe().replace(**{**defaults, "source": str(source), **changes}))
    assert isinstance(data, ValueData)
    return data


def table(folder: Path, text: str | bytes, **changes: Any) -> ValueData:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return values(path, **changes)


def complaint(folder: Path, text: str | bytes, **changes: Any) -> str:
    with pytest.raises(RnntuiError) as caught:
        table(folder, text, **changes)
    message = str(caught.value)
    assert len(message) <= 200
    assert message.isprintable()
    return message


# ---- CSV that is sound ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2\n3,5\n",
        "x;y\n1;2\n3;5\n",
        "x\ty\n1\t2\n3\t5\n",
        '"x","y"\n"1","2"\n"3","5"\n',
        "# made by hand\nx,y\n\n1,2\n  \n# a note\n3,5",
        "x , y\r\n 1, 2\r\n3 ,5\r\n",
        "\N{BYTE ORDER MARK}x,y\n1,2\n3,5\n",
        "x;y\n1,0;2,0\n3,0;5,0\n",
    ],
)
def test_the_same_table_in_many_ways(tmp_path: Path, text: str) -> None:
    data = table(tmp_path, text)
    assert data.features == ("x", "y")
    assert data.values.tolist() == [[1, 2], [3, 5]]


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    data = table(tmp_path, "1,2\n3,5\n9,9\n")
    assert data.features == ("column 1", "column 2")
    assert len(data.values) == 3


def test_one_number_a_line(tmp_path: Path) -> None:
    assert table(tmp_path, "1\n2\n3\n4\n").values.tolist() == [[1], [2], [3], [4]]


@pytest.mark.parametrize(
    "index",
    [
        ("1990", "1991", "1992", "1993"),
        ("0", "1", "2", "3"),
        ("2020-01-31", "2020-02-28", "2020-03-31", "2020-04-30"),
        ("31.1.2020", "28.2.2020", "31.3.2020", "30.4.2020"),
        ("2020-01-01T00:00", "2020-01-02T00:00", "2020-01-03T12:30:00Z", "2020-01-04"),
        ("19580329", "19580405", "19580412", "19580419"),
        ("1990Q1", "1990Q2", "1990Q3", "1990Q4"),
        ("1749.042", "1749.123", "1749.204", "1749.288"),
    ],
)
def test_a_first_column_that_only_counts_on_is_left_out(
    tmp_path: Path, index: tuple[str, ...]
) -> None:
    rows = "".join(f"{i},{v}\n" for i, v in zip(index, (5, 2, 8, 1), strict=True))
    data = table(tmp_path, "when,spots\n" + rows)
    assert data.features == ("spots",)
    assert data.notes[0].startswith("left out as time or row numbers: when")


def test_named_columns_are_taken_as_they_are(tmp_path: Path) -> None:
    text = "year,a,b\n1990,5,1\n1991,6,0\n1992,4,7\n"
    assert table(tmp_path, text, columns="year").values[:, 0].tolist() == [1990, 1991, 1992]
    assert table(tmp_path, text, columns="b, a").features == ("b", "a")
    assert table(tmp_path, text, columns="3").features == ("b",)


def test_columns_that_never_change_or_are_empty_are_left_out(tmp_path: Path) -> None:
    data = table(tmp_path, "a,b,c\n5,1,\n6,1,\n4,1,\n")
    assert data.features == ("a",)
    assert data.notes == (
        "left out (no numbers): c",
        "constant columns are left out: b",
    )


def test_standardized_by_the_part_trained_on(tmp_path: Path) -> None:
    text = "".join(f"{v}\n" for v in (1, 3, 1, 3, 9, 9))
    data = table(tmp_path, text, standardize=True, split=0.34)
    assert (data.mean.tolist(), data.deviation.tolist()) == ([2.0], [1.0])
    assert data.validation[:, 0].tolist() == [7.0, 7.0]
    assert data.split == "first 66 % to train, last 34 % to validate"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=30).filter(
        lambda rows: all(len({round(x, 3) for x in c}) > 1 for c in zip(*rows, strict=True))
    )
)
def test_standardizing_can_be_undone(rows: list[tuple[float, float]]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array(rows))
    recipe = Recipe().replace(
        task="values", source="-", batch=1, seq_len=1, split=0.0, standardize=True
    )
    data = load(recipe, stdin=io.BytesIO(buffer.getvalue()))
    assert isinstance(data, ValueData)
    assert np.allclose(data.values * data.deviation + data.mean, rows, rtol=1e-9, atol=1e-6)
    assert np.allclose(data.values.std(axis=0), 1)


# ---- CSV that is not --------------------------------------------------------------------------

BAD = {
    "x,y\n1,2\n3\n": "t.csv line 3: 1 cell where line 1 has 2: give every line the same number",
    "x,y\n1,2\n3,4,5\n": (
        "t.csv line 3: 3 cells where line 1 has 2: give every line the same number"
    ),
    "# c\n\n5\n7\nx\n": (
        "t.csv line 5, column 'column 1': 'x' is not a number: correct it or delete the row"
    ),
    "a,b\n5,1\n6,oops\n": (
        "t.csv line 3, column 'b': 'oops' is not a number: correct it or use --set columns=a"
    ),
    "a,b\n,1\n5,2\n6,3\n": (
        "t.csv line 2, column 'a': the first 1 of 3 values are missing: leave out the column "
        "(exclude) or the rows (missing = drop)"
    ),
    "a\n5\n-inf\n": "t.csv line 3, column 'a': '-inf' is not finite: correct it or delete the row",
    "a\n5\n1e999\n": (
        "t.csv line 3, column 'a': '1e999' is not finite: correct it or delete the row"
    ),
    "a\n5\n1_000\n": (
        "t.csv line 3, column 'a': '1_000' is not a number: correct it or delete the row"
    ),
    "a\n5\n7\n\x1b[2J\n": (
        "t.csv line 4, column 'a': '␛[2J' is not a number: correct it or delete the row"
    ),
    "a,b\n": ("t.csv: only a header line and no numbers: --set task=tokens reads it as text"),
    "# nothing\n\n": "t.csv: contains no data",
    ",\n,\n": "t.csv: all columns are empty",
    "a\n5\n5\n": "t.csv: every row is the same: there is nothing to learn",
    "a\n1e200\n2e200\n": "t.csv: numbers too large to learn: --set standardize=true",
    'a,b\n1,2\n3,"4\n5,6\n': "t.csv line 3: malformed quotes or cells: unexpected end of data",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_bad_table(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text) == BAD[text]


def test_an_unknown_column(tmp_path: Path) -> None:
    text = "year,temperature\n1990,5\n1991,7\n"
    assert complaint(tmp_path, text, columns="temprature") == (
        "t.csv: no column 'temprature': did you mean 'temperature'?"
    )
    assert (
        complaint(tmp_path, text, columns="3") == "t.csv: no column '3': there is year, temperature"
    )


def test_numbers_too_large_to_learn(tmp_path: Path) -> None:
    text = "a\n" + "1\n" * 9 + "1e300\n"
    assert complaint(tmp_path, text, standardize=True, split=0.2) == (
        "t.csv: numbers too large to learn: scale them down in the source"
    )
    assert complaint(tmp_path, "a\n1e308\n-1e308\n", standardize=True) == (
        "t.csv: numbers too large: scale them down in the source"
    )


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    assert complaint(tmp_path, b"a\n5\xb0\n") == (
        "t.csv: not UTF-8 at byte 3: save it as UTF-8, or --set encoding=latin-1"
    )
    assert complaint(tmp_path, b"PK\x03\x04\x00") == (
        "t.csv: is a zip archive: unpack it first (unzip t.csv)"
    )


def test_too_short(tmp_path: Path) -> None:
    assert complaint(tmp_path, "a\n5\n6\n", seq_len=9) == (
        "too short: have 2 values to train on, need 10 (batch 1 × seq_len 9 + 1):"
        " --set seq_len=1 works"
    )


@settings(deadline=None)
@given(st.text("0123456789.,;\t\n\"'#ab-e\r \x00é", max_size=80))
def test_any_text_is_a_table_or_one_line(text: str) -> None:
    recipe = Recipe().replace(task="values", source="-", batch=1, seq_len=1)
    try:
        load(recipe, stdin=io.BytesIO(text.encode()))
    except RnntuiError as error:
        assert str(error).isprintable()
        assert len(str(error)) <= 200


# ---- inline -----------------------------------------------------------------------------------


def test_inline_values_stay_as_they_are() -> None:
    data = values("values:0.1, 0.2,0.3", seq_len="full")
    assert data.values.tolist() == [[0.1], [0.2], [0.3]]
    assert (data.name, data.features, data.unit) == ("inline values", ("value",), "value")
    assert (data.mean.tolist(), data.deviation.tolist()) == ([0.0], [1.0])


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("values:1,x,3", "values: number 2 'x' is not a finite number: write values:1,2,3"),
        ("values:1,,3", "values: number 2 is empty: write values:1,2,3"),
        ("values:1,nan", "values: number 2 'nan' is not a finite number: write values:1,2,3"),
        ("values:", "values: number 1 is empty: write values:1,2,3"),
        ("values:7", "inline values: every row is the same: there is nothing to learn"),
    ],
)
def test_bad_inline_values(source: str, line: str) -> None:
    with pytest.raises(DataError) as caught:
        values(source)
    assert str(caught.value) == line


# ---- .npy -------------------------------------------------------------------------------------


def saved(array: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", "i4", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_every_kind_of_number(dtype: str, order: Any) -> None:
    array = np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype, order=order)
    table = parse_npy(saved(array), "a.npy")
    assert table.dtype == np.float64
    assert table.tolist() == [[0, 1], [1, 0], [1, 1]]
    assert parse_npy(saved(array[:, 0]), "a.npy").shape == (3, 1)


def header(text: str) -> bytes:
    body = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


LIE = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            saved(np.array([{}]), allow_pickle=True),
            "a.npy: holds objects: save real numbers, e.g. with array.astype(float)",
        ),
        (
            saved(np.array([1j, 2])),
            "a.npy: holds complex numbers: save real numbers, e.g. with array.astype(float)",
        ),
        (
            saved(np.array(["a"])),
            "a.npy: holds no plain numbers: save real numbers, e.g. with array.astype(float)",
        ),
        (
            saved(np.zeros(2, dtype=[("a", "f8")])),
            "a.npy: holds no plain numbers: save real numbers, e.g. with array.astype(float)",
        ),
        (
            saved(np.zeros((2, 2, 2))),
            "a.npy: has 3 dimensions: expected 1, or 2 (rows, columns)",
        ),
        (saved(np.float64(3)), "a.npy: has 0 dimensions: expected 1, or 2 (rows, columns)"),
        (
            saved(np.arange(4.0))[:-3],
            "a.npy: damaged: its header says 32 bytes of numbers, it has 29",
        ),
        (
            header(LIE % "1000000000000,"),
            "a.npy: damaged: its header says 8000000000000 bytes of numbers, it has 0",
        ),
        (
            header(LIE % "-1,"),
            "a.npy: damaged: its header says -8 bytes of numbers, it has 0",
        ),
        (
            header(LIE % "-2, -2") + bytes(32),
            "a.npy: damaged: its header says 32 bytes of numbers, it has 32",
        ),
        (saved(np.zeros((0, 3))), "a.npy: is empty: its shape is (0, 3)"),
        (
            saved(np.array([[1.0, 2.0], [3.0, np.nan]])),
            "a.npy: row 1, column 2 is nan, not a finite number",
        ),
        (header("{'descr': '<f8'"), "a.npy: not a valid .npy file: save it with numpy.save"),
        (header("__import__('os')"), "a.npy: not a valid .npy file: save it with numpy.save"),
        (b"\x93NUMPY\x01\x00", "a.npy: not a valid .npy file: save it with numpy.save"),
        (b"\x93NUMPY\x09\x00xx", "a.npy: not a valid .npy file: save it with numpy.save"),
    ],
)
def test_a_bad_array(content: bytes, line: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_npy(content, "a.npy")
    assert str(caught.value) == line


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_damaged_array_is_refused_in_one_line(noise: bytes, place: int) -> None:
    content = saved(np.arange(8.0))
    content = content[:place] + noise + content[place + len(noise) :]
    try:
        parse_npy(content, "a.npy")
    except DataError as error:
        assert "\n" not in str(error)


def test_columns_of_an_array_go_by_number(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 9.0]]))
    assert values(path).features == ("column 1", "column 2")
    assert values(path, columns="2").values[:, 0].tolist() == [5.0, 4.0, 9.0]
    with pytest.raises(UsageError, match=r"a.npy: no column '3': there is column 1, column 2"):
        values(path, columns="1,3")


def test_too_many_columns() -> None:
    recipe = Recipe().replace(task="values", source="-", batch=1, seq_len=1)
    with pytest.raises(DataError, match="standard input: 1001 columns: takes up to 1000"):
        load(recipe, stdin=io.BytesIO(saved(np.eye(1001))))
