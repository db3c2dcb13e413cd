"""One step in numbers: each follows from the others by its formula."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.insight.details import details
from rnntui.insight.guesses import guesses
from rnntui.insight.passage import excerpt
from rnntui.insight.reader import Reader
from rnntui.insight.survey import Survey
from rnntui.protocol.codec import to_plain
from rnntui.recipe import SamplingSettings
from tests.conftest import quick_where
from tests.support.insight import network_for, text_data, values_of

DATA = text_data("abcde fgh " * 60)
PARTS = {
    "tanh": ["a"],
    "sigmoid": ["a"],
    "gru": ["z", "r", "m", "n"],
    "lstm": ["i", "f", "o", "g", "c"],
}


def step(data, kind="gru", at=20, layer=-1, layers=1):
    parameters = network_for(data, kind, layers)
    reader = Reader(parameters, data, excerpt(data, 0))
    found = details(reader, at, layer)
    values = {q.name: np.array(q.values) for q in found.quantities}
    return reader, values, {q.name: q.formula for q in found.quantities}


@pytest.mark.parametrize("kind", PARTS)
def test_a_step_of_tokens_is_shown_from_input_to_loss_and_back(kind):
    reader, values, formulas = step(DATA, kind)
    names = ["x", "h before", *PARTS[kind], "h", "y", "p", "L", "dL/dy", "dL/dh", "dL/dh before"]
    assert list(values) == names
    chosen, tensors = reader.excerpt, reader.parameters.tensors
    assert values["x"] == [chosen.shown[19]]
    y = values["h"] @ tensors["Wy"] + tensors["by"]
    assert values["y"] == pytest.approx(y, rel=1e-3, abs=1e-3)
    p = np.exp(y) / np.exp(y).sum()
    assert values["p"] == pytest.approx(p, rel=2e-3)
    true = int(chosen.shown[20])
    assert values["L"] == pytest.approx([-np.log(p[true])], rel=2e-3)
    assert values["dL/dy"] == pytest.approx(p - np.eye(len(p))[true], rel=2e-3, abs=1e-4)
    assert values["dL/dh"] == pytest.approx(tensors["Wy"] @ values["dL/dy"], rel=5e-3, abs=1e-4)
    if kind in ("tanh", "sigmoid"):
        assert formulas["h"] == f"{kind}(a)"
        slope = 1 - values["h"] ** 2 if kind == "tanh" else values["h"] * (1 - values["h"])
        back = tensors["Wh0"][0] @ (slope * values["dL/dh"])
        assert values["dL/dh before"] == pytest.approx(back, rel=5e-3, abs=1e-4)


def test_a_step_of_values_has_a_target():
    data = values_of(standardize=True)
    reader, values, _ = step(data, "tanh")
    assert values["x"] == pytest.approx(reader.excerpt.shown[19], rel=1e-3)
    assert values["target"] == pytest.approx(reader.excerpt.shown[20], rel=1e-3)
    error = values["y"] - values["target"]
    assert values["dL/dy"] == pytest.approx(error, rel=1e-2, abs=1e-3)
    assert values["L"] == pytest.approx([(error**2).sum() / 2], rel=1e-2)


def test_the_layer_chosen_is_shown():
    _, below, formulas = step(DATA, layers=2, layer=0)
    reader, above, upper = step(DATA, layers=2, layer=1)
    assert above["x"] == pytest.approx(below["h"]) and upper["x"] == "h of layer 1"
    assert formulas["dL/dh"].startswith("dL/dh of the layer above")
    read = reader.read(0)
    assert below["h"] == pytest.approx(read.hidden[0, 19], rel=1e-3)


def test_the_first_position_of_a_passage_has_a_step():
    data = text_data("ab" * 30, split=0.0)
    _, values, _ = step(data, at=0)
    assert len(values["L"]) == 1


def test_a_large_network_has_no_details():
    parameters = network_for(DATA, hidden=65)
    assert details(Reader(parameters, DATA, excerpt(DATA, 0)), -1) is None


@pytest.mark.parametrize("kind", quick_where(["char", "word"], lambda kind: kind == "word"))
def test_a_message_with_details_stays_small(kind):
    rng = np.random.default_rng(4)
    words = ["".join(chr(0x4E00 + n) for n in rng.integers(0, 900, 16)) for _ in range(300)]
    data = text_data(" ".join(rng.choice(words, 2000)), tokenizer=kind)
    parameters = network_for(data, "lstm", layers=3, hidden=64, dtype="float32")
    reader, survey = Reader(parameters, data, excerpt(data, 0)), Survey(parameters, data)
    while not survey.work():
        pass
    shown = details(reader, -1)
    said = guesses(data, reader.read(0), -1, SamplingSettings(), survey.statistics, shown)
    line = json.dumps(to_plain(said), ensure_ascii=False, separators=(",", ":"))
    assert len(line.encode()) <= 16_000


def test_weights_that_are_not_numbers_have_details_without_numbers():
    parameters = network_for(DATA)
    parameters.flat[:] = np.nan
    found = details(Reader(parameters, DATA, excerpt(DATA, 0)), -1)
    assert found.quantities[-1].values == (None,) * 8
