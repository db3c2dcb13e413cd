"""Training with a JSON object a line."""

from __future__ import annotations

import math
import subprocess

import pytest

from rnntui.foreground.json_report import _line
from tests.conftest import command, environment, quick_first
from tests.support.patience import PATIENCE

CURED = ("train", "hello-world-cured", "--json", "--set", "sample_every=0")


def test_every_update_is_printed_and_numbered_from_one(rnntui):
    ended = rnntui("train", "counting", "--json", "--every", "1", "--steps", "5")
    steps = ended.of("step")
    assert [event["step"] for event in steps] == [1, 2, 3, 4, 5]
    assert [event["epoch"] for event in steps] == [0, 1, 2, 3, 4]
    keys = {"event", "step", "epoch", "loss", "lr", "grad_norm", "tokens_per_s"}
    assert all(set(event) == keys for event in steps)
    assert steps[0]["loss"] == pytest.approx(6.4376332790388355, rel=1e-9)
    assert ended.code == 0
    assert ended.err == ""


def test_done_comes_last_with_what_a_document_prints(rnntui):
    ended = rnntui("train", "counting", "--json")
    done = ended.events[-1]
    assert done["event"] == "done"
    assert done["predicted"] == [1, 2, 3, 4]
    assert done["steps"] == 200
    assert done["seconds"] > 0
    assert done["best"] is None
    assert "generated" not in done


def test_values_are_predicted_one_per_step(rnntui):
    done = rnntui("train", "successor", "--json").events[-1]
    assert done["predicted"] == pytest.approx(
        [2.2414391460864325, 3.1845026453692467, 4.043059277378524, 4.574193978690681]
    )


def test_a_pass_is_summed_for_one_step_recipes(rnntui):
    ended = rnntui("train", "ramp", "--json", "--every", "1", "--epochs", "3")
    passes = ended.of("epoch")
    assert [event["epoch"] for event in passes] == [0, 1, 2]
    assert [event["step"] for event in passes] == [4, 8, 12]
    first = [event["loss"] for event in ended.of("step")[:4]]
    assert passes[0]["loss"] == math.fsum(first) == pytest.approx(31.08853805105521, rel=1e-9)


def test_a_pass_is_not_printed_where_updates_are_not(rnntui):
    assert not rnntui("train", "ramp", "--json", "--every", "2", "--epochs", "2").of("epoch")
    assert not rnntui("train", "counting", "--json", "--every", "1", "--steps", "3").of("epoch")


def test_the_first_sample_comes_after_update_one(rnntui):
    ended = rnntui("train", "hello-world", "--json", "--every", "1", "--steps", "1")
    assert [event["event"] for event in ended.events] == ["note", "step", "sample", "done"]
    sample = ended.of("sample")[0]
    assert sample["step"] == 1
    assert sample["text"] == "whd \nlldoodeweohoolrwldeol \nodhol\n ddlh \n whrrho o"


def test_several_samples_at_once_are_an_event_each(rnntui):
    several = ("--samples", "3", "--top-k", "4", "--top-p", "0.9", "--temperature", "0.8")
    ended = rnntui("train", "hello-world", "--json", "--steps", "1", *several)
    samples = ended.of("sample")
    assert [sample["number"] for sample in samples] == [1, 2, 3]
    assert len({sample["text"] for sample in samples}) == 3
    done = ended.events[-1]
    assert len(done["samples"]) == 3 and done["samples"][0] == done["generated"]


@pytest.mark.parametrize(("every", "steps"), quick_first([("4", [4, 8]), ("0", []), (None, [])]))
def test_every(rnntui, every, steps):
    options = () if every is None else ("--every", every)
    ended = rnntui(*CURED, "--steps", "10", *options)
    assert [event["step"] for event in ended.of("step")] == steps


def test_validation_is_an_event_with_the_best_so_far(rnntui):
    ended = rnntui(*CURED, "--set", "split=0.1", "--set", "eval_every=5", "--steps", "20")
    evals = ended.of("eval")
    assert [event["step"] for event in evals] == [5, 10, 15, 20]
    for event in evals:
        assert event["bits"] == pytest.approx(event["loss"] / math.log(2))
        assert event["perplexity"] == pytest.approx(math.exp(event["loss"]))
    lowest = [min(e["loss"] for e in evals[: n + 1]) for n in range(4)]
    assert [event["best"] for event in evals] == lowest
    assert ended.events[-1]["best"] == lowest[-1]


def test_the_split_is_named(rnntui):
    ended = rnntui(*CURED, "--set", "split=0.1", "--steps", "1")
    assert "first 90 % to train, last 10 % to validate" in ended.events[0]["text"]


def test_a_loss_that_is_not_finite_is_null_and_ends_the_run(rnntui):
    options = ("--activation", "relu", "--clip", "0", "--lr", "1000", "--every", "1")
    ended = rnntui("train", "hello-world", "--json", *options)
    bad = [event for event in ended.of("step") if event.get("nonfinite")]
    assert bad
    assert bad[-1]["loss"] is None
    done = ended.events[-1]
    assert (done["event"], done["loss"], done["nonfinite"]) == ("done", None, True)
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert "no longer a finite number" in ended.err
    assert "--lr 0.004 --clip 1 --set clip_mode=norm" in ended.err


@pytest.mark.slow
def test_a_loss_that_diverges_is_noted_once(rnntui):
    ended = rnntui("train", "hello-world", "--json", "--every", "0", "--steps", "400")
    notes = [event["text"] for event in ended.of("note") if "is diverging" in event["text"]]
    assert len(notes) == 1
    assert ended.code == 0


def test_no_line_can_steer_a_terminal():
    hostile = "".join(map(chr, range(32))) + "\x7f\x9b\u202e\u200b\N{PILE OF POO}"
    assert _line({"event": "note", "text": hostile}).isprintable()
    assert _line({"event": "note", "text": hostile}).isascii()


def test_nothing_follows_a_reader_who_has_gone():
    program = subprocess.Popen(
        command("train", "hello-world", "--json", "--every", "1", "--steps", "100000"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.readline()
    program.stdout.close()
    assert program.wait(PATIENCE) == 141
    assert program.stderr.read() == b""
    program.stderr.close()


def test_lines_come_as_they_are_made():
    program = subprocess.Popen(
        command("train", "hello-world-cured", "--json", "--every", "1", "--epochs", "100000"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    try:
        assert program.stdout.readline().startswith('{"event": "note"')
        assert program.stdout.readline().startswith('{"event": "step", "step": 1,')
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
