"""Each part of a filter is completed, and what is offered is a filter."""

from __future__ import annotations

import pytest

from rnntui.runs.filtering.completion import complete_filter
from rnntui.runs.filtering.keys import filter_keys
from rnntui.runs.filtering.language import Fact

RUNS: list[dict[str, Fact]] = [
    {"name": "tales-a", "state": "finished", "lr": 0.001, "tag": ("keep",), "note": "two words"},
    {"name": "sums-b", "state": "crashed", "lr": 1e-05, "tag": ("keep", "old"), "recipe": "sums"},
    {"name": "sums-c", "state": "crashed", "lr": 0.001, "seq_len": "full"},
]


def offered(word: str) -> list[str]:
    return [text for text, _ in complete_filter(word, RUNS) if text.startswith(word)]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("ta", ["tales-a", "tag=", "task=", "target="]),
        ("ag", ["age="]),
        ("lr", ["lr=", "lr_least="]),
        ("lr=", ["lr=1e-05", "lr=0.001"]),
        ("lr>=0", ["lr>=0.001"]),
        ("cell=", ["cell=rnn", "cell=gru", "cell=lstm"]),
        ("cell!=l", ["cell!=lstm"]),
        ("cell:gru,", ["cell:gru,rnn", "cell:gru,lstm"]),
        ("train.state=r", ["train.state=reset"]),
        ("state=cr", ["state=crashed"]),
        ("standardize=", ["standardize=true", "standardize=false"]),
        ("seq_len=", ["seq_len=full"]),
        ("learning_rate=", ["learning_rate=1e-05", "learning_rate=0.001"]),
        ("tag=", ["tag=keep", "tag=old"]),
        ("recipe=", ["recipe=sums"]),
        ("note=", []),  # a value with a space would be two words
        ("nonsense=", []),
        ("=", []),
    ],
)
def test_a_word_is_completed(word: str, values: list[str]):
    assert offered(word) == values


def test_every_key_is_offered_with_what_it_is():
    offers = {text[:-1]: about for text, about in complete_filter("", RUNS) if about}
    assert offers == {key.name: key.help for key in filter_keys()}
