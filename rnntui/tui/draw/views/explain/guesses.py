"""The view of guesses explained at length, with the numbers of one position."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.numbers import Number, count, figure, finite
from rnntui.protocol.insight import Guesses, Passage, ValueGuesses
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
from rnntui.tui.draw.views.passage import text_before, token_in_words

_TOKENS = (
    "The network reads the passage token by token (a token is a character, word or byte). Before "
    "each one it gives every token of its vocabulary a probability; the rows 1st to 5th list the "
    "most likely ones. A row is not generated text: each column starts from the true text before "
    "it.",
    "p(true) is the probability of the token that came. The loss of a position is -ln p(true): 0 "
    "if the network was certain and right, 0.7 at one in two, 2.3 at one in ten. The loss of the "
    "run is the mean over all positions.",
    "What is hard: a kind of token with a large share of the loss is where an improvement counts "
    "most; it may be frequent rather than hard. Like the confused pairs and the calibration, it is "
    "measured on up to 4,096 tokens, not only on this passage.",
    "Calibration: if first guesses given a probability of 0.7 come true 7 times in 10, the "
    "probabilities can be trusted. Overconfident networks often memorise the training text.",
)
_VALUES = (
    "The network reads the rows one by one and predicts the next one each time from the true rows "
    "before it. This is easier than a forecast, in which it reads its own predictions.",
    "The loss is half the squared error of the scaled values, so that columns of different size "
    "count alike. Repeating the last value is the baseline: a network above it has learned "
    "nothing of use yet.",
    "What is hard: errors by the size of the first value and by its phase (rising, falling, "
    "turning). Each of the two lists covers all rows. Turning points are usually the hardest, "
    "because the last values still point the other way.",
)
_TOKEN_FORMULAS = (
    ("z = W_y h[t] + b_y", "one number (logit) per token of the vocabulary"),
    ("p(token) = exp(z[token] / T) / Σ exp(z / T)", "softmax, T = 1 for the loss"),
    ("loss = -ln p(true)", "in nats; divided by ln 2: in bits"),
)
_VALUE_FORMULAS = (
    ("ŷ = W_y h[t] + b_y", "one number per column, scaled"),
    ("loss = ½ Σ (ŷ - y)²", "summed over the columns, mean over the time steps"),
)


def explain_guesses(
    message: Guesses | ValueGuesses | None,
    passage: Passage | None,
    options: ViewOptions,
    width: int,
) -> Rows:
    """Explain the view in rows of exactly `width` cells, as many as it takes."""
    title = "guesses: what the network expects"
    rows = section(title, _texts(message, passage), width, options.glyphs)
    for numbers in _numbers(message, passage, options, width):
        rows += numbers
    return page(rows, width, options.glyphs)


def guesses_below(
    message: Guesses | ValueGuesses,
    passage: Passage,
    options: ViewOptions,
    width: int,
    height: int,
) -> Rows:
    """Return as much of the explanation as fits under the view."""
    numbers = _numbers(message, passage, options, numbers_width(width))
    return below(_texts(message, passage), numbers, width, height, options.glyphs)


def _texts(message: Guesses | ValueGuesses | None, passage: Passage | None) -> Sequence[str]:
    return _VALUES if _of_values(message, passage) else _TOKENS


def _of_values(message: Guesses | ValueGuesses | None, passage: Passage | None) -> bool:
    return isinstance(message, ValueGuesses) or (passage is not None and bool(passage.rows))


def _numbers(
    message: Guesses | ValueGuesses | None,
    passage: Passage | None,
    options: ViewOptions,
    width: int,
) -> list[Rows]:
    """Return the formulas and the numbers of the selected position, section by section."""
    glyphs = options.glyphs
    formulas = _VALUE_FORMULAS if _of_values(message, passage) else _TOKEN_FORMULAS
    here = [MEASURING]
    if passage is not None and message is not None:
        here = (
            _values_here(message, passage, options)
            if isinstance(message, ValueGuesses)
            else _guess_here(message, passage, options)
        )
    return [
        definitions("formulas", formulas, width, glyphs),
        section("at the selected position", [" ".join(here)], width, glyphs),
        computed(message.details if message else None, width, glyphs),
    ]


def _guess_here(message: Guesses, passage: Passage, options: ViewOptions) -> list[str]:
    at, glyphs = message.at, options.glyphs
    if not 0 <= at < min(len(passage.tokens), len(message.probability)):
        return [MEASURING]
    name = token_in_words(passage.tokens[at], glyphs)
    after = text_before(passage.tokens, at, options.unit, glyphs)
    p = message.probability[at]
    texts = [f"Position {count(at + 1)}: {name} came after {after} with p(true) = {figure(p, 3)}."]
    if finite(p) and p > 0:
        loss = figure(-math.log(p), 3)
        mean = figure(message.loss, 3)
        texts.append(
            f"loss = -ln {figure(p, 3)} = {loss} nats; the mean of the passage is {mean} nats."
        )
    first = [tokens[at] for tokens in message.ranked[:1] if at < len(tokens)]
    if first and first[0] != passage.tokens[at]:
        texts.append(f"The first guess was {token_in_words(first[0], glyphs)}.")
    return texts


def _values_here(message: ValueGuesses, passage: Passage, options: ViewOptions) -> list[str]:
    at, n = message.at, options.feature
    true, predicted = _cell(passage.rows, at, n), _cell(message.predicted, at, n)
    text = f"Time step {count(at + 1)}: true {figure(true)}, predicted {figure(predicted)}"
    if finite(true) and finite(predicted):
        text += f", error {figure(predicted - true)}"
    loss, naive = figure(message.loss, 3), figure(message.naive, 3)
    return [f"{text}.", f"Mean loss {loss}; repeating the last value: {naive}."]


def _cell(rows: Sequence[Sequence[Number]], at: int, feature: int) -> Number:
    values = rows[at] if 0 <= at < len(rows) else ()
    return values[feature] if 0 <= feature < len(values) else None
