"""The header, the rows of numbers, the progress bar."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.insight import Finding
from rnntui.protocol.messages import Snapshot, State, System, Welcome
from rnntui.recipe import Recipe
from rnntui.tui.draw.progress import progress_bar
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.status import header_row, status_rows
from rnntui.update_numbers import UpdateNumbers
from tests.support.drawing import SNAPSHOT, check, floats, glyph_sets, picture, roles_of, widths

RECIPE = Recipe(name="tales")
VALUES = Recipe(name="ramp").replace(task="values")
WELCOME = Welcome(
    version=1,
    pid=1,
    parameters=27648,
    source="corpus:tales",
    unit="character",
    vocab_size=60,
    train_size=90_000,
    validation_size=10_000,
    split="",
    steps_per_epoch=112,
    tokens_per_update=800,
    total_steps=6000,
    total_seconds=None,
    floor=None,
    baselines=(),
    features=(),
    notes=(),
)


def text_of(width: int, snapshot: Snapshot | None = SNAPSHOT, recipe: Recipe = RECIPE) -> list[str]:
    """Header and status."""
    rows = [header_row(recipe, WELCOME, snapshot, width)]
    return picture([*rows, *status_rows(recipe, WELCOME, snapshot, width)])


def test_wide() -> None:
    header, train, validation = text_of(120)
    assert header == (
        " rnntui  tales  rnn tanh 1×128 · adam · truncated after 50"
        "  ● learning      412k characters/s    00:42 of about 03:10"
    )
    assert train == (
        " train       1.412 nats   2.037 bits per character  perplexity 4.10"
        "  best  1.398  learning rate   0.002  update   6,412"
    )
    assert validation == (
        " validation  1.501 nats   2.165 bits per character  perplexity 4.49"
        "  best  1.490  gradient norm    0.83  epoch      7.2"
    )


def test_narrow() -> None:
    assert text_of(80) == [
        " rnntui  tales  rnn tanh 1×128       ● learning      412k characters/s    00:42",
        " train       1.412 nats    2.037 bits   ppl 4.10   lr    0.002   update  6,412",
        " validation  1.501 nats    2.165 bits   ppl 4.49   grad   0.83   epoch     7.2",
    ]
    assert text_of(40) == [
        " rnntui  tales   ● learning       00:42",
        " train       1.412 nats   update  6,412",
        " validation  1.501 nats   epoch     7.2",
    ]


def test_several_workers_are_shown_if_there_is_room() -> None:
    several = dataclasses.replace(WELCOME, workers=2)
    (row,) = plain([header_row(RECIPE, several, SNAPSHOT, 136)])
    assert "1×128 · adam · truncated after 50 · 2 workers  " in row
    (row,) = plain([header_row(RECIPE, several, SNAPSHOT, 112)])
    assert "1×128 · 2 workers  " in row and "parameters" not in row
    assert "worker" not in plain([header_row(RECIPE, WELCOME, SNAPSHOT, 200)])[0]
    bare = plain([header_row(RECIPE, several, SNAPSHOT, 140, "ascii")])[0]
    assert "- 2 workers" in bare and bare.isascii()


def test_values_have_no_bits() -> None:
    text = "\n".join(text_of(120, recipe=VALUES))
    assert "½ squared error" in text
    assert "nats" not in text and "bits" not in text and "perplexity" not in text
    bare = plain(status_rows(VALUES, WELCOME, SNAPSHOT, 120, glyphs="ascii"))
    assert "1/2 squared error" in bare[0] and all(row.isascii() for row in bare)


def test_unknown_and_not_finite_differ() -> None:
    before = text_of(120, dataclasses.replace(SNAPSHOT, step=0, numbers=None, smooth=None))
    assert "– nats" in before[1] and "NaN" not in before[1]
    unknown = UpdateNumbers(SNAPSHOT.step, 7)
    broken = dataclasses.replace(SNAPSHOT, numbers=unknown, validation=None)
    rows = status_rows(RECIPE, WELCOME, broken, 120)
    assert "NaN nats" in plain(rows)[0] and "– nats" in plain(rows)[1] and "NaN" in plain(rows)[1]
    assert "warning" in roles_of(rows, "NaN")


@pytest.mark.parametrize("state", ["loading", "training", "paused", "finished", "failed"])
def test_states_are_words(state: State) -> None:
    snapshot = dataclasses.replace(SNAPSHOT, state=state)
    for glyphs in ("braille", "ascii"):
        row = header_row(RECIPE, WELCOME, snapshot, 100, glyphs)
        assert {"training": "learning"}.get(state, state) in plain([row])[0]
    assert ("of about" in text_of(120, snapshot)[0]) == (state != "finished")


def found(name: str, since: int = 1200) -> Finding:
    return Finding(name, since, name, "", (), "")


def word(width: int = 160, glyphs: Glyphs = "braille", **changes: Any) -> str:
    snapshot = dataclasses.replace(SNAPSHOT, **changes)
    return plain([header_row(RECIPE, WELCOME, snapshot, width, glyphs)])[0]


def test_a_word_says_how_training_goes_and_since_when() -> None:
    assert "● learning  " in word()
    assert "▲ overfitting since 1,200  " in word(findings=(found("overfitting"),))
    assert "▲ diverging since 1,200  " in word(findings=(found("overfitting"), found("diverging")))
    assert "━ plateau since 3,000  " in word(plateau_since=3000)
    assert "▲ overfitting since" in word(plateau_since=3000, findings=(found("overfitting"),))
    assert "● learning  " in word(findings=(found("too-small"),))
    assert "! overfitting  " in word(100, "ascii", findings=(found("overfitting"),))
    assert "● training" in word(step=0, numbers=None)
    assert "paused" in word(state="paused", plateau_since=3000)


def test_the_word_moves_nothing() -> None:
    for width in (80, 120, 139, 140, 200):
        rows = (
            word(width),
            word(width, findings=(found("overfitting", 123_456),)),
            word(width, plateau_since=5),
        )
        assert len({row.find("412k") for row in rows}) == 1
        assert len({min(row.find(sign) for sign in "●▲━" if sign in row) for row in rows}) == 1


def test_the_header_says_how_gradients_are_truncated() -> None:
    assert "truncated after 50" in word()
    whole = RECIPE.replace(seq_len="full")
    assert "full BPTT" in plain([header_row(whole, WELCOME, SNAPSHOT, 120)])[0]


def test_what_the_run_uses_is_shown_where_there_is_room() -> None:
    system = System(1.98, 120_000_000, 2)
    assert "CPU 198 %   120 MB" in word(200, system=system)
    assert "CPU" not in word(120, system=system)


def test_before_anything_is_known() -> None:
    assert "loading" in plain([header_row(RECIPE, None, None, 80)])[0]
    check(status_rows(RECIPE, None, None, 80), 80, 2)


def test_a_set_pace_is_shown() -> None:
    assert "paced at 5 updates/s" in text_of(120, dataclasses.replace(SNAPSHOT, pace=5.0))[0]


def words_at(row: str) -> list[tuple[int, str]]:
    """The start of each word of a row."""
    return [
        (n, w)
        for w in ("nats", "bits", "perplexity", "best", "lr", "update")
        for n in [row.find(w)]
    ]


def numbers_of(step: int, loss: float | None, norm: float | None) -> UpdateNumbers | None:
    """The last update's numbers; None where nothing is known."""
    if loss is None:
        return None
    size = math.nan if norm is None else abs(norm)
    return UpdateNumbers(step, 0, loss, loss, 0.1, size)


