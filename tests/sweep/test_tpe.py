"""Trials chosen by Optuna, and the importance of settings."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from rnntui.errors import UsageError
from rnntui.foreground.stopping import Stopping
from rnntui.sweep.driver import Driver
from rnntui.sweep.progress import Progress, Result
from rnntui.sweep.space import Settings, parse_draw
from rnntui.sweep.tpe import TpeTrials, importance
from rnntui.sweep.trials import Trial
from tests.support.sweeps import Heard, HereWorkers, tiny_sweep

pytest.importorskip("optuna", reason="Optuna is not installed (rnntui[sweep])")

DRAWS = (parse_draw("lr=log:1e-4..1"), parse_draw("hidden=4..64"), parse_draw("cell=gru,lstm"))


def loss_of(settings: Settings) -> float:
    """Lowest near lr = 0.01; the cell does not matter."""
    return (math.log10(float(settings["lr"])) + 2) ** 2 + float(settings["hidden"]) / 100


def searched(count: int, seed: int) -> list[Settings]:
    """The settings that are chosen one after the other."""
    trials: dict[int, Trial] = {}
    progress: dict[int, Progress] = {}
    more = TpeTrials(DRAWS, count, seed, lambda _settings: "reference")
    while (new := more.next(trials, progress)) is not None:
        trials[new.number] = new
        result = Result(loss_of(new.settings), 10, 10)
        progress[new.number] = Progress("finished", True, result)
    return [trial.settings for trial in trials.values()]


def test_what_is_chosen_is_in_its_range_new_and_gets_better():
    found = searched(40, seed=1)
    assert len(found) == 40 and all(found.count(one) == 1 for one in found)
    for one in found:
        assert 1e-4 <= float(one["lr"]) <= 1 and 4 <= float(one["hidden"]) <= 64
        assert type(one["hidden"]) is int and one["cell"] in ("gru", "lstm")
    first, last = [sum(map(loss_of, part)) / 10 for part in (found[:10], found[-10:])]
    assert last < first / 2


def test_the_same_seed_and_results_choose_the_same():
    assert searched(14, seed=2) == searched(14, seed=2) != searched(14, seed=3)


def test_pruned_failed_and_running_trials_are_known_too():
    settings = [{"lr": 0.1, "hidden": n, "cell": "gru"} for n in (4, 5, 6, 7)]
    trials = {n: Trial(n, one) for n, one in enumerate(settings, 1)}
    progress = {
        1: Progress("paused", True, Result(1.0, 5, 5), {5: 1.0}, 5),
        2: Progress("failed", True),
        3: Progress("training", True),
        4: Progress("finished", True, Result(1.0, 5, 5)),
    }
    new = TpeTrials(DRAWS, 5, 0, lambda _settings: "").next(trials, progress)
    assert new is not None and new.number == 5 and new.settings not in settings


def test_settings_that_contradict_each_other_are_passed_over():
    def kernels(settings: Settings) -> str:
        if settings["cell"] == "gru":
            raise UsageError("no")
        return "reference"

    more = TpeTrials(DRAWS, 3, 0, kernels)
    new = more.next({}, {})
    assert new is not None and new.settings["cell"] == "lstm"


def test_few_values_end_the_search():
    draws = (parse_draw("cell=gru,lstm"),)
    trials = {n: Trial(n, {"cell": cell}) for n, cell in enumerate(("gru", "lstm"), 1)}
    progress = {n: Progress("finished", True, Result(1.0 + n, 1, 1)) for n in trials}
    assert TpeTrials(draws, 9, 0, lambda _settings: "").next(trials, progress) is None


def test_a_sweep_whose_trials_are_chosen(tmp_path: Path):
    sweep = tiny_sweep(tmp_path, [])
    more = TpeTrials((parse_draw("lr=log:1e-3..1"),), 4, 0, lambda _settings: "")
    with sweep.hold():
        driver = Driver(sweep, HereWorkers(), Heard(), more)
        driver.run(Stopping())
    assert [one.state for one in driver.progress.values()] == ["finished"] * 4
    assert len({float(trial.settings["lr"]) for trial in sweep.trials}) == 4


def test_importance_finds_the_key_that_matters():
    chance = random.Random(0)
    results: list[tuple[Settings, float]] = []
    for _ in range(30):
        settings: Settings = {
            "lr": 10 ** chance.uniform(-4, 0), "clip": chance.uniform(1, 2), "seed": 1,
            "cell": chance.choice(("gru", "lstm")), "hidden": 8,
        }  # fmt: skip
        results.append((settings, (math.log10(float(settings["lr"])) + 2) ** 2))
    found = importance(results)
    assert set(found) == {"lr", "clip", "cell"} and max(found, key=lambda key: found[key]) == "lr"
    assert sum(found.values()) == pytest.approx(1.0)
    assert importance([({"lr": one["lr"]}, loss) for one, loss in results]) == {"lr": 1.0}


@pytest.mark.parametrize(
    "results", [[], [({"lr": 0.1}, 1.0)] * 9, [({"lr": n / 10}, 2.0) for n in range(1, 9)]]
)
def test_importance_of_nothing_is_nothing(results: list[tuple[Settings, float]]):
    assert importance(results) == {}
