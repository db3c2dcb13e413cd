"""The runner: budgets, and what viewers get of a text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.session import text_job
from rnntui.session.text_job import HEAD_START, MOST_BESIDE, MOST_SENT, SHARE, Part, TextJobRunner
from tests.conftest import examples


class Clock:
    """A clock that only moves while letters are made."""

    def __init__(self) -> None:
        self.now = 0.0

    def letters(self, seconds: float) -> Iterator[Part]:
        """The alphabet again and again, each letter taking so long."""
        for letter in letters():
            self.now += seconds
            yield letter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the runner measures with."""
    made = Clock()
    monkeypatch.setattr(text_job, "time", SimpleNamespace(perf_counter=lambda: made.now))
    return made


def letters() -> Iterator[Part]:
    """The alphabet again and again."""
    while True:
        yield from ((letter,) for letter in "abcdefghijklmnopqrstuvwxyz")


def test_text_comes_in_parts_and_ends() -> None:
    runner = TextJobRunner()
    assert runner.since(0, 0) is None and not runner.busy
    runner.begin("prompt", "go", letters(), 30, "careful")
    assert runner.busy and runner.answers_prompt
    runner.run_while_idle(1.0, 5)
    first = runner.since(0, 0)
    assert first is not None
    assert (first.start, first.prompt, first.warning) == (0, "go", "careful")
    assert first.step == 5 and first.source == "prompt"
    while runner.busy:
        runner.run_while_idle(1.0, 6)
    rest = runner.since(first.id, len(first.text))
    assert rest is not None
    assert rest.start == len(first.text) and rest.finished
    assert first.text + rest.text == "abcdefghijklmnopqrstuvwxyzabcd"
    done = runner.since(first.id, 30)
    assert done is not None and done.text == "" and done.start == 30


def test_a_new_job_replaces_the_old_one() -> None:
    runner = TextJobRunner()
    runner.begin("prompt", "one", letters(), 10)
    runner.run_while_idle(1.0, 1)
    one = runner.since(0, 0)
    runner.begin("prompt", "two", letters(), 3)
    while runner.busy:
        runner.run_while_idle(1.0, 1)
    assert one is not None
    two = runner.since(one.id, len(one.text))
    assert two is not None and two.id != one.id
    assert two.start == 0 and two.text == "abc"
    runner.show(("a sample",), 9)
    sample = runner.since(two.id, 3)
    assert sample is not None and sample.source == "sample"
    assert sample.text == "a sample" and sample.finished and sample.step == 9


def test_stopping_keeps_the_text(clock: Clock) -> None:
    runner = TextJobRunner()
    runner.begin("prompt", "", clock.letters(0.001), 1000)
    runner.run_while_idle(0.005, 1)
    runner.stop()
    assert not runner.busy
    runner.run_while_idle(1.0, 2)
    text = runner.since(0, 0)
    assert text is not None and text.finished
    assert 0 < len(text.text) < 1000 and text.step == 1


def test_an_iterator_that_ends_early_ends_the_job() -> None:
    runner = TextJobRunner()
    runner.begin("prompt", "", iter([("a",), ("b",)]), 10)
    runner.run_while_idle(1.0, 1)
    text = runner.since(0, 0)
    assert text is not None and text.finished and text.text == "ab"


def test_a_job_takes_its_share_of_the_time_while_training(clock: Clock) -> None:
    runner = TextJobRunner()
    runner.begin("prompt", "", clock.letters(0.0005), 10_000)
    for _ in range(2000):  # ten seconds of training, in steps of 5 ms
        runner.run_while_training(0.005, 1)
    text = runner.since(0, 0)
    assert text is not None and len(text.text) * 0.0005 == pytest.approx(clock.now)
    assert clock.now == pytest.approx(10 * SHARE, abs=HEAD_START + 0.0005)


def test_parts_slower_than_any_slice_are_made_too(clock: Clock) -> None:
    runner = TextJobRunner()
    runner.begin("prompt", "", clock.letters(0.03), 3)
    for _ in range(500):
        runner.run_while_training(0.02, 1)
    assert not runner.busy


@settings(deadline=None, max_examples=examples(100))
@given(st.text(st.characters(), max_size=80).map(lambda t: t * 300), st.integers(0, 30_000))
def test_one_reply_is_bounded_and_shows_the_newest(text: str, known: int) -> None:
    runner = TextJobRunner()
    runner.show((text,), 1)
    view = runner.since(1, known)
    assert view is not None
    assert text[view.start :] == view.text
    assert len(json.dumps(view.text, ensure_ascii=False).encode("utf-8", "replace")) <= MOST_SENT
    assert view.start >= min(known, len(text))
    if known < len(text):
        assert view.text


def test_forecasts_are_sent_as_rows() -> None:
    runner = TextJobRunner()
    rows: list[Part] = [(float(n), -float(n)) for n in range(2000)]
    runner.begin("prompt", "1 2", iter(rows), 2000)
    while runner.busy:
        runner.run_while_idle(1.0, 1)
    view = runner.since(1, 1990)
    assert view is not None
    assert view.start == 1990 and len(view.values) == 10
    everything = runner.since(0, 0)
    assert everything is not None
    assert everything.start > 0 and everything.values[-1] == (1999.0, -1999.0)
    assert len(json.dumps(everything.values)) < MOST_SENT


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.text(max_size=60).map(lambda t: t * 200), min_size=2, max_size=16))
def test_several_texts_grow_side_by_side_in_a_bounded_reply(texts: list[str]) -> None:
    runner = TextJobRunner()
    length = max(1, *map(len, texts))
    pieces: list[Part] = [tuple(text[n : n + 1] for text in texts) for n in range(length)]
    runner.begin("prompt", "", iter(pieces), length)
    while runner.busy:
        runner.run_while_idle(1.0, 1)
    view = runner.since(0, 0)
    assert view is not None
    for text, shown in zip(texts, (view.text, *view.others), strict=True):
        assert text.endswith(shown) and (shown or not text)
    sent = json.dumps(view.others, ensure_ascii=False).encode("utf-8", "replace")
    assert len(sent) <= MOST_BESIDE + 4 * 16


def test_a_forecast_is_prepared_at_once_and_its_empty_parts_do_not_count() -> None:
    runner = TextJobRunner()
    parts = iter([(), (), (1.0,), (2.0,), (3.0,)])
    runner.begin("prompt", "", parts, 2, before=[[0.5]])
    runner.run_while_training(0.0, 7)  # no time has passed, so nothing was earned
    while runner.busy:
        runner.run_while_training(0.01, 7)
    found = runner.since(0, 0)
    assert found is not None and found.values == ((1.0,), (2.0,)) and found.finished
    assert found.before == ((0.5,),) and found.step == 7
