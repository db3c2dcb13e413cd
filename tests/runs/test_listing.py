"""Runs are filtered by what they are, sorted with the unknown last, and told apart."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.filtering.language import parse_filter
from rnntui.runs.listing import ListedRun, differences, matching, ordered, settings_of
from rnntui.runs.store.summary import RunSummary

NOW = 1e9


def listed(name: str, chosen: Recipe | None = None, **fields: float | str | None) -> ListedRun:
    summary = RunSummary(name, Path(name), "finished", NOW, NOW, 10, recipe="tales")
    settings = settings_of(chosen or Recipe())
    return ListedRun(replace(summary, **fields), settings)  # type: ignore[arg-type]


def names(runs: list[ListedRun]) -> list[str]:
    return [run.summary.name for run in runs]


def test_a_filter_selects():
    runs = [listed("a", best=1.0), listed("b", Recipe().replace(lr=0.1)), listed("c", state="x")]
    for text, found in {"lr>0.01": "b", "best<2": "a", "a,c": "ac", "": "abc"}.items():
        assert "".join(names(matching(runs, parse_filter(text), NOW))) == found


def test_what_is_unknown_is_sorted_last():
    runs = [
        listed("none"),
        listed("high", best=2.0, loss=0.5, size=5, updated=NOW - 50),
        listed("nan", best=math.nan),
        listed("low", best=1.0, loss=0.7, size=50, updated=NOW - 5),
    ]
    assert names(ordered(runs, "best")) == ["low", "high", "none", "nan"]
    assert names(ordered(runs, "loss")) == ["high", "low", "none", "nan"]
    assert names(ordered(runs, "size")) == ["low", "none", "nan", "high"]
    assert names(ordered(runs, "age")) == ["none", "nan", "low", "high"]


def test_a_run_has_the_settings_in_which_the_runs_differ():
    runs = [
        listed("a"),
        listed("b", Recipe().replace(lr=0.1)),
        ListedRun(listed("c").summary, None),
    ]
    assert differences(runs) == [{"lr": 0.002}, {"lr": 0.1}, {}]
    assert differences(runs[:1]) == [{}]


def test_runs_of_different_recipes_differ_in_the_recipe():
    tales, hello = load_recipe("tales"), load_recipe("hello-world")
    runs = [
        listed("a", tales),
        listed("b", tales.replace(lr=0.1)),
        listed("c", hello, recipe="hello-world"),
    ]
    assert differences(runs) == [
        {"recipe": "tales", "lr": 0.002},
        {"recipe": "tales", "lr": 0.1},
        {"recipe": "hello-world"},
    ]
