"""When a run counts as unhealthy: false alarms and missed faults, on numbers and on real runs."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import load
from rnntui.data.generated import tasks
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.store.checkpoint_state import read_state, state_bytes
from rnntui.session.monitor import Monitor
from rnntui.training.health.laps import Laps, lap_size
from rnntui.training.health.losses import Losses, Trouble
from rnntui.training.health.places import Places
from rnntui.training.loop import start, train
from tests.conftest import quick_first, quick_where
from tests.support.sessions import TEXT


def losses(task: str = "tokens", size: int = 60, **given: float) -> Losses:
    return Losses(task, Laps(size), **given)  # type: ignore[arg-type]


def found(machine: Losses, values: list[float], chance: float = 4.1) -> list[tuple[int, Trouble]]:
    seen = [(n, machine.see(value, chance)) for n, value in enumerate(values, 1)]
    return [(n, trouble) for n, trouble in seen if trouble]


# ---- numbers --------------------------------------------------------------------------------


def test_a_loss_far_above_chance_from_the_start_is_reported() -> None:
    first = found(losses(), [68.0] * 300)[0]
    assert first[1] == "above chance" and first[0] <= 150
    assert found(losses("values"), [1e4] * 300, 0.5)[0][1] == "above chance"


def test_a_high_loss_that_falls_is_left_alone() -> None:
    falling = [4.1 + 60 * math.exp(-n / 150) for n in range(3000)]
    assert found(losses(), falling) == []
    assert found(losses("values"), [500 * math.exp(-n / 300) for n in range(4000)], 0.5) == []


def test_a_loss_that_no_healthy_network_has_is_reported_although_it_falls() -> None:
    first = found(losses(), [1e4 * math.exp(-n / 200) for n in range(600)])[0]
    assert first[1] == "above chance" and first[0] <= 150
    assert found(losses("values"), [1e8 * math.exp(-n / 200) for n in range(300)], 0.5)


@pytest.mark.parametrize("times", [0.95, 1.0, 1.08])
def test_a_loss_near_chance_is_left_alone(times: float) -> None:
    noise = random.Random(1)
    assert found(losses(), [4.1 * times + noise.gauss(0, 0.1) for _ in range(3000)]) == []


def test_warm_up_says_nothing_about_a_fresh_network() -> None:
    start_high = [20.0] * 400 + [20 * math.exp(-n / 100) for n in range(600)]
    assert found(losses(warmup=400), start_high) == []
    assert found(losses(warmup=400), [20.0] * 600)[0][0] > 400


def test_a_loss_that_explodes_diverges_soon() -> None:
    first = found(losses(), [4.1, 3.8, 3.5] * 10 + [13.0] * 100)[0]
    assert first[1] == "diverges" and first[0] < 90


def test_loud_stretches_are_measured_against_the_same_data() -> None:
    machine = losses("values", 100)
    for n in range(3000):
        loud = n % 100 >= 90
        chance = 50.0 if loud else 0.05
        assert machine.see(0.9 * chance, max(0.5, chance)) == ""
    assert machine.healthy


def test_a_hard_half_is_compared_with_the_same_half() -> None:
    machine = losses("tokens", 400, frequencies=3.0)
    passes = ([1.5] * 200 + [3.9] * 200) * 10
    assert found(machine, passes) == []
    assert found(machine, [3.9] * 800)[0][1] == "stays up"


def test_what_was_lost_for_good_is_reported_and_serious() -> None:
    machine = losses()
    assert found(machine, [4.0] * 20 + [1.0] * 300) == []
    worse = found(machine, [2.5] * 250)
    assert worse[0][1] == "stays up" and 190 <= worse[0][0] <= 240
    assert machine.serious
    small = losses()
    assert found(small, [4.0] * 20 + [0.001] * 300 + [0.01] * 500) == []


def test_in_a_first_pass_validation_shows_what_was_forgotten() -> None:
    machine = losses(size=100_000, frequencies=3.0)
    assert found(machine, [4.0] * 20 + [1.5] * 500) == []
    machine.validate(1.6)
    assert found(machine, [3.0] * 500) == [], "the data may have become harder"
    machine.validate(3.0)
    assert found(machine, [3.0])[0][1] == "forgets"


def test_a_constant_prediction_is_a_reference_too() -> None:
    machine = losses("values", 50, constant=6.0)
    assert found(machine, [5000.0] * 2000, 5000.0)[0][1] == "above constant"
    assert found(losses("values", 50, constant=6.0), [5.0] * 2000, 5000.0) == []


def test_trouble_ends_when_the_loss_is_back() -> None:
    machine = losses()
    found(machine, [4.0, 3.0] * 20 + [50.0] * 60)
    assert machine.trouble == "diverges" and not machine.healthy
    found(machine, [2.0] * 200)
    assert machine.trouble == "" and machine.healthy


def test_losses_captured_in_the_middle_continue_as_they_would_have() -> None:
    noise = random.Random(3)
    values = [noise.choice([1.0, 1.1, 4.0, 9.0, 30.0]) for _ in range(2000)]
    whole, cut = losses(frequencies=3.0), losses(frequencies=3.0)
    for n, value in enumerate(values):
        if n % 37 == 0:
            fresh = losses(frequencies=3.0)
            fresh.restore(read_state(state_bytes(cut.capture())))
            cut = fresh
        assert cut.see(value, 4.1) == whole.see(value, 4.1)
    assert repr(cut.capture()) == repr(whole.capture())


def test_a_lap_is_a_whole_number_of_passes() -> None:
    assert [lap_size(n) for n in (1, 21, 50, 700)] == [50, 63, 50, 700]
    for passes, size in itertools.product((1, 21, 700), (0,)):
        assert lap_size(passes) % passes == size


def test_a_place_that_was_hard_in_the_last_pass_is_known() -> None:
    places = Places(10)
    for n in range(10):
        places.add(50.0 if n == 7 else 1.0)
    known = []
    for _ in range(10):
        known.append(places.known)
        places.add(math.nan)
    assert known == [1.0] * 7 + [50.0] + [1.0] * 2
    assert places.known == 0.0


# ---- real runs ------------------------------------------------------------------------------


def kinds(recipe: Recipe, updates: int) -> list[tuple[int, str, str]]:
    """The events of a run's first updates."""
    data = load(recipe.replace(workers=1))
    state = start(recipe.replace(workers=1), data)
    monitor, seen = Monitor(recipe, data, state), []
    for chunk in itertools.islice(train(recipe.replace(steps=0, epochs=0), data, state), updates):
        paused = monitor.see(chunk)
        seen += [(chunk.step, *event) for event in monitor.events]
        if paused:
            break
    return seen


