"""The race between windows of different lengths."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.insight.race import Race, windows
from rnntui.recipe import Recipe, load_recipe

BRACKETS = load_recipe("brackets").replace(cell="rnn", hidden=24, lr=0.003, workers=1)


def finished(race: Race) -> Race:
    for _ in race.run():
        assert race.message().running
    return race


@pytest.mark.slow
def test_lanes_read_the_same_tokens_and_differ_in_updates() -> None:
    data = load(BRACKETS)
    tokens = 32 * BRACKETS.train.batch * 8
    found = finished(Race(BRACKETS, data, (1, 8, 32), tokens)).message()
    assert not found.running
    assert (found.key, found.total) == ("seq_len", tokens)
    assert [lane.name for lane in found.lanes] == ["1", "8", "32"]
    assert [lane.updates for lane in found.lanes] == [256, 32, 8]
    for lane in found.lanes:
        assert lane.tokens[0] == 0 and lane.tokens[-1] == tokens
        assert len(lane.tokens) == len(lane.loss)
        assert lane.loss[0] == found.lanes[0].loss[0], "they start from the same weights"
        assert len(lane.correct) == len(found.distances)
    assert found.floor == data.floor
    assert found.chance == pytest.approx(1 / 3)


@pytest.mark.slow
def test_only_a_long_window_learns_what_is_far_back() -> None:
    """By loss alone the shorter windows lead at first; by distance they do not."""
    found = finished(Race(BRACKETS, load(BRACKETS), (1, 8, 32), 400_000)).message()
    one, some, all_ = (
        dict(zip(found.distances, lane.correct, strict=True)) for lane in found.lanes
    )
    assert one["2–3"] > 0.9 and one["8–15"] < 0.6
    assert some["8–15"] > 0.7 and all_["8–15"] > 0.7
    assert all_["16–31"] > one["16–31"] + 0.1


@pytest.mark.slow
def test_the_same_race_ends_the_same() -> None:
    data = load(BRACKETS)
    first, second = (finished(Race(BRACKETS, data, (1, 32), 8192)).message() for _ in range(2))
    assert [lane.loss for lane in first.lanes] == [lane.loss for lane in second.lanes]


@pytest.mark.slow
def test_without_a_number_of_tokens_it_takes_seconds() -> None:
    race = Race(BRACKETS.replace(hidden=8), load(BRACKETS))
    steps = race.run()
    while not race.message().total:
        next(steps)
    assert race.message().total % (32 * BRACKETS.train.batch) == 0
    steps.close()
    assert not race.message().running, "a race that was stopped is over"


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("brackets", (1, 8, 32)),
        ("tales", (1, 8, 32)),
        ("hello-world", (1, 6, 25)),
        ("i-love-ai", (1, 8)),
        ("sunspots", (1, 11, 44)),
    ],
)
def test_windows(recipe: str, expected: tuple[int, ...]) -> None:
    settings = load_recipe(recipe)
    data = load(settings)
    assert windows(settings, data)[: len(expected)] == expected


def test_data_too_short_for_two_windows() -> None:
    settings = Recipe().replace(source="text:abc", split=0.0, eval_every=0, batch=1, seq_len=1)
    with pytest.raises(UsageError, match="too short"):
        windows(settings.replace(batch=2), load(settings))


def test_a_series_has_no_distances() -> None:
    settings = load_recipe("sunspots").replace(workers=1)
    found = finished(Race(settings, load(settings), (1, 44), 440)).message()
    assert (found.distances, found.chance, found.lanes[0].correct) == ((), None, ())
    assert all(np.isfinite(lane.loss[-1]) for lane in found.lanes)


@pytest.mark.slow
def test_the_adding_problem_is_judged_by_its_sums() -> None:
    settings = load_recipe("adding").replace(workers=1)
    found = finished(Race(settings, load(settings), (1, 8), 4096)).message()
    assert found.distances and found.chance is None
    assert all(len(lane.correct) == len(found.distances) for lane in found.lanes)
