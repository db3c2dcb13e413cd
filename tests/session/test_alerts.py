"""What is said about a run in trouble: title, cause, fix and advice, for every combination."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from typing import get_args

import pytest

from rnntui.nn.optim import OPTIMIZERS
from rnntui.recipe import Recipe
from rnntui.session.alerts import Context, advice, alert
from rnntui.training.health.losses import Trouble
from rnntui.training.usual_rate import fixed_rate, usual_rate
from tests.conftest import quick_where

NOW = Context(
    step=45,
    loss=11.3,
    lr=0.1,
    gradient_norm=109.0,
    predictions=25,
    largest_value=0.0,
    raised=None,
    good_step=7,
    chance=2.2,
)
EVERY = list(itertools.product(OPTIMIZERS, ("norm", "value", "none"), ("mean", "sum")))
SCALED = ("sgd", "momentum")  # p -= lr × gradient: a longer gradient makes a longer step


def recipe(optimizer: str, clip: str, reduction: str) -> Recipe:
    mode = {"clip": 0.0} if clip == "none" else {"clip_mode": clip}
    return Recipe().replace(optimizer=optimizer, reduction=reduction, cell="lstm", **mode)


@pytest.mark.parametrize(("optimizer", "clip", "reduction"), EVERY)
def test_the_cause_is_true_for_this_optimizer(optimizer: str, clip: str, reduction: str) -> None:
    found = alert("diverges", recipe(optimizer, clip, reduction), NOW)
    scaled = optimizer in SCALED
    assert ("summed" in found.cause) == (scaled and clip != "norm" and reduction == "sum")
    assert ("isn't clipped" in found.cause) == (scaled and clip == "none")
    assert ("does not bound" in found.cause) == (scaled and clip == "value")
    assert "earning rate 0.1" in found.cause


@pytest.mark.parametrize(("optimizer", "clip", "reduction"), EVERY)
@pytest.mark.parametrize(
    "rate", quick_where([1e6, 0.3, 2e-3, 1e-6], lambda rate: rate in (0.3, 1e-6))
)
def test_the_fix_lowers_the_rate_to_a_useful_one(
    optimizer: str, clip: str, reduction: str, rate: float
) -> None:
    given = recipe(optimizer, clip, reduction)
    usual, fixed = usual_rate(given, 800), fixed_rate(given, rate, 800)
    assert fixed <= rate / 2
    assert fixed == min(rate / 2, usual)
    assert fixed_rate(given, rate, 800, 1) <= fixed
    summed = optimizer in SCALED and clip != "norm" and reduction == "sum"
    assert usual == pytest.approx(OPTIMIZERS[optimizer].usual_rate / (800 if summed else 1))


@pytest.mark.parametrize(("optimizer", "clip", "reduction"), EVERY)
@pytest.mark.parametrize(
    "tried", quick_where([1e3, 0.02, 1e-4, 1e-7], lambda tried: tried in (0.02, 1e-7))
)
def test_advice_suggests_no_rate_that_was_tried_or_is_useless(
    optimizer: str, clip: str, reduction: str, tried: float
) -> None:
    given = recipe(optimizer, clip, reduction)
    found = advice(given, tried, 800, 0.0)
    suggested = re.search(r"--lr (\S+)", found)
    if suggested is None:
        assert tried <= usual_rate(given, 800)
    else:
        assert float(suggested[1]) < tried
        assert float(suggested[1]) == pytest.approx(usual_rate(given, 800), rel=0.05)
    assert ("--clip" in found) == (optimizer in SCALED and clip != "norm")
    assert found.startswith(("try --", "lowering the rate to "))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_flag_says_whether_the_loss_may_be_scaled(optimizer: str) -> None:
    import numpy as np

    from rnntui.nn.optim import make_optimizer

    moved = []
    for scale in (1.0, 100.0):
        parameters, gradients = np.ones(8), np.linspace(-2, 2, 8)
        rule = make_optimizer(optimizer, parameters, gradients)
        for _ in range(3):
            gradients[:] = scale * np.linspace(-2, 2, 8)
            rule.step(0.01)
        moved.append(parameters - 1)
    same = np.allclose(moved[0], moved[1], rtol=1e-3)
    assert same == OPTIMIZERS[optimizer].scale_invariant


def test_other_causes_come_from_the_recipe() -> None:
    def cause(now: Context, **settings: str | float) -> str:
        return alert("diverges", Recipe().replace(**settings), now).cause

    calm = dataclasses.replace(NOW, lr=0.001)
    assert "relu" in cause(calm, activation="relu")
    for size, word in ((420.0, "large"), (0.003, "small")):
        sized = dataclasses.replace(calm, largest_value=size)
        found = cause(sized, task="values")
        assert "standardize" in found and word in found
        assert "standardize" not in cause(sized, task="values", standardize=True)
    raised = dataclasses.replace(calm, raised=(0.01, 40))
    assert cause(raised).startswith("The learning rate was raised from 0.01 to 0.001")
    assert "may be too high" in cause(calm)
    fresh = dataclasses.replace(calm, learned=False)
    assert cause(fresh, init="normal", init_scale=3.0).startswith("init_scale = 3 is large")
    assert "init_scale" not in cause(fresh, init="normal", init_scale=0.05)
    low = dataclasses.replace(fresh, lr=1e-6)
    assert "may be too low" in cause(low)


def test_an_alert_has_a_field_for_the_pause_and_fits_a_terminal() -> None:
    assert not alert("diverges", Recipe(), NOW).pauses
    paused = alert("not finite", Recipe(), dataclasses.replace(NOW, pauses=True))
    assert paused.pauses and "paused" not in paused.title
    assert paused.step == 45 and "update 7" in paused.fix
    worst = dataclasses.replace(
        NOW, gradient_norm=math.inf, raised=(1e-5, 10**9), largest_value=1e300, loss=1e300
    )
    for trouble in get_args(Trouble)[1:]:
        given = Recipe().replace(reduction="sum", optimizer="sgd", clip_mode="value")
        texts = alert(trouble, given, worst)
        assert max(map(len, (texts.title, texts.fix))) <= 100
        assert len(texts.cause) <= 250
