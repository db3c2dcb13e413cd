"""Messages of the view of memory: a gru on brackets, two layers, and sunspots."""

from __future__ import annotations

import math

from rnntui.protocol.insight import Gate, LayerMemory, Memory, Passage
from rnntui.text import safe_text
from tests.support.examples.guesses import DETAILS, YEARS

_BRACKETS = (
    "[]{}){}{{}{}{{}()}{[(())]{}}}[{[]}[]]↵[][]{[({}[])][]}↵[]{[[]]}↵{}([])↵{({}([]){})}[]{}([]{[[]"
    "[]]}"
)
_MOVED = (1.0, 0.25, 0.12, 0.62, 0.24, 0.87, 0.5)  # from seven positions before the selected one
MEMORY_PASSAGE = Passage(
    3, "held-out", 900, tokens=tuple(_BRACKETS), units=64, layers=1, cell="gru"
)
_LAST = len(_BRACKETS) - 1
_NOW = (
    *(0.42,) * 5, 0.41, 0.40, 0.38, 0.31, 0.30, 0.30, 0.28, 0.27, 0.26, 0.25, 0.25, 0.2, 0.19, 0.19,
    0.18, 0.18, 0.17, 0.17, 0.16, 0.13, 0.09, 0.08, 0.10, 0.14, 0.13, 0.19, 0.18,
)  # fmt: skip
_FIRST = tuple(math.exp(-0.5 * lag) for lag in range(32))
GRU = (
    Gate("update z", "keeps the old", 0.40, 0.50, 0.10),
    Gate("reset r", "reads the old", 0.27, 0.70, 0.03),
    Gate("candidate n", "saturated at -1, 1", 0.03, 0.93, 0.04),
)
MEMORY = Memory(
    step=2601,
    passage=3,
    first_step=2,
    window=32,
    layers=(LayerMemory((1.0, *_NOW[1:]), _FIRST, 32, 9, GRU, 0.07),),
    at=_LAST,
    target="}",
    probability=0.65,
    moved=(None,) * (_LAST - 60) + (0.01,) * 53 + _MOVED + (None,),
    details=DETAILS,
)
TWO_LAYERS = Memory(
    step=2601,
    passage=3,
    first_step=2,
    window=32,
    layers=(
        LayerMemory(_FIRST, _FIRST, 9, 9, (), 0.62),
        LayerMemory((1.0, *_NOW[1:]), _FIRST, 32, 9, (), 0.07),
    ),
    at=40,
    target="]",
    probability=0.31,
    moved=tuple(n / 40 for n in range(40)) + (None,) * (_LAST - 39),
)

VALUE_MEMORY = Memory(
    step=22_703,
    passage=4,
    first_step=2,
    window=44,
    layers=(
        LayerMemory(
            tuple(math.exp(-0.37 * lag) for lag in range(44)),
            tuple(math.exp(-0.46 * lag) for lag in range(44)),
            13,
            10,
            (),
            0.12,
        ),
    ),
    at=YEARS - 1,
    target=safe_text("142"),
    probability=142.1,
    moved=tuple(
        1.31 * math.cos(1.1 * (98 - n)) * math.exp(-(98 - n) / 4) if n < 99 else None
        for n in range(YEARS)
    ),
)
