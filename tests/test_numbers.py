"""Numbers as text, and axes with round ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.numbers import (
    age,
    ago,
    bits,
    brief_count,
    count,
    duration,
    figure,
    fixed,
    percent,
    perplexity,
    plural,
    rate,
    rounded,
    scientific,
    short,
    si,
    size_in_words,
)
from rnntui.tui.draw.axis import Scale, linear, logarithmic, round_step, round_up, ticks
from tests.support.drawing import floats

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.412, " 0.412"),
        (1.5123, " 1.512"),
        (12.3456, " 12.35"),
        (1234.5, "  1234"),
        (0.0, " 0.000"),
        (0.00123, "0.0012"),
        (0.000123, "1.2e-4"),
        (123456.0, "123456"),
        (1234567.0, " 1.2e6"),
        (1e-300, "1e-300"),
        (9.99996, " 10.00"),
        (None, "     –"),
        (NAN, "   NaN"),
        (INF, "   inf"),
        (-INF, "  -inf"),
    ],
)
def test_fixed(value: float | None, text: str) -> None:
    assert fixed(value) == text


@given(floats, st.integers(6, 12), st.integers(2, 6))
@settings(deadline=None)
def test_fixed_numbers_keep_their_width(value: float | None, width: int, digits: int) -> None:
    assert len(fixed(value, width, digits)) == width


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (950, "950"),
        (1234, "1.23k"),
        (27648, "27.6k"),
        (412345, "412k"),
        (999_600, "1.00M"),
        (999.7, "1.00k"),
        (1_300_000, "1.30M"),
        (0.5, "0.50"),
        (2.5e-7, "2.50e-7"),
        (-1234, "-1.23k"),
        (1e300, "1.0e300"),
        (None, "–"),
        (NAN, "NaN"),
    ],
)
def test_si(value: float | None, text: str) -> None:
    assert si(value) == text


def test_short_and_scientific() -> None:
    assert [short(v) for v in (0, 2000, 2500, 1e6, 6412)] == ["0", "2k", "2.5k", "1M", "6.41k"]
    assert scientific(2e-3) == "2.00e-3"
    assert scientific(1.5e-12, 2, 7) == "1.5e-12"
    assert scientific(-1e-300, 2, 3) == "###"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (42.9, "00:42"),
        (190, "03:10"),
        (3723, "1:02:03"),
        (2 * 86400 + 3 * 3600 + 5, "2 d 3 h"),
        (1e300, "11.6M d"),
        (-5, "00:00"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_counts_and_shares() -> None:
    assert [count(n) for n in (0, 999, 12400, 9_999_999, 12_345_678)] == [
        "0", "999", "12,400", "9,999,999", "12,345,678",
    ]  # fmt: skip
    assert count(None) == "–"
    assert [brief_count(n) for n in (9_999_999, 12_345_678)] == ["9,999,999", "12.35M"]
    assert brief_count(123_456, 6) == "123.5k" and brief_count(None, 6) == "–"
    assert [plural(n, "step") for n in (0, 1, 1200)] == ["0 steps", "1 step", "1,200 steps"]
    assert (percent(0.423), percent(NAN), percent(None)) == ("42 %", "–", "–")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"), (1.0, "1"), (0.002, "0.002"), (1.24e-3, "0.00124"), (2e-4, "2e-4"),
        (1.25e-5, "1.25e-5"), (3.13e-5, "3.13e-5"), (0.0, "0"), (100.0, "100"), (1e300, "1e300"),
        (None, "–"), (NAN, "NaN"),
    ],
)  # fmt: skip
def test_a_rate_reads_as_it_is_typed(value: float | None, text: str) -> None:
    assert rate(value) == text
    assert value is None or math.isnan(value) or float(text) == value


@given(floats, st.integers(6, 12))
@settings(deadline=None)
def test_a_rate_fits(value: float | None, width: int) -> None:
    assert len(rate(value and abs(value), width)) <= width


@given(floats)
@settings(deadline=None)
def test_four_digits_are_kept(value: float | None) -> None:
    for text in (rounded(value), figure(value)):
        assert len(text) <= 11 and "e-0" not in text and "e+" not in text
        if value and abs(value) < 1e300:
            close = 0.0 if abs(value) < 1e-3 else 5e-5
            assert float(text) == pytest.approx(value, rel=6e-4, abs=close)


def test_ages_and_sizes() -> None:
    seconds = (-5, 0, 59, 60, 7200, 86_400, 1e6, 1e12)
    assert [age(s) for s in seconds] == [
        "0 s", "0 s", "59 s", "1 min", "2 h", "1 d", "12 d", "11.57M d",
    ]  # fmt: skip
    assert [ago(s) for s in (-5, 59, 60, 7200, 90_000, 1e6)] == [
        "just now", "just now", "1 minute ago", "2 hours ago", "1 day ago", "12 days ago",
    ]  # fmt: skip
    assert (age(NAN), ago(INF), age(None)) == ("–", "–", "–")
    assert [size_in_words(n) for n in (0, 950, 145_647, 1.07e9)] == [
        "0 B", "950 B", "146 kB", "1.07 GB",
    ]  # fmt: skip


def test_units_of_loss() -> None:
    assert bits(math.log(2)) == pytest.approx(1.0)
    assert perplexity(math.log(50)) == pytest.approx(50.0)
    assert perplexity(1e6) == INF
    assert perplexity(None) is None


@given(floats, st.integers(2, 6))
@settings(deadline=None)
def test_no_number_fails(value: float | None, digits: int) -> None:
    for text in (
        si(value, digits),
        short(value),
        scientific(value),
        duration(value),
        percent(value),
    ):
        assert text


def test_round_steps() -> None:
    assert [round_step(10, n) for n in (1, 4, 5, 8)] == [10, 2.5, 2, 2]
    assert [round_up(v) for v in (1, 11, 6412, 99)] == [10 / 10, 12.5, 8000, 100]


def test_ends_are_round_and_steady() -> None:
    assert linear(0.97, 4.2, positive=True) == Scale(0.5, 4.5)
    assert linear(0.96, 4.3, positive=True) == Scale(0.5, 4.5)
    assert linear(0.1, 4.2, positive=True).low == 0
    assert linear(0.0, 0.0, positive=True) == Scale(0, 1)
    assert linear(2.0, 2.0).low < 2 < linear(2.0, 2.0).high
    assert logarithmic(0.011, 3.9) == Scale(0.01, 4.0, log=True)


def test_ticks() -> None:
    assert ticks(Scale(0.5, 4.5), 5) == [(1.0, "1"), (2.0, "2"), (3.0, "3"), (4.0, "4")]
    assert [label for _, label in ticks(Scale(1.2, 1.6), 4)] == ["1.2", "1.3", "1.4", "1.5", "1.6"]
    assert [label for _, label in ticks(Scale(0, 4e4), 4)][::2] == ["0", "20k", "40k"]
    assert [label for _, label in ticks(Scale(0.01, 4, log=True), 4)] == ["0.01", "0.1", "1"]
    assert [label for _, label in ticks(Scale(1.2, 4.5, log=True), 3)] == [
        "1.5", "2", "3",
    ]  # fmt: skip


bounded = st.floats(-1e300, 1e300)


@given(bounded, bounded, st.booleans(), st.integers(1, 20))
@settings(deadline=None)
def test_scales_hold_what_they_are_made_for(a: float, b: float, positive: bool, n: int) -> None:
    low, high = sorted((a, b))
    scale = linear(low, high, positive)
    assert scale.low < scale.high
    assert -1e-6 <= scale.share(low) <= scale.share(high) <= 1 + 1e-6
    named = ticks(scale, n)
    assert len(named) <= 2 * n + 2
    assert all(len(label) <= 8 for _, label in named)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(1, 20))
@settings(deadline=None)
def test_logarithmic_scales_too(a: float, b: float, n: int) -> None:
    low, high = sorted((a, b))
    scale = logarithmic(low, high)
    assert 0 < scale.low < scale.high
    assert -1e-3 <= scale.share(low) <= scale.share(high) <= 1 + 1e-3
    assert len(ticks(scale, n)) <= 2 * n + 4
