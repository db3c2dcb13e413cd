"""The losses of a run, thinned to what a plot of many runs shows, read without NumPy.

A curve is a fold over the metrics journal: it needs bounded memory, a stored one continues with the
lines written since, and it is the same however often it was stored. A rollback voids lines, so the
fold then begins again, now with the knowledge of which lines are void.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import cached_property
from itertools import accumulate, starmap
from pathlib import Path
from typing import Any, NamedTuple

from rnntui.dataclass import dataclass
from rnntui.runs.store.journal import (
    METRICS,
    ROLLBACK,
    BlockReader,
    Line,
    number,
    parse_line,
    whole,
)

MOST = 256  # points of the training loss, and of the validation loss
SMOOTH_LEAST, SMOOTH_SHARE = 20, 60  # updates, and share of the run, as in the loss plot
_BLOCK = 1 << 16  # bytes read at once
_MARK = json.dumps(ROLLBACK).encode()

Position = tuple[int, int]  # part of the journal, and byte offset in it
Bin = list[Any]  # last update, seconds, finite losses, their sum
Check = list[Any]  # update, seconds, validation loss or None


class Point(NamedTuple):
    """A loss after an update, and the seconds of training until then."""

    update: int
    seconds: float
    loss: float | None  # None: it was not a finite number


class Series(NamedTuple):
    """Losses as columns, as fast to draw as Python allows: many runs are drawn at once."""

    updates: Sequence[int] = ()
    seconds: Sequence[float] = ()
    losses: Sequence[float | None] = ()

    @classmethod
    def of(cls, points: Iterable[Point]) -> Series:
        """Return points as columns."""
        found = tuple(zip(*points, strict=True))
        return cls(*found) if found else cls()

    @property
    def points(self) -> tuple[Point, ...]:
        """The columns as points."""
        return tuple(map(Point, *self))


@dataclass(frozen=True, eq=False)
class Curve:
    """Thinned losses of a run: of training the means of equal numbers of updates, in their middle.

    `validation` are some of the validations, with the last one; `best` is the lowest of all.
    `update` and `seconds` are the latest. `validated`: a part of the source is held out for
    validation; without it, the training losses are what can be compared.
    """

    validation: tuple[Point, ...] = ()
    best: Point | None = None
    update: int = 0
    seconds: float = 0.0
    tokens_per_update: int = 0  # 0: unknown
    validated: bool = True
    binned: tuple[Bin, ...] | str = field(default=(), repr=False)  # the bins, or as they are kept

    @cached_property
    def bins(self) -> Sequence[Bin]:
        """The training loss: decoded when it is needed, as many curves show only validations."""
        return json.loads(self.binned) if isinstance(self.binned, str) else self.binned

    @cached_property
    def validations(self) -> Series:
        """The validations as columns."""
        return Series.of(self.validation)

    @cached_property
    def training(self) -> Series:
        """The means of the training loss."""
        return _means(self.bins)

    @cached_property
    def smoothed(self) -> Series:
        """The training loss, averaged over as many updates as in the loss plot of one run."""
        half = max(SMOOTH_LEAST, self.update // SMOOTH_SHARE) // 2
        return _smoothed(self.training, [found[2] for found in self.bins], half)

    @cached_property
    def lowest(self) -> Point | None:
        """The best validation; if nothing is held out for that, the lowest smoothed loss."""
        if self.validated:
            return self.best
        known = [point for point in self.smoothed.points if point.loss is not None]
        return min(known, key=lambda point: point.loss or 0.0, default=None)


def _smoothed(series: Series, weights: Sequence[int], half: int) -> Series:
    """Return each loss as the mean of those at most `half` updates away."""
    updates, seconds, losses = series
    parts = [(loss or 0.0) * weight for loss, weight in zip(losses, weights, strict=True)]
    totals, counts = [*accumulate(parts, initial=0.0)], [*accumulate(weights, initial=0)]
    firsts = [bisect_left(updates, update - half) for update in updates]
    lasts = [bisect_right(updates, update + half) for update in updates]
    means = [
        (totals[last] - totals[first]) / finite
        if (finite := counts[last] - counts[first])
        else None
        for first, last in zip(firsts, lasts, strict=True)
    ]
    return Series(updates, seconds, means)


class CurveReader:
    """Reads the curve of a run and follows it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._clear()

    def _clear(self, voids: tuple[tuple[Position, int], ...] = ()) -> None:
        self._reader = BlockReader(self._directory, METRICS, size=_BLOCK)
        self._voids = voids  # rollbacks that have been taken into account, with their updates
        self._bins: list[Bin] = []
        self._packed = ""  # the bins as they are kept, until more is read
        self._last: Bin | None = None  # of them
        self._width = 1  # updates of a bin
        self._checks: list[Check] = []
        self._check_width = 1
        self._best: Check | None = None
        self._final: Check | None = None  # made only because the run ended: void once it continues

    @property
    def position(self) -> Position:
        """How far the journal has been read."""
        return self._reader.number, self._reader.offset

    def advance(self) -> bool:
        """Read a block; return False at the end. Raises OSError or DataError."""
        block = self._reader.read()
        if block is None:
            return False
        self._unpack()
        offset = block.offset
        for row in block.data.split(b"\n")[:-1]:
            if (line := parse_line(row)) is not None and not self._add(
                line, (block.number, offset)
            ):
                self._clear(_rollbacks(self._directory))
                return True
            offset += len(row) + 1
        return True

    def _unpack(self) -> None:
        if self._packed:
            self._bins, self._packed = json.loads(self._packed), ""

    def _add(self, line: Line, at: Position) -> bool:
        """Add a line; return False for a rollback that voids some of what was added."""
        if type(back := line.get(ROLLBACK)) is int:
            known = any(position == at for position, _ in self._voids)
            return known or not self._bins or self._bins[-1][0] <= back
        step = whole(line, "step")
        if step is None or self._is_void(at, step):
            return True
        seconds = number(line, "seconds") or 0.0
        before = self._bins[-1][0] if self._bins else 0
        if step > before:
            self._final = None
            self._add_losses(line, step, step - before, seconds)
        if step >= before and "validation" in line:
            self._add_validation([step, seconds, number(line, "validation")], line)
        return True

    def _is_void(self, at: Position, step: int) -> bool:
        after = bisect_right(self._voids, at, key=lambda void: void[0])
        return any(step > back for _, back in self._voids[after:])

    def _add_losses(self, line: Line, step: int, skipped: int, seconds: float) -> None:
        loss = number(line, "loss")
        made = min(whole(line, "updates") or skipped, skipped)
        good = 0 if loss is None else max(1, made - (whole(line, "bad") or 0))
        total = 0.0 if loss is None else loss * good
        last = self._bins[-1] if self._bins else None
        if last is not None and (last[0] - 1) // self._width == (step - 1) // self._width:
            last[0], last[1] = step, seconds
            last[2] += good
            last[3] += total
            return
        self._bins.append([step, seconds, good, total])
        while len(self._bins) > MOST:
            self._width *= 2
            self._bins = _joined(self._bins, self._width)

    def _add_validation(self, check: Check, line: Line) -> None:
        if line.get("final") is True:
            self._final = check
            return
        if check[2] is not None and (self._best is None or check[2] < self._best[2]):
            self._best = check
        last = self._checks[-1] if self._checks else None
        if last and (last[0] - 1) // self._check_width == (check[0] - 1) // self._check_width:
            self._checks[-1] = check
            return
        self._checks.append(check)
        while len(self._checks) > MOST:
            self._check_width *= 2
            by_bin = {(c[0] - 1) // self._check_width: c for c in self._checks}
            self._checks = list(by_bin.values())

    def curve(self, tokens_per_update: int = 0, validated: bool = True) -> Curve:
        """Return what has been read so far."""
        checks = [*self._checks, *([self._final] if self._final else [])]
        best = min(
            (c for c in (self._best, self._final) if c and c[2] is not None),
            key=lambda check: check[2],
            default=None,
        )
        newest = self._last if self._packed else self._bins[-1] if self._bins else None
        update, seconds = newest[:2] if newest else (0, 0.0)
        # The last one may still grow.
        bins = (*self._bins[:-1], *([*last] for last in self._bins[-1:]))
        return Curve(
            validation=tuple(starmap(Point, checks)),
            best=Point(*best) if best else None,
            update=update,
            seconds=seconds,
            tokens_per_update=tokens_per_update,
            validated=validated,
            binned=self._packed or bins,
        )

    def stored(self) -> dict[str, Any]:
        """Return the state as plain values for JSON."""
        return {
            "position": self.position,
            "voids": self._voids,
            "bins": self._packed or json.dumps(self._bins, allow_nan=False),
            "last": self._last if self._packed else self._bins[-1] if self._bins else None,
            "width": self._width,
            "checks": self._checks,
            "check_width": self._check_width,
            "best": self._best,
            "final": self._final,
        }

    def load(self, stored: dict[str, Any]) -> None:
        """Continue from a state that `stored` has returned. Raises LookupError for another one."""
        self._clear(tuple((tuple(at), back) for at, back in stored["voids"]))
        part, offset = stored["position"]
        self._reader = BlockReader(self._directory, METRICS, part, offset, _BLOCK)
        self._packed, self._last, self._width = stored["bins"], stored["last"], stored["width"]
        self._checks, self._check_width = stored["checks"], stored["check_width"]
        self._best, self._final = stored["best"], stored["final"]


def _joined(bins: list[Bin], width: int) -> list[Bin]:
    out: list[Bin] = []
    for last, seconds, good, total in bins:
        if out and (out[-1][0] - 1) // width == (last - 1) // width:
            out[-1] = [last, seconds, out[-1][2] + good, out[-1][3] + total]
        else:
            out.append([last, seconds, good, total])
    return out


def _means(bins: Sequence[Bin]) -> Series:
    """Return the means, each in the middle of its updates."""
    if not bins:
        return Series()
    ends, until, good, totals = zip(*bins, strict=True)
    pairs = zip((0, *ends[:-1]), ends, strict=True)
    updates = [before + (end - before + 1) // 2 for before, end in pairs]
    seconds = [(one + other) / 2 for one, other in zip((0.0, *until[:-1]), until, strict=True)]
    means = [
        total / finite if finite else math.nan for total, finite in zip(totals, good, strict=True)
    ]
    return Series(updates, seconds, [mean if math.isfinite(mean) else None for mean in means])


def _rollbacks(directory: Path) -> tuple[tuple[Position, int], ...]:
    """Return the position and update of each rollback, without parsing the other lines."""
    reader = BlockReader(directory, METRICS)
    found: list[tuple[Position, int]] = []
    while (block := reader.read()) is not None:
        if _MARK not in block.data:
            continue
        offset = block.offset
        for row in block.data.split(b"\n")[:-1]:
            back = (parse_line(row) or {}).get(ROLLBACK) if _MARK in row else None
            if type(back) is int:
                found.append(((block.number, offset), back))
            offset += len(row) + 1
    return tuple(found)
