"""Descriptions of the settings of a run."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.recipe import Recipe, SamplingSettings
from rnntui.tui.draw.describe import current_settings
from rnntui.update_numbers import UpdateNumbers
from tests.support.drawing import SNAPSHOT

NOW = dataclasses.replace(SNAPSHOT, step=40, lr=0.00124, factor=0.62)
NOW = dataclasses.replace(NOW, numbers=UpdateNumbers(40, 0, 1.44, 1.44, 0.00124, 0.834))


def described(name: str, now: bool = True, **keys: str | float) -> str:
    """The description of one setting, for a recipe with these keys."""
    return dict(current_settings(Recipe().replace(**keys), NOW if now else None))[name]


def test_the_network_and_its_initialisation() -> None:
    assert described("network", cell="gru", layers=2, hidden=64, dropout=0.2) == (
        "gru, 2 layers of 64, dropout 0.2 between layers, float32"
    )
    assert described("network", output="adaptive") == (
        "rnn (tanh), 1 layer of 128, adaptive output, float32"
    )
    assert described("network", activation="relu") == "rnn (relu), 1 layer of 128, float32"
    assert described("initialisation", init="orthogonal") == "orthogonal"
    assert described("initialisation", cell="lstm", init="normal", init_scale=0.1) == (
        "normal, scale 0.1, forget bias 1"
    )


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("sgd", "sgd, learning rate 0.00124"),
        ("momentum", "momentum, momentum 0.9, learning rate 0.00124"),
        ("adagrad", "adagrad, learning rate 0.00124"),
        ("adam", "adam, beta1 0.9, beta2 0.999, learning rate 0.00124"),
        ("adamw", "adamw, weight decay 0.01, beta1 0.9, beta2 0.999, learning rate 0.00124"),
    ],
)
def test_the_optimizer_and_its_rate_now(optimizer: str, words: str) -> None:
    assert described("optimizer", optimizer=optimizer) == words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("constant", "constant"),
        ("step", "step, decay 0.5, decay every 1,000; now at 62 %"),
        ("exponential", "exponential, decay 0.5, decay every 1,000; now at 62 %"),
        ("linear", "linear, cooldown 0.3; now at 62 %"),
        ("cosine", "cosine; now at 62 %"),
        ("plateau", "plateau, decay 0.5, patience 5; now at 62 %"),
    ],
)
def test_the_schedule_and_its_current_factor(schedule: str, words: str) -> None:
    assert described("schedule", schedule=schedule) == words
    warming = described("schedule", schedule=schedule, warmup=100)
    assert warming == f"warm-up, 40 of 100 updates; then {schedule}"


def test_the_least_rate_is_named_where_one_is_set() -> None:
    assert described("schedule", schedule="cosine", lr_least=0.1) == (
        "cosine, at least 10 %; now at 62 %"
    )


def test_clipping_with_the_last_norm() -> None:
    assert described("clipping", clip=5.0) == "gradient norm clipped to 5; last norm 0.83"
    assert described("clipping", clip=1.0, clip_mode="value").startswith("each gradient value")
    assert described("clipping", clip=0.0) == "none"
    assert described("clipping", now=False, clip=5.0) == "gradient norm clipped to 5"


def test_the_sampling_settings() -> None:
    assert described("sampling") == "temperature 1"
    changed = dataclasses.replace(NOW, sampling=SamplingSettings(0.7, 40, 0.9, samples=4))
    assert dict(current_settings(Recipe(), changed))["sampling"] == (
        "temperature 0.7, top-k 40, top-p 0.9, 4 samples per prompt"
    )
    greedy = dataclasses.replace(NOW, sampling=SamplingSettings(greedy=True))
    assert dict(current_settings(Recipe(), greedy))["sampling"] == "greedy"
    assert "sampling" not in dict(current_settings(Recipe().replace(task="values"), NOW))
