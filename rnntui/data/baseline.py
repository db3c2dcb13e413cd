"""Simple models' validation losses: lines for a network to beat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.dataset import Dataset, TokenData, ValueData
from rnntui.data.spread import spread

LAST_VALUE = "last value"
ORDER = 5
MOST_TRAINING = 1_000_000
LARGEST_CODE = 1 << 62

Codes = NDArray[np.int64]


def baselines(data: Dataset) -> tuple[tuple[str, float], ...]:
    """Names and losses of simple models on the validation part; none where there is none.

    Tokens: the unigram and the interpolated 5-gram, in nats per token. Values: predicting the last
    value again, ½ squared error per step, in the units that are trained on.
    """
    if isinstance(data, ValueData):
        return persistence(data)
    return ngrams(data)


def persistence(data: ValueData) -> tuple[tuple[str, float], ...]:
    """½ squared error, summed over features, of predicting that nothing changes."""
    if len(data.validation) < 2:
        return ()
    if data.levels is None:
        change = np.diff(data.validation, axis=0)
    else:
        change = data.validation[1:] + data.mean / data.deviation
    return ((LAST_VALUE, float(0.5 * np.square(change).sum(axis=1).mean())),)


def ngrams(data: TokenData) -> tuple[tuple[str, float], ...]:
    """The unigram and the n-gram of the training part, or of a million tokens spread over it.

    Witten and Bell's interpolation: P(w | c) = (n(c, w) + t(c) P(w | c')) / (n(c) + t(c)), where
    t(c) counts the different tokens seen after c, c' is c without its oldest token, and the
    shortest backs off to the uniform distribution. For a vocabulary so large that five tokens do
    not fit into one code, a shorter n.
    """
    validation = data.validation
    if len(validation) < 2:
        return ()
    size = data.tokenizer.vocab_size
    order = next((n for n in range(ORDER, 1, -1) if size**n < LARGEST_CODE), 1)
    train = spread(data.tokens, MOST_TRAINING)
    # The last tokens trained on are the context of the first ones validated on.
    before = data.tokens[len(data.tokens) - min(order - 1, len(data.tokens)) :]
    seen = np.concatenate((before, validation))
    predicted = len(validation) - 1
    p: NDArray[Any] = np.full(predicted, 1 / size)
    losses: dict[str, float] = {}
    pairs = zip(_codes(train, size, order), _codes(seen, size, order), strict=True)
    for n, (known, asked) in enumerate(pairs, 1):
        # Contexts that would reach before the first token count as never seen.
        asked = np.concatenate((np.full(predicted, -1), asked))[-predicted:]
        p = _interpolate(known, asked, p, size)
        losses["unigram" if n == 1 else f"{n}-gram"] = float(-np.log(p).mean())
    names = list(losses)
    return tuple((name, losses[name]) for name in dict.fromkeys((names[0], names[-1])))


def _codes(tokens: NDArray[Any], size: int, order: int) -> Iterator[Codes]:
    """For n = 1 … order: every n tokens in a row as one number, the newest counting least."""
    ids = tokens.astype(np.int64)
    codes = ids
    yield codes
    for n in range(2, order + 1):
        codes = codes[:-1] * size + ids[n - 1 :]
        yield codes


def _interpolate(known: Codes, asked: Codes, shorter: NDArray[Any], size: int) -> NDArray[Any]:
    """One step of the interpolation: probabilities (M,) from those with a context one shorter."""
    pairs, counts = np.unique(known, return_counts=True)
    if not len(pairs):
        return shorter
    contexts, first, followers = np.unique(pairs // size, return_index=True, return_counts=True)
    totals = np.add.reduceat(counts, first)
    n_pair = _look_up(pairs, counts, asked)
    n_context = _look_up(contexts, totals, asked // size)
    kinds = _look_up(contexts, followers, asked // size)
    weight = n_context + kinds
    mixed = (n_pair + kinds * shorter) / np.maximum(weight, 1)
    return np.where(weight > 0, mixed, shorter)


def _look_up(keys: Codes, values: NDArray[Any], asked: Codes) -> NDArray[Any]:
    """The value of each key asked for; 0 where there is none. `keys` are sorted."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)
