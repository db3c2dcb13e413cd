"""The numbers of an update: one record from the training loop to files and viewers."""

from __future__ import annotations

import dataclasses
import math

from rnntui.protocol.codec import decode_reply, encode
from rnntui.runs.store.metrics import numbers_in
from rnntui.update_numbers import (
    DECLARED,
    UpdateNumbers,
    event_fields,
    from_kept,
    journal_fields,
    kept_fields,
)
from tests.support.drawing import SNAPSHOT

NUMBERS = UpdateNumbers(7, 2, 25.0, 1.5, 0.1, 3.0)


def test_names_in_files_and_events_stay() -> None:
    assert list(event_fields(NUMBERS).items()) == [
        ("step", 7), ("epoch", 2), ("loss", 25.0), ("lr", 0.1), ("grad_norm", 3.0),
    ]  # fmt: skip
    assert list(journal_fields(NUMBERS).items()) == [("lr", 0.1), ("gradient_norm", 3.0)]
    assert kept_fields(NUMBERS) == {"gradient_norm": 3.0}


def test_every_number_is_declared_under_its_own_name() -> None:
    assert list(DECLARED) == [f.name for f in dataclasses.fields(UpdateNumbers)]
    for names in ([d.event for d in DECLARED.values()], [d.journal for d in DECLARED.values()]):
        used = [name for name in names if name]
        assert len(used) == len(set(used))


def test_unusable_numbers_of_a_line_are_left_out() -> None:
    line = {"lr": 0.5, "gradient_norm": 10**401, "loss": 1.0}
    assert numbers_in(line) == {"lr": 0.5}
    assert numbers_in({"lr": "x", "gradient_norm": math.nan}) == {}


def test_before_the_first_update_a_checkpoint_has_no_numbers() -> None:
    assert kept_fields(None) == {"gradient_norm": None}
    assert from_kept(kept_fields(None)) == from_kept({}) == {}
    assert from_kept(kept_fields(NUMBERS)) == {"gradient_norm": 3.0}


def test_numbers_that_are_not_finite_reach_a_viewer_as_nan() -> None:
    broken = dataclasses.replace(NUMBERS, loss=math.inf, gradient_norm=math.nan)
    line = encode(dataclasses.replace(SNAPSHOT, numbers=broken))
    assert b'"loss":null' in line and b'"gradient_norm":null' in line
    found = decode_reply(line)
    assert math.isnan(found.numbers.loss) and found.numbers.lr == 0.1  # type: ignore[union-attr]
