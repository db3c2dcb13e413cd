"""The backtest: one-step forecasts of held-out rows, in the file's units."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.errors import DataError
from rnntui.export.backtest import backtest
from rnntui.runs.trained_model import load_model
from tests.export.conftest import SERIES

ROWS = [float(word) for word in SERIES.removeprefix("values:").split(",")]


@pytest.mark.parametrize(
    "settings",
    [
        ("difference=true",),
        pytest.param((), marks=pytest.mark.slow),
        pytest.param(("state=reset",), marks=pytest.mark.slow),
    ],
)
def test_the_rows_are_the_held_out_ones_of_the_source(make_run, settings):
    run = make_run(*settings, source=SERIES)
    found = backtest(run, load_model(run))
    first = found.first - 1
    assert found.true[:, 0] == pytest.approx(ROWS[first:])
    assert found.last[:, 0] == pytest.approx(ROWS[first - 1 : -1])
    assert [row[0] for row in found.rows] == list(range(first + 1, len(ROWS) + 1))
    assert next(iter(found.rows))[1] == ROWS[first]


def test_times_and_all_digits_are_those_of_the_file(make_run, tmp_path):
    values = [12345678.123456789 + 0.1 * (n * n % 17) for n in range(28)]
    path = tmp_path / "long.csv"
    lines = (f"{day}.2.2024,{value!r}" for day, value in enumerate(values, 1))
    path.write_text("day,EXCHANGE.RATE.OFFICIAL.DAILY.EUR\n" + "\n".join(lines) + "\n")
    run = make_run("split=0.3", "seq_len=5", source=str(path))
    found = backtest(run, load_model(run))
    assert found.header[:3] == ("row", "day", "EXCHANGE.RATE.OFFICIAL.DAILY.EUR")
    rows = list(found.rows)
    assert [row[1] for row in rows] == [f"{row[0]}.2.2024" for row in rows]
    assert [row[2] for row in rows] == [values[row[0] - 1] for row in rows]


@pytest.mark.slow
def test_the_errors_are_those_of_the_validation(make_run):
    run = make_run("state=carry", source=SERIES)
    model = load_model(run)
    found = backtest(run, model)
    errors = (found.forecast - found.true) / model.data.deviation
    loss = 0.5 * np.square(errors[1:]).mean()  # a validation starts from its first row
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    (final,) = (line["validation"] for line in lines if line.get("final"))
    assert loss == pytest.approx(final, rel=1e-4)


@pytest.mark.slow
def test_without_held_out_rows_there_is_no_backtest(make_run):
    run = make_run("split=0", source=SERIES)
    with pytest.raises(DataError, match="no rows were held out"):
        backtest(run, load_model(run))