def series(path: Path, scale: float, at: float, seed: int = 3) -> str:
    noise, level, rows = random.Random(seed), 100.0, ["date,price"]
    for n in range(600):
        level += noise.gauss(0.05, 0.3 if n < 600 * at else 0.3 * scale)
        rows.append(f"{n},{level:.2f}")
    path.write_text("\n".join(rows), "utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize("difference", quick_first([True, False]))
@pytest.mark.parametrize(
    ("scale", "at"),
    [
        (10.0, 0.5),
        pytest.param(3.0, 0.2, marks=pytest.mark.slow),
        pytest.param(30.0, 0.9, marks=pytest.mark.slow),
    ],
)
def test_growing_volatility_is_no_trouble(
    tmp_path: Path, scale: float, at: float, difference: bool
) -> None:
    source = series(tmp_path / "mini.csv", scale, at)
    recipe = Recipe().replace(
        task="values", source=source, standardize=True, difference=difference, seq_len=25
    )
    seen = kinds(recipe, 1200)
    assert not {kind for _, kind, _ in seen} - {"skip"}
    assert len(seen) < 10, "a loud place is left out once, not in every pass"


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_harder_second_half_is_no_trouble(tmp_path: Path, batch: int) -> None:
    noise = random.Random(1)
    easy = b"the quick brown fox jumps over the lazy dog. " * 300
    (tmp_path / "two.txt").write_bytes(easy + bytes(noise.randrange(256) for _ in range(12_000)))
    recipe = Recipe().replace(
        source=str(tmp_path / "two.txt"), tokenizer="byte", hidden=32, batch=batch, eval_every=0
    )
    assert not {kind for _, kind, _ in kinds(recipe, 1500)} - {"skip"}


BROKEN = {
    "init_scale": {"init": "normal", "init_scale": 3.0, "hidden": 100},
    "gain": {"init": "glorot", "init_scale": 20.0},
    "sgd": {"optimizer": "sgd", "lr": 1e6},
    "adam": {"optimizer": "adam", "lr": 100.0},
    "sum": {"optimizer": "sgd", "reduction": "sum", "lr": 0.1, "clip": 0.0},
}


@pytest.mark.parametrize("how", quick_where(BROKEN, lambda how: how == "init_scale"))
@pytest.mark.parametrize("skip_spikes", quick_first([True, False]))
def test_a_run_that_is_broken_from_the_start_is_reported(how: str, skip_spikes: bool) -> None:
    seen = kinds(Recipe().replace(skip_spikes=skip_spikes, **BROKEN[how]), 200)
    assert "alert" in {kind for _, kind, _ in seen}


def test_weights_that_are_nan_from_the_start_pause() -> None:
    recipe = Recipe().replace(source=TEXT, repeat=40, hidden=8, batch=2, seq_len=10, workers=1)
    data = load(recipe)
    state = start(recipe, data)
    state.parameters.flat[:] = np.nan
    state.weights.good.parameters[:] = np.nan
    monitor = Monitor(recipe, data, state)
    assert any(monitor.see(chunk) for chunk in itertools.islice(train(recipe, data, state), 12))
    assert monitor.alert is not None and monitor.alert.pauses


def test_values_that_explode_are_reported() -> None:
    recipe = Recipe().replace(
        task="values",
        source="values:" + ",".join(str(n % 9 + 20) for n in range(900)),
        hidden=16,
        batch=1,
        seq_len=20,
        standardize=True,
        lr=100.0,
        eval_every=0,
    )
    assert "alert" in {kind for _, kind, _ in kinds(recipe, 400)}


QUICK = {"counting", "successor", "ramp", "i-love-ai", "sunspots"}
SLOW = set(tasks()) - QUICK


@pytest.mark.parametrize(
    "name", [*sorted(QUICK), *(pytest.param(n, marks=pytest.mark.slow) for n in sorted(SLOW))]
)
def test_bundled_recipes_are_healthy(name: str) -> None:
    assert kinds(load_recipe(name), 250) == []


@pytest.mark.parametrize(
    "settings",
    quick_first(
        [
            {"reduction": "sum"},
            {"init": "normal", "init_scale": 0.01},
            {"optimizer": "sgd", "lr": 0.5},
            {"optimizer": "rmsprop", "lr": 0.001},
            {"warmup": 300, "init": "normal", "init_scale": 0.3},
            {"lr": 1e-6},
            {"cell": "lstm", "lr": 0.01},
        ],
        2,
    ),
)
def test_healthy_settings_raise_no_alarm(settings: dict[str, str | float]) -> None:
    seen = kinds(Recipe().replace(batch=4, hidden=64, **settings), 350)
    assert not {kind for _, kind, _ in seen} - {"skip"}
