"""Training with lines of text."""

from __future__ import annotations

import re

import pytest

from rnntui.foreground.numbers import duration, figure, plural, rounded, si
from rnntui.foreground.writing import quoted
from rnntui.text import cell_width

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
    head = next(n for n, line in enumerate(out) if line.startswith("    step"))
    table = [line for line in out[head:] if re.match(r" +(step|\d+) +(epoch|\d+) ", line)]
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


def test_a_loss_that_runs_away_is_noted_once(rnntui):
    ended = rnntui("train", "hello-world", "--plain", "--steps", "400")
    assert ended.err.count("runs away") == 1
    assert ended.err.startswith("rnntui: note: ")


def test_long_and_wide_text_is_wrapped():
    lines = list(quoted("漢" * 100 + "\n" + "x" * 30))
    assert all(cell_width(line) <= 82 for line in lines)
    assert "".join(line.removeprefix("    │ ") for line in lines) == "漢" * 100 + "x" * 30


def test_text_is_broken_after_a_space():
    lines = list(quoted("seven words " * 20))
    assert all(line.endswith(("seven", "words")) for line in lines)


def test_endless_text_is_cut():
    assert list(quoted("x\n" * 100))[-1].endswith("… and 60 lines more")


def test_numbers():
    assert [rounded(v) for v in (1.5, 1234.5, 4.58e-7, float("nan"))] == [
        "1.5000",
        "1.23e+03",
        "4.58e-07",
        "–",
    ]
    assert [si(v) for v in (0, 950, 27_640, 999_600, 1_300_000)] == [
        "0",
        "950",
        "27.6k",
        "1.00M",
        "1.30M",
    ]
    assert [duration(s) for s in (0, 42.9, 3723, float("inf"))] == [
        "00:00",
        "00:42",
        "1:02:03",
        "00:00",
    ]
    assert (plural(1, "step"), plural(2500, "step")) == ("1 step", "2,500 steps")
    assert figure(0.0019999) == "0.002"


def test_the_heading_says_how_many_processes_train(rnntui):
    args = (*CURED, "--batch", "2", "--steps", "5", "--set", "workers=2")
    assert "  workers   2 processes share every update" in rnntui(*args).out
    assert "worker" not in rnntui(*CURED, "--steps", "5").out


def test_several_samples_are_numbered(rnntui):
    ended = rnntui("train", "hello-world", "--plain", "--steps", "1", "--samples", "2", "--greedy")
    lines = [line.strip() for line in ended.out.splitlines()]
    assert lines.count("1 of 2") == lines.count("2 of 2") == 2
    texts = ended.out.split("it writes:")[-1].split("2 of 2")
    assert texts[1].split() == texts[0].replace("1 of 2", "").split()
