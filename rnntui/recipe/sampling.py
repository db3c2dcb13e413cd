"""The sampling settings, each declared once: its limits, help line, labels and key steps."""

from __future__ import annotations

from dataclasses import field, fields, replace
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.recipe.dials import Dial, increments, presets, switch
from rnntui.recipe.rules import Rule, Value

_TOKENS = ("task", ("tokens",))


def _setting(default: Value, help: str, dial: Dial, **limits: Any) -> Any:  # noqa: A002
    rule = Rule(help, only=_TOKENS, **limits)
    return field(default=default, metadata={"rule": rule, "dial": dial})


@dataclass(frozen=True)
class SamplingSettings:
    """How tokens are chosen, named as the recipe keys; a change replaces the whole record.

    Adding a setting takes a declaration here, its effect in `nn.sampling`, its keys in
    `tui.commands`, and its option in `cli.sampling_options`.
    """

    temperature: float = _setting(
        1.0,
        "sampling temperature: below 1 less random, above 1 more",
        Dial(
            label="temperature",
            after=increments(0.1, least=0.1, most=5.0),
            words="temperature {value:g}",
            note="temperature {value:g}",
            drawing=True,
        ),
        above=0.0,
        most=100.0,
        for_zero="--greedy (greedy = true) always takes the most likely token",
        aka=("temp",),
    )
    top_k: int = _setting(
        0,
        "sample from the K most likely tokens; 0: from all",
        Dial(
            label="top-k",
            after=presets((1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0, 80.0), beyond=0.0),
            words="top-k: the {value:g} most likely {unit}s",
            note="top-k {value:g}",
            off=0,
            off_words="top-k: all {unit}s",
            drawing=True,
        ),
        least=0,
    )
    top_p: float = _setting(
        1.0,
        "sample from the most likely tokens with this total probability",
        Dial(
            label="top-p",
            after=presets((0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)),
            words="top-p: probability mass {percent:g} %",
            note="top-p {value:g}",
            off=1.0,
            off_words="top-p: all {unit}s",
            drawing=True,
        ),
        above=0.0,
        most=1.0,
    )
    greedy: bool = _setting(
        False,
        "always take the most likely token instead of sampling",
        Dial(
            label="greedy",
            after=switch,
            words="greedy: on",
            note="greedy",
            off=False,
            off_words="greedy: off",
        ),
    )
    samples: int = _setting(
        1,
        "number of samples generated at once",
        Dial(
            label="samples",
            after=presets((1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)),
            words="{value:g} samples from the next prompt on",
            off=1,
            off_words="1 sample from the next prompt on",
        ),
        least=1,
        most=16,
    )

    @classmethod
    def of(cls, sample: SamplingSettings) -> SamplingSettings:
        """The settings of a recipe alone."""
        return cls(**{name: getattr(sample, name) for name in SAMPLING_KEYS})

    def changed(self, name: str, value: float) -> SamplingSettings:
        """Return a copy with one value replaced, as the setting's type; it is not checked."""
        change: dict[str, Any] = {name: type(getattr(self, name))(value)}
        return replace(self, **change)


SAMPLING_KEYS = tuple(f.name for f in fields(SamplingSettings))
DIALS: dict[str, Dial] = {f.name: f.metadata["dial"] for f in fields(SamplingSettings)}
DRAWING_KEYS = tuple(name for name, dial in DIALS.items() if dial.drawing)
