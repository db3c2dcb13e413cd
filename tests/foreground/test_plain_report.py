"""Training with lines of text."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.foreground.plain_report import PlainReport
from rnntui.foreground.report import Lines, Run
from rnntui.foreground.samples import quoted
from rnntui.recipe import Recipe
from rnntui.runs.opening import Opened
from rnntui.session.session import Session
from rnntui.text import cell_width
from rnntui.training.loop import start, train
from rnntui.update_numbers import UpdateNumbers
from tests.conftest import examples
from tests.support.plain import token_data

VALIDATED = ("--set", "split=0.1", "--set", "eval_every=5")
CURED = ("train", "hello-world-cured", "--plain")


def rows(out: str) -> list[list[str]]:
    """The columns of each row."""
    return [line.split() for line in out.splitlines() if re.match(r" +\d+ +\d+ ", line)]


def test_the_heading_says_what_is_trained_on_what(rnntui):
    ended = rnntui(*CURED, "--steps", "20", "--set", "split=0.1")
    assert "hello-world-cured" in ended.out
    assert "first 90 % to train, last 10 % to validate" in ended.out
    assert "1 layer of 100" in ended.out
    assert "after 20 updates" in ended.out
    assert all(cell_width(line) <= 100 for line in ended.out.splitlines())
    assert (ended.code, ended.err) == (0, "")


def test_columns_are_aligned(rnntui):
    out = rnntui(*CURED, "--steps", "64", *VALIDATED).out.splitlines()
    head = next(n for n, line in enumerate(out) if line.startswith("    update"))
    table = [line for line in out[head:] if re.match(r" +(update|\d+) +(epoch|\d+) ", line)]
    assert len({len(line) for line in table}) == 1
    assert "validation" in table[0]
    assert "bits" in table[0]


@pytest.mark.parametrize(("every", "steps"), [("0", ["12"]), ("5", ["5", "10", "12"])])
def test_every(rnntui, every, steps):
    ended = rnntui(*CURED, "--steps", "12", "--every", every, "--set", "eval_every=0")
    assert [row[0] for row in rows(ended.out)] == steps


def test_with_no_rows_there_are_validations(rnntui):
    ended = rnntui(*CURED, "--steps", "12", "--every", "0", *VALIDATED)
    assert [row[0] for row in rows(ended.out)] == ["5", "10", "12"]


def test_a_short_run_has_a_few_rows(rnntui):
    ended = rnntui("train", "counting", "--plain")
    assert [row[0] for row in rows(ended.out)][-3:] == ["150", "175", "200"]


def test_true_and_predicted_stand_under_each_other(rnntui):
    out = rnntui("train", "counting", "--plain").out.splitlines()
    assert out[-2:] == ["true       1 2 3 4", "predicted  1 2 3 4"]


def test_values_are_told_in_their_own_units(rnntui):
    out = rnntui("train", "ramp", "--plain").out
    assert "half the squared error" in out
    assert "bits" not in out
    assert "true           1   1.5     2   2.5" in out


def test_what_is_foreign_is_shown_and_obeyed_nowhere(rnntui, in_folder):
    (in_folder / "evil\x1b[31m.txt").write_text("a\x1b]0;title\x07b\u202e\x9b6n" * 100, "utf-8")
    ended = rnntui("train", "evil\x1b[31m.txt", "--plain", "--steps", "3", "--batch", "1")
    assert ended.code == 0
    assert not set(ended.out + ended.err) & set("\x1b\x07\u202e\x9b\x7f")
    assert "evil␛[31m.txt" in ended.out


def test_a_loss_that_is_not_finite_ends_with_advice(rnntui):
    options = ("--activation", "relu", "--clip", "0", "--lr", "1000")
    ended = rnntui("train", "hello-world", "--plain", *options)
    assert ended.code == 1
    assert "not finite" in ended.out.splitlines()[-1]
    last = ended.err.splitlines()[-1]
    assert last.startswith("rnntui: the loss is no longer a finite number since update ")
    assert len(last) <= 208


def test_a_loss_that_diverges_is_noted_once(rnntui):
    ended = rnntui("train", "hello-world", "--plain", "--steps", "400")
    assert ended.err.count("is diverging") == 1
    assert ended.err.startswith("rnntui: note: ")


def test_long_and_wide_text_is_wrapped():
    lines = list(quoted("漢" * 100 + "\n" + "x" * 30))
    assert all(cell_width(line) <= 82 for line in lines)
    assert "".join(line.removeprefix("    │ ") for line in lines) == "漢" * 100 + "x" * 30


def test_text_is_broken_after_a_space():
    lines = list(quoted("seven words " * 20))
    assert all(line.endswith(("seven", "words")) for line in lines)


def test_endless_text_is_cut():
    assert list(quoted("x\n" * 100))[-1].endswith("… and 60 more lines")


DATA = token_data([0, 1] * 40, 2, [0, 1] * 10)
RECIPE = Recipe().replace(hidden=2, layers=1, dropout=0.0, batch=1, seq_len=5, steps=1)
CHUNK = next(iter(train(RECIPE, DATA)))
numbers = st.floats() | st.sampled_from([0.6955, 7.915e-05, -0.0006514, 1e-300, 123456.789])


def fresh_run(recipe: Recipe) -> Run:
    """A run before its first update."""
    state = start(recipe, DATA)
    return Run(recipe, DATA, state, Session(Opened(recipe, DATA, state)))


@pytest.mark.slow
@given(st.lists(numbers, min_size=4, max_size=4), st.integers(1, 10**15), st.booleans())
@settings(deadline=None, max_examples=examples(300))
def test_columns_never_touch(values: list[float], step: int, validated: bool) -> None:
    written = io.StringIO()
    report = PlainReport(Lines(written), 1)
    recipe = RECIPE.replace(eval_every=1, reduction="sum")
    report.begin(fresh_run(recipe))
    loss, validation, rate, norm = values
    chunk = dataclasses.replace(
        CHUNK,
        numbers=UpdateNumbers(step, step, loss, loss, rate, norm),
        validation=validation if validated else None,
        samples=(),
    )
    report.see(chunk)
    head, row = written.getvalue().splitlines()[-2:]
    assert len(row.split()) == len(head.split())
    assert all(len(cell) <= 11 for cell in row.split()[2:])


def test_the_heading_says_how_many_processes_train(rnntui):
    args = (*CURED, "--batch", "2", "--steps", "5", "--set", "workers=2")
    assert "  workers   2 processes share every update" in rnntui(*args).out
    assert "worker" not in rnntui(*CURED, "--steps", "5").out


def test_the_heading_says_how_many_streams_take_turns(rnntui):
    args = (*CURED, "--batch", "1", "--seq-len", "2", "--steps", "5")
    assert "  streams   2 in all, 2 sets that take turns" in rnntui(*args, "--set", "turns=2").out
    assert "turn" not in rnntui(*args).out


def test_several_samples_are_numbered(rnntui):
    ended = rnntui("train", "hello-world", "--plain", "--steps", "1", "--samples", "2", "--greedy")
    lines = [line.strip() for line in ended.out.splitlines()]
    assert lines.count("1 of 2") == lines.count("2 of 2") == 2
    texts = ended.out.split("final sample:")[-1].split("2 of 2")
    assert texts[1].split() == texts[0].replace("1 of 2", "").split()


class Narrow(Lines):
    """Lines on a terminal of 80 columns."""

    width = 80


def test_all_lines_fit_a_terminal_of_80_columns() -> None:
    written, whole = io.StringIO(), io.StringIO()
    recipe = RECIPE.replace(eval_every=1, reduction="sum", seconds=10.0, steps=0)
    for lines in (Narrow(written), Lines(whole)):
        report = PlainReport(lines, 1)
        report.begin(fresh_run(recipe))
        report.see(CHUNK)
    narrow, wide = written.getvalue().splitlines(), whole.getvalue().splitlines()
    assert max(map(len, narrow)) <= 80 < max(map(len, wide))
    assert " ".join("".join(narrow[:-3]).split()) == " ".join("".join(wide[:-3]).split())
    lacking = set(wide[-2].split()) - set(narrow[-2].split())
    assert lacking == {"bits", "left"}
    assert len(narrow[-1].split()) == len(narrow[-2].split())


WAVE = "values:" + ",".join(str(n % 6 + n % 5) for n in range(120))
FORECAST = (*("train", WAVE, "--steps", "3"), *("--set", "split=0.3", "--set", "seq_len=10"))


def test_a_run_on_values_ends_with_its_forecasts_beside_simple_methods(rnntui):
    out = " ".join(rnntui(*FORECAST, "--plain").out.split())
    assert "rows ahead, RMSE: network" in out and "autoregression" in out
    assert re.search(r"(\w+ ?\w+) forecasts better than the network: RMSE", out)
    assert "rows ahead, RMSE" not in rnntui(*FORECAST, "--plain", "--set", "split=0").out


def test_the_last_json_object_has_the_backtest(rnntui):
    import json

    lines = rnntui(*FORECAST, "--json").out.splitlines()
    (found,) = json.loads(lines[-1])["backtest"]
    assert found["target"] == "value" and found["origins"] > 5
    rmse = found["methods"]["network"]["rmse"]
    assert len(rmse) == found["horizon"] and all(error > 0 for error in rmse)
    known = ("--set", "lr=0.3", "--set", "eval_every=1", "--steps", "9", "--name", "spoiled")
    *_, last, spoiled = map(json.loads, rnntui(*FORECAST, *known, "--json").out.splitlines())
    assert spoiled["best"] < last["loss"], "the best weights are not the last ones"
    (again,) = map(json.loads, rnntui("backtest", "spoiled", "--json").out.splitlines())
    (at_the_end,) = spoiled["backtest"]
    assert at_the_end["methods"]["network"]["rmse"] == again["methods"]["network"]["rmse"]
    text = rnntui("train", "counting", "--json").out.splitlines()
    assert "backtest" not in json.loads(text[-1])
