"""The compressed history against a plain list of all losses."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.messages import History
from rnntui.session.loss_history import WIDEST, LossHistory, ValidationHistory
from tests.conftest import examples

UNDEADLINED = settings(deadline=None, max_examples=examples(200))
LOSSES = st.lists(
    st.one_of(
        st.floats(0, 1e6), st.sampled_from([math.nan, math.inf, -math.inf]), st.floats(0, 1e300)
    ),
    max_size=300,
)


def expected(losses: list[float], level: int) -> list[tuple[float | None, ...]]:
    """Mean, low, high and bad of each bin, computed from all losses."""
    rows: list[tuple[float | None, ...]] = []
    for start in range(0, len(losses), 1 << level):
        part = losses[start : start + (1 << level)]
        good = [x for x in part if math.isfinite(x)]
        mean = math.fsum(x / len(good) for x in good) if good else None
        rows.append((mean, min(good, default=None), max(good, default=None), len(part) - len(good)))
    return rows


def same(a: float | None, b: float | None) -> bool:
    """Whether both are absent, or equal to the digits that are sent."""
    return a == b if a is None or b is None else math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-300)


@UNDEADLINED
@given(LOSSES)
def test_bins_are_what_they_say(losses: list[float]) -> None:
    history = LossHistory(capacity=16)
    for loss in losses:
        history.add(loss)
    view = history.since(-1, 0)
    assert view.start == 0 and view.level == history.level
    assert history.count == len(losses)
    assert len(view.mean) <= 16
    assert len(losses) < 16 << view.level
    rows = expected(losses, view.level)
    found = list(zip(view.mean, view.low, view.high, view.bad, strict=True))
    assert len(found) == len(rows)
    for row, want in zip(found, rows, strict=True):
        assert all(same(a, b) for a, b in zip(row, want, strict=True)), (row, want)
    assert len(view.smooth) == len(view.mean)


@UNDEADLINED
@given(LOSSES, st.lists(st.integers(1, 40), max_size=30))
def test_a_viewer_that_takes_what_is_new_has_everything(
    losses: list[float], looks: list[int]
) -> None:
    history, mine = LossHistory(capacity=16), History(-1, 0, (), (), (), (), ())
    rest = iter(losses)
    for count in [*looks, len(losses)]:
        for _, loss in zip(range(count), rest, strict=False):
            history.add(loss)
        new = history.since(mine.level, len(mine.mean))
        keep = new.start if new.level == mine.level else 0
        assert new.start == 0 or new.level == mine.level
        mine = History(
            new.level,
            0,
            mine.mean[:keep] + new.mean,
            mine.low[:keep] + new.low,
            mine.high[:keep] + new.high,
            mine.smooth[:keep] + new.smooth,
            mine.bad[:keep] + new.bad,
        )
    assert mine == history.since(-1, 0)


def test_marks_that_make_no_sense_get_everything() -> None:
    history = LossHistory(capacity=8)
    for n in range(5):
        history.add(float(n))
    everything = history.since(-1, 0)
    assert history.since(0, 6) == everything
    assert history.since(3, 2) == everything
    assert history.since(0, 5).start == 4


def test_what_is_new_is_little() -> None:
    history = LossHistory()
    for n in range(100_000):
        history.add(float(n))
    bins = len(history.since(-1, 0).mean)
    history.add(1.0)
    assert len(history.since(history.level, bins).mean) <= 2 + WIDEST


@pytest.mark.parametrize("window", [1, 4, 20])
def test_the_recent_loss_is_the_plain_mean_of_the_last_updates(window: int) -> None:
    history, losses = LossHistory(window=window), [6.4 * 0.93**n + n % 3 / 50 for n in range(90)]
    means = []
    for n, loss in enumerate(losses, 1):
        history.add(loss)
        means.append(math.fsum(losses[max(0, n - window) : n]) / min(n, window))
        assert history.recent == means[-1] and history.averaged == min(n, window)
    assert history.best == min(means[window - 1 :])
    history.add(math.nan)
    assert history.recent == means[-1], "a loss that is not finite is left out"
    history.break_off()
    history.add(9.0)
    assert (history.recent, history.averaged) == (9.0, 1), "other weights, another mean"
    assert history.best == min(min(means[window - 1 :]), 9.0 if window == 1 else math.inf)


def curve(history: LossHistory) -> list[float]:
    return [loss for loss in history.since(-1, 0).smooth if loss is not None]


@pytest.mark.parametrize("count", [9, 50, 200, 512, 4096])
def test_the_curve_does_not_lag_behind_a_loss_that_falls(count: int) -> None:
    """On a straight line, the curve is that line; a running mean would run above it."""
    history = LossHistory()
    losses = [10.0 - 9.0 * n / count for n in range(count)]
    for loss in losses:
        history.add(loss)
    means = [mean for mean in history.since(-1, 0).mean if mean is not None]
    assert curve(history) == pytest.approx(means, rel=2e-4)


def test_the_curve_is_calmer_than_the_losses_and_goes_through_them() -> None:
    history, losses = LossHistory(), [3 * 0.99**n + 0.3 * math.sin(n * 2.4) for n in range(400)]
    for loss in losses:
        history.add(loss)
    off = [a - 3 * 0.99**n for n, a in enumerate(curve(history))]
    assert max(map(abs, off[10:-10])) < 0.1
    assert abs(sum(off)) / len(off) < 0.01


def test_the_curve_of_exact_losses_is_these_losses() -> None:
    history, losses = LossHistory(window=1), [5 * 0.9**n for n in range(60)]
    for loss in losses:
        history.add(loss)
    assert curve(history) == pytest.approx(losses, rel=1e-4)


def test_the_curve_breaks_off_where_the_weights_were_replaced() -> None:
    history = LossHistory()
    for n in range(200):
        if n == 100:
            history.break_off()
        history.add(50.0 if n < 100 else 2.0)
    assert curve(history) == [50.0] * 100 + [2.0] * 100


def test_what_is_captured_goes_on_the_same() -> None:
    losses = [6 * 0.99**n + n % 7 / 10 for n in range(1500)]
    whole, first = LossHistory(window=7), LossHistory(window=7)
    for n, loss in enumerate(losses):
        if n in (300, 1111):
            resumed = LossHistory(window=7)
            resumed.restore(json.loads(json.dumps(first.capture())))
            first = resumed
        whole.add(loss)
        first.add(loss)
        if n == 400:
            whole.break_off()
            first.break_off()
    assert first.capture() == whole.capture()
    assert first.since(-1, 0) == whole.since(-1, 0)


def test_validations_are_thinned_and_keep_the_newest() -> None:
    validations = ValidationHistory(capacity=8)
    for n in range(1, 101):
        validations.add(n * 10, 5.0 / n)
    kept = validations.since(0)
    assert len(kept) <= 8
    assert kept[-1].step == 1000
    assert [v.step for v in kept] == sorted(v.step for v in kept)
    assert validations.since(990) == kept[-1:]
    assert validations.since(1000) == ()
    assert validations.latest == validations.best == 0.05
    validations.add(1010, math.nan)
    assert validations.latest is None
    assert (validations.best, validations.best_step) == (0.05, 1000)


def test_a_validation_at_the_end_counts_until_the_run_continues() -> None:
    validations = ValidationHistory()
    validations.add(100, 2.0)
    validations.add_final(130, 1.5)
    assert (validations.latest, validations.best, validations.best_step) == (1.5, 1.5, 130)
    assert [v.step for v in validations.since(0)] == [100, 130]
    resumed = ValidationHistory()
    resumed.restore(validations.capture(), validations.capture_final())
    assert (resumed.latest, resumed.best, resumed.best_step) == (1.5, 1.5, 130)
    resumed.forget_final()
    assert (resumed.latest, resumed.best, resumed.best_step) == (2.0, 2.0, 100)
    assert [v.step for v in resumed.since(0)] == [100]


def test_the_update_of_the_best_validation_of_an_older_version_is_found() -> None:
    resumed = ValidationHistory()
    assert resumed.best_step is None
    resumed.restore([[50, 3.0], [100, 2.0], [150, None], [0, 2.0]])
    assert (resumed.best, resumed.best_step) == (2.0, 100)
    resumed.restore([[150, 2.5], [0, 2.0]])  # it was thinned out
    assert (resumed.best, resumed.best_step) == (2.0, None)
