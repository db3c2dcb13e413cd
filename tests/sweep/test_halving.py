"""Asynchronous successive halving: who continues, in which order."""

from __future__ import annotations

import random

import pytest

from rnntui.sweep.halving import better_half, is_over, last_trial, waiting_trial
from rnntui.sweep.progress import Progress, after, progress_of

RUNGS = (10, 20)


def paused(loss: float, rung: int = 10) -> Progress:
    begun = after(Progress(), {"event": "start", "until": rung})
    return after(begun, {"event": "rung", "step": rung, "best": loss})


def test_interrupted_trials_come_before_new_ones_and_go_on_to_their_rung():
    progress = {1: Progress(), 2: Progress(started=True, reached={10: 1.0})}
    assert waiting_trial(progress, RUNGS) == (2, 20)
    assert waiting_trial({1: Progress()}, RUNGS) == (1, 10)
    assert waiting_trial({1: Progress()}, ()) == (1, None)
    assert waiting_trial({1: paused(1.0)}, RUNGS) is None


def test_the_better_half_continues_best_first():
    progress = {n: paused(loss) for n, loss in enumerate((4.0, 1.0, 3.0, 2.0), 1)}
    assert better_half(progress, RUNGS) == (2, 20)
    progress[2] = paused(0.9, 20)
    progress[2] = after(progress[2], {"event": "start", "until": None})
    progress[2] = Progress("training", True, reached={10: 1.0, 20: 0.9})
    assert better_half(progress, RUNGS) == (4, 20)
    progress[4] = Progress("training", True, reached={10: 2.0})
    assert better_half(progress, RUNGS) is None


def test_a_trial_that_failed_on_its_way_counts_as_the_worst():
    failed = after(after(Progress(), {"event": "start", "until": 10}), {"event": "failed"})
    assert better_half({1: paused(1.0), 2: failed}, RUNGS) == (1, 20)
    assert better_half({1: failed, 2: failed}, RUNGS) is None
    assert last_trial({1: failed, 2: failed}, RUNGS) is None
    assert is_over({1: failed, 2: failed}, RUNGS)


def test_the_highest_rung_comes_first():
    progress = {1: paused(1.0), 2: paused(2.0), 3: paused(3.0, 20), 4: paused(4.0, 20)}
    assert better_half(progress, RUNGS) == (3, None)


def test_of_too_few_the_best_is_trained_to_the_end():
    progress = {1: paused(1.0)}
    assert better_half(progress, RUNGS) is None
    assert not is_over(progress, RUNGS)
    assert last_trial(progress, RUNGS) == (1, 20)
    progress = {1: paused(1.0), 2: Progress("training", True)}
    assert last_trial(progress, RUNGS) is None


def test_a_failed_trial_that_gets_another_chance_heads_for_its_rung_again():
    lines = [
        {"trial": 1, "event": "start", "until": 10},
        {"trial": 1, "event": "stopped"},
        {"trial": 1, "event": "again"},
    ]
    assert waiting_trial(progress_of([1], lines), RUNGS) == (1, 10)


@pytest.mark.parametrize("seed", range(20))
def test_however_they_arrive_half_of_them_pass_each_rung_and_the_best_does(seed: int):
    """Trials end in random order, several at a time: the sweep ends, with the best of all."""
    chance = random.Random(seed)
    losses = {number: chance.random() for number in range(1, 9)}
    lines: list[dict[str, object]] = []
    training: dict[int, int | None] = {}
    while True:
        progress = progress_of(losses, lines)
        for choose in (waiting_trial, better_half, last_trial):
            if len(training) < 3 and (chosen := choose(progress, RUNGS)) is not None:
                number, until = chosen
                assert number not in training
                training[number] = until
                lines.append({"trial": number, "event": "start", "until": until})
                break
        else:
            if not training:
                break
            number = chance.choice(list(training))
            until = training.pop(number)
            event = "finished" if until is None else "rung"
            lines.append(
                {"trial": number, "event": event, "step": until or 30, "best": losses[number]}
            )
    progress = progress_of(losses, lines)
    assert is_over(progress, RUNGS)
    finished = [number for number, one in progress.items() if one.state == "finished"]
    assert min(losses, key=lambda n: losses[n]) in finished
    assert 2 <= len(finished) <= 4
    assert sum(20 in one.reached for one in progress.values()) <= 6
