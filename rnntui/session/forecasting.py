"""A forecast from live weights: prepared a slice at a time, then row by row, with what is known."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Sequence

import numpy as np

from rnntui.data import ValueData
from rnntui.errors import DataError
from rnntui.forecast.backtest import COMBINED, overall
from rnntui.forecast.methods import NETWORK
from rnntui.forecast.slices import Result, Slices
from rnntui.forecast.verdict import verdict
from rnntui.generation.generate import Generator as Weights
from rnntui.generation.generate import writer
from rnntui.nn.model import Parameters
from rnntui.numbers import percent
from rnntui.protocol.forecasts import Band, Earlier, Outlook
from rnntui.runs.backtest import Backtester, Results
from rnntui.runs.forecast_start import Start, start_of
from rnntui.runs.forecasting import Part, mixed, needs_others, part_of, times_after
from rnntui.text import safe_text

MOST_BYTES = 7000  # of bands and earlier forecasts in a message
LEAST_LENGTH = 20  # rows of a forecast
NUMBER = 9  # bytes of one of them
MOST_TIMES = 256

Row = tuple[float, ...]


class LiveForecast:
    """The rows after a prompt; an empty row means that it is still being prepared.

    `outlook` is known before the first row.
    """

    def __init__(
        self,
        state: Weights,
        data: ValueData,
        backtester: Backtester | None,
        method: str,
        prompt: str,
        length: int,
    ) -> None:
        """`length` 0: as many rows as forecasts are judged on, and at least some.

        Raises UsageError for a prompt that cannot be continued.
        """
        self._state, self._data, self._backtester = state, data, backtester
        self._method, self._length = method, length
        self._start = start_of(data, prompt)
        self._rows = writer(state, data, self._start.prompt)
        self._at_end = not prompt.strip()
        self._problem = ""  # why methods were not compared, in one line
        self.outlook: Outlook | None = None
        self._steps = self._run()

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return next(self._steps)

    @property
    def before(self) -> Sequence[Sequence[float]]:
        """The rows that the forecast continues, in the source's units."""
        rows: Sequence[Sequence[float]] = self._start.rows.tolist()
        return rows

    def _run(self) -> Iterator[Row]:
        results: Results | None = None
        parts: list[Part] = []
        if self._backtester is not None:
            try:
                results = yield from _pausing(self._backtest(self._backtester))
                parts = yield from _pausing(self._parts(self._backtester, results))
            except DataError:
                results = None  # too few rows for the horizon
            except Exception as error:  # whatever it is must not end the training
                results, parts = None, []
                self._problem = f"no intervals: {type(error).__name__}: {error}"
        if not self._length:
            horizons = [test.horizon for test in results.tests] if results else []
            self._length = max([LEAST_LENGTH, *horizons])
        self.outlook = self._outlook(results, parts)
        rows: Iterator[Row] = itertools.islice(self._rows, self._length)  # type: ignore[arg-type]
        if not any(part.fitted for part in parts):
            yield from rows
            return
        # The other columns are the network's.
        whole, targets = itertools.tee(rows)
        ahead = mixed((row[: len(parts)] for row in targets), parts, self._start, self._length)
        for row, found in zip(whole, ahead, strict=False):
            yield (*found, *row[len(found) :])

    def _backtest(self, backtester: Backtester) -> Slices[Results]:
        """The backtest of the weights of this moment, unless it is known."""
        newest = backtester.newest
        if newest is not None and newest.step == self._state.step and self._state.step:
            return newest
        copy = Parameters(self._state.parameters.shape)
        copy.flat[...] = self._state.parameters.flat
        found = yield from backtester.slices(copy, self._state.step)
        return found

    def _parts(self, backtester: Backtester, results: Results) -> Slices[list[Part]]:
        parts = []
        for place, test in enumerate(results.tests):
            every = {}
            if needs_others(self._method, test):
                every = yield from backtester.fit_whole(place)
            length = self._length or test.horizon
            part, _ = part_of(self._method, test, every, self._start, length)
            parts.append(part)
            yield
        return parts

    # ---- what is known of it ------------------------------------------------------------------

    def _outlook(self, results: Results | None, parts: Sequence[Part]) -> Outlook:
        times = itertools.islice(times_after(self._data, self._start), self._length)
        texts = [safe_text(text)[:40] for text in itertools.islice(times, MOST_TIMES)]
        said, loses = _verdict(results, self._method)
        kept = _fitting(results)
        recent = []
        if results is not None and self._at_end:
            pairs = list(zip(results.recent, results.tests, strict=False))[:kept]
            recent = [one.by(self._method, test) for one, test in pairs]
        return Outlook(
            method=_words(parts),
            verdict=said or safe_text(self._problem)[:200],
            loses=loses,
            times_before=_times_before(self._data, self._start),
            times=tuple(texts) if any(texts) else (),
            bands=tuple(_band(part.widths) for part in parts[:kept]),
            earlier=tuple(Earlier(_numbers(ahead), _band(widths)) for ahead, widths in recent),
            best=self._state.fixed,
        )


def _pausing(work: Slices[Result]) -> Generator[Row, None, Result]:
    """Yield an empty row after each slice; the value is the result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Result = end.value
            return found
        yield ()


def _fitting(results: Results | None) -> int:
    """How many targets' bands and earlier forecasts fit into a message."""
    if results is None or not results.tests:
        return 0
    return max(1, MOST_BYTES // (5 * NUMBER * results.tests[0].horizon))


def _band(widths: dict[int, np.ndarray]) -> Band:
    return Band(*(_numbers(widths.get(level, np.zeros(0))) for level in (80, 95)))


def _numbers(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(f"{v:.5g}") if np.isfinite(v) else None for v in values.tolist())


def _times_before(data: ValueData, start: Start) -> tuple[str, ...]:
    """The times of the rows that are continued, if they are the source's last ones."""
    if data.clock is None or data.times is None or start.last != data.times[-1].item():
        return ()
    return tuple(safe_text(data.clock.write(t))[:40] for t in data.times[-MOST_TIMES:].tolist())


def _words(parts: Sequence[Part]) -> str:
    """What forecasts: the network, one method, or the shares of several."""
    if len({tuple(part.mean.shares) for part in parts}) > 1 or len(parts) > 1:
        names = {name for part in parts for name in part.mean.shares}
        return names.pop() if len(names) == 1 else "a mean of methods"
    shares = parts[0].mean.shares if parts else {NETWORK: 1.0}
    if len(shares) == 1:
        return next(iter(shares))
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {percent(share)}" for name, share in ranked if share >= 0.005)


def _verdict(results: Results | None, method: str) -> tuple[str, bool]:
    """How the network compares with simple methods, and whether it loses for any column."""
    if results is None:
        return "", False
    found = [verdict(overall(test.methods), method) for test in results.tests]
    if len(found) == 1:
        return found[0].text, found[0].loses
    losing = sum(one.loses for one in found)
    if not losing:
        return ("the network forecasts every column best" if found[0].text else ""), False
    text = f"simple methods forecast {losing} of {len(found)} columns better than the network"
    return text + ("; method = auto mixes both" if method == COMBINED else ""), True
