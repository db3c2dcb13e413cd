"""Forecasts and other columns of numbers keep the digits that tell one row from the next."""

from __future__ import annotations

import csv
import io
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnntui.digits import column_texts
from rnntui.protocol.codec import encode
from rnntui.runs.trained_model import as_csv
from rnntui.session.steps import _decimals, _rounded
from rnntui.session.text_job import MOST_SENT, TextJobRunner
from rnntui.tui.draw.generated import forecast_rows
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_plot
from tests.support.drawing import picture

LEVELS = st.sampled_from([0.0, 1.0, -20.0, 1e9, -1e9, 1e-12, 1e15, 3e-300])
SCALES = st.sampled_from([1.0, 1e-6, 1e-3, 100.0, 1e-12, 1e8, 1e-305])


@st.composite
def columns(draw: st.DrawFn) -> list[float]:
    """Numbers around any level that differ by any amount a float can hold there."""
    level, scale = draw(LEVELS), draw(SCALES)
    assume(scale > 1e-13 * abs(level))
    steps = draw(st.lists(st.integers(-50, 50), min_size=2, max_size=40))
    return [level + scale * step for step in steps]


@given(columns(), columns())
def test_csv_is_exact(first: list[float], second: list[float]) -> None:
    rows = list(zip(first, second, strict=False))
    text = "".join(as_csv(("a", "b"), iter(rows)))
    _, *read = csv.reader(io.StringIO(text))
    assert [tuple(map(float, row)) for row in read] == rows


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_csv_keeps_whole_names(names: list[str]) -> None:
    assume(names != [""] and not any("\0" in name for name in names))
    text = "".join(as_csv(tuple(names), iter([(1.0,) * len(names)])))
    header, _ = csv.reader(io.StringIO(text, newline=""))
    assert header == names


def test_csv_tells_long_names_apart() -> None:
    names = tuple(f"ROOM.SENSOR.TEMPERATURE.CELSIUS.{n}" for n in (1, 2))
    assert next(as_csv(names, iter([]))) == ",".join(names)


@given(columns())
def test_neighbours_look_different_where_most_do(values: list[float]) -> None:
    texts = column_texts(values, str)
    gaps = sorted(abs(b - a) for a, b in pairwise(values) if a != b)
    assume(gaps)
    usual = gaps[len(gaps) // 2]
    for (a, b), (x, y) in zip(pairwise(values), pairwise(texts), strict=True):
        if abs(b - a) >= usual:
            assert x != y, (a, b)
    spread = max(values) - min(values)
    assert all(abs(float(t) - v) <= 0.011 * spread for t, v in zip(texts, values, strict=True))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1e9, 1e9 + 1, 1e9 + 2], ["1000000000.000", "1000000001.000", "1000000002.000"]),
        ([1e-12, 2e-12], ["1.000e-12", "2.000e-12"]),
        ([0.0, 0.0], ["0", "0"]),
        ([7.25], ["7.250"]),
        ([math.nan, 1.0, None], ["nan", "1.000", "None"]),
        ([20.0, 35.0], ["20.00", "35.00"]),
    ],
)
def test_examples(values: list[float | None], texts: list[str]) -> None:
    assert column_texts(values, str) == texts


@given(columns())
@settings(deadline=None)
def test_a_forecast_arrives_exactly(values: list[float]) -> None:
    runner = TextJobRunner()
    rows = [(value, -value) for value in values]
    runner.begin("prompt", "", iter(rows), len(rows), before=rows)
    while runner.busy:
        runner.run_while_idle(1.0, 1)
    found = runner.since(0, 0)
    assert found is not None and found.values == tuple(rows) and found.before == tuple(rows)


@pytest.mark.parametrize("width", [1, 3, 200, 900])
def test_a_reply_with_a_forecast_stays_small(width: int) -> None:
    rows = [tuple(np.random.RandomState(n).randn(width) * 1e-300) for n in range(60)]
    runner = TextJobRunner()
    runner.begin("prompt", "", iter([tuple(map(float, row)) for row in rows]), 60)
    while runner.busy:
        runner.run_while_idle(1.0, 1)
    found = runner.since(0, 0)
    assert found is not None and found.values and len(encode(found)) < MOST_SENT + 1000
    assert found.start + len(found.values) == 60


@given(columns())
def test_the_steps_of_an_update_keep_the_spread(values: list[float]) -> None:
    column = np.array(values)[:, None]
    spread = np.ptp(column)
    rounded = np.array(_rounded(column, [_decimals(column[:, 0])]))
    assert np.abs(rounded - column).max() <= 1e-4 * (spread or abs(values[0]))


def test_the_dashboard_shows_the_digits() -> None:
    values = [(1e9 + n / 8, n * 1e-12) for n in range(5)]
    rows = picture(forecast_rows(values, ("level", "tiny"), 100, 2))
    assert rows[0].split()[1:4] == ["1000000000.000", "1000000000.125", "1000000000.250"]
    assert len(set(rows[1].split())) == 6


def test_the_axis_of_a_high_level_counts_from_a_round_number() -> None:
    true = [(1e9 + n / 8,) for n in range(40)]
    rows = picture(value_plot(ValuePlot(true=true, predicted=true), 100, 14))
    assert "axis from 1000000000" in rows[0]
    labels = [row[:8].strip() for row in rows[1:-2] if row[:8].strip(" │┤")]
    assert len(set(labels)) == len(labels) > 2
    flat = picture(value_plot(ValuePlot(true=[(5.0,)] * 9, predicted=[(5.0,)] * 9), 100, 14))
    assert "axis from" not in flat[0]
