"""Which earlier texts viewers get."""

from __future__ import annotations

import json
from pathlib import Path

from rnntui.protocol.codec import to_plain
from rnntui.protocol.messages import Generate
from rnntui.recipe import SamplingSettings
from rnntui.runs.recorder import VIEW
from rnntui.session.past_texts import KEPT, MOST_SENT, MOST_TEXT, PastTexts
from rnntui.session.prompt_session import EARLY_LENGTH, EARLY_SAMPLES
from rnntui.session.view_file import Shown, read_shown, shown_bytes
from tests.support.sessions import TOKENS, history, look, run, session

SAMPLED = TOKENS.replace(sample_every=300, sample_length=40, seq_len=3)


def everything(past: PastTexts) -> list[str]:
    """The texts as a viewer collects them."""
    found, mark = [], 0
    while mark < past.count:
        texts, mark = past.since(mark)
        found += [text.texts[0] for text in texts]
    return found


def test_a_viewer_collects_every_text_in_order() -> None:
    past = PastTexts()
    for step in range(30):
        past.add(step, "sample", "", (f"{step} " * 200,), None)
    assert [text.split()[0] for text in everything(past)] == [str(step) for step in range(30)]
    assert past.since(past.count) == ((), 30)
    assert past.since(10**9) == ((), 30)  # a viewer of an earlier process


def test_a_late_viewer_gets_the_newest_texts() -> None:
    past = PastTexts()
    for step in range(KEPT + 5):
        past.add(step, "sample", "", (str(step),), None)
    assert everything(past) == [str(step) for step in range(5, KEPT + 5)]


def test_a_reply_stays_small() -> None:
    past = PastTexts()
    for step in range(20):
        past.add(step, "prompt", "\u6f22" * 5000, tuple("\x01" * 9000 for _ in range(16)), None)
        past.add(step, "sample", "", ("\u6f22" * 9000,), None)
    (first, *_), _ = past.since(0)
    assert len(first.texts) == 16 and len(first.texts[0]) <= MOST_TEXT // 16
    assert first.texts[0].endswith("…")
    mark = 0
    while mark < past.count:
        texts, mark = past.since(mark)
        assert len(texts) == 1 or sum(len(t) for p in texts for t in p.texts) <= MOST_SENT
        size = sum(len(json.dumps(to_plain(p), ensure_ascii=False).encode()) for p in texts)
        assert size < 12_000


def test_empty_texts_are_not_kept() -> None:
    past = PastTexts()
    past.add(1, "prompt", "a", ("",), None)
    assert past.count == 0


def test_early_samples_are_taken_where_viewers_may_come_and_change_nothing() -> None:
    watched, alone = session(SAMPLED, viewers=True), session(SAMPLED)
    run(watched, 320)
    run(alone, 320)
    assert [text.step for text in look(watched).past] == [1, 25, 50, 100, 200, 300]
    assert [text.step for text in look(alone).past] == [1, 300]
    assert history(watched) == history(alone)
    same = {text.step: text.texts for text in look(alone).past}
    assert {t.step: t.texts for t in look(watched).past if t.step in same} == same
    random = [s._state.sample_random.get_state()[1].tolist() for s in (watched, alone)]
    assert random[0] == random[1]


def test_early_samples_are_short_however_long_the_recipes_are() -> None:
    s = session(TOKENS.replace(sample_every=10_000, sample_length=1000), viewers=True)
    run(s, 25)
    first, early = look(s).past
    assert (first.step, len(first.texts[0])) == (1, 1000)
    assert (early.step, len(early.texts[0])) == (25, EARLY_LENGTH)


def test_without_samples_in_the_recipe_there_are_no_early_ones() -> None:
    s = session(SAMPLED.replace(sample_every=0), viewers=True)
    run(s, EARLY_SAMPLES[0] + 5)
    assert look(s).past == ()


def test_an_answer_is_kept_once_it_has_ended_or_is_replaced() -> None:
    s = session()
    s.pause()
    s.generate(Generate("the ", 30))
    run(s)
    (past,) = look(s).past
    assert past.prompt == "the " and len(past.texts[0]) == 30 and past.source == "prompt"
    s.generate(Generate("the ", 100_000))
    s.tick(0.0, 1.0)
    s.generate(Generate("dog", 5))
    run(s)
    assert [text.prompt for text in look(s).past] == ["the ", "the ", "dog"]
    assert look(s, past=look(s).past_count).past == ()


def test_a_file_keeps_the_newest_texts(tmp_path: Path) -> None:
    past = PastTexts()
    for step in range(60):
        past.add(step, "sample", "\u6f22", (f"{step} " * 400,), SamplingSettings(0.5))
    newest = past.newest()
    assert newest[-1].step == 59 and 10 < len(newest) < 60
    (tmp_path / VIEW).write_bytes(shown_bytes(Shown(past=newest)))
    again = PastTexts()
    again.restore(read_shown(tmp_path).past)
    assert again.newest() == newest and again.since(0)[0][0] == newest[0]
    (tmp_path / VIEW).write_text('{"texts": [{"step": "x"}]}')
    assert read_shown(tmp_path).past == ()
