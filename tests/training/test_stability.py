"""Which updates are left out, when training goes back, when it gives up: the machine alone."""

from __future__ import annotations

import json
import math
import random

import pytest

from rnntui.runs.store.checkpoint_state import read_state, state_bytes
from rnntui.training.health.places import Places
from rnntui.training.stability import GoodWeights, Response, Stability


def feed(
    machine: Stability, norms: list[float], loss: float = 1.0
) -> list[tuple[int, str, Response]]:
    found = []
    for n, norm in enumerate(norms, 1):
        fault = machine.judge(loss, norm)
        response = machine.see(loss, norm, fault)
        if fault or response:
            found.append((n, fault, response))
    return found


def quiet(count: int, seed: int = 1) -> list[float]:
    noise = random.Random(seed)
    return [noise.gauss(1.0, 0.2) for _ in range(count)]


@pytest.mark.parametrize(
    ("loss", "norm"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, math.nan), (1.0, math.inf)]
)
@pytest.mark.parametrize("spikes", [True, False])
def test_what_is_not_finite_is_left_out_at_once(loss: float, norm: float, spikes: bool) -> None:
    assert Stability(spikes).judge(loss, norm) == "not finite"
    assert Stability(spikes).judge(1e308, 1e308) == ""


def test_a_leap_counts_after_a_hundred_updates() -> None:
    assert feed(Stability(True), [*quiet(99), 50.0]) == []
    assert feed(Stability(True), [*quiet(100), 50.0]) == [(101, "spike", "")]
    assert feed(Stability(False), [*quiet(100), 50.0]) == []


def test_the_bound_is_six_deviations_above_the_mean_of_the_last_128() -> None:
    machine, norms = Stability(True), quiet(1000)
    assert feed(machine, [1e3, *norms]) == []
    last = norms[-128:]
    mean = sum(last) / 128
    deviation = math.sqrt(sum((n - mean) ** 2 for n in last) / 128)
    assert machine.bound() == pytest.approx(
        max(mean + 6 * deviation, 10 * mean, 10 * machine.usual), rel=1e-9
    )
    assert machine.judge(1.0, 0.999 * machine.bound()) == ""
    assert machine.judge(1.0, 1.001 * machine.bound()) == "spike"


@pytest.mark.parametrize(("rare", "bound"), [(0.0, 10.0), (40.0, 20.0)])
def test_steady_norms_may_grow_tenfold_and_wild_ones_more(rare: float, bound: float) -> None:
    machine = Stability(True)
    assert feed(machine, [*([1.0] * 15), 1.0 + rare] * 8) == []
    assert machine.bound() > bound * 0.999
    assert feed(machine, [0.99 * machine.bound()]) == []
    assert feed(machine, [1.01 * machine.bound()]) == [(1, "spike", "")]


def test_a_leap_leaves_no_trace_in_the_bound() -> None:
    machine = Stability(True)
    feed(machine, quiet(300))
    before = machine.bound()
    assert machine.see(1.0, 1e6, "spike") == ""
    assert machine.bound() == before


def test_three_in_a_row_lead_back_and_the_fourth_time_it_gives_up() -> None:
    found = feed(Stability(False), [1.0, *[math.nan] * 14])
    assert [response for _, _, response in found] == [
        *("", "", "rollback") * 3,
        *("", "", "give up"),
        *("give up",) * 2,
    ]
    assert feed(Stability(False), [1.0, math.nan, math.nan] * 10)[-1][2] == ""


def test_larger_gradients_for_good_are_got_used_to() -> None:
    found = feed(Stability(True), quiet(200) + [50 * n for n in quiet(500)])
    assert [n for n, _, _ in found] == [201, 202, 203]
    assert [response for _, _, response in found] == ["", "", ""]


@pytest.mark.parametrize("period", [7, 20, 40])
def test_hard_places_of_each_pass_are_got_used_to(period: int) -> None:
    norms = [50.0 if n % period == 0 else 1.0 for n in range(1, 200 * period)]
    found = feed(Stability(True), quiet(200) + norms)
    assert 24 <= len(found) <= 50 and {response for *_, response in found} == {""}
    assert found[-1][0] < 50 * period + 200


