"""Answers that must be remembered, within a sequence."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.data import TokenData, ValueData, load
from rnntui.data.generated import tasks
from rnntui.data.generated.task import Probe, RowProbe
from rnntui.insight.recall import LEAST, recall_of
from rnntui.recipe import Recipe, load_recipe

WITH_PROBES = sorted(name for name, task in tasks().items() if task.probes)


def certain(data: TokenData | ValueData, sequence: np.ndarray) -> np.ndarray:
    """Outputs that predict every entry of a sequence (M,) or (M, D) rightly."""
    if isinstance(data, ValueData):
        return sequence[1:]
    return np.eye(data.tokenizer.vocab_size)[sequence[1:]]


@pytest.mark.parametrize("name", WITH_PROBES)
def test_who_knows_everything_is_right_at_every_distance(name: str) -> None:
    recipe = load_recipe(name)
    data = load(recipe)
    sequence = data.validation[:1200]
    found = recall_of(recipe, data, sequence, lambda at: at > 100)
    assert found is not None and len(found.probes) >= LEAST
    assert all(probe.at > 100 for probe in found.probes)
    outputs = found.needed(certain(data, sequence))
    shares = found.shares(outputs)
    assert len(shares) == len(found.labels)
    assert {share for share in shares if share is not None} == {1.0}
    wrong = found.shares(-outputs if isinstance(data, TokenData) else outputs + 10)
    assert {share for share in wrong if share is not None} == {0.0}


def test_any_text_with_brackets_has_answers() -> None:
    recipe = Recipe().replace(source="text:f(x[1], {y: (2)}) ", repeat=60, batch=2, seq_len=10)
    data = load(recipe)
    found = recall_of(recipe, data, data.tokens[:600], lambda _: True)
    assert found is not None and found.chance is not None and 0 < found.chance <= 1
    assert all(isinstance(probe, Probe) and probe.candidates for probe in found.probes)


@pytest.mark.parametrize("name", ["hello-world", "sums", "sunspots"])
def test_what_has_no_such_answers(name: str) -> None:
    recipe = load_recipe(name)
    data = load(recipe)
    values = data.values if isinstance(data, ValueData) else data.tokens
    assert recall_of(recipe, data, values[:500], lambda _: True) is None


def test_rows_are_judged_on_the_original_scale() -> None:
    recipe = load_recipe("adding")
    data = load(recipe)
    assert isinstance(data, ValueData)
    rows = data.validation[:800]
    found = recall_of(recipe, data, rows, lambda _: True)
    assert found is not None
    probe = found.probes[0]
    assert isinstance(probe, RowProbe)
    near = rows[1:].copy()
    near[probe.at - 1, probe.column] += 0.5 * probe.tolerance / data.deviation[probe.column]
    assert found.is_right(probe, near)
    near[probe.at - 1, probe.column] += probe.tolerance / data.deviation[probe.column]
    assert not found.is_right(probe, near)
