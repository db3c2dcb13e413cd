"""The compressed history against a plain list of all losses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.engine.history import LossHistory, ValidationHistory
from rnntui.engine.protocol import History

UNDEADLINED = settings(deadline=None, max_examples=200)
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
    assert len(history.since(history.level, bins).mean) <= 2


def test_smoothing_starts_as_the_plain_mean_and_follows() -> None:
    history = LossHistory()
    for n, loss in enumerate([4.0, 2.0, 3.0], 1):
        history.add(loss)
        assert history.smooth == pytest.approx([4.0, 3.0, 3.0][n - 1])
    assert math.isnan(history.best)
    for _ in range(2000):
        history.add(1.0)
    assert history.smooth == pytest.approx(1.0, abs=1e-3)
    assert history.best == pytest.approx(history.smooth)
    history.add(math.nan)
    assert history.smooth == pytest.approx(1.0, abs=1e-3)
    history.add(1e6)
    history.smooth_anew()
    history.add(0.5)
    assert history.smooth == 0.5
    assert history.best > 0.9, "one lucky loss is not the best"


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
    assert validations.best == 0.05
