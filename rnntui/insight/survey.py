"""What a network gets wrong, over some thousand held-out entries: measured slice by slice."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rnntui.data import Dataset, TokenData
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.insight.kinds import Labels, token_labels, value_labels
from rnntui.insight.passage import Rows, held_out, shown_token
from rnntui.insight.rounding import rounded
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.probe import Probe, log_softmax
from rnntui.protocol.insight import Confusion, Kind, Reliability

MOST = 4096  # entries
STREAMS, STEPS = 8, 32  # of a slice; fewer steps for a large vocabulary
UNCOUNTED = 16  # first steps of a stream, which starts from the zero state
MOST_CONFUSIONS, BINS = 12, 10
_MOST_OUTPUTS = 1 << 17  # numbers in the outputs of a slice


@dataclass(frozen=True)
class Statistics:
    """What a survey found. Values have neither confusions nor a calibration."""

    kinds: tuple[Kind, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    calibration: tuple[Reliability, ...] = ()
    measured: int = 0


class Survey:
    """Reads held-out data in parallel streams, again and again, with the weights as they are.

    `statistics` are those of the last complete round; the weights may change within a round.
    """

    def __init__(self, parameters: Parameters, data: Dataset) -> None:
        self.statistics = Statistics()
        self._data = data
        self._rows, at = held_out(data, MOST)
        count = len(self._rows) - 1
        if count < 1:
            raise UsageError(f"fewer than two {data.unit}s are loaded")
        self._streams = max(1, min(STREAMS, count // (4 * UNCOUNTED)))
        self._length = count // self._streams
        fitting = max(1, _MOST_OUTPUTS // (self._streams * parameters.shape.width))
        self._steps = min(STEPS, self._length, fitting)
        self._uncounted = min(UNCOUNTED, self._length // 4)
        self._labels = _labels(data, self._rows, at)
        self._probe = Probe(parameters, self._steps, self._streams)
        self._hidden = parameters.shape.hidden_state(self._streams)
        self._starts = np.arange(self._streams) * self._length
        self._begin()

    def _begin(self) -> None:
        self._first = 0
        self._hidden.fill(0)
        self._losses = [(np.zeros(len(n)), np.zeros(len(n), np.intp)) for n in self._labels.names]
        self._confused: Counter[tuple[int, int]] = Counter()
        self._bins = np.zeros((3, BINS))

    def work(self) -> bool:
        """Read one slice; return whether that completed a round."""
        steps = np.arange(self._first, self._first + self._steps)
        steps = np.minimum(steps, self._length - 1)[:, None]  # the last slice ends in repetitions
        at = self._starts + steps
        self._probe.forward(self._rows[at], self._hidden)
        self._probe.final_state(self._hidden)
        counted = np.zeros(at.shape, bool)
        counted[: self._length - self._first] = True
        counted[: max(0, self._uncounted - self._first)] = False
        if isinstance(self._data, TokenData):
            self._guessed(self._probe.outputs()[counted], self._rows[at + 1][counted])
        losses = self._probe.losses(self._rows[at + 1])[counted]
        for (sums, counts), index in zip(self._losses, self._labels.index, strict=True):
            kinds = index[at + 1][counted]
            sums += np.bincount(kinds, losses, len(sums))
            counts += np.bincount(kinds, minlength=len(counts))
        self._first += self._steps
        if self._first < self._length:
            return False
        self.statistics = self._result()
        self._begin()
        return True

    def _guessed(self, outputs: Array, true: Rows) -> None:
        """Count first guesses: outputs (N, V), true (N,)."""
        guess = outputs.argmax(axis=1)
        p = np.exp(log_softmax(outputs)[np.arange(len(guess)), guess])
        right = guess == true
        if np.isfinite(p).all():
            bins = np.minimum((p * BINS).astype(np.intp), BINS - 1)
            for total, weights in zip(self._bins, (np.ones_like(p), p, right), strict=True):
                total += np.bincount(bins, weights, BINS)
        self._confused.update(zip(true[~right].tolist(), guess[~right].tolist(), strict=True))

    def _result(self) -> Statistics:
        data = self._data
        kinds = [
            kind
            for names, (sums, counts) in zip(self._labels.names, self._losses, strict=True)
            for kind in _kinds(names, sums, counts)
        ]
        confusions: list[Confusion] = []
        if isinstance(data, TokenData):
            confusions = [
                Confusion(shown_token(data, true), shown_token(data, guess), count)
                for (true, guess), count in self._confused.most_common(MOST_CONFUSIONS)
            ]
        calibration = [
            Reliability(round(given / n, 3), round(true / n, 3), int(n))
            for n, given, true in self._bins.T.tolist()
            if n
        ]
        measured = (self._length - self._uncounted) * self._streams
        return Statistics(tuple(kinds), tuple(confusions), tuple(calibration), measured)


def _labels(data: Dataset, rows: Rows, at: int) -> Labels:
    if isinstance(data, TokenData):
        return token_labels(data, rows)
    return value_labels(data.unscale(rows, at))


def _kinds(names: tuple[str, ...], sums: Array, counts: Array) -> list[Kind]:
    """Kinds that occur, the one with the largest share of the loss first."""
    total = float(sums.sum())
    shares = sums / total if np.isfinite(total) and total > 0 else np.zeros_like(sums)
    order = np.argsort(-shares, kind="stable").tolist()
    return [
        Kind(names[k], rounded(sums[k] / counts[k]), round(float(shares[k]), 3), int(counts[k]))
        for k in order
        if counts[k]
    ]
