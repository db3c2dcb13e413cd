"""The pen: budgets, and what viewers get of a text."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.engine.writing import MOST_BESIDE, MOST_SENT, SHARE, Part, Pen


def letters(seconds: float = 0.0) -> Iterator[Part]:
    """The alphabet again and again, each letter taking so long."""
    while True:
        for letter in "abcdefghijklmnopqrstuvwxyz":
            if seconds:
                time.sleep(seconds)
            yield (letter,)


def test_writing_comes_in_parts_and_ends() -> None:
    pen = Pen()
    assert pen.since(0, 0) is None and not pen.busy
    pen.begin("prompt", "go", letters(), 30, "careful")
    assert pen.busy and pen.writes_prompt
    pen.write(1.0, 5)
    first = pen.since(0, 0)
    assert first is not None
    assert (first.start, first.prompt, first.warning) == (0, "go", "careful")
    assert first.step == 5 and first.source == "prompt"
    while pen.busy:
        pen.write(1.0, 6)
    rest = pen.since(first.id, len(first.text))
    assert rest is not None
    assert rest.start == len(first.text) and rest.finished
    assert first.text + rest.text == "abcdefghijklmnopqrstuvwxyzabcd"
    done = pen.since(first.id, 30)
    assert done is not None and done.text == "" and done.start == 30


def test_a_new_writing_replaces_the_old_one() -> None:
    pen = Pen()
    pen.begin("prompt", "one", letters(), 10)
    pen.write(1.0, 1)
    one = pen.since(0, 0)
    pen.begin("prompt", "two", letters(), 3)
    while pen.busy:
        pen.write(1.0, 1)
    assert one is not None
    two = pen.since(one.id, len(one.text))
    assert two is not None and two.id != one.id
    assert two.start == 0 and two.text == "abc"
    pen.show(("a sample",), 9)
    sample = pen.since(two.id, 3)
    assert sample is not None and sample.source == "sample"
    assert sample.text == "a sample" and sample.finished and sample.step == 9


def test_stopping_keeps_what_is_there() -> None:
    pen = Pen()
    pen.begin("prompt", "", letters(0.001), 1000)
    pen.write(0.005, 1)
    pen.stop()
    assert not pen.busy
    pen.write(1.0, 2)
    text = pen.since(0, 0)
    assert text is not None and text.finished
    assert 0 < len(text.text) < 1000 and text.step == 1


def test_an_iterator_that_ends_early_ends_the_writing() -> None:
    pen = Pen()
    pen.begin("prompt", "", iter([("a",), ("b",)]), 10)
    pen.write(1.0, 1)
    text = pen.since(0, 0)
    assert text is not None and text.finished and text.text == "ab"


def test_writing_aside_takes_its_share_of_the_time() -> None:
    pen = Pen()
    pen.begin("prompt", "", letters(0.0005), 10_000)
    spent = 0.0
    for _ in range(200):  # one second of training, in steps of 5 ms
        began = time.perf_counter()
        pen.write_aside(0.005, 1)
        spent += time.perf_counter() - began
    text = pen.since(0, 0)
    assert text is not None and len(text.text) > 10
    # The pen cannot know that a part will take longer than the last ones did.
    assert spent < 3 * SHARE + 0.02


def test_parts_dearer_than_any_slice_are_written_too() -> None:
    pen = Pen()
    pen.begin("prompt", "", letters(0.03), 3)
    for _ in range(500):
        pen.write_aside(0.02, 1)
    assert not pen.busy


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(), max_size=80).map(lambda t: t * 300), st.integers(0, 30_000))
def test_one_reply_is_bounded_and_shows_the_newest(text: str, known: int) -> None:
    pen = Pen()
    pen.show((text,), 1)
    view = pen.since(1, known)
    assert view is not None
    assert text[view.start :] == view.text
    assert len(json.dumps(view.text, ensure_ascii=False).encode("utf-8", "replace")) <= MOST_SENT
    assert view.start >= min(known, len(text))
    if known < len(text):
        assert view.text


def test_forecasts_travel_as_rows() -> None:
    pen = Pen()
    rows: list[Part] = [(float(n), -float(n)) for n in range(2000)]
    pen.begin("prompt", "1 2", iter(rows), 2000)
    while pen.busy:
        pen.write(1.0, 1)
    view = pen.since(1, 1990)
    assert view is not None
    assert view.start == 1990 and len(view.values) == 10
    everything = pen.since(0, 0)
    assert everything is not None
    assert everything.start > 0 and everything.values[-1] == (1999.0, -1999.0)
    assert len(json.dumps(everything.values)) < MOST_SENT


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=60).map(lambda t: t * 200), min_size=2, max_size=16))
def test_several_texts_grow_side_by_side_in_a_bounded_reply(texts: list[str]) -> None:
    pen = Pen()
    length = max(1, *map(len, texts))
    pieces: list[Part] = [tuple(text[n : n + 1] for text in texts) for n in range(length)]
    pen.begin("prompt", "", iter(pieces), length)
    while pen.busy:
        pen.write(1.0, 1)
    view = pen.since(0, 0)
    assert view is not None
    for text, shown in zip(texts, (view.text, *view.others), strict=True):
        assert text.endswith(shown) and (shown or not text)
    sent = json.dumps(view.others, ensure_ascii=False).encode("utf-8", "replace")
    assert len(sent) <= MOST_BESIDE + 4 * 16
