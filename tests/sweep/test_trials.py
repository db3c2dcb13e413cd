"""The trials of a sweep, and what speaks against them before the first starts."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.errors import UsageError
from rnntui.recipe import Recipe, load_recipe
from rnntui.sweep.space import parse_axis, parse_draw
from rnntui.sweep.trials import (
    check_last_rung,
    check_trials,
    described,
    fit_base,
    recipe_for,
    settings_of,
    varied,
    with_seeds,
)
from tests.support.sweeps import TINY


def test_random_trials_follow_the_grid_and_none_comes_twice():
    axes, draws = [parse_axis("lr=0.1,0.2")], [parse_draw("lr=0.1,0.2,0.3")]
    found = settings_of(axes, draws, 10, 0)  # only one of ten draws is new
    assert found == [{"lr": 0.1}, {"lr": 0.2}, {"lr": 0.3}]


def test_thousands_of_draws_take_no_time():
    axes, draws = (
        [parse_axis("lr=0.1,0.2")],
        [parse_draw("lr=log:1e-6..1"), parse_draw("clip=1..9")],
    )
    assert len(settings_of(axes, draws, 9_000, 0)) == 9_002


def test_nothing_to_vary_is_refused():
    with pytest.raises(UsageError, match="nothing varies: add --grid"):
        settings_of([], [], 0, 0)


def test_seeds_repeat_each_of_the_settings():
    found = with_seeds([{"lr": 0.1}, {"lr": 0.2}], 2, first=5)
    assert [(one["lr"], one["seed"]) for one in found] == [(0.1, 5), (0.1, 6), (0.2, 5), (0.2, 6)]
    assert with_seeds([{"lr": 0.1}], 1, first=5) == [{"lr": 0.1}]
    with pytest.raises(UsageError, match="--seeds cannot be combined with a varied seed"):
        with_seeds([{"seed": 1}], 2, 0)


def test_a_trials_recipe_is_as_with_set():
    recipe = recipe_for(load_recipe("tales"), {"layers": 1, "lr": 0.5, "skip_spikes": False})
    assert (recipe.model.layers, recipe.model.dropout) == (1, 0.0)
    assert (recipe.train.lr, recipe.train.skip_spikes) == (0.5, False)


def test_settings_are_described_in_one_line():
    assert described({"lr": 0.003, "hidden": 64, "skip_spikes": True}) == (
        "lr=0.003 hidden=64 skip_spikes=true"
    )


def test_the_trials_share_one_worker_and_few_checkpoints():
    base, notes = fit_base(load_recipe("brackets"), ())
    assert (base.train.workers, base.train.keep, notes) == (1, 0, [])
    chosen = load_recipe("brackets").override({"workers": "2", "keep": "3"})
    assert fit_base(chosen, ())[0].train.workers == 2
    assert fit_base(chosen, ())[0].train.keep == 3


@pytest.mark.parametrize(
    ("changes", "halving", "why"),
    [
        ({"steps": 0}, (), "a trial needs an end: add --steps or --seconds"),
        ({"split": 0.0}, (), "ranked by validation loss: add --set split=0.1"),
        ({"source": "-"}, (), "cannot read standard input: save it to a file"),
        ({"steps": 100}, (40, 100), "--halving 100: a trial ends after 100 updates already"),
        ({}, (160, 80), "increasing numbers of updates"),
        ({}, (0, 80), "increasing numbers of updates"),
        ({}, (81, 160), "updates with a common divisor"),
    ],
)
def test_what_no_trial_can_do_is_refused(
    changes: dict[str, int | float | str], halving: tuple[int, ...], why: str
):
    with pytest.raises(UsageError) as found:
        fit_base(load_recipe("brackets").replace(**changes), halving)
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("before", "halving", "after"),
    [(200, (80, 160), 80), (250, (1000, 2000), 250), (20, (40,), 20)],
)
def test_each_rung_gets_a_validation(before: int, halving: tuple[int, ...], after: int):
    base, notes = fit_base(load_recipe("brackets").replace(eval_every=before), halving)
    assert base.train.eval_every == after
    assert bool(notes) == (before != after)


def test_the_last_rung_is_checked_once_the_number_of_updates_is_known():
    later = dataclasses.replace(load_recipe("brackets").replace(steps=100), by_size=("steps",))
    assert fit_base(later, (80, 160))[0].train.steps == 100
    with pytest.raises(UsageError, match="a trial ends after 100 updates already"):
        fit_base(later.override({"steps": "100"}), (80, 160))
    with pytest.raises(UsageError, match="a trial ends after 120 updates already"):
        check_last_rung(later.replace(steps=120), (80, 160))


def test_validations_that_were_chosen_are_not_moved():
    chosen = load_recipe("brackets").override({"eval_every": "50"})
    with pytest.raises(UsageError, match="--halving needs validations there: eval_every is 50"):
        fit_base(chosen, (80, 160))


def test_every_contradiction_is_found_before_the_first_trial():
    settings = [{"layers": n, "dropout": 0.2} for n in (1, 2)] + [{"layers": 1, "dropout": 0.3}]
    with pytest.raises(
        UsageError, match=r"2 of 3 trials contradict: layers=1 dropout=0.2: .*and 1 more"
    ):
        check_trials(Recipe(), settings)


def test_keys_without_effect_are_noted_once():
    notes = check_trials(
        TINY, [{"cell": "gru", "activation": "relu"}, {"cell": "lstm", "activation": "relu"}]
    )
    assert len(notes) == 2 and all("activation has no effect" in note for note in notes)


def test_the_keys_that_vary_are_those_of_all_trials():
    assert varied([{"lr": 1.0}, {"hidden": 2, "lr": 3.0}]) == ("lr", "hidden")
