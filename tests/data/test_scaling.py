"""Scaling of columns: finite, undone without loss, and never by a divisor of rounding errors."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rnntui.data import ValueData, load
from rnntui.data.scaling import mean_and_deviation, standardized, unscale
from rnntui.errors import DataError
from rnntui.recipe import Recipe

finite = st.one_of(st.floats(-1e307, 1e307), st.floats(allow_nan=False, allow_infinity=False))
small = st.floats(-1e-300, 1e-300)
columns = st.one_of(
    st.lists(finite, min_size=2, max_size=20),
    st.lists(small, min_size=2, max_size=20),
    st.tuples(finite, st.lists(st.integers(-3, 3), min_size=2, max_size=20)).map(
        lambda pair: [pair[0] + n for n in pair[1]]
    ),
)


def values(rows: Any, **changes: Any) -> ValueData:
    buffer = io.BytesIO()
    np.save(buffer, np.array(rows))
    defaults = {"task": "values", "source": "-", "batch": 1, "seq_len": 1, "split": 0.0}
    recipe = Recipe().replace(**{**defaults, "standardize": True, **changes})
    data = load(recipe, stdin=io.BytesIO(buffer.getvalue()))
    assert isinstance(data, ValueData)
    return data


@settings(deadline=None)
@given(columns)
@example([1.7e308, -1.7e308])
@example([1e307, -1e307])
@example([5e-324, 0.0])
@example([1e15, 1e15 + 1])
@example([0.1, np.nextafter(0.1, 1)])
@example([1e-170, 2e-170])
def test_every_finite_column_is_scaled_and_scaled_back(column: list[float]) -> None:
    rows = np.array(column)[:, None]
    try:
        data = values(rows)
    except DataError as error:
        if "too large" in str(error):
            assert np.abs(rows).max() > 1e307
            return
        assert "every row is the same" in str(error)
        assert np.ptp(rows / 2) <= 4 * 2.3e-16 * np.abs(rows / 2).max()
        return
    assert np.isfinite(data.values).all()
    assert np.isfinite([data.mean, data.deviation]).all()
    assert (data.deviation > 0).all()
    assert np.abs(data.values).max() <= len(column)
    largest = np.abs(rows).max()
    back = data.unscale(data.values, 0)
    assert np.abs(back / 2 - rows / 2).max() <= 8 * np.finfo(float).eps * largest + 1e-322


@settings(deadline=None)
@given(columns)
def test_changes_are_scaled_or_refused_in_a_line(column: list[float]) -> None:
    assume(len(column) > 2)
    try:
        data = values(np.array(column)[:, None], difference=True)
    except DataError as error:
        assert "every row is the same" in str(error) or "too large" in str(error)
        return
    assert np.isfinite(data.values).all()
    assert np.abs(data.values).max() <= max(len(column), np.abs(np.diff(column)).max())


@pytest.mark.parametrize(
    "column",
    [
        [0.1 + 0.2, 0.3] * 20,
        [1 / 3, 1 - 2 / 3] * 20,
        [1e300, np.nextafter(1e300, 2e300)] * 20,
        np.float32([0.1, np.nextafter(np.float32(0.1), np.float32(1))] * 20),
    ],
)
def test_what_differs_by_rounding_is_constant(column: Any) -> None:
    column = np.array(column)
    data = values(np.stack([column, np.arange(40) % 3], axis=1).astype(column.dtype))
    assert data.features == ("column 2",)
    assert data.notes == ("constant columns are left out: column 1",)


@pytest.mark.parametrize(
    "column",
    [
        0.1 * np.arange(60),
        1e9 + 0.1 * np.arange(60),
        np.cumsum(np.full(60, 0.7)),
        (0.1 * np.arange(60)).astype(np.float32),
        1e300 * np.arange(1, 61),
    ],
)
def test_changes_that_differ_by_rounding_are_constant(column: Any) -> None:
    other = (np.arange(60) ** 2 % 7).astype(column.dtype)
    data = values(np.stack([column, other], axis=1), difference=True)
    assert data.deviation[0] >= 1
    assert np.abs(data.values[:, 0]).max() <= 1e-2
    assert data.notes == (
        "constant in the training part, so only its mean is subtracted: column 1",
    )


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12, 1e15])
def test_small_steps_on_a_large_offset_are_learned(offset: float) -> None:
    column = offset + np.arange(60) % 5
    data = values(column[:, None])
    assert np.allclose(data.values.std(axis=0), 1)
    assert (data.unscale(data.values, 0)[:, 0] == column).all()


def test_ordinary_columns_keep_the_bits_of_plain_arithmetic() -> None:
    rows = np.random.default_rng(1).normal(5, 3, (500, 4))
    mean, deviation = mean_and_deviation(rows)
    assert mean.tolist() == rows.mean(axis=0).tolist()
    assert deviation.tolist() == rows.std(axis=0).tolist()
    scaled = standardized(rows, mean, deviation)
    assert scaled.tolist() == ((rows - mean) / deviation).tolist()
    assert unscale(scaled, mean, deviation).tolist() == (scaled * deviation + mean).tolist()


@pytest.mark.parametrize("dtype", ["i8", "u8"])
def test_whole_numbers_that_lose_digits_are_noted(dtype: str) -> None:
    rows = np.array([2**53 + 1, 5, 2**60, 7], dtype=dtype)
    assert values(rows).notes[0].startswith("whole numbers beyond 2^53 are rounded")
    rows[0] += 1
    assert values(rows).notes == ()
