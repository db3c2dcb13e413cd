"""A filter means what it says, and what cannot be meant is refused in one line."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rnntui.errors import UsageError
from rnntui.guide import DIRECTORY
from rnntui.recipe import keys
from rnntui.runs.filtering.keys import FIELDS, filter_keys, find_key
from rnntui.runs.filtering.language import Fact, parse_filter
from rnntui.runs.store.summary import RunSummary

FACTS: dict[str, Fact] = {
    "name": "notes-lr0.01-2",
    "state": "finished",
    "tag": ("keep", "night-3"),
    "note": "Better than before, at last",
    "source": "corpus:tales",
    "best": 1.25,
    "loss": None,
    "update": 12_000,
    "size": 3_500_000,
    "age": 90_000.0,
    "lr": 1e-3,
    "cell": "gru",
    "hidden": 128,
    "seq_len": "full",
    "train.state": "carry",
    "standardize": False,
    "method": "last value",
}

HOLDS = (
    "",
    "notes*",
    "lr0.01",  # a part of the name
    "NOTES",
    "tales,notes",
    "name=notes-lr0.01-2",
    "lr>=0.001",
    "lr >= 0.001",
    "lr=1e-3",
    "learning_rate<=.001",
    "train.lr==0.001",
    "lr!=0.002",
    "lr=1e-3..1e-2",
    "lr:..0.001",
    "lr:0.0005..",
    "cell=gru",
    "cell:lstm,gru",
    "cell!=rnn,lstm",
    "model.cell=g*",
    "hidden=64,128",
    "update>10k",
    "step=12_000",
    "size>=3.5MB",
    "size<4MB",
    "age>1d",
    "age=1d..2d",
    "best<1.3 cell=gru state:finished notes*",
    "state!=crashed",
    "tag=keep",
    "tag:night*",
    "tags!=old",
    "note:better",
    'note:"than before"',
    "note=better*",
    "source:tales",
    "source=corpus:tales",
    'method="last value"',
    "seq_len=full",
    "train.state=carry",
    "standardize=false",
    "loss!=1",  # not known, so it is not 1
    "best!=1..1.1",
)
FAILS = (
    "tales",
    "otes*",  # a pattern is about the whole name
    "name=notes",
    "lr>0.001",
    "lr<0.001",
    "lr=0.002..",
    "cell=lstm",
    "cell!=gru",
    "hidden=64,256",
    "seq_len=50",
    "seq_len>10",
    "loss<10",
    "loss>=0",
    "validation=0..100",
    "tag=night",
    "tag!=keep",
    "note=better",
    "source=tales",
    "state=finished cell=rnn",
    "age<1d",
    "standardize=true",
)


@pytest.mark.parametrize("text", HOLDS)
def test_it_holds(text: str):
    assert parse_filter(text).matches(FACTS)


@pytest.mark.parametrize("text", FAILS)
def test_it_does_not_hold(text: str):
    assert not parse_filter(text).matches(FACTS)


def test_the_words_of_a_command_are_one_filter():
    assert parse_filter(("cell", "=", "gru", "lr>=0.001 notes*")).matches(FACTS)
    assert len(parse_filter(("cell=gru", "lr>=0.001 notes*")).terms) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cel=gru", "unknown key 'cel' in the filter: did you mean 'cell'?"),
        (
            "learning_rat>1",
            "unknown key 'learning_rat' in the filter: did you mean 'lr'?",
        ),
        ("stat:finished", "unknown key 'stat' in the filter: did you mean 'state'?"),
        ("model.lr=1", "unknown key 'model.lr' in the filter"),
        ("wibble=3", "unknown key 'wibble' in the filter: rnntui guide runs lists the keys"),
        ("cell=gur", "unknown cell 'gur' in the filter (choose rnn, gru or lstm)"),
        ("state=finish", "unknown state 'finish' in the filter: did you mean 'finished'?"),
        ("state=carry", "state is the state of the run: use train.state=carry in the filter"),
        ("lr>fast", "lr 'fast' in the filter: takes a number such as 0.001 or 10k"),
        (
            "seq_len=fall",
            "seq_len 'fall' in the filter: takes a number such as 0.001 or 10k or full",
        ),
        ("age<7q", "age '7q' in the filter: takes a number such as 30min, 12h or 7d"),
        ("lr=0.1..0.2..", "lr '0.2..' in the filter: takes a number such as 0.001 or 10k"),
        ("lr=..", "lr: give at least one end of the range '..'"),
        ("cell>gru", "cell is not a number: use = or != in the filter"),
        (">=3", "filter '>=3': name a key before '>=', as in lr>=0.001"),
        ("lr>=", "filter 'lr>=': add a value after '>='"),
        ("tag=,", "filter 'tag=,': add a value after '='"),
        ("note:'open", "filter 'note:'open': a quote or a backslash is not closed"),
        ("\x1b[2J=3", "unknown key '␛[2J' in the filter: rnntui guide runs lists the keys"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, message: str):
    with pytest.raises(UsageError) as error:
        parse_filter(text)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_each_recipe_key_is_a_key_of_filters_under_a_name_of_its_own():
    names = [key.name for key in filter_keys()]
    assert len(set(names)) == len(names)
    assert {find_key(f"{leaf.section}.{leaf.name}").help for leaf in keys()} == {
        leaf.rule.help for leaf in keys()
    }


def test_the_guide_names_each_key_and_each_field_of_the_list():
    guide = (DIRECTORY / "runs.md").read_text("utf-8")
    names = {field.name for field in FIELDS} | {field.name for field in fields(RunSummary)}
    assert [name for name in sorted(names) if f"`{name}`" not in guide] == []
