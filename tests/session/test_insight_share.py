"""The views of a session keep to their share of the time, whatever a measurement takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rnntui.insight.allowance import Allowance
from rnntui.insight.observer import Observer
from rnntui.protocol.insight import InsightLook
from rnntui.protocol.messages import Look
from rnntui.session import insight
from rnntui.session.insight import (
    LEAST_SHARE,
    MESSAGE_EVERY,
    SAVED_UP,
    SHARE,
    WITH_RECORDING,
    Insights,
)
from tests.support.sessions import TOKENS, run, session

LOOK = InsightLook(view="guesses")
UPDATE, SLICE, MESSAGE = 0.01, 0.02, 0.003  # seconds


class Time:
    """A clock that only moves when something is done; `made` counts what was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.made = 0.0, {"slices": 0, "messages": 0}
        monkeypatch.setattr(insight, "thread_time", lambda: self.now)
        monkeypatch.setattr(Observer, "work", self._taking("slices", SLICE, Observer.work))
        monkeypatch.setattr(
            Observer, "message", self._taking("messages", MESSAGE, Observer.message)
        )

    def _taking(self, what: str, seconds: float, do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any) -> Any:
            self.made[what] += 1
            self.now += seconds
            return do(*args)

        return done


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def views(time: Time) -> Insights:
    views = session(TOKENS.replace(workers=1)).insights
    views._allowance = Allowance(SHARE, SAVED_UP, lambda: time.now)
    return views


def watch(views: Insights, time: Time, seconds: float, idle: bool = False) -> None:
    """Let somebody look four times a second while updates are made."""
    end, due = time.now + seconds, 0.0
    while time.now < end:
        time.now += UPDATE
        if time.now >= due:
            due = time.now + 0.25
            views.look(LOOK, time.now)
        views.tick(time.now, idle)


def test_measurements_and_messages_together_keep_to_the_share(
    views: Insights, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight, "FIRST_PICTURE", 0.0)
    watch(views, time, 200.0)
    assert views.seconds == pytest.approx(SHARE * time.now + SAVED_UP, abs=SLICE + MESSAGE)
    assert min(time.made.values()) > 10  # neither waits for the other for ever


def test_what_recording_takes_is_left_out_of_the_share_of_the_views(views: Insights) -> None:
    def share(recording: float) -> float:
        views.share_time(recording)
        return views._allowance.share

    assert share(0.0) == share(WITH_RECORDING - SHARE) == SHARE, "where updates are long"
    assert share(0.01) == pytest.approx(WITH_RECORDING - 0.01)
    assert share(0.2) == LEAST_SHARE, "a view is never left as it is"


def test_recording_is_timed_while_a_view_is_open() -> None:
    s = session(TOKENS.replace(workers=1))
    run(s, 100)
    assert s.findings.recording_share == 0.0
    assert s.snapshot(Look(insight=LOOK)).state == "training"
    run(s, 100)
    assert 0 < s.findings.recording_share < 0.5
    assert s.findings._history.step > 180, "every update is recorded all the same"


def test_a_message_is_repeated_until_there_is_something_new_to_make(
    views: Insights, time: Time
) -> None:
    watch(views, time, 60.0)
    before = time.made["messages"]
    views.look(LOOK, time.now + 2 * MESSAGE_EVERY)
    first, _ = views.look(LOOK, time.now + 2 * MESSAGE_EVERY)
    second, _ = views.look(LOOK, time.now + 2.1 * MESSAGE_EVERY)
    assert first is second is not None
    assert time.made["messages"] <= before + 1


def test_what_is_selected_next_is_shown_at_once(views: Insights, time: Time) -> None:
    watch(views, time, 60.0)
    views._allowance.share = 0.0
    with views._allowance.spending():
        time.now += 10.0
    found, _ = views.look(InsightLook(view="guesses", at=3), time.now)
    assert found is not None and found.at == 3  # type: ignore[union-attr]


def test_what_is_measured_while_paused_is_not_owed_afterwards(views: Insights, time: Time) -> None:
    watch(views, time, 30.0, idle=True)
    measured = views.seconds
    assert measured > 10 * SHARE * time.now
    before = time.made["slices"]
    watch(views, time, 10.0)
    assert time.made["slices"] > before


def test_a_view_that_nobody_looks_at_costs_nothing(views: Insights, time: Time) -> None:
    watch(views, time, 5.0)
    views.tick(time.now + 10.0, False)
    before = views.seconds
    for _ in range(1000):
        time.now += UPDATE
        assert not views.tick(time.now + 10.0, False)
    assert views.seconds == before and not views.wanted


def test_running_out_of_memory_is_a_problem_of_the_view_and_not_of_the_run(
    views: Insights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Observer, "__init__", fail)
    assert views.look(LOOK, 0.0) == (None, None)
    assert views.problem == "not enough memory to measure this view"
    assert not views.tick(1.0, True)


def test_the_first_picture_of_a_view_need_not_be_earned(views: Insights, time: Time) -> None:
    views._allowance = Allowance(0.0, 0.0, lambda: time.now)
    for _ in range(20):
        time.now += UPDATE
        if views.look(LOOK, time.now)[0] is not None:
            break
        views.tick(time.now, idle=False)
    assert views.look(LOOK, time.now)[0] is not None
    slices = time.made["slices"]
    watch(views, time, 5.0)
    assert time.made["slices"] == slices  # the rest is earned
