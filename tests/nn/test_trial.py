"""A trial adopts what is clearly faster, and takes no longer than it may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count

import pytest

from rnntui.nn import trial
from rnntui.nn.cells import CELLS
from rnntui.nn.kernels.choice import ALTERNATIVES, REFERENCE
from rnntui.nn.model import ModelShape
from rnntui.nn.trial import Stage, Timed, Trial

SHAPE = ModelShape("tokens", 65, "lstm", "tanh", 64, 2, "float32")


class Prescribed(Timed):
    """Takes as long as is said of its kernels, the same in each round or different."""

    def __init__(self, seconds: Sequence[float]) -> None:
        self._seconds, self._turn = seconds, count()

    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        return {"all": self._seconds[next(self._turn) % len(self._seconds)]}


def held(
    seconds: Mapping[str, Sequence[float]], monkeypatch: pytest.MonkeyPatch, exclusive: bool = False
) -> Trial:
    """A trial of one stage: by its text, each alternative's seconds in the rounds to come."""
    changes = [dict([word.split("=")]) for word in seconds if word != "reference"]
    alternatives = [(change, dict.fromkeys(change, "all")) for change in changes]
    stage = Stage(lambda kernels: Prescribed(seconds[str(kernels)]), alternatives, exclusive)
    monkeypatch.setattr(trial, "_stages", lambda *_: [stage])
    made = Trial(SHAPE, 8, 8, clock=lambda: 0.0)
    made.finish()
    return made


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({"reference": [1.0], "sums=plain": [0.9], "gates=exp": [0.8]}, "sums=plain gates=exp"),
        ({"reference": [1.0], "sums=plain": [1.1], "gates=exp": [0.999]}, "reference"),
        ({"reference": [1.0], "forward=plain": [0.7], "forward=rows": [0.8]}, "forward=plain"),
        # A busy moment of the machine decides nothing, whomever it meets.
        ({"reference": [1.0, 1.0, 9.0], "sums=plain": [1.0, 1.0, 1.0]}, "reference"),
        ({"reference": [1.0, 1.0, 1.0], "sums=plain": [0.9, 9.0, 0.9]}, "sums=plain"),
        ({"reference": [2.0, 2.0, 0.5], "sums=plain": [1.0, 1.0, 1.0]}, "reference"),
    ],
)
def test_what_is_clearly_faster_is_adopted(
    seconds: Mapping[str, Sequence[float]], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = held(seconds, monkeypatch)
    assert str(made.kernels) == chosen
    assert {f"{one.kernel}={one.value}" for one in made.tried if one.chosen} == set(
        chosen.replace("reference", "").split()
    )


def test_of_alternatives_that_exclude_each_other_the_fastest_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {"reference": [1.0], "slopes=forward": [0.8], "steps=4": [0.9]}
    assert str(held(seconds, monkeypatch, exclusive=True).kernels) == "slopes=forward"


@pytest.mark.parametrize("cell", CELLS)
def test_only_alternatives_are_tried_and_each_within_the_budget(cell: str) -> None:
    shape = ModelShape("tokens", 65, cell, "tanh", 64, 2, "float32")
    ticks = count()
    made = Trial(shape, 33, 8, budget=0.25, clock=lambda: 1e-4 * next(ticks))
    assert made.finish() == made.kernels and not made.advance()
    tried = {(one.kernel, one.value) for one in made.tried}
    assert {("sums", "plain"), ("forward", "plain"), ("output", "exp")} <= tried
    assert all(value in ALTERNATIVES[kernel][1:] for kernel, value in tried)
    assert made.spent <= 0.3
    hurried = Trial(shape, 33, 8, budget=0.0)
    assert hurried.finish() == REFERENCE and not hurried.tried


@pytest.mark.parametrize(("batch", "rows"), [(1, False), (2, True), (7, True), (8, False)])
def test_rows_are_multiplied_one_by_one_only_where_they_are_few(batch: int, rows: bool) -> None:
    stage = trial._products(SHAPE, 10, batch)
    values = (
        {value for change, _ in stage.alternatives for value in change.values()} if stage else set()
    )
    assert ("rows" in values) == rows


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("batch", [1, 8])
def test_gates_are_stacked_only_where_there_are_several(cell: str, batch: int) -> None:
    stage = trial._products(ModelShape("tokens", 65, cell, "tanh", 64, 1, "float32"), 10, batch)
    changes = [change for change, _ in stage.alternatives] if stage else []
    assert ({"backward": "stacked"} in changes) == (batch > 1 and CELLS[cell].gates > 1)
