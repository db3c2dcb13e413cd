"""How a run trains and writes, in words."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.recipe import Recipe
from rnntui.tui.draw.facts import facts
from tests.drawing import SNAPSHOT

NOW = dataclasses.replace(SNAPSHOT, step=40, lr=1.24e-3, factor=0.62, gradient_norm=0.834)


def told(name: str, now: bool = True, **keys: str | float) -> str:
    """What is said about one thing, for a recipe with these keys."""
    return dict(facts(Recipe().replace(**keys), NOW if now else None))[name]


def test_the_network_and_how_it_begins() -> None:
    assert told("network", cell="gru", layers=2, hidden=64, dropout=0.2) == (
        "gru, 2 layers of 64, dropout 0.2 between layers, float32"
    )
    assert told("network", activation="relu") == "rnn (relu), 1 layer of 128, float32"
    assert told("begins with", init="orthogonal") == "orthogonal weights"
    assert told("begins with", cell="lstm", init="normal", init_scale=0.1) == (
        "normal weights, scale 0.1, forget bias 1"
    )


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("sgd", "sgd, learning rate 1.24e-3"),
        ("momentum", "momentum, momentum 0.9, learning rate 1.24e-3"),
        ("adagrad", "adagrad, learning rate 1.24e-3"),
        ("adam", "adam, betas 0.9 and 0.999, learning rate 1.24e-3"),
        ("adamw", "adamw, betas 0.9 and 0.999, weight decay 0.01, learning rate 1.24e-3"),
    ],
)
def test_the_optimizer_and_its_rate_now(optimizer: str, words: str) -> None:
    assert told("optimizer", optimizer=optimizer) == words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("constant", "constant"),
        ("step", "step, times 0.5 every 1 000 updates; now at 62 %"),
        ("exponential", "exponential, times 0.5 over 1 000 updates; now at 62 %"),
        ("cosine", "cosine, down to 0 % at the end of the run; now at 62 %"),
        ("plateau", "plateau, times 0.5 after 5 validations no better; now at 62 %"),
    ],
)
def test_where_the_schedule_stands(schedule: str, words: str) -> None:
    assert told("schedule", schedule=schedule) == words
    warming = told("schedule", schedule=schedule, warmup=100)
    assert warming == f"warm-up, 40 of 100 updates; then {schedule}"


def test_clipping_with_the_last_norm() -> None:
    assert told("clipping", clip=5.0) == ("norm of the gradient at most 5; the last norm was 0.83")
    assert told("clipping", clip=1.0, clip_mode="value").startswith("each value of the gradient")
    assert told("clipping", clip=0.0) == "none"
    assert told("clipping", now=False, clip=5.0) == "norm of the gradient at most 5"


def test_how_tokens_are_chosen() -> None:
    assert told("sampling") == "temperature 1"
    chosen = dataclasses.replace(NOW, temperature=0.7, top_k=40, top_p=0.9, samples=4)
    assert dict(facts(Recipe(), chosen))["sampling"] == (
        "temperature 0.7, top-k 40, top-p 0.9, 4 texts at once"
    )
    likeliest = dataclasses.replace(NOW, greedy=True)
    assert dict(facts(Recipe(), likeliest))["sampling"] == "likeliest"
    assert "sampling" not in dict(facts(Recipe().replace(task="values"), NOW))
