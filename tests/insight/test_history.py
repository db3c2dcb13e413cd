"""Samples of a run by its number of updates, lists that stay short, and what is kept of them."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from rnntui.insight.history import MOST, MOST_KEPT, Activity, History, Reach, Validated, lasting
from rnntui.runs.store.checkpoint_state import read_state, state_bytes
from tests.support.signs import record


def lived(losses: list[float], norms: list[float] | None = None, tokens: int = 512) -> History:
    history = History(clip=1.0, tokens_per_update=tokens)
    for step, loss in enumerate(losses, 1):
        record(history, step, loss, norms[step - 1] if norms else 0.5)
    return history


def test_the_first_updates_are_a_sample_of_their_own() -> None:
    history = lived([4.0, 2.0, 1.0])
    assert (history.first, history.first_norm) == (3.0, 0.5)
    assert [s.step for s in history.samples] == [2]


def test_samples_depend_on_the_number_of_updates_alone() -> None:
    steps = [s.step for s in lived([1.0] * 3000).samples]
    assert steps[:4] == [2, 7, 12, 17]
    assert all(b - a <= max(15, b / 50) for a, b in itertools.pairwise(steps))
    assert max(s.updates for s in lived([1.0] * 60_000).samples) == MOST
    assert lived([1.0] * 600, tokens=1).samples[1].updates >= 256, "a token alone says little"


def test_a_sample_has_means_the_worst_norm_and_the_share_clipped() -> None:
    history = lived([4.0, 4.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 0.5, 0.5, 2.0, 3.0, 0.1, 0.2])
    sample = history.samples[-1]
    assert (sample.step, sample.updates, sample.loss) == (7, 5, 3.0)
    assert (sample.norm, sample.norm_max, sample.clipped) == (0.5, 3.0, 0.4)
    assert (sample.best, history.best) == (3.0, 3.0)


def test_a_single_loss_that_is_not_finite_spoils_no_sample() -> None:
    assert lived([4.0, 4.0, 1.0, math.nan, 1.0, 1.0, 1.0]).samples[-1].loss == 1.0
    assert lived([4.0, 4.0, 1.0] + [math.nan] * 4).samples[-1].loss == math.inf


def test_lists_stay_short_and_fine_at_the_end() -> None:
    history = lived([1.0] * 200_000)
    steps = [s.step for s in history.samples]
    assert len(steps) <= MOST_KEPT and steps == sorted(steps)
    assert steps[0] < 20_000 and steps[-1] - steps[-2] <= MOST


def test_the_best_validation_stays() -> None:
    history, noise = History(), random.Random(4)
    for n in range(5000):
        loss = 1.0 if n == 1234 else 2 + noise.random()
        history.add_validation(Validated(n, loss, 1.0))
    assert len(history.validated) <= MOST_KEPT
    assert [v.step for v in history.validated if v.loss == 1.0] == [1234]


def test_what_was_before_is_asked_in_updates_and_samples() -> None:
    history = lived([1.0] * 1000)
    then = history.before(500, 1)
    assert then is not None and 480 <= history.step - then.step <= 540
    assert history.before(5000, 1) is None
    since = history.since(100, 3)
    assert sum(s.updates for s in since) >= 100 and since[-1] is history.samples[-1]
    assert len(history.since(1, 6)) == 6 and history.since(5000, 1) == ()


def test_a_series_lasts_until_it_is_broken() -> None:
    seen = [Reach(step, reach, 32, 0.0) for step, reach in ((1, 2), (5, 9), (8, 2), (20, 1))]
    assert lasting(seen, lambda r: r.reach < 5) == (12, 8)
    assert lasting(seen[:2], lambda r: r.reach < 5) == (-1, 0)
    assert lasting([], lambda r: True) == (-1, 0)


def test_the_training_loss_is_that_of_whole_passes_even_if_updates_were_skipped() -> None:
    history = History(tokens_per_update=512, lap=50)
    for step in range(1, 421):
        skipped = 150 < step <= 200 and step % 5 == 0
        record(history, step, math.nan if skipped else float((step - 1) // 50))
    assert history.training == 7.0, "the last whole pass"
    history.restart()
    assert math.isnan(history.training), "the weights are others now"
    for step in range(421, 600):
        record(history, step, math.nan)
    assert math.isnan(history.training)


@pytest.mark.parametrize("lap", [1, 3, 50, 52, 700])
def test_the_training_loss_is_that_of_the_last_whole_lap_however_short_laps_are(lap: int) -> None:
    history = History(tokens_per_update=1, lap=lap)
    losses = [1 / step for step in range(1, 3000)]
    for step, loss in enumerate(losses, 1):
        record(history, step, loss)
    laps = history.step // lap
    assert history.training == pytest.approx(sum(losses[(laps - 1) * lap : laps * lap]) / lap)


@pytest.mark.parametrize("cut", [1, 2, 50, 333])
def test_a_history_captured_in_the_middle_continues_as_it_would_have(cut: int) -> None:
    losses = [4 + math.sin(n) for n in range(700)]
    whole, first = lived(losses), lived(losses[:cut])
    first.add_activity(Activity(cut, 0.1, 0.2, 0, 0.3, math.nan))
    again = History(clip=1.0, tokens_per_update=512)
    again.restore(read_state(state_bytes(first.capture())))
    for step in range(cut + 1, 701):
        record(again, step, losses[step - 1])
    assert again.samples == whole.samples and again.best == whole.best
    assert again.training == whole.training
    assert repr(again.activity) == repr(first.activity)


@pytest.mark.parametrize("wrong", [{}, {"first": 3}, {"first": [1, 2, 3], "now": [[], [], 0]}])
def test_an_unknown_form_leaves_the_history_empty(wrong: dict[str, object]) -> None:
    history = History()
    history.restore(wrong)
    assert history.samples == [] and history.best == math.inf