def test_rare_leaps_are_left_out_for_ever() -> None:
    norms = [50.0 if n % 150 == 0 else 1.0 for n in range(1, 30_000)]
    assert len(feed(Stability(True), quiet(200) + norms)) == 199


def test_what_is_below_the_clip_is_no_leap() -> None:
    machine = Stability(True, clip=5.0)
    assert feed(machine, [*[0.01] * 200, 4.9, *[0.01] * 200, 5.1]) == [(402, "spike", "")]


def test_next_to_nothing_may_become_what_was_usual_once() -> None:
    assert feed(Stability(True), quiet(150) + [1e-3] * 200 + [5.0] * 3) == []


def test_a_loss_that_stays_up_leads_back() -> None:
    machine = Stability(True)
    learned = [4.0] * 20 + [1.0] * 300
    assert [machine.see(loss, 1.0, "", 4.1) for loss in learned] == [""] * 320
    responses = [machine.see(2.5, 1.0, "", 4.1) for _ in range(250)]
    assert responses.count("rollback") == 1
    assert 190 <= responses.index("rollback") <= 230
    assert machine.reason == "stays up"


def test_a_run_that_never_was_better_than_chance_has_nothing_to_go_back_to() -> None:
    machine = Stability(True)
    assert {machine.see(68.0, 1.0, "", 4.1) for _ in range(1000)} == {""}
    assert machine.trouble == "above chance" and not machine.healthy


def test_losses_that_are_not_finite_every_other_time_lead_back() -> None:
    found = feed(Stability(False), [1.0, math.nan] * 200)
    assert "rollback" in [response for *_, response in found]
    assert feed(Stability(False), [*[1.0] * 9, math.nan] * 100)[-1][2] == ""


def test_a_hard_place_is_left_out_in_one_pass_only() -> None:
    norms = [50.0 if n % 60 == 7 else 1.0 for n in range(6000)]
    machine = Stability(True, places=Places(60))
    assert len(feed(machine, norms)) == 0, "it is known before anything counts as a spike"
    shifted = [50.0 if n % 60 == 31 else 1.0 for n in range(6000)]
    assert len(feed(machine, shifted)) == 1


def test_a_small_loss_may_double() -> None:
    machine = Stability(True)
    losses = [4.0] * 20 + [0.001] * 300 + [0.01] * 500
    assert {machine.see(loss, 1.0, "", 4.1) for loss in losses} == {""}


def test_what_is_captured_goes_on_as_it_would_have() -> None:
    noise = random.Random(3)
    whole = [noise.choice([1.0, 1.1, 1.2, 1.3, 1e3, math.nan]) ** 1.1 for _ in range(600)]
    losses = [noise.random() for _ in whole]
    one, found = Stability(True), []
    for cut, (loss, norm) in enumerate(zip(losses, whole, strict=True)):
        if cut % 37 == 0:
            other = Stability(True)
            other.restore(read_state(state_bytes(one.capture())))
            one = other
        found.append(one.see(loss, norm, one.judge(loss, norm)))
    plain = Stability(True)
    expected = [
        plain.see(loss, norm, plain.judge(loss, norm))
        for loss, norm in zip(losses, whole, strict=True)
    ]
    assert found == expected
    assert "rollback" in found
    assert json.dumps(one.capture()) == json.dumps(plain.capture())


def test_good_weights_are_older_than_the_last_healthy_copy() -> None:
    kept = GoodWeights("first", "first")
    assert not kept.keep(50, "fiftieth")
    assert kept.good == "first", "a copy that no later one confirms is not good yet"
    assert kept.due == 100
    assert kept.keep(100, "hundredth")
    assert kept.good == "fiftieth"
    kept.went_back(120)
    assert kept.due == 170
    assert not kept.keep(170, "later")
    assert kept.good == "fiftieth", "the copy after the good one was not good"
    assert kept.keep(10_000, "much later")
    assert kept.due == 10_200
