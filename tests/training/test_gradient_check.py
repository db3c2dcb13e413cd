"""`rnntui check`: right gradients pass, whatever the recipe, and wrong ones are found and named."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import load
from rnntui.nn.cells.lstm import LstmCell
from rnntui.nn.dropout import Dropout
from rnntui.nn.inputs import DenseProjection
from rnntui.nn.model import ModelShape, Parameters, named_parameters
from rnntui.nn.network import Network
from rnntui.recipe import Recipe, bundled, load_recipe
from rnntui.training import gradient_check
from rnntui.training.gradient_check import LIMIT, check_gradients
from tests.conftest import examples, quick_where
from tests.support.plain import kind_settings, token_data, value_data

CHECKED = ("counting", "hello-world", "sunspots", "sums")
SMALL = {"hidden": 6, "layers": 2, "batch": 3, "seq_len": 4, "dropout": 0.3}


def small(**more):
    return Recipe().replace(**{**SMALL, **more})


def tokens(size=60, width=5):
    return token_data(np.random.default_rng(1).integers(0, width, size), width)


def values(size=60, features=2):
    return value_data(np.random.default_rng(1).normal(size=(size, features)))


@pytest.mark.parametrize("name", quick_where(bundled(), lambda name: name in CHECKED))
def test_every_bundled_recipe_passes(rnntui, name):
    ended = rnntui("check", name, "--set", "hidden=16", "--set", "split=0")
    assert ended.code == 0, ended.out
    # As training says of a recipe that asks for more turns than its corpus fills.
    assert all(": there are only " in line for line in ended.err.splitlines())
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert lines[-1].endswith("limit 1e-06: passes")


@settings(deadline=None, max_examples=examples(40))
@given(
    kind=st.sampled_from(["tanh", "relu", "sigmoid", "gru", "lstm"]),
    task=st.sampled_from(["tokens", "values"]),
    seq_len=st.one_of(st.just("full"), st.integers(1, 8)),
    layers=st.integers(1, 3),
    batch=st.integers(1, 9),
    turns=st.integers(1, 3),
    suffix=st.sampled_from([0, 3]),
    state=st.sampled_from(["carry", "reset"]),
    reduction=st.sampled_from(["mean", "sum"]),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 99),
)
def test_every_kind_of_network_passes(kind, **more):
    data = tokens(440) if more["task"] == "tokens" else values(440)
    outcome = check_gradients(small(**kind_settings(kind), **more), data)
    assert outcome.passes, outcome.worst
    assert outcome.note == ""


def test_the_parameters_are_those_of_a_saved_model():
    for cell in ("rnn", "gru", "lstm"):
        recipe = small(cell=cell)
        outcome = check_gradients(recipe, tokens())
        saved = named_parameters(Parameters(ModelShape.of(recipe, 5)))
        for checked in outcome.parameters:
            if cell == "gru" and "bias_hh" in checked.name:
                assert checked.shape == (6,)  # r and z have one bias
            else:
                assert saved[checked.name].shape == checked.shape
        assert all(1 <= p.entries <= math.prod(p.shape) for p in outcome.parameters)


def scaled(method, name, factor):
    """A `Network.backward` that leaves one gradient multiplied by a factor."""

    def backward(self, weight):
        method(self, weight)
        self.gradients.tensors[name][...] *= factor

    return backward


@pytest.mark.parametrize(
    ("name", "shown"), [("Wh0", "rnn.weight_hh_l0"), ("b1", "rnn.bias_ih_l1"), ("by", "head.bias")]
)
def test_a_gradient_that_is_slightly_wrong_fails_by_name(monkeypatch, name, shown):
    monkeypatch.setattr(Network, "backward", scaled(Network.backward, name, 1 + 3 * LIMIT))
    outcome = check_gradients(small(cell="gru"), tokens())
    assert not outcome.passes
    assert outcome.worst.name == shown
    assert [p.name for p in outcome.parameters if p.error >= LIMIT] == [shown]


def test_a_gradient_that_is_not_a_number_fails(monkeypatch):
    monkeypatch.setattr(Network, "backward", scaled(Network.backward, "Wh1", math.nan))
    outcome = check_gradients(small(), tokens())
    assert not outcome.passes
    assert math.isnan(outcome.worst.error)


def nothing(*_args):
    """Leaves everything as it is."""


@pytest.mark.parametrize(
    ("broken", "method", "recipe"),
    [
        (Dropout, "backward", {}),
        (LstmCell, "_prepare", {"cell": "lstm"}),
        (DenseProjection, "backward", {}),
    ],
)
def test_a_broken_part_fails(monkeypatch, broken, method, recipe):
    assert check_gradients(small(**recipe), tokens()).passes
    monkeypatch.setattr(broken, method, nothing)
    assert not check_gradients(small(**recipe), tokens()).passes


def test_the_command_fails_with_a_line_that_says_where(rnntui, monkeypatch):
    monkeypatch.setattr(Network, "backward", scaled(Network.backward, "Wx0", 0.9))
    ended = rnntui("check", "counting")
    assert ended.code == 1
    assert ended.err == ""
    assert ended.out.splitlines()[-1] == "worst: rnn.weight_ih_l0 1.1e-01, limit 1e-06: FAILS"


def test_a_large_network_is_checked_smaller_and_says_so(rnntui, monkeypatch):
    monkeypatch.setattr(gradient_check, "_SECONDS", 0.1)
    ended = rnntui("check", "tales", "--set", "hidden=200", "--set", "cell=lstm")
    assert ended.code == 0
    assert ended.out.splitlines()[1].startswith("with batch 2 of 16, seq_len 8 of 32")


def test_a_step_that_crosses_a_kink_is_made_smaller():
    more = {**kind_settings("relu"), "seq_len": "full", "layers": 3, "batch": 2, "seed": 84}
    assert check_gradients(small(task="values", **more), values(440)).passes


def test_relu_keeps_away_from_its_kinks():
    recipe = load_recipe("tales").replace(cell="rnn", activation="relu")
    outcome = check_gradients(recipe, load(recipe))
    assert outcome.passes, outcome.worst
    assert outcome.note == "batch 4 of 16, seq_len 8 of 32: relu has kinks"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--set", "hiden=3"], 2, "did you mean 'hidden'?"),
        (["nothing.txt"], 65, "nothing.txt"),
        (["counting", "--set", "batch=9"], 65, "too short"),
    ],
)
def test_errors_are_one_line(rnntui, in_folder, args, code, said):
    ended = rnntui("check", *args)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("rows", [12, 90])
def test_a_source_that_train_takes_is_checked(rnntui, tmp_path, monkeypatch, rows) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path / "runs"))
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{n * n % 7},{n}\n" for n in range(rows)))
    (tmp_path / "a.txt").write_text("abcab" * rows)
    for source in ("a.csv", "a.txt"):
        trained = rnntui("train", source, "--plain", "--steps", "1")
        checked = rnntui("check", source)
        assert checked.code == trained.code, checked.err
    words = ("check", "a.csv", "--set", "batch=50", "--set", "seq_len=50")
    assert rnntui(*words).err == rnntui("train", *words[1:], "--plain").err
