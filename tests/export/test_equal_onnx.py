"""An exported ONNX file computes what rnntui does. Skipped without onnx and onnxruntime."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData
from rnntui.data.scaling import unscale
from rnntui.export.format import Export
from rnntui.export.formats.onnx import create
from rnntui.nn.model import named_parameters
from rnntui.nn.sampling import Stepper
from rnntui.recipe import from_toml
from rnntui.runs.trained_model import generate, load_model
from tests.export.conftest import SERIES, cell
from tests.support.plain import outputs

WHY = "compares with onnxruntime, which is not installed"
pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)

CELLS = ("tanh", "relu", "sigmoid", "gru", "lstm")
TOLERANCE, STEPS, STREAMS = 1e-5, 37, 3


def exported(run: Path, tmp_path: Path):
    """The file in onnxruntime."""
    target = tmp_path / "run.onnx"
    create(Export(run), target)
    return onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])


def states_of(session, random, streams=STREAMS):
    """Random initial states, with their names."""
    return {
        one.name: (random.standard_normal((one.shape[0], streams, one.shape[2])) * 0.5).astype("f4")
        for one in session.get_inputs()
        if one.name in ("h0", "c0")
    }


def expected(model, kind, x, states):
    """The outputs (T, B, width) of a plain float64 pass, stream by stream."""
    named = {k: v.astype(np.float64) for k, v in named_parameters(model.parameters).items()}
    parts = [states[name].astype(np.float64) for name in ("h0", "c0") if name in states]
    streams = [
        outputs(named, kind, x[:, b], np.stack([part[:, b] for part in parts], axis=1))[0]
        for b in range(x.shape[1])
    ]
    return np.stack(streams, axis=1)


@pytest.mark.parametrize(("kind", "layers"), list(itertools.product(CELLS, (1, 3))))
def test_logits_are_equal(make_run, tmp_path: Path, kind, layers):
    run = make_run(*cell(kind), f"layers={layers}")
    session, model = exported(run, tmp_path), load_model(run)
    random = np.random.default_rng(1)
    x = random.integers(0, model.data.tokenizer.vocab_size, (STEPS, STREAMS))
    states = states_of(session, random)
    found, *after = session.run(None, {"input": x, **states})
    assert np.abs(found - expected(model, kind, x, states)).max() <= TOLERANCE
    # The states after the first part lead to the outputs of the second.
    first = session.run(None, {"input": x[:20], **states})[1:]
    later = dict(zip(states, first, strict=True))
    again, *ended = session.run(None, {"input": x[20:], **later})
    assert np.abs(again - found[20:]).max() <= TOLERANCE
    assert all(np.abs(a - b).max() <= TOLERANCE for a, b in zip(after, ended, strict=True))


@pytest.mark.parametrize(("kind", "change"), list(itertools.product(CELLS, (True, False))))
def test_values_are_equal_in_the_files_units(make_run, tmp_path: Path, kind, change):
    alone = ("skip=none", f"difference={str(change).lower()}")
    run = make_run(*cell(kind), "layers=2", *alone, source=SERIES)
    session, model = exported(run, tmp_path), load_model(run)
    data, random = model.data, np.random.default_rng(2)
    assert isinstance(data, ValueData)
    rows = (50 + 20 * random.standard_normal((STEPS + 1, STREAMS, 1))).astype("f4")
    states, given, last = states_of(session, random), rows[1:], rows[1:]
    if change:
        given, states["level0"] = rows[1:], rows[0]
    x = np.diff(rows.astype(float), axis=0) if change else last.astype(float)
    scaled = expected(model, kind, (x - data.mean) / data.deviation, states)
    wanted = unscale(scaled, data.mean, data.deviation) + (last if change else 0.0)
    found = dict(
        zip(
            (o.name for o in session.get_outputs()),
            session.run(None, {"input": given, **states}),
            strict=True,
        )
    )
    assert np.abs(found["output"] - wanted).max() <= TOLERANCE * np.abs(wanted).max()
    if change:
        assert found["leveln"].tolist() == rows[-1].tolist()


@pytest.mark.parametrize("skip", ["last", "linear"])
@pytest.mark.parametrize("change", [True, False])
def test_a_skip_connection_is_in_the_file(make_run, tmp_path: Path, skip, change):
    run = make_run("cell=gru", f"skip={skip}", f"difference={str(change).lower()}", source=SERIES)
    session, model = exported(run, tmp_path), load_model(run)
    data = model.data
    assert isinstance(data, ValueData) and data.skip is not None
    rows = data.rows()[-STEPS - 1 :]
    behind = rows[1:] if change else rows[:-1]
    x = data.scaled(rows)[-len(behind) :] if change else data.scaled(behind)
    states = {k: 0 * v for k, v in states_of(session, np.random.default_rng(0), 1).items()}
    past = [one.name for one in session.get_inputs() if one.name == "past0"]
    assert bool(past) == (data.skip.longest > 1)
    for name in past:
        states[name] = np.repeat(x[:1], data.skip.longest - 1, axis=0)[:, None].astype("f4")
    if change:
        states["level0"] = rows[:1].astype("f4")
    names = [output.name for output in session.get_outputs()]
    given = {"input": behind[:, None].astype("f4"), **states}
    found = dict(zip(names, session.run(None, given), strict=True))
    stepper = Stepper(model.parameters)
    outputs = []
    for row in data.inputs(x, None):
        stepper.advance(row)
        outputs.append(stepper.predict().copy())
    wanted = unscale(np.array(outputs), data.mean, data.deviation) + (behind if change else 0.0)
    assert np.abs(found["output"][:, 0] - wanted).max() <= TOLERANCE * np.abs(wanted).max()
    for _ in past:
        assert np.allclose(found["pastn"][:, 0], x[1 - data.skip.longest :], atol=1e-5)


@pytest.mark.parametrize("kind", ["gru", "lstm", "sigmoid"])
def test_300_greedy_characters_are_equal_from_the_file_alone(make_run, tmp_path: Path, kind):
    run = make_run(*cell(kind), "layers=2")
    ours = "".join(generate(load_model(run, sampling={"greedy": "true"}), "Once", 300).pieces)
    session = exported(run, tmp_path)
    about = session.get_modelmeta().custom_metadata_map
    symbols = json.loads(about["vocabulary"])["symbols"]
    states = states_of(session, np.random.default_rng(0), 1)
    states = {name: np.zeros_like(state) for name, state in states.items()}
    text, tokens = "Once", [symbols.index(char) for char in "Once"]
    for _ in range(300):
        out, *after = session.run(None, {"input": np.array(tokens)[:, None], **states})
        states, tokens = dict(zip(states, after, strict=True)), [int(out[-1, 0].argmax())]
        text += symbols[tokens[0]]
    assert text == ours
    assert from_toml(about["recipe"], "recipe").model.cell == load_model(run).recipe.model.cell


@pytest.mark.parametrize("unit", ["char", "word"])
def test_log_probabilities_of_an_adaptive_output_are_equal(make_run, tmp_path: Path, unit):
    run = make_run("output=adaptive", f"tokenizer={unit}", "cell=gru", "layers=2")
    session, model = exported(run, tmp_path), load_model(run)
    assert "head.tail.0.0.weight" in named_parameters(model.parameters)
    x = np.random.default_rng(3).integers(0, model.data.tokenizer.vocab_size, STEPS)
    stepper, wanted = Stepper(model.parameters), []
    for token in x:
        stepper.advance(int(token))
        wanted.append(stepper.predict().copy())
    zero = {
        name: np.zeros_like(s)
        for name, s in states_of(session, np.random.default_rng(0), 1).items()
    }
    found = session.run(None, {"input": x[:, None], **zero})[0][:, 0]
    assert np.abs(found - wanted).max() <= TOLERANCE
    assert np.exp(found).sum(-1) == pytest.approx(1.0, abs=1e-5)
