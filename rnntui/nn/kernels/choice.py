"""Which of several equivalent kernels a network uses: same mathematics, other order or roundings.

What is fastest depends on the processor, its libraries and the sizes; `nn.trial` finds out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.text import fit, safe_text

REFERENCE_TEXT = "reference"


@dataclass(frozen=True)
class Kernels:
    """The kernels of a network; the first alternative of each is the reference.

    Their results differ by a few roundings of float32, those of `steps` not at all.
    """

    forward: str = "blocked"  # the recurrent product of a step, and …
    backward: str = "blocked"  # … that with the transposed weights
    linear: str = "blocked"  # products over all steps: upper layers, output layer
    sums: str = "blocked"  # sums over all steps: the gradients of weights
    gates: str = "tanh"  # what the sigmoids, and the LSTM's g, are computed with
    output: str = "tanh"  # likewise tanh(c) of the LSTM, n of the GRU, h of the RNN
    slopes: str = "backward"  # the pass that computes the slopes of the gates
    tokens: str = "gate"  # rows of the gradient summed by token, for a gate or all at once
    steps: str = "1"  # steps of slopes prepared at once, in multiples of what is assumed to fit

    def __str__(self) -> str:
        """What differs from the reference, for `parse`."""
        changed = [
            f"{name}={value}" for name, value in vars(self).items() if value != _DEFAULTS[name]
        ]
        return " ".join(changed) or REFERENCE_TEXT

    @classmethod
    def parse(cls, text: str) -> Kernels:
        """The inverse of `str`. Raises DataError for kernels that this version does not have."""
        pairs = [] if text == REFERENCE_TEXT else [word.partition("=") for word in text.split()]
        if not all(value in ALTERNATIVES.get(name, ()) for name, _, value in pairs):
            raise DataError(f"unknown kernels: {fit(safe_text(text), 80)}")
        return cls(**{name: value for name, _, value in pairs})


ALTERNATIVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "forward": ("blocked", "plain", "rows"),
        "backward": ("blocked", "plain", "rows", "stacked"),
        "linear": ("blocked", "plain"),
        "sums": ("blocked", "plain"),
        "gates": ("tanh", "exp"),
        "output": ("tanh", "exp"),
        "slopes": ("backward", "forward"),
        "tokens": ("gate", "all"),
        "steps": ("1", "4"),
    }
)
_DEFAULTS = {field.name: field.default for field in fields(Kernels)}
REFERENCE = Kernels()