@given(st.lists(floats, min_size=9, max_size=9), st.integers(0, 10**15), st.integers(20, 200))
@settings(deadline=None)
def test_numbers_do_not_move_their_neighbours(
    values: list[float | None], step: int, width: int
) -> None:
    n = [0.0 if v is None else v for v in values]
    snapshot = dataclasses.replace(
        SNAPSHOT,
        step=step,
        epoch=abs(n[0]) if math.isfinite(n[0]) else 0.0,
        numbers=numbers_of(step, values[1], values[6]),
        smooth=values[2] if values[2] is None else abs(values[2]),
        best=values[3] if values[3] is None else abs(values[3]),
        validation=values[4] if values[4] is None else abs(values[4]),
        lr=abs(n[5]),
    )
    ours, usual = (plain(status_rows(RECIPE, WELCOME, s, width)) for s in (snapshot, SNAPSHOT))
    assert [words_at(row) for row in ours] == [words_at(row) for row in usual]


@given(st.lists(floats, min_size=14, max_size=14), st.integers(0, 10**15), widths, glyph_sets)
@settings(deadline=None)
def test_any_snapshot_can_be_drawn(
    values: list[float | None], step: int, width: int, glyphs: Glyphs
) -> None:
    n = [0.0 if v is None else v for v in values]
    v = values
    snapshot = Snapshot(
        "paused", step, n[0], numbers_of(step, v[1], v[8]), v[3], v[4], v[5], v[6], n[7], n[9],
        n[10], n[11], v[12], v[13], SNAPSHOT.sampling, SNAPSHOT.history, (), (), 0, None, None,
        None,
    )  # fmt: skip
    for recipe in (RECIPE, VALUES):
        check([header_row(recipe, WELCOME, snapshot, width, glyphs)], width, 1)
        check(status_rows(recipe, WELCOME, snapshot, width, 2, glyphs), width, 2)


def test_progress() -> None:
    assert plain([progress_bar(3, 8, 4, "ascii")]) == ["=-.."]
    assert plain([progress_bar(1, 2, 4)]) == ["━━──"]
    assert progress_bar(5, None, 3) == [("───", "raw")]
    assert progress_bar(9, 3, 3) == [("━━━", "accent")]


@given(floats, floats, widths, glyph_sets)
@settings(deadline=None)
def test_progress_of_anything(
    done: float | None, total: float | None, width: int, glyphs: Glyphs
) -> None:
    check([progress_bar(done, total, width, glyphs)], width, 1)


def test_a_paused_run_has_no_speed_and_moves_nothing() -> None:
    paused = dataclasses.replace(SNAPSHOT, state="paused", tokens_per_second=0.0)
    for width in (80, 120, 200):
        (moving,), (still,) = (
            picture([header_row(RECIPE, WELCOME, shown, width)]) for shown in (SNAPSHOT, paused)
        )
        assert "/s" in moving and "/s" not in still
        assert still.index("paused") == moving.index("learning")
        assert still.index("00:42") == moving.index("00:42")


def test_a_run_that_has_ended_has_a_mean_speed_if_that_is_known() -> None:
    ended = dataclasses.replace(SNAPSHOT, state="finished", tokens_per_second=0.0)
    welcome = dataclasses.replace(WELCOME, tokens_per_update=42 * 100)
    (header,) = picture([header_row(RECIPE, welcome, ended, 120)])
    assert "  mean 641k characters/s  " in header  # 6,412 updates in 42 seconds
    for unknown in (None, dataclasses.replace(WELCOME, tokens_per_update=0)):
        (header,) = picture([header_row(RECIPE, unknown, ended, 120)])
        assert "/s" not in header


def test_a_series_is_read_in_rows() -> None:
    series = dataclasses.replace(WELCOME, unit="value")
    (header,) = picture([header_row(VALUES, series, SNAPSHOT, 120)])
    assert "412k rows/s" in header
