"""A run answers every key of a filter that its files know something about."""

from __future__ import annotations

from pathlib import Path

from rnntui.recipe import Recipe, keys
from rnntui.runs.filtering.facts import facts_of
from rnntui.runs.filtering.keys import filter_keys
from rnntui.runs.filtering.language import parse_filter
from rnntui.runs.store.summary import RunSummary

NOW = 1e9
RUN = RunSummary(
    name="tales-gru",
    path=Path("tales-gru"),
    state="finished",
    started=NOW - 7200,
    updated=NOW - 3600,
    size=5_000,
    recipe="tales",
    parameters=70_000,
    step=400,
    best=1.5,
    findings=("plateau",),
)


def test_a_run_and_its_settings_answer_a_filter():
    recipe = Recipe().replace(cell="gru", state="reset")
    facts = facts_of(RUN, {leaf.name: recipe.get(leaf.name) for leaf in keys()}, NOW)
    assert set(facts) <= {key.name for key in filter_keys()}
    for text in ("tales", "state=finished", "train.state=reset", "cell=gru", "age=1h", "size=5kB"):
        assert parse_filter(text).matches(facts), text


def test_a_run_without_a_readable_recipe_matches_no_setting():
    facts = facts_of(RUN, {}, NOW)
    assert parse_filter("tales best<2").matches(facts)
    assert not parse_filter("cell=*").matches(facts)
