"""When a run counts as in trouble, what is said about it, and which weights count as good."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest

from rnntui.engine.health import Circumstances, Watch, Yardstick, alert
from rnntui.recipe import Recipe

# The first losses of the vanilla network on "hello world", summed over 25 steps.
DIVERGING = (
    "54.92 53.19 51.99 52.00 52.16 51.77 50.45 49.89 46.76 44.36 37.77 28.12 34.91 116.5 119.1 "
    "335.7 249.2 249.0 361.6 319.8 399.7 436.6 397.0 348.3 224.4 292.4 309.9 267.4"
)


def troubles(watch: Watch, losses: list[float]) -> list[tuple[int, str]]:
    found = [(n, watch.see(loss)) for n, loss in enumerate(losses, 1)]
    return [(n, trouble) for n, trouble in found if trouble]


def test_a_loss_that_explodes_runs_away() -> None:
    losses = [float(x) / 25 for x in DIVERGING.split()]
    watch = Watch("tokens", Yardstick(math.log(9), 2.0))
    found = troubles(watch, losses + [13.0] * 100)
    assert found[0][1] == "runs away"
    assert 40 < found[0][0] < 60
    assert not watch.healthy
    assert watch.reference == pytest.approx(2.2, rel=0.01)


def test_a_loss_that_is_learned_is_healthy() -> None:
    noise = random.Random(1)
    watch = Watch("tokens", Yardstick(4.1, 3.0))
    losses = [1.5 + 2.6 * math.exp(-n / 300) + noise.gauss(0, 0.3) for n in range(5000)]
    assert troubles(watch, losses) == []
    assert watch.healthy


def test_values_may_have_loud_stretches() -> None:
    watch = Watch("values", Yardstick(0.5))
    quiet_then_loud = [0.01] * 200 + [1.2] * 200 + [0.02] * 200
    assert troubles(watch, quiet_then_loud) == []
    assert troubles(watch, [1e3] * 100)[0][1] == "runs away"


def test_a_network_that_falls_back_to_frequencies_forgets() -> None:
    watch = Watch("tokens", Yardstick(4.4, 3.0))
    learned = [4.4] * 10 + [1.5] * 500
    assert troubles(watch, learned + [1.5, 2.9] * 300) == []
    assert troubles(watch, [3.0] * 1000)[0][1] == "forgets"
    never = Watch("tokens", Yardstick(4.4, 3.0))
    assert troubles(never, [4.4] * 10 + [3.0] * 2000) == []


def test_after_other_weights_the_mean_starts_anew_and_the_bounds_stay() -> None:
    watch = Watch("tokens", Yardstick(2.0))
    troubles(watch, [2.0] * 10 + [50.0] * 60)
    watch.anew()
    assert not watch.healthy
    assert troubles(watch, [1.9] * 50) == []
    assert watch.healthy
    assert watch.reference == pytest.approx(2.0)


NOW = Circumstances(
    step=45,
    loss=11.3,
    lr=0.1,
    gradient_norm=109.0,
    predictions=25,
    largest_value=0.0,
    raised=None,
    good_step=7,
)


def cause(now: Circumstances, **settings: str | float) -> str:
    return alert("runs away", Recipe().replace(**settings), now, 2.2).cause


def test_causes_come_from_the_recipe() -> None:
    summed = {"reduction": "sum", "optimizer": "sgd", "clip_mode": "value"}
    found = cause(NOW, **summed)
    assert "0.1 is too high for a loss summed over 25" in found
    assert "acts like 2.5" in found
    assert "does not bound the gradient's norm, now 109" in found
    assert "Nothing clips" in cause(NOW, clip=0.0)
    assert "relu" in cause(NOW, activation="relu")
    loud = dataclasses.replace(NOW, largest_value=420.0)
    assert "standardize" in cause(loud, task="values")
    raised = dataclasses.replace(NOW, raised=(0.01, 40))
    assert cause(raised).startswith("The learning rate was raised from 0.01 to 0.1")
    assert "may be too high" in cause(NOW)


def test_an_alert_says_what_mending_does() -> None:
    found = alert("not finite", Recipe(), NOW, 2.2)
    assert found.step == 45
    assert "paused" in found.title
    assert "update 7" in found.mend and "0.05" in found.mend
    worst = dataclasses.replace(
        NOW, gradient_norm=math.inf, raised=(1e-5, 10**9), largest_value=1e300, loss=1e300
    )
    for trouble in ("not finite", "spike", "stays up", "runs away", "forgets"):
        recipe = Recipe().replace(reduction="sum", optimizer="sgd", clip_mode="value")
        texts = alert(trouble, recipe, worst, 1e300)
        assert max(map(len, (texts.title, texts.mend))) <= 100
        assert len(texts.cause) <= 250
