"""What a run writes while it is trained, and how that is steered."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from rnntui.errors import UsageError
from rnntui.protocol.messages import Generate, SamplingKey
from rnntui.recipe import SamplingSettings
from tests.support.sessions import TOKENS, VALUES, history, look, losses, run, session, written


def test_writing_does_not_disturb_training() -> None:
    s = session()
    for n in range(6):
        s.generate(Generate("the ", 50, SamplingSettings(1.0 + n / 10)))
        run(s, 10)
    assert history(s) == pytest.approx(losses(TOKENS, 60), rel=1e-4)


def test_writing_goes_on_while_training_and_while_paused() -> None:
    s = session()
    s.generate(Generate("the ", 200))
    run(s, enough=lambda: not s.busy)
    assert len(written(s)) == 200
    s.pause()
    s.generate(Generate("the ", 300))
    run(s)
    assert len(written(s)) == 300
    writing = look(s).generated
    assert writing is not None and writing.finished and writing.prompt == "the "
    s.generate(Generate("the ", 100_000))
    s.tick(time.monotonic(), math.inf)
    s.stop_generating()
    assert not s.busy and len(written(s)) < 100_000


def test_a_temperature_holds_for_what_is_being_written() -> None:
    s = session()
    run(s, 200)
    s.pause()
    s.generate(Generate("the ", 400, SamplingSettings(1e-3)))
    run(s)
    cold = written(s)
    assert look(s).sampling.temperature == 1e-3
    s.generate(Generate("the ", 400, SamplingSettings(100.0)))
    run(s)
    assert len(set(written(s))) > len(set(cold))
    s.generate(Generate("the ", 400, SamplingSettings(100.0, greedy=True)))
    run(s)
    assert written(s) == cold


def test_unknown_characters_are_named_and_left_out() -> None:
    s = session()
    s.generate(Generate("Ünknown \x1b dog", 5))
    s.pause()
    run(s)
    writing = look(s).generated
    assert writing is not None
    assert "Ü" in writing.warning and "\x1b" not in writing.warning
    assert len(writing.text) == 5
    s.generate(Generate("ÄÖ", 5))
    run(s)
    assert len(written(s)) == 5


def test_values_are_forecast() -> None:
    s = session(VALUES)
    run(s, 20)
    s.generate(Generate("20, 21 22", 30))
    s.pause()
    run(s)
    writing = look(s).generated
    assert writing is not None and len(writing.values) == 30
    assert all(len(row) == 1 and row[0] is not None for row in writing.values)
    with pytest.raises(UsageError, match="number"):
        s.generate(Generate("twenty", 5))


def test_samples_of_the_trainer_are_shown_where_no_prompt_is() -> None:
    recipe = TOKENS.replace(sample_every=10, sample_length=20)
    s = session(recipe)
    run(s, 1)
    view = look(s)
    assert view.generated is not None
    assert view.generated.source == "sample" and len(view.generated.text) == 20
    assert [e.kind for e in view.events] == ["sample"]
    s.generate(Generate("fox", 10))
    run(s, 40)
    view = look(s)
    assert view.generated is not None and view.generated.source == "prompt"


def test_several_texts_are_written_at_once() -> None:
    s = session()
    run(s, 30)
    s.generate(Generate("the ", 60, SamplingSettings(samples=4)))
    s.pause()
    run(s)
    view = look(s)
    assert view.sampling.samples == 4 and view.generated is not None
    texts = (view.generated.text, *view.generated.others)
    assert [len(text) for text in texts] == [60] * 4
    assert len(set(texts)) == 4
    s.set_sampling("samples", 1)
    s.generate(Generate("the ", 10))
    run(s)
    writing = look(s).generated
    assert writing is not None and writing.others == () and len(writing.text) == 10


def test_how_tokens_are_chosen_is_set_live() -> None:
    s = session()
    run(s, 200)
    s.pause()
    s.generate(Generate("the ", 200, SamplingSettings(greedy=True)))
    run(s)
    likeliest = written(s)
    s.set_sampling("greedy", 0)
    s.set_sampling("top_k", 1)
    s.generate(Generate("the ", 200))
    run(s)
    assert written(s) == likeliest
    s.set_sampling("top_k", 0)
    s.set_sampling("top_p", 1e-6)
    s.generate(Generate("the ", 200))
    run(s)
    assert written(s) == likeliest
    view = look(s)
    assert view.sampling == SamplingSettings(top_p=1e-6)
    assert [e.text for e in view.events if e.kind == "sampling"][-1] == "top_p = 1e-06"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", math.nan),
        ("top_k", -1),
        ("top_k", 2.5),
        ("top_k", math.inf),
        ("top_p", 0),
        ("top_p", 1.5),
        ("greedy", 2),
        ("samples", 0),
        ("samples", 17),
    ],
)
def test_an_impossible_way_to_choose_is_refused(key: SamplingKey, value: float) -> None:
    s = session()
    before = look(s)
    with pytest.raises(UsageError, match=key):
        s.set_sampling(key, value)
    assert look(s).sampling == before.sampling


def test_several_columns_are_forecast_in_their_own_units(tmp_path: Path) -> None:
    rows = [f"{20 + n % 8},{9000 - 500 * (n % 8)},{0.001 * (n % 4)}" for n in range(160)]
    source = tmp_path / "three.csv"
    source.write_text("\n".join(["price,sold,share", *rows]))
    recipe = VALUES.replace(source=str(source), repeat=1, hidden=12, seq_len=16)
    s = session(recipe)
    assert s.welcome().features == ("price", "sold", "share")
    run(s, 1500)
    s.pause()
    s.generate(Generate("", 8))
    run(s)
    writing = look(s).generated
    assert writing is not None
    table = [tuple(map(float, row.split(","))) for row in rows]
    assert len(writing.before) == 160
    assert np.array(writing.before) == pytest.approx(np.array(table), rel=1e-4, abs=1e-6)
    spread = np.ptp(np.array(table), axis=0)
    off = np.abs(np.array(writing.values) - np.array(table[:8])) / spread
    assert off.mean() < 0.1
    s.generate(Generate("27 5500 0.003, 20 9000 0.0", 8))
    run(s)
    writing = look(s).generated
    assert writing is not None
    assert np.array(writing.before) == pytest.approx(
        np.array([[27, 5500, 0.003], [20, 9000, 0]]), rel=1e-4, abs=1e-6
    )
    known = look(s, generated=writing.id, generated_length=8).generated
    assert known is not None and known.before == ()


def test_a_forecast_is_written_once() -> None:
    s = session(VALUES)
    with pytest.raises(UsageError, match="one is enough"):
        s.generate(Generate("20", 5, SamplingSettings(samples=2)))
