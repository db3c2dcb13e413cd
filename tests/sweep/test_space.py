"""What a sweep varies, as it is typed."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rnntui.errors import UsageError
from rnntui.sweep.space import Draw, check_keys, drawn, grid, parse_axis, parse_draw
from tests.conftest import examples


def test_a_grid_is_every_combination_the_last_key_varying_fastest():
    axes = [parse_axis("lr=1e-3,3e-3"), parse_axis("hidden=64,128")]
    assert grid(axes) == [
        {"lr": 0.001, "hidden": 64},
        {"lr": 0.001, "hidden": 128},
        {"lr": 0.003, "hidden": 64},
        {"lr": 0.003, "hidden": 128},
    ]
    assert grid([]) == []


def test_values_have_the_type_of_their_key_and_none_comes_twice():
    assert parse_axis("lr=0.001,1e-3,1").values == (0.001, 1.0)
    assert parse_axis("cell=gru,lstm").values == ("gru", "lstm")
    assert parse_axis("skip-spikes=true,false").values == (True, False)
    assert parse_axis("seq_len=16,full").values == (16, "full")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lr", "takes KEY=VALUES, as in --grid lr=1e-3,3e-3"),
        ("lr=", "takes KEY=VALUES"),
        ("rate=1", "unknown key 'rate': did you mean 'lr'?"),
        ("lr=1,fast", "lr = fast: takes a number above 0"),
        ("hidden=0", "hidden = 0: takes a whole number from 1"),
        ("cell=gru,lstn", "unknown cell 'lstn': did you mean 'lstm'?"),
        ("tokenizer=char,byte", "a sweep cannot vary tokenizer: losses on other data"),
        ("steps=10,20", "a sweep cannot vary steps: all trials have the same bound"),
    ],
)
def test_a_wrong_list_of_values_is_refused_in_one_line(text: str, why: str):
    with pytest.raises(UsageError) as found:
        parse_axis(text)
    assert why in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lr=log:1e-3", "log: takes a range"),
        ("lr=log:0..1", "lr = 0.0: takes a number above 0"),
        ("dropout=log:0..0.5", "a range with log: must begin above 0"),
        ("lr=3e-2..1e-4", "the range must begin with the smaller number"),
        ("cell=gru..lstm", "only numbers have a range"),
        ("hidden=8..16.5", "hidden = 16.5: takes a whole number"),
        ("seq_len=8..full", "only numbers have a range"),
    ],
)
def test_a_wrong_range_is_refused_in_one_line(text: str, why: str):
    with pytest.raises(UsageError) as found:
        parse_draw(text)
    assert why in str(found.value)


def test_a_key_is_given_once():
    axes = [parse_axis("lr=1,2"), parse_axis("lr=3")]
    with pytest.raises(UsageError, match="lr is given twice with --grid"):
        check_keys(axes, [])


def test_a_huge_grid_is_refused_before_it_is_built():
    axes = [
        parse_axis(f"{key}=" + ",".join(map(str, range(1, 60)))) for key in ("lr", "hidden", "clip")
    ]
    with pytest.raises(UsageError, match="205,379 trials"):
        check_keys(axes, [])


@given(st.floats(0, 1, exclude_max=True))
@hypothesis_settings(max_examples=examples(100))
def test_every_draw_is_inside_its_range(share: float):
    assert 1e-4 <= float(parse_draw("lr=log:1e-4..3e-2").at(share)) <= 3e-2
    assert 0.0 <= float(parse_draw("dropout=0..0.5").at(share)) <= 0.5
    whole = parse_draw("hidden=3..5").at(share)
    assert whole in (3, 4, 5) and type(whole) is int
    assert parse_draw("hidden=16,32").at(share) in (16, 32)


def test_each_whole_number_is_as_likely_and_a_log_range_is_even_by_its_log():
    whole = parse_draw("hidden=1..4")
    assert [whole.at((n + 0.5) / 4) for n in range(4)] == [1, 2, 3, 4]
    log = parse_draw("lr=log:1e-4..1")
    assert [log.at(n / 4) for n in range(4)] == [1e-4, 1e-3, 1e-2, 0.1]


def test_numbers_drawn_are_short():
    assert Draw("lr", low=0.1, high=0.2).at(1 / 3) == 0.133
    assert Draw("lr", low=0.1234567, high=0.2).at(0.0) == 0.1234567  # never outside of the range


def test_the_same_seed_draws_the_same_settings():
    draws = [parse_draw("lr=log:1e-4..3e-2"), parse_draw("hidden=16,32,64")]
    first, again, other = (list(itertools.islice(drawn(draws, seed), 5)) for seed in (1, 1, 2))
    assert first == again != other
    assert all(math.isfinite(float(one["lr"])) for one in first)
