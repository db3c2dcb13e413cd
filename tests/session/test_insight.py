"""The views of a live run: what is measured, for whom, at which cost, and without any harm."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from rnntui.errors import UsageError
from rnntui.insight.allowance import Allowance
from rnntui.insight.observer import Observer
from rnntui.nn.model import named_parameters
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.insight import (
    Guesses,
    InsightLook,
    Memory,
    Neurons,
    NextPassage,
    View,
)
from rnntui.protocol.messages import Look, Snapshot
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.session import insight
from rnntui.session.session import Session
from tests.conftest import quick_first, quick_where
from tests.support.runs_compared import differences
from tests.support.sessions import TOKENS, VALUES, run, session

VIEWS: tuple[View, ...] = ("guesses", "memory", "neurons")
SOURCES = {
    "tokens": TOKENS,
    "values": VALUES,
    "words": TOKENS.replace(tokenizer="word", source="text:the cat sat on a mat and ran \n"),
    "bytes": TOKENS.replace(tokenizer="byte", source="text:caf\u00e9 \u2603 menu\n"),
    "one short line": TOKENS.replace(source="text:abcabcabcabcabc", batch=1, repeat=1, split=0.0),
}


def seen(s: Session, view: View, viewer: int = 0, **chosen: int | bool) -> Snapshot:
    look = InsightLook(view=view, **chosen)  # type: ignore[arg-type]
    reply = decode_reply(encode(s.snapshot(Look(insight=look), viewer=viewer)))
    assert isinstance(reply, Snapshot)
    return reply


def measure(s: Session, view: View, ticks: int = 300, **chosen: int | bool) -> Snapshot:
    """Look at a view until nothing is left to be measured."""
    found = seen(s, view, **chosen)
    for now in range(ticks):
        s.insights.tick(1e6 + now / 5, idle=True)
        found = seen(s, view, **chosen)
    return found


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' clock runs ahead of the one that notes when viewers looked."""
    monkeypatch.setattr(insight, "LOOKED_AT", 1e9)


@pytest.mark.parametrize(
    "source", quick_where(SOURCES, lambda source: source in ("tokens", "values"))
)
def test_each_view_is_measured(source: str) -> None:
    s = session(SOURCES[source])
    run(s, 5)
    s.pause()
    for view in VIEWS:
        found = measure(s, view, 60, details=True)
        assert found.insight_problem == "" and found.insight is not None, view
        assert found.passage is not None and found.insight.passage == found.passage.id  # type: ignore[union-attr]
        assert found.insight.step == 5
        assert found.insight.details is not None  # type: ignore[union-attr]
    assert s.insights.seconds > 0


def test_a_passage_is_sent_once_and_can_be_changed() -> None:
    s = session()
    run(s, 3)
    s.pause()
    first = measure(s, "guesses", 20).passage
    assert first is not None and first.source == "held-out"
    assert seen(s, "guesses", passage=first.id).passage is None
    s.handle(NextPassage())
    assert seen(s, "guesses", passage=first.id).insight is None, "not of the passage before"
    other = measure(s, "guesses", 20, passage=first.id)
    assert other.passage is not None and other.passage.id != first.id
    assert isinstance(other.insight, Guesses) and other.insight.passage == other.passage.id
    s.handle(NextPassage("hat"))
    typed = measure(s, "guesses", 20).passage
    assert typed is not None and typed.source == "prompt" and "".join(typed.tokens) == "hat"


def test_an_impossible_text_is_refused_and_the_old_passage_stays() -> None:
    s = session()
    s.pause()
    before = measure(s, "guesses", 20)
    with pytest.raises(UsageError, match="vocabulary"):
        s.handle(NextPassage("\u2603"))
    assert measure(s, "guesses", 5).passage == before.passage
    numbers = session(VALUES)
    with pytest.raises(UsageError, match="numbers"):
        numbers.handle(NextPassage("hat"))
    assert numbers.insights.problem == ""


def test_nothing_is_measured_without_a_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "LOOKED_AT", 3.0)
    monkeypatch.setattr(
        "rnntui.insight.observer.Observer", lambda *_: pytest.fail("somebody looks")
    )
    s = session()
    for view in ("watch", "health", "experiments"):
        seen(s, view)  # type: ignore[arg-type]
    run(s, 20)
    assert s.insights.seconds == 0.0


def test_a_viewer_that_left_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "LOOKED_AT", 3.0)
    s = session()
    look = InsightLook(view="guesses")
    s.insights.look(look, 10.0)
    assert s.insights.tick(11.0, idle=True)
    s.insights.tick(14.1, idle=True)
    monkeypatch.setattr(Observer, "work", lambda *_: pytest.fail("nobody looks"))
    assert not s.insights.tick(20.0, idle=True)
    s.insights.look(look, 21.0)
    s.insights.look(InsightLook(view="watch"), 21.1)  # the same viewer now looks elsewhere
    assert not s.insights.tick(21.2, idle=True)


