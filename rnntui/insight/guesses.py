"""What a network expects at each position of a passage: the messages of the guesses view."""

from __future__ import annotations

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.insight.passage import original, shown_token
from rnntui.insight.reader import ReadPassage
from rnntui.insight.rounding import all_rounded, rounded
from rnntui.insight.survey import Statistics
from rnntui.nn.kernels.layout import Array
from rnntui.nn.kernels.softmax import chunks
from rnntui.nn.probe import log_softmax
from rnntui.nn.sampling import probabilities
from rnntui.protocol.insight import Choice, Details, Guesses, ValueGuesses
from rnntui.recipe import SamplingSettings

RANKS, CHOICES = 5, 8
_RANKED_BYTES = 7000  # of all ranked tokens together, in a message
_OVERHEAD = 3  # quotes and a comma
_AT_ONCE = 1 << 20  # outputs that are copied together


def guesses(
    data: Dataset,
    read: ReadPassage,
    at: int,
    settings: SamplingSettings,
    found: Statistics,
    details: Details | None = None,
) -> Guesses | ValueGuesses:
    """What the network expected at each position of the passage that it read.

    `at`: the selected position, as in `Excerpt.position`; `settings` are those of sampling.
    """
    at = read.excerpt.position(at)
    if isinstance(data, ValueData):
        return _value_guesses(data, read, at, found, details)
    order = _ranked(read.outputs)
    choices, rest = _choices(data, read.outputs[at], settings)
    true = read.excerpt.shown
    p_true = np.exp(_log_probability(read.outputs, true))
    return Guesses(
        step=read.step,
        passage=read.excerpt.id,
        loss=rounded(float(read.losses.mean()), 4),
        right=round(float((order[:, 0] == true).mean()), 3),
        ranked=_shown(data, order),
        probability=all_rounded(p_true),
        at=at,
        choices=choices,
        rest=rest,
        kinds=found.kinds,
        confusions=found.confusions,
        calibration=found.calibration,
        measured=found.measured,
        details=details,
    )


def _ranked(outputs: Array) -> Array:
    """The most likely tokens at each position, (P, up to 5), the most likely first."""
    count = min(RANKS, outputs.shape[1])
    found = []
    for rows in chunks(len(outputs), outputs.shape[1], _AT_ONCE):
        top = np.argpartition(-outputs[rows], count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(outputs[rows], top, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(top, order, axis=1))
    return np.concatenate(found)


def _log_probability(outputs: Array, tokens: Array) -> Array:
    """That of one token in each row of outputs (N, V), in float64."""
    found = np.empty(len(tokens))
    for rows in chunks(len(outputs), outputs.shape[1], _AT_ONCE):
        own = tokens[rows]
        found[rows] = log_softmax(outputs[rows])[np.arange(len(own)), own]
    return found


def _shown(data: TokenData, order: Array) -> tuple[tuple[str, ...], ...]:
    """The tokens of each rank, as wide as fits into a message."""
    known = {token: shown_token(data, token) for token in np.unique(order).tolist()}
    ranks = [[known[token] for token in rank] for rank in order.T.tolist()]
    width = max(map(len, known.values()))
    while width > 1 and _bytes(ranks) > _RANKED_BYTES:
        width //= 2
        ranks = [[token[:width] for token in rank] for rank in ranks]
    return tuple(tuple(rank) for rank in ranks)


def _bytes(ranks: list[list[str]]) -> int:
    return sum(
        len(token.encode("utf-8", "replace")) + _OVERHEAD for rank in ranks for token in rank
    )


def _choices(
    data: TokenData, logits: Array, settings: SamplingSettings
) -> tuple[tuple[Choice, ...], float]:
    """The most likely tokens as they would be sampled, and the probability of all others."""
    p = probabilities(logits, settings)
    if not np.isfinite(p).all():
        return (), 0.0
    order = np.argsort(-p, kind="stable")[:CHOICES].tolist()
    shown = [Choice(shown_token(data, k), round(float(p[k]), 4)) for k in order if p[k] > 0]
    return tuple(shown), round(max(0.0, 1.0 - float(p[order].sum())), 4)


def _value_guesses(
    data: ValueData, read: ReadPassage, at: int, found: Statistics, details: Details | None
) -> ValueGuesses:
    return ValueGuesses(
        step=read.step,
        passage=read.excerpt.id,
        loss=rounded(float(read.losses.mean()), 4),
        naive=rounded(naive_loss(data, read.excerpt.context, read.excerpt.shown), 4),
        predicted=original(data, read.excerpt, read.outputs),
        at=at,
        kinds=found.kinds,
        measured=found.measured,
        details=details,
    )


def naive_loss(data: ValueData, context: Array, shown: Array) -> float:
    """The mean loss of repeating the last value of the series on the rows shown.

    Where the network predicts changes, that is to predict that nothing changes.
    """
    if data.levels is None:
        guess = np.concatenate([context[-1:], shown[:-1]])
    else:
        guess = data.scaled(np.zeros((2, len(data.mean))))
    own = len(data.features)  # the columns after these are known in advance
    return float(np.square(guess[:, :own] - shown[:, :own]).sum(axis=1).mean() / 2)
