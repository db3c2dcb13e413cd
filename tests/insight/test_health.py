"""The signs of a run as the health view gets them: live, and from the journal."""

from __future__ import annotations

import json
import math

from rnntui.insight.health import (
    JOURNALED,
    TensorSigns,
    bins,
    health,
    journal_line,
    series_from,
    series_of,
)
from rnntui.insight.history import Activity, History, Reach, Validated
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Health
from rnntui.recipe import Recipe
from tests.support.signs import record


def encode_part(found: Health) -> bytes:
    return json.dumps(to_plain(found), separators=(",", ":")).encode()


def lived(updates: int = 600) -> History:
    history = History(clip=1.0, tokens_per_update=512)
    for step in range(1, updates + 1):
        if record(history, step, 3 - step / updates):
            history.add_activity(Activity(step, 0.004, step / updates, 0, 0.0, 0.0))
            history.add_reach(Reach(step, 12, 32, 0.1))
            history.add_validation(Validated(step, 2.5, 3 - step / updates))
    return history


def test_bins_are_means_over_equal_parts_of_the_run() -> None:
    values = [(step, float(step)) for step in range(1, 1001)]
    found = bins(values, 1000, 10)
    assert len(found) == 10 and found[0] == 50.5 and found[-1] == 950.0
    assert bins([(10, 1.0), (1000, 3.0)], 1000, 10) == (1.0, 3.0)
    late = [(900, 1.0), (950, 2.0), (960, 4.0), (1000, math.inf)]
    assert bins(late, 1000, 4)[:3] == (None, None, None)


def test_a_part_without_a_value_repeats_the_last() -> None:
    assert bins([(1, 1.0), (2, 1.0), (3, 1.0), (100, 5.0)], 100, 4) == (1.0, 1.0, 1.0, 5.0)


def test_the_message_has_the_signs_that_mean_something_for_the_recipe() -> None:
    history = lived()
    found = health(Recipe(), series_of(history), 32)
    ids = {sign.id for sign in found.signs}
    assert {"reach", "update", "saturated", "constant", "norm", "clipped", "gap"} == ids
    relu = Recipe().replace(cell="rnn", activation="relu", clip=0.0)
    ids = {sign.id for sign in health(relu, series_of(history), 32).signs}
    assert "zero" in ids and not {"saturated", "clipped"} & ids
    known = health(Recipe(), series_of(history), 32, simple=[("unigram", 3.0), ("5-gram", 1.5)])
    (beyond,) = [sign for sign in known.signs if sign.id == "beyond"]
    assert beyond.name == "training - 5-gram" and float(beyond.now) > 0


def test_a_sign_says_what_is_unusual_and_in_which_unit() -> None:
    signs = {sign.id: sign for sign in health(Recipe(), series_of(lived()), 32).signs}
    assert signs["reach"].now == "12 of 32" and signs["update"].now == "0.4 %"
    assert signs["saturated"].unusual and not signs["constant"].unusual


def test_small_updates_are_usual_where_the_schedule_has_lowered_the_rate() -> None:
    series = {"update": [(n, 4e-6) for n in range(1, 9)]}
    lr = Recipe().train.lr
    flagged = [
        health(Recipe(), series, 32, rate=rate).signs[0].unusual
        for rate in (None, lr, 0.9 * lr, 0.1 * lr, 0.0)
    ]
    assert flagged == [True, True, True, False, False]


def test_weight_matrices_come_before_biases_and_say_what_they_are() -> None:
    names = [f"{kind}{n}" for n in range(6) for kind in ("Wx", "Wh", "b")]
    tensors = [TensorSigns(name, 0.5, math.nan) for name in (*names, "Wy", "by")]
    found = health(Recipe(), {}, 0, tensors=tensors).tensors
    assert len(found) == 12 and all(t.name.startswith("W") for t in found)
    assert found[1].meaning == "hidden to hidden, layer 1" and found[0].update is None


def test_a_stored_run_shows_what_its_journal_has() -> None:
    lines = [journal_line(lived(n), n / 10) for n in range(100, 601, 100)]
    assert all(set(line) - {"step", "seconds", "window"} == set(JOURNALED) for line in lines)
    series, window = series_from([*lines, {"step": "wrong"}, {"loss": 3}])
    found = health(Recipe(), series, window)
    live = health(Recipe(), series_of(lived()), 32)
    assert [sign.id for sign in found.signs] == [sign.id for sign in live.signs]
    assert [sign.now for sign in found.signs if sign.id != "gap"] == [
        sign.now for sign in live.signs if sign.id != "gap"
    ]
    assert found.step == lines[-1]["step"]


def test_the_message_is_small_and_travels() -> None:
    history = lived(20_000)
    tensors = [TensorSigns(f"Wx{n}", 0.1234567, 1e-9) for n in range(12)]
    found = health(Recipe(), series_of(history), 32, simple=[("5-gram", 1.5)], tensors=tensors)
    import json

    plain = to_plain(found)
    assert len(json.dumps(plain)) < 16_000 and from_plain(Health, plain) == found


def test_the_message_of_a_long_run_with_many_layers_stays_small() -> None:
    series = {
        name: [(step, -1.234e-105 * step) for step in range(1, 500)]
        for name in ("loss", "norm", "clipped", "update", "saturated", "constant", "reach", "gap")
    }
    names = [f"{kind}{n}" for n in range(16) for kind in ("Wx", "Wh", "b")] + ["Wy", "by"]
    tensors = [TensorSigns(name, 1.234e-105, 1.234e-105) for name in names]
    found = health(Recipe(), series, 100_000, (), (("5-gram", 1.5),), tensors, ("x" * 40,) * 15)
    assert len(encode_part(found)) <= 16_000


def test_a_gap_that_is_not_known_yet_is_no_sign() -> None:
    history = lived()
    history.add_validation(Validated(history.step, 2.0, math.nan))
    known = series_of(history)["gap"]
    assert known and all(math.isfinite(gap) for _, gap in known)
    assert not next(s for s in health(Recipe(), {"gap": known}, 32).signs).unusual