@pytest.mark.slow
def test_of_two_viewers_of_a_view_the_last_choice_is_measured_to_its_end() -> None:
    s = session()
    run(s, 3)
    s.pause()
    for now in range(200):
        seen(s, "memory", viewer=1, at=20)
        seen(s, "memory", viewer=2, at=30)
        seen(s, "neurons", viewer=3)
        s.insights.tick(1e6 + now / 5, idle=True)
    found = seen(s, "memory", viewer=2, at=30).insight
    assert isinstance(found, Memory) and found.at == 30
    assert any(value is not None for value in found.moved)
    assert isinstance(seen(s, "neurons", viewer=3).insight, Neurons)
    for now in range(200):
        seen(s, "memory", viewer=1, at=21)
        seen(s, "memory", viewer=2, at=30)
        s.insights.tick(2e6 + now / 5, idle=True)
    found = seen(s, "memory", viewer=1, at=21).insight
    assert isinstance(found, Memory) and found.at == 21


@pytest.mark.parametrize(
    ("error", "words"),
    [(MemoryError(), "not enough memory"), (IndexError("odd \x1b[2J"), "IndexError: odd")],
)
def test_a_failure_is_reported_and_training_continues(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    s = session()
    run(s, 3)
    seen(s, "guesses")
    monkeypatch.setattr(Observer, "work", broken)
    s.insights.tick(1e6, idle=True)
    found = seen(s, "guesses")
    assert words in found.insight_problem and "\x1b" not in found.insight_problem
    assert found.insight is None and found.passage is None
    assert run(s, 5) == 5
    with pytest.raises(UsageError, match=words.split(":", maxsplit=1)[0]):
        s.handle(NextPassage())


def test_a_passage_that_cannot_be_made_ends_only_the_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise IndexError("odd")

    monkeypatch.setattr("rnntui.insight.observer.Observer", broken)
    s = session()
    with pytest.raises(UsageError, match="IndexError"):
        s.handle(NextPassage())
    assert run(s, 3) == 3


def test_measuring_keeps_to_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock of its own: an update takes 10 ms, a slice of measuring 1 ms."""
    clock = itertools.count()
    cpu = [0.0]

    def work(*_: object) -> bool:
        cpu[0] += 0.001
        return True

    monkeypatch.setattr(insight, "thread_time", lambda: cpu[0])
    monkeypatch.setattr(
        insight, "Allowance", lambda share, most: Allowance(share, most, lambda: cpu[0])
    )
    s = session()
    seen(s, "guesses")
    monkeypatch.setattr(Observer, "work", work)
    spent = s.insights.seconds
    for _ in range(2000):
        cpu[0] += 0.01
        seen(s, "guesses")
        s.insights.tick(1e6 + next(clock), idle=False)
    spent = s.insights.seconds - spent - insight.FIRST_PICTURE  # which never comes
    assert 0.5 * insight.SHARE < spent / cpu[0] < 1.2 * insight.SHARE


# ---- no view changes a bit of training ----------------------------------------------------------


def trained(root: Path, name: str, recipe: Recipe, view: View | None, updates: int = 30) -> Path:
    """A run that was stopped and resumed halfway, while somebody looked at a view."""
    path = root / name
    for part in (updates // 2, updates):
        job = Job(recipe, runs=str(root), name=name)
        if path.exists():
            job = Job(recipe, run=str(path))
        opened = open_job(job)
        s = Session(opened)
        try:
            while s.step < part:
                if view is not None:
                    seen(s, view, details=True, at=s.step)
                    for now in range(3):
                        s.tick(1e6 + s.step + now / 5, 0.0)
                        s.insights.tick(1e6 + s.step + now / 5, idle=True)
                s.update()
            assert view not in VIEWS or s.insights.seconds > 0
            assert s.close("stopped") == ""
        finally:
            opened.state.close()
    return path


ALL: tuple[View, ...] = (*VIEWS, "health", "experiments")


@pytest.mark.parametrize("recipe", quick_first([TOKENS, VALUES]), ids=["tokens", "values"])
def test_training_is_the_same_with_each_view_open(tmp_path: Path, recipe: Recipe) -> None:
    recipe = recipe.replace(workers=1)
    plain = trained(tmp_path, "plain", recipe, None)
    for view in ALL:
        assert differences(plain, trained(tmp_path, view, recipe, view)) == [], view


@pytest.mark.slow
@pytest.mark.parametrize("view", ALL)
def test_training_with_two_workers_is_the_same_with_a_view_open(tmp_path: Path, view: View) -> None:
    recipe = TOKENS.replace(workers=2)
    plain = trained(tmp_path, "plain", recipe, None)
    assert differences(plain, trained(tmp_path, "viewed", recipe, view)) == []


def test_looking_changes_no_weight_of_a_paused_run() -> None:
    s = session()
    run(s, 5)
    s.pause()
    before = {name: array.copy() for name, array in named_parameters(s._state.parameters).items()}
    for view in VIEWS:
        measure(s, view, 20, details=True)
    after = named_parameters(s._state.parameters)
    assert all((before[name] == after[name]).all() for name in before)


def test_a_rule_or_a_sign_that_fails_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    s = session()
    run(s, 2)
    monkeypatch.setattr(s.findings, "health", broken)
    found = seen(s, "health")
    assert found.insight is None and "ZeroDivisionError" in found.insight_problem
    other = session()
    monkeypatch.setattr(other.findings._meter, "see", broken)
    assert run(other, 3) == 3
    assert seen(other, "health").insight_problem == "no more findings: ZeroDivisionError: odd"


def test_a_measurement_that_fails_ends_only_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    s = session()
    monkeypatch.setattr("rnntui.insight.signs.Meter._measure_activity", broken)
    assert run(s, 3) == 3
    assert seen(s, "health").insight_problem == "no more signs: ZeroDivisionError: odd"
