"""The view of memory explained at length, with the numbers of one position."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, finite, percent, plural
from rnntui.protocol.insight import Memory, Passage
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.views.explain.page import (
    below,
    computed,
    definitions,
    numbers_width,
    page,
    section,
)
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.prose import Term

_TEXTS = (
    "Reach: the loss of one prediction alone is sent backward through the time steps. The bars "
    "show how large its gradient with respect to the hidden state still is, k steps back, as a "
    "share of its peak. The gradient of all losses together would look flat, since every step "
    "adds an error of its own.",
    "Reach as a number is how many steps back less than 1 % of the peak is left. The network "
    "hardly learns from anything before that, and from nothing before the window.",
    "Depends on: each of the 40 positions before is replaced in turn and the passage is read "
    "again. The bars show how much that changes the prediction. Reach is about what training can "
    "feel, this is about what the network uses. Following the gradient to the inputs would be "
    "faster, but it often points at the wrong place.",
)
_FORMULAS = (
    ("felt(k) = ‖∂L[T] / ∂h[T-k]‖", "the loss of step T alone, k steps back; mean of some windows"),
    ("reach", "the first k after the peak with felt(k) < 0.01 × peak; else the window"),
)
_TOKENS_MOVED = (
    "moved",
    "mean of |ln p(true) - ln p(true) before the replacement|, as a share of the largest",
)
_VALUES_MOVED = (
    "moved",
    "change of the predicted value of a column when its value is raised by a tenth of its "
    "standard deviation",
)
_CELLS = {
    "rnn": (
        "h[t] = f(W x[t] + U h[t-1] + b)",
        "each step back multiplies the gradient by U and by the slope of f: 1 - h² for tanh, which "
        "is near 0 in a saturated unit",
    ),
    "gru": (
        "h[t] = (1 - z) ⊙ n + z ⊙ h[t-1]",
        "where z is open (near 1) the old value passes on unchanged, and so does its gradient",
    ),
    "lstm": (
        "c[t] = f ⊙ c[t-1] + i ⊙ g",
        "where f is open (near 1) the cell value passes on unchanged, and so does its gradient; "
        "h[t] = o ⊙ tanh(c[t])",
    ),
}


def explain_memory(
    message: Memory | None, passage: Passage | None, options: ViewOptions, width: int
) -> Rows:
    """Explain the view in rows of exactly `width` cells, as many as it takes."""
    title = "memory: how far back the network learns and looks"
    rows = section(title, _TEXTS, width, options.glyphs)
    for numbers in _numbers(message, passage, options, width):
        rows += numbers
    return page(rows, width, options.glyphs)


def memory_below(
    message: Memory, passage: Passage, options: ViewOptions, width: int, height: int
) -> Rows:
    """Return as much of the explanation as fits under the view."""
    numbers = _numbers(message, passage, options, numbers_width(width))
    return below(_TEXTS, numbers, width, height, options.glyphs)


def _numbers(
    message: Memory | None, passage: Passage | None, options: ViewOptions, width: int
) -> list[Rows]:
    """Return the formulas and the numbers of the selected position, section by section."""
    glyphs = options.glyphs
    here = _here(message) if message is not None and passage is not None else [MEASURING]
    return [
        definitions("formulas", _formulas(passage), width, glyphs),
        section("at the selected position", [" ".join(here)], width, glyphs),
        computed(message.details if message else None, width, glyphs),
    ]


def _formulas(passage: Passage | None) -> Sequence[Term]:
    if passage is None:
        return _FORMULAS
    cell = [_CELLS[passage.cell]] if passage.cell in _CELLS else []
    return [*_FORMULAS, _VALUES_MOVED if passage.rows else _TOKENS_MOVED, *cell]


def _here(message: Memory) -> list[str]:
    texts = []
    for n, layer in enumerate(message.layers):
        text = f"Layer {n + 1}: reach {count(layer.reach)} of {plural(len(layer.now), 'step')}"
        if layer.first:
            text += f", {count(layer.first_reach)} at update {count(message.first_step)}"
        if layer.saturated is not None:
            text += f"; {percent(layer.saturated)} of the hidden values near their limits"
        texts.append(f"{text}.")
    known = {n: abs(v) for n, v in enumerate(message.moved) if finite(v) and n < message.at}
    if known:
        most = max(known, key=lambda n: known[n])
        back = plural(message.at - most, "step")
        texts.append(f"The prediction is moved most by the position {back} back.")
    return texts
