"""What a trained network generates: samples, text after a prompt, forecasts, predictions."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any, ClassVar

import numpy as np

from rnntui.data import Dataset, Stream, TokenData, ValueData, sequences
from rnntui.data.calendar import ahead_of, calendar
from rnntui.data.scaling import unscale
from rnntui.data.spread import spread
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.generation.beside import Beside
from rnntui.generation.prompt import fit_prompt
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network
from rnntui.nn.sampling import Chooser, EachChooser, Stepper
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.text import safe_text

MOST_PREDICTED = 1000  # steps of a source that is small enough to predict as a whole
WARM_UP = 500  # time steps read before a forecast without a prompt
_MOST_COUNTED = 1_000_000  # tokens
_SLICE = 100  # tokens of a sample between two calls of `between`


@dataclass(eq=False, kw_only=True)
class Generator:
    """What generation needs of a network, whether it is being trained or not."""

    fixed: ClassVar[bool] = True  # whether its parameters stay as they are

    parameters: Parameters
    prompt_random: np.random.RandomState
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    step: int = 0  # updates made


@dataclass(eq=False, kw_only=True)
class SamplingState(Generator):
    """The part of a training state that generation reads."""

    fixed: ClassVar[bool] = False

    network: Network
    loss_weight: float  # of each row in the loss: 1, or 1 / rows for a mean
    hidden: Array  # (layers, parts, B, H) after the last applied update
    stream: Stream
    weights_random: np.random.RandomState
    sample_random: np.random.RandomState
    last_loss: float  # of the last update, as the recipe reduces it


@dataclass(frozen=True)
class Result:
    """What a finished run leaves.

    `final_loss` is that of the last update, as the recipe reduces it (NaN if there was none).
    `predicted` has one token, value or tuple of values (in the source's own units) per step, for
    sources of at most 1000 steps. `generated` is the recipe's prompt and what followed; where the
    recipe wants several, that is the first, and `samples` has all of them.
    """

    final_loss: float
    predicted: tuple[int, ...] | tuple[float, ...] | tuple[tuple[float, ...], ...] | None
    generated: str | None
    samples: tuple[str, ...] = ()


def writer(
    state: Generator,
    data: Dataset,
    prompt: str = "",
    sampling: SamplingSettings | None = None,
    rng: np.random.RandomState | None = None,
    last: float | None = None,
) -> Iterator[str] | Iterator[tuple[float, ...]]:
    """What follows `prompt`, one token's text or one row of values per `next`, without end.

    Each `next` uses the weights of that moment; the hidden state is the writer's own. A byte of an
    unfinished character gives "". Characters that the vocabulary lacks are left out. For values,
    the prompt is numbers in the source's units, row by row (empty: the source's end); `last` is the
    time of its last row, which a network with a calendar needs (None: of the source's). Without
    `sampling`, the settings are the state's at each token; without `rng`, the random numbers are of
    a stream apart from training's.
    Raises UsageError for a prompt that holds no numbers.
    """
    if isinstance(data, ValueData):
        return _forecast(state.parameters, data, prompt, last)
    stepper = Stepper(state.parameters, fixed=state.fixed)
    tokens = first_tokens(data, prompt)
    chooser = Chooser(len(stepper.outputs), rng or state.prompt_random)
    generated = _generate(state, stepper, chooser, tokens, sampling)
    return map(data.tokenizer.decoder().feed, generated)


def writers(
    state: Generator,
    data: TokenData,
    count: int,
    prompt: str = "",
    sampling: SamplingSettings | None = None,
    rng: np.random.RandomState | None = None,
    exact: bool = False,
) -> Iterator[tuple[str, ...]]:
    """As `writer`, `count` continuations at once: one token's text of each per `next`.

    The network takes a step of all of them in one product with its weights. One continuation is
    exactly what `writer` gives. With `exact`, a byte above 127 is the character that
    `surrogateescape` gives it, so that encoding the text with it restores the bytes.
    """
    tokens, random = first_tokens(data, prompt), rng or state.prompt_random
    return _texts(state, data, count, tokens, random, sampling, exact=exact)


def sample(
    recipe: Recipe,
    data: TokenData,
    state: SamplingState,
    first: int,
    between: Callable[[], None] | None = None,
    random: np.random.RandomState | None = None,
) -> tuple[str, ...]:
    """The samples after an update, without their prompt; `first` is the chunk's first input.

    With sample_start = "carried" it continues from the hidden state after the chunk and from that
    first input; with "zero", from the zero state and the prompt. Random numbers are the state's
    unless `random` is given.
    """
    carried = recipe.sample.sample_start == "carried"
    tokens = [first] if carried else first_tokens(data, recipe.sample.prompt)
    hidden = state.hidden[:, :, 0] if carried else None
    random = random or state.sample_random
    generated = _texts(state, data, state.sampling.samples, tokens, random, hidden=hidden)
    pieces = []
    for n, parts in enumerate(itertools.islice(generated, recipe.sample.sample_length)):
        pieces.append(parts)
        if between and n % _SLICE == _SLICE - 1:
            between()
    return tuple(map("".join, zip(*pieces, strict=True)))


def finish(recipe: Recipe, data: Dataset, state: SamplingState) -> Result:
    """Return a finished run's result: predictions over a small source, and a last text.

    The state does not change, so a run may continue as if it had not ended.
    """
    texts: tuple[str, ...] = ()
    prompt, length = recipe.sample.prompt, recipe.sample.final_length
    if isinstance(data, TokenData) and length:
        random = copy_of(state.sample_random)
        generated = writers(state, data, state.sampling.samples, prompt, rng=random)
        pieces = zip(*itertools.islice(generated, length), strict=True)
        used = fit_prompt(data, prompt).text
        texts = tuple(used + "".join(text) for text in pieces)
    predicted = _predicted(recipe, data, state)
    first = texts[0] if texts else None
    return Result(state.last_loss, predicted, first, texts if len(texts) > 1 else ())


def copy_of(random: np.random.RandomState) -> np.random.RandomState:
    """Return a copy that draws the same numbers without advancing the original."""
    copy = np.random.RandomState()
    copy.set_state(random.get_state())
    return copy


def first_tokens(data: TokenData, prompt: str) -> list[int]:
    """The prompt's tokens; without any, a line's end or else the most frequent token."""
    known = data.tokenizer.encode(fit_prompt(data, prompt).text, unknown="skip")
    if not len(known):
        known = data.tokenizer.encode("\n", unknown="skip")[:1]
    if not len(known):
        return [int(np.bincount(spread(data.tokens, _MOST_COUNTED)).argmax())]
    return [int(token) for token in known]


def _texts(
    state: Generator,
    data: TokenData,
    count: int,
    tokens: list[int],
    random: np.random.RandomState,
    sampling: SamplingSettings | None = None,
    hidden: Array | None = None,
    exact: bool = False,
) -> Iterator[tuple[str, ...]]:
    """`count` texts that follow the tokens, from the state `hidden` (layers, parts, H)."""
    many = count > 1
    stepper = Stepper(state.parameters, count if many else None, state.fixed)
    if hidden is not None:
        np.copyto(stepper.hidden, hidden[:, :, None] if many else hidden)
    vocab = stepper.outputs.shape[-1]
    decoder = data.tokenizer.exact_decoder if exact else data.tokenizer.decoder
    if not many:
        generated = _generate(state, stepper, Chooser(vocab, random), tokens, sampling)
        return ((piece,) for piece in map(decoder().feed, generated))
    chooser = EachChooser(count, vocab, random)
    rows = [np.full(count, token) for token in tokens]
    feeds: list[Callable[[int], str]] = [decoder().feed for _ in range(count)]
    return _decoded(feeds, _generate(state, stepper, chooser, rows, sampling))


def _decoded(feeds: list[Callable[[int], str]], rows: Iterator[Any]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield tuple(feed(token) for feed, token in zip(feeds, row.tolist(), strict=True))


def _generate(
    state: Generator,
    stepper: Stepper,
    chooser: Chooser | EachChooser,
    tokens: list[Any],
    sampling: SamplingSettings | None,
) -> Iterator[Any]:
    """Token after token, or (K,) of them after (K,), once those given are read."""
    while True:
        with np.errstate(all="ignore"):
            for token in tokens:
                stepper.advance(token)
            chosen = chooser.choose(stepper.predict(), sampling or state.sampling)
        yield chosen
        tokens = [chosen]


def _forecast(
    parameters: Parameters, data: ValueData, prompt: str, last: float | None
) -> Iterator[tuple[float, ...]]:
    """Row after row of own numbers after those of the prompt, the last of which is at `last`."""
    rows, level = _numbers(prompt, data)
    known = _known(data, len(rows), bool(prompt.strip()), last)
    return _rows_after(Stepper(parameters), data, rows, level, known)


def _rows_after(
    stepper: Stepper, data: ValueData, rows: Array, level: Array | None, known: Iterator[Array]
) -> Iterator[tuple[float, ...]]:
    """Rows after `rows`; `level` (D,) is the last one if they are changes.

    `known` gives what is known in advance beside each row.
    """
    beside = Beside(data.skip)
    while True:
        with np.errstate(all="ignore"):
            for row, more in zip(rows, known, strict=False):
                stepper.advance(np.concatenate((row, more, beside.after(row))))
            rows = beside.bounded(stepper.predict())[None].copy()
            own = unscale(rows[0], data.mean, data.deviation)
            if level is not None:
                own = level = level + own
        yield tuple(own.tolist())


def _known(data: ValueData, count: int, prompted: bool, last: float | None) -> Iterator[Array]:
    """What is known in advance beside each of `count` rows and of those after them, without end.

    Unless they are `prompted`, they are the source's last ones.
    """
    clock, times = data.clock, data.times
    if data.ahead is None or clock is None or times is None:
        yield from itertools.repeat(np.zeros(0))
    else:
        end = times[-1].item() if last is None or not prompted else last
        if prompted:
            before = [clock.after(end, -place) for place in range(count - 1, -1, -1)]
            yield from ahead_of(clock, np.array(before, np.int64))
        else:
            yield from data.ahead[len(data.ahead) - count :]
        for place in itertools.count(2):
            yield calendar(clock, np.array([clock.after(end, place)], np.int64))[0]


def values_before(prompt: str, data: ValueData) -> Array:
    """Return the rows (n, D) that a forecast continues from, in the source's units.

    Those of the prompt or, without any, the source's end. Raises UsageError for a prompt that
    holds no numbers.
    """
    rows, level = _numbers(prompt, data)
    own = unscale(rows, data.mean, data.deviation)
    # Of changes, the rows that they lead to: the last one is known.
    return own if level is None else level + own - np.cumsum(own[::-1], axis=0)[::-1]


def _numbers(prompt: str, data: ValueData) -> tuple[Array, Array | None]:
    """The prompt's rows (n, D) as the network takes them; without any, the source's end.

    Where these are changes, also the last row (D,) itself.
    """
    words = [word for word in re.split(r"[\s,;]+", prompt) if word]
    if not words:
        rows = np.concatenate([data.values, data.validation])[-WARM_UP:]
        return rows, None if data.levels is None else data.levels[-1]
    values = [_number(word) for word in words]
    features = len(data.features)
    if len(values) % features:
        raise UsageError(f"prompt: {len(values)} numbers do not fill rows of {features} features")
    own = np.array(values).reshape(-1, features)
    if data.levels is None:
        return data.scaled(own), None
    if len(own) < 2:
        raise UsageError(
            "prompt: one row contains no change to continue from: give at least two rows"
        )
    return data.scaled(own), own[-1]


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"prompt: '{safe_text(word)[:40]}' is not a number such as 0.5")
    return value


def _predicted(
    recipe: Recipe, data: Dataset, state: SamplingState
) -> tuple[int, ...] | tuple[float, ...] | tuple[tuple[float, ...], ...] | None:
    source: Array = sequences(data)[0]
    if len(source) - 1 > MOST_PREDICTED or not state.step:
        return None
    first = 0
    if not recipe.sample.final_pass:
        first = state.stream.start
        rows = slice(0, None, state.network.dims.batch)
        outputs = state.network.output.predictions(rows, state.loss_weight)
    else:
        with np.errstate(all="ignore"):
            outputs = _final_pass(recipe, state, source)
    if isinstance(data, TokenData):
        return tuple(outputs.tolist())
    own = data.unscale(outputs, first + 1)
    return tuple(own[:, 0].tolist()) if own.shape[1] == 1 else tuple(map(tuple, own.tolist()))


def _final_pass(recipe: Recipe, state: SamplingState, source: Array) -> Array:
    """Predictions for each step of the source from the zero state, with the final weights."""
    stepper, outputs = Stepper(state.parameters), []
    for n, x in enumerate(source[:-1]):
        if recipe.train.state == "reset" and n % state.stream.steps == 0:
            stepper.hidden.fill(0)
        stepper.advance(x)
        y = stepper.predict()
        outputs.append(int(y.argmax()) if source.ndim == 1 else y.copy())
    return np.array(outputs)
