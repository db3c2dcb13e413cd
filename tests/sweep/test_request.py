"""A `sweep.toml`, and what contradicts itself in what is asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rnntui.errors import UsageError
from rnntui.recipe import load_recipe, to_toml
from rnntui.sweep.prepare import Plan
from rnntui.sweep.request import Request, is_sweep_file, read_sweep_file
from rnntui.sweep.space import Axis, Draw, parse_axis, parse_draw

WHOLE = """
recipe = "brackets"
on = "ssh:a,me@b"

[set]
clip = 0.5
skip_spikes = false

[grid]
lr = [3e-4, 1e-3]
cell = ["gru", "lstm"]

[random]
trials = 12
seed = 3
sampler = "tpe"
lr = { log = [1e-4, 3e-2] }
dropout = { from = 0.0, to = 0.5 }
hidden = [64, 128]

[budget]
steps = 300
halving = [80, 160]
jobs = 2
"""


def written(folder: Path, text: str) -> str:
    path = folder / "sweep.toml"
    path.write_text(text)
    return str(path)


def test_every_part_of_a_sweep_file_is_read(tmp_path: Path):
    path = written(tmp_path, WHOLE)
    assert is_sweep_file(path)
    assert read_sweep_file(path) == Request(
        source="brackets",
        settings={"clip": "0.5", "skip_spikes": "false", "steps": "300"},
        axes=(Axis("lr", (3e-4, 1e-3)), Axis("cell", ("gru", "lstm"))),
        draws=(
            Draw("lr", low=1e-4, high=3e-2, log=True),
            Draw("dropout", low=0.0, high=0.5),
            Draw("hidden", (64, 128)),
        ),
        count=12,
        draw_seed=3,
        sampler="tpe",
        halving=(80, 160),
        jobs=2,
        on="ssh:a,me@b",
    )


def test_a_recipe_is_no_sweep_file(tmp_path: Path):
    assert not is_sweep_file(written(tmp_path, to_toml(load_recipe("brackets"))))
    assert not is_sweep_file(written(tmp_path, "this is = not = toml"))
    assert not is_sweep_file(str(tmp_path / "missing.toml"))
    assert not is_sweep_file("brackets")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[grid]\nlr = [1.0]", "recipe is missing"),
        ('recipe = "tales"\n[gird]\nlr = [1.0]', "unknown key 'gird': did you mean 'grid'?"),
        ('recipe = "tales"\n[grid]\nlr = 1.0', "lr in [grid] takes a list of values"),
        ('recipe = "tales"\n[grid]\nlr = []', "lr: give at least one value"),
        ('recipe = "tales"\n[grid]\nhidden = [0]', "hidden = 0: takes a whole number"),
        ('recipe = "tales"\n[grid]\nhidden = ["8"]', "hidden = 8: takes a whole number"),
        ('recipe = "tales"\n[grid]\nseries = ["a"]', "a sweep cannot vary series"),
        ('recipe = "tales"\n[random]\nlr = { low = 1 }', "lr in [random] takes a list, {log ="),
        ('recipe = "tales"\n[random]\nlr = { log = [1] }', "lr in [random] takes a list, {log ="),
        ('recipe = "tales"\n[random]\nlr = 3', "lr in [random] takes a list, {log ="),
        ('recipe = "tales"\n[random]\nsampler = "grid"', "unknown sampler 'grid'"),
        ('recipe = "tales"\n[budget]\nstep = 3', "unknown key 'step' in [budget]"),
        ('recipe = "tales"\n[budget]\njobs = 0', "jobs takes a whole number from 1"),
        ('recipe = "tales"\n[budget]\nhalving = 80', "halving takes a list of updates"),
        ('recipe = "tales"\n[budget]\nhalving = [1.5]', "halving takes a whole number"),
        ('recipe = "tales"\ngrid = 3', "[grid] must be a section"),
        ('recipe = "tales"\n[set]\nlr = [1]', "lr: takes one value"),
        ('recipe = "tales"\non = "moon"', "on 'moon': takes local, ssh:HOST,HOST or slurm"),
        ('recipe = "tales"\non = "ssh:a,-oX"', "on: '-oX' is not a host, as in ssh:a,b"),
        ('recipe = "tales"\non = ["ssh:a"]', "on takes a place, as in on = "),
        ('recipe = "tales"\non = ""', "on '': takes local, ssh:HOST,HOST or slurm"),
        ('recipe = "tales"\n[budget]\non = "local"', "unknown key 'on' in [budget]"),
    ],
)
def test_what_is_wrong_in_a_sweep_file_is_said_in_one_line(tmp_path: Path, text: str, why: str):
    path = written(tmp_path, text)
    assert is_sweep_file(path)
    with pytest.raises(UsageError) as found:
        read_sweep_file(path)
    assert str(found.value).startswith("sweep.toml: ") and why in str(found.value)


@pytest.mark.parametrize("text", ["lr=log:0.0001..0.03", "hidden=3..5", "cell=gru,lstm"])
def test_a_draw_is_stored_as_it_is_typed(text: str):
    assert parse_draw(text).text == text


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request("brackets", count=3), "--random N and --draw KEY=RANGE go together"),
        (Request("brackets", draws=(parse_draw("lr=0.1..1"),)), "go together"),
        (
            Request("brackets", draws=(parse_draw("lr=0.1..1"),), count=10**11),
            "--random 100,000,000,000: a sweep has at most 10,000 trials",
        ),
        (
            Request("brackets", {"lr": "1"}, (parse_axis("lr=0.1,0.2"),)),
            "lr is set for all trials and varied, too: leave one out",
        ),
        (Request("brackets", sampler="tpe"), "--sampler tpe chooses among draws"),
        (
            Request("brackets", draws=(parse_draw("lr=0.1..1"),), count=2, sampler="tpe", seeds=2),
            "--sampler tpe cannot be combined with --seeds",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(request_: Request, why: str):
    with pytest.raises(UsageError, match=why):
        request_.check()


def test_a_plan_has_every_trial_and_those_of_tpe_are_left_open(monkeypatch: pytest.MonkeyPatch):
    asked = Request(
        "brackets", axes=(parse_axis("lr=0.1,0.2"),), draws=(parse_draw("lr=0.3..0.9"),), count=3
    )
    plan = Plan.of(asked, load_recipe("brackets"), 2, ["a note"])
    assert len(plan.settings) == plan.fixed == 5 and plan.jobs == 2 and plan.notes == ("a note",)
    monkeypatch.setattr("rnntui.sweep.prepare.check_optuna", lambda _what: None)
    plan = Plan.of(dataclasses.replace(asked, sampler="tpe"), load_recipe("brackets"), 2, [])
    assert len(plan.settings) == 5 and plan.fixed == 2


def test_fewer_different_draws_than_wished_are_noted():
    asked = Request("brackets", draws=(parse_draw("hidden=3..5"),), count=10)
    plan = Plan.of(asked, load_recipe("brackets"), 2, [])
    assert len(plan.settings) == 3
    assert plan.notes == ("--random 10 gives only 3 new trials: the other draws repeat trials",)


def test_what_needs_optuna_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rnntui.sweep.tpe.find_spec", lambda _name: None)
    asked = Request("brackets", draws=(parse_draw("lr=0.3..0.9"),), count=3, sampler="tpe")
    with pytest.raises(
        UsageError, match=r"--sampler tpe needs Optuna: pip install 'rnntui\[sweep\]'"
    ):
        Plan.of(asked, load_recipe("brackets"), 2, [])
