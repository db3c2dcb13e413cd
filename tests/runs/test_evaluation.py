"""`eval`: the loss of one pass over a file, against a plain pass written with NumPy."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data.again import read_again
from rnntui.nn.dynamic import dynamic_pass
from rnntui.nn.evaluate import Evaluator, cold_pass, cold_windows, exact_pass
from rnntui.nn.model import ModelShape, Parameters, initialise, named_parameters
from rnntui.recipe import Recipe
from rnntui.runs.evaluation import reset_length
from rnntui.runs.trained_model import Model, load_model
from rnntui.training.loop import start
from rnntui.training.loop import train as training
from tests.conftest import Ended, examples, quick_first
from tests.support.plain import kind_settings, losses, outputs, token_data, value_data

Rnntui = Callable[..., Ended]
KINDS = ("tanh", "relu", "sigmoid", "gru", "lstm")
QUICK = ("--plain", "--set", "workers=1", "--set", "sample_every=0", "--set", "final_length=0")
TEXT = "le café est fermé; the naïve fox jumps over 3 dogs.\n" * 30


def plain_outputs(parameters: Parameters, sequence: Any, reset: int = 0) -> Any:
    """Outputs for all but the last of a sequence, from the zero state, one step at a time."""
    named = {k: v.astype(np.float64) for k, v in named_parameters(parameters).items()}
    shape, rows = parameters.shape, []
    kind = shape.activation if shape.cell == "rnn" else shape.cell
    zero = np.zeros((shape.layers, shape.parts, shape.hidden))
    for begin in range(0, len(sequence) - 1, reset or len(sequence)):
        end = min(begin + (reset or len(sequence)), len(sequence) - 1)
        with np.errstate(over="ignore"):
            rows.append(outputs(named, kind, sequence[begin:end], zero)[0])
    beside = sequence[:-1, -shape.width :] if shape.skip else 0.0
    return np.concatenate(rows) + beside


def plain_loss(parameters: Parameters, sequence: Any, reset: int = 0) -> float:
    targets = sequence[1:] if sequence.ndim == 1 else sequence[1:, : parameters.shape.width]
    found = losses(plain_outputs(parameters, sequence, reset), targets)
    return float(found.mean())


def network(kind: str, task: str, layers: int, width: int, dtype: str) -> Parameters:
    chosen = kind_settings(kind)
    cell, activation = chosen.get("cell", "rnn"), chosen.get("activation", "tanh")
    parameters = Parameters(ModelShape(task, width, cell, activation, 5, layers, dtype))
    # The outputs of relu have no bound: over many steps, larger weights make them overflow.
    initialise(parameters, "normal", 0.3 if kind == "relu" else 0.6, np.random.RandomState(2))
    return parameters


@settings(deadline=None, max_examples=examples(60))
@given(
    size=st.integers(2, 2600),
    kind=st.sampled_from(KINDS),
    task=st.sampled_from(["tokens", "values"]),
    layers=st.integers(1, 3),
    dtype=st.sampled_from(["float32", "float64"]),
    reset=st.sampled_from([0, 0, 1, 7, 300, 1500]),
)
def test_the_loss_is_that_of_one_pass(
    size: int, kind: str, task: str, layers: int, dtype: str, reset: int
) -> None:
    rng = np.random.default_rng(size)
    tokens = rng.integers(0, 4, size).astype(np.uint8)
    sequence: Any = tokens if task == "tokens" else rng.normal(size=(size, 2))
    parameters = network(kind, task, layers, 4 if task == "tokens" else 2, dtype)
    found = exact_pass(parameters, sequence, reset)
    want = plain_outputs(parameters, sequence, reset)
    assert np.isfinite(want).all()
    assert found.steps == size - 1
    assert found.loss == pytest.approx(float(losses(want, sequence[1:]).mean()), rel=1e-9)
    if task == "values":
        errors = want - sequence[1:]
        assert found.rmse == pytest.approx(np.sqrt((errors**2).mean(axis=0)), rel=1e-9)
        assert found.mae == pytest.approx(np.abs(errors).mean(axis=0), rel=1e-9)


@pytest.mark.parametrize("kind", quick_first(["gru", "lstm", "tanh"]))
@pytest.mark.parametrize("size", quick_first([700, 300, 257, 40, 2]))
def test_every_window_is_read_from_the_zero_state(kind: str, size: int) -> None:
    sequence = np.random.default_rng(size).integers(0, 4, size).astype(np.uint8)
    parameters = network(kind, "tokens", 2, 4, "float32")
    found = cold_pass(parameters, sequence)
    assert (found.windows, found.length) == cold_windows(size - 1)
    starts = np.random.RandomState(0).randint(0, size - found.length, found.windows)
    assert starts.max() + found.length < size
    each = [plain_loss(parameters, sequence[n : n + found.length + 1]) for n in starts]
    assert found.loss == pytest.approx(np.mean(each), rel=1e-9)
    if len(each) == 1:
        assert found.error is None
    else:
        error = np.std(each, ddof=1) / math.sqrt(len(each))
        assert found.error == pytest.approx(error, rel=1e-6, abs=1e-12)


def test_windows_that_are_read_cold_do_not_grow_without_bound() -> None:
    assert cold_windows(1) == (1, 1)
    assert cold_windows(255) == (1, 255)
    assert cold_windows(1024) == (12, 256)
    assert cold_windows(10**9) == (2000, 256)


@pytest.mark.parametrize("kind", quick_first(["gru", "lstm", "tanh"]))
@pytest.mark.parametrize("rate", [0.1, 3.0])
def test_a_dynamic_evaluation_is_what_training_on_the_text_reports(kind: str, rate: float) -> None:
    """SGD on a single stream: the loss of each chunk is counted before the update is made."""
    sequence = np.random.default_rng(1).integers(0, 4, 32 * 12 + 1).astype(np.uint8)
    recipe = Recipe().replace(
        batch=1, seq_len=32, optimizer="sgd", lr=rate, clip=1.0, epochs=1, split=0.0, hidden=9,
        layers=2, dtype="float64", skip_spikes=False, workers=1, **kind_settings(kind),
    )  # fmt: skip
    data = token_data(sequence, 4)
    state = start(recipe, data)
    before = state.parameters.flat.copy()
    copy = Parameters(state.parameters.shape)
    np.copyto(copy.flat, before)
    losses_of_chunks = [chunk.loss_per_token for chunk in training(recipe, data, state)]
    assert len(losses_of_chunks) == 12
    found = dynamic_pass(copy, sequence, rate)
    assert found == pytest.approx(np.mean(losses_of_chunks), rel=1e-9)
    assert np.array_equal(copy.flat, before)


@pytest.mark.parametrize("reset", [0, 7, 40])
def test_a_rate_of_almost_nothing_learns_nothing(reset: int) -> None:
    sequence = np.random.default_rng(2).integers(0, 4, 150).astype(np.uint8)
    parameters = network("gru", "tokens", 2, 4, "float64")
    found, seen = dynamic_pass(parameters, sequence, 1e-30, reset), []
    assert found == pytest.approx(exact_pass(parameters, sequence, reset).loss, rel=1e-12)
    dynamic_pass(parameters, sequence, 0.1, reset, seen.append)
    assert seen == sorted(seen) and seen[-1] == 149


def test_what_is_read_again_is_learned() -> None:
    parameters = network("gru", "tokens", 1, 4, "float32")
    sequence = np.tile(np.random.default_rng(3).integers(0, 4, 20), 90).astype(np.uint8)
    assert dynamic_pass(parameters, sequence, 1.0) < exact_pass(parameters, sequence).loss - 0.3


def test_rows_read_side_by_side_are_another_number() -> None:
    """What the validation does: close, but not the exact loss of a network that remembers."""
    sequence = np.random.default_rng(0).normal(size=(3000, 2)).cumsum(axis=0) / 10
    parameters = network("gru", "values", 1, 2, "float64")
    exact = exact_pass(parameters, sequence).loss
    assert exact == pytest.approx(plain_loss(parameters, sequence), rel=1e-12)
    assert Evaluator(parameters, sequence).loss() != pytest.approx(exact, rel=1e-9)


def test_a_loss_that_is_not_finite_is_still_valid_json(rnntui: Rnntui, runs: Path) -> None:
    assert train(rnntui, runs, "v", table(runs, "v.csv", 80), "--set", "cell=rnn").code == 0
    huge = runs.parent / "huge.csv"
    huge.write_text("hour,price,load\n" + "1,1e300,1\n2,-1e300,2\n3,1e300,3\n")
    event = rnntui("eval", "v", str(huge), "--json").events[0]
    assert event["loss"] is None and event["nonfinite"] is True


# ---- tokens ------------------------------------------------------------------------------------


def train(rnntui: Rnntui, runs: Path, name: str, source: Path, *more: str) -> Ended:
    sizes = ("--set", "hidden=12", "--set", "batch=2", "--set", "seq_len=8", "--set", "lr=0.01")
    keys = (*QUICK, *sizes, "--set", "dropout=0", "--set", "layers=1", "--steps", "25")
    ended = rnntui("train", str(source), "--name", name, *keys, *more)
    assert ended.code == 0, ended.err
    return ended


def write(runs: Path, name: str, content: bytes) -> Path:
    path = runs.parent / name
    path.write_bytes(content)
    return path


def measured(rnntui: Rnntui, name: str, file: Path) -> dict[str, Any]:
    ended = rnntui("eval", name, str(file), "--json", "--checkpoint", "last")
    assert ended.code == 0, ended.err
    return ended.events[0]


def loaded(runs: Path, name: str) -> Model:
    return load_model(runs / name)


def ids_of(model: Model, symbols: list[Any]) -> Any:
    """The ids of characters or bytes, looked up one by one; None for those that are unknown."""
    tokenizer: Any = model.data.tokenizer  # type: ignore[union-attr]
    known = list(tokenizer.values if tokenizer.kind == "byte" else tokenizer.symbols)
    return [known.index(symbol) if symbol in known else None for symbol in symbols]


@pytest.mark.parametrize("tokenizer", ["char", "byte"])
@pytest.mark.parametrize("dtype", quick_first(["float32", "float64"]))
@pytest.mark.parametrize("more", [(), ("--set", "state=reset"), ("--set", "cell=lstm")])
def test_text_with_unknown_parts(
    rnntui: Rnntui, runs: Path, tokenizer: str, dtype: str, more: tuple[str, ...]
) -> None:
    source = write(runs, "t.txt", TEXT.encode())
    keys = ("--set", f"tokenizer={tokenizer}", "--set", f"dtype={dtype}", *more)
    train(rnntui, runs, "a", source, *keys)
    text = "Ünknown: the CAFÉ naïve fox! " * 11 + "é"
    content: Any = text.encode() if tokenizer == "byte" else text
    file = write(runs, "other.txt", text.encode())
    found, model = measured(rnntui, "a", file), loaded(runs, "a")
    ids = ids_of(model, list(content))
    known = np.array([i for i in ids if i is not None], dtype=np.uint8)
    assert found["left_out"] == len(ids) - len(known) > 0
    assert found["left_out_share"] == found["left_out"] / len(ids)
    assert found["steps"] == len(known) - 1
    want = plain_loss(model.parameters, known, 8 if "state=reset" in more else 0)
    assert found["loss"] == pytest.approx(want, rel=1e-6)
    assert found["baselines"]["uniform"] == pytest.approx(math.log(len(set(TEXT_OF[tokenizer]))))
    words = rnntui("eval", "a", str(file)).out
    assert "ignored (not in the vocabulary): " in words and "baseline: uniform" in words


TEXT_OF: dict[str, Any] = {"char": TEXT, "byte": TEXT.encode()}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "cp1251"])
def test_bytes_of_any_encoding_are_read_as_they_are(
    rnntui: Rnntui, runs: Path, encoding: str
) -> None:
    letters = "straße und weiß" if encoding == "latin-1" else "улица и дом"
    source = write(runs, "t.bin", (letters * 40).encode(encoding))
    train(rnntui, runs, "b", source, "--set", "tokenizer=byte")
    found, model = measured(rnntui, "b", source), loaded(runs, "b")
    ids = np.array(ids_of(model, list(source.read_bytes())), dtype=np.uint8)
    assert found["left_out"] == 0 and found["steps"] == len(ids) - 1
    assert found["loss"] == pytest.approx(plain_loss(model.parameters, ids), rel=1e-6)


@pytest.mark.slow
def test_the_other_protocols_stand_beside_the_carried_state(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", TEXT.encode()))
    stored = {path: path.read_bytes() for path in (runs / "a").rglob("*") if path.is_file()}
    file = write(runs, "o.txt", TEXT.encode() * 2)
    plain = measured(rnntui, "a", file)
    model = loaded(runs, "a")
    sequence = read_again(model.data, str(file), None, 10**6, model.recipe.data).sequence
    cold = cold_pass(model.parameters, sequence)
    assert plain["cold"] == pytest.approx(vars(cold)) and "dynamic" not in plain
    ended = rnntui("eval", "a", str(file), "--json", "--checkpoint", "last", "--dynamic", "0.5")
    (event,) = ended.events
    assert {**event, "dynamic": None} == {**plain, "dynamic": None}
    loss = dynamic_pass(model.parameters, sequence, 0.5)
    assert event["dynamic"] == {"loss": pytest.approx(loss), "rate": 0.5}
    assert event["dynamic"]["loss"] < event["loss"]
    lines = rnntui("eval", "a", str(file), "--dynamic", "0.5").out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["loss", "cold:", "dynamic:", "baseline:"]
    assert {path: path.read_bytes() for path in stored} == stored


@pytest.mark.parametrize("rate", ["0", "-1", "101", "fast"])
def test_a_rate_that_makes_no_sense_is_refused(rnntui: Rnntui, runs: Path, rate: str) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", TEXT.encode()))
    ended = rnntui("eval", "a", str(runs.parent / "t.txt"), "--dynamic", rate)
    assert ended.code == 2 and len(ended.err.splitlines()) == 1 and "--dynamic" in ended.err


def test_numbers_have_no_other_protocols(rnntui: Rnntui, runs: Path) -> None:
    file = table(runs, "v.csv", 80)
    train(rnntui, runs, "v", file)
    assert "cold" not in measured(rnntui, "v", file)
    ended = rnntui("eval", "v", str(file), "--dynamic", "0.1")
    assert ended.code == 2 and "--dynamic is for runs on text" in ended.err


def test_words_are_those_of_the_run(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "w", write(runs, "t.txt", TEXT.encode()), "--set", "tokenizer=word")
    model = loaded(runs, "w")
    text = "the café est QUX fox jumps"
    found = measured(rnntui, "w", write(runs, "o.txt", text.encode()))
    ids = model.data.tokenizer.encode(text, unknown="skip")  # type: ignore[union-attr]
    assert found["left_out"] == len("QUX") and found["steps"] == len(ids) - 1
    assert found["loss"] == pytest.approx(plain_loss(model.parameters, ids), rel=1e-6)


def test_a_reset_with_whole_streams_comes_where_training_had_it(rnntui: Rnntui, runs: Path) -> None:
    source = write(runs, "t.txt", TEXT[:601].encode())
    keys = ("--set", "seq_len=full", "--set", "state=reset", "--set", "split=0.1")
    train(rnntui, runs, "f", source, *keys)
    model = loaded(runs, "f")
    reset = reset_length(runs / "f", model)
    assert reset == (601 - 60 - 1) // 2
    ids = np.array(ids_of(model, list(TEXT)), dtype=np.uint8)
    found = measured(rnntui, "f", write(runs, "long.txt", TEXT.encode()))
    assert found["loss"] == pytest.approx(plain_loss(model.parameters, ids, reset), rel=1e-6)


@pytest.mark.parametrize("reset", ["carry", "reset"])
def test_it_agrees_with_the_validation(rnntui: Rnntui, runs: Path, reset: str) -> None:
    rng = random.Random(2)
    text = " ".join(rng.choice(["one", "two", "three", "four", "five"]) for _ in range(1500))
    source = write(runs, "t.txt", text.encode())
    keys = ("--set", f"state={reset}", "--set", "split=0.1", "--set", "eval_every=25")
    train(rnntui, runs, "a", source, *keys)
    lines = (runs / "a" / "metrics.jsonl").read_text().splitlines()
    validation = [v for v in (json.loads(x).get("validation") for x in lines) if v][-1]
    held_out = write(runs, "v.txt", text[len(text) - int(len(text) * 0.1) :].encode())
    assert measured(rnntui, "a", held_out)["loss"] == pytest.approx(validation, rel=0.005)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("t", "only 1 character"),
        ("QQQ", "nothing in it is in the network's vocabulary"),
        ("", "is empty"),
    ],
)
def test_too_little_text_is_refused(rnntui: Rnntui, runs: Path, content: str, words: str) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", TEXT.encode()))
    ended = rnntui("eval", "a", str(write(runs, "o.txt", content.encode())))
    assert ended.code == 65 and words in ended.err and ended.err.count("\n") == 1


def test_one_symbol_again_and_again_can_be_measured(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", TEXT.encode()))
    model = loaded(runs, "a")
    ids = np.array(ids_of(model, list("eee")), dtype=np.uint8)
    found = measured(rnntui, "a", write(runs, "o.txt", b"eee"))
    assert found["steps"] == 2
    assert found["loss"] == pytest.approx(plain_loss(model.parameters, ids), rel=1e-6)


def test_a_carriage_return_that_the_network_knows_is_kept(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", b"ab\rcd\nef" * 60))
    model = loaded(runs, "a")
    found = read_again(model.data, str(write(runs, "o.txt", b"ab\rcd")), None, 100)
    assert found.sequence.tolist() == ids_of(model, list("ab\rcd"))


@pytest.mark.parametrize("start", [b"\x1f\x8b\x08\0\0\0", b"\xff\xfea\0", b"ab\xff"])
def test_advice_for_a_file_to_measure_names_no_option_of_training(
    rnntui: Rnntui, runs: Path, start: bytes
) -> None:
    train(rnntui, runs, "a", write(runs, "t.txt", TEXT.encode()))
    ended = rnntui("eval", "a", str(write(runs, "o.txt", start * 9)))
    assert ended.code == 65 and "--set" not in ended.err and ended.err.count("\n") == 1


# ---- values ------------------------------------------------------------------------------------


def table(runs: Path, name: str, rows: int, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    path = runs.parent / name
    numbers = zip(
        range(rows),
        1e6 + rng.normal(size=rows).cumsum(),
        1e-6 * rng.normal(size=rows),
        strict=True,
    )
    path.write_text(
        "hour,price,load\n" + "".join(f"{a},{b:.17g},{c:.17g}\n" for a, b, c in numbers)
    )
    return path


def columns(path: Path, *names: str) -> Any:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[name]) for name in names] for row in rows])


def rewrite(path: Path, content: Any, *names: str) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([names, *content] if names else content)
    return path


@pytest.mark.parametrize("more", [(), ("--set", "difference=true"), ("--set", "standardize=false")])
@pytest.mark.parametrize("rows", quick_first([50, 3, 1300]))
def test_values_in_the_units_of_the_file(
    rnntui: Rnntui, runs: Path, more: tuple[str, ...], rows: int
) -> None:
    keys = (*more, "--set", "dtype=float64")
    if "standardize=false" in more:
        keys = (*keys, "--set", "columns=load")
    train(rnntui, runs, "v", table(runs, "v.csv", 300), *keys)
    model, other = loaded(runs, "v"), table(runs, "other.csv", rows, seed=9)
    data: Any = model.data
    own = columns(other, *data.features)
    sequence = data.scaled(own)
    inputs = data.inputs(sequence, None)
    found = measured(rnntui, "v", other)
    assert found["steps"] == len(sequence) - 1
    want = plain_outputs(model.parameters, inputs)
    assert found["loss"] == pytest.approx(float(losses(want, sequence[1:]).mean()), rel=1e-6)
    errors = (want - sequence[1:]) * data.deviation
    steps = own[1:] - own[:-1]
    steps = steps[-len(errors) :]
    for n, column in enumerate(found["columns"]):
        assert column["name"] == data.features[n]
        assert column["rmse"] == pytest.approx(np.sqrt((errors[:, n] ** 2).mean()), rel=1e-6)
        assert column["mae"] == pytest.approx(np.abs(errors[:, n]).mean(), rel=1e-6)
        assert column["last_value_rmse"] == pytest.approx(np.sqrt((steps[:, n] ** 2).mean()))
        assert column["last_value_mae"] == pytest.approx(np.abs(steps[:, n]).mean())
    naive = 0.5 * ((steps / data.deviation) ** 2).sum(axis=1).mean()
    assert found["baselines"]["last value"] == pytest.approx(naive)
    words = rnntui("eval", "v", str(other)).out
    assert "baseline: last value" in words and "rmse" in words


def test_columns_are_found_by_name_whatever_else_the_file_holds(rnntui: Rnntui, runs: Path) -> None:
    source = table(runs, "v.csv", 200)
    train(rnntui, runs, "v", source)
    want = measured(rnntui, "v", source)["loss"]
    rows = [(load, "n/a", price, 7, "") for price, load in columns(source, "price", "load")]
    mixed = rewrite(runs.parent / "mixed.csv", rows, "load", "note", "price", "const", "empty")
    assert measured(rnntui, "v", mixed)["loss"] == pytest.approx(want, rel=1e-12)
    nameless = rewrite(runs.parent / "n.csv", columns(source, "price", "load").tolist())
    assert measured(rnntui, "v", nameless)["loss"] == pytest.approx(want, rel=1e-12)
    array = runs.parent / "v.npy"
    np.save(array, columns(source, "price", "load"), allow_pickle=False)
    assert measured(rnntui, "v", array)["loss"] == pytest.approx(want, rel=1e-12)


def test_the_looks_of_the_file_decide_nothing(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "v", table(runs, "v.csv", 200))
    model: Any = loaded(runs, "v")
    for rows in (
        [(1e6, 0.0)] * 3,  # constant
        [(1.0, 2.0), (2.0, 3.0)],  # two rows that look like row numbers
        [(20200101.0, 1.0), (20200102.0, 2.0), (20200103.0, 3.0)],  # dates, by their looks
    ):
        file = rewrite(runs.parent / "o.csv", rows, "price", "load")
        sequence = model.data.inputs(model.data.scaled(np.array(rows)), None)
        want = plain_loss(model.parameters, sequence)
        assert measured(rnntui, "v", file)["loss"] == pytest.approx(want, rel=1e-6)


def test_a_table_that_does_not_fit_is_refused_in_one_line(rnntui: Rnntui, runs: Path) -> None:
    train(rnntui, runs, "v", table(runs, "v.csv", 200))
    for text, words in (
        ("price,lode\n1,2\n3,4\n", "missing columns that the run learned: load"),
        ("1,2,3\n4,5,6\n", "3 columns without names"),
        ("price,load\n,2\n1,4\n", "line 2, column 'price': the first 1 of 2 values are missing"),
        ("price,load\n1,2\n3,x\n", "line 3, column 'load': 'x' is not a number"),
        ("price,load\n1,2\n", "1 row; eval needs 2"),
    ):
        ended = rnntui("eval", "v", str(write(runs, "o.csv", text.encode())), "--json")
        assert ended.code == 65 and words in ended.err and ended.err.count("\n") == 1
        assert "--set" not in ended.err


def test_names_that_first_versions_cut_are_found_again(tmp_path: Path) -> None:
    name = "ROOM.SENSOR.7.TEMPERATURE.CELSIUS"
    data = value_data(np.zeros((3, 1)))
    object.__setattr__(data, "features", ("ROOM.SENSOR.7.TEMPERATU…",))
    file = rewrite(tmp_path / "t.csv", [(1, 5), (2, 6)], "when", name)
    assert read_again(data, str(file), None, 10).sequence.tolist() == [[5.0], [6.0]]
