"""The time steps of recent updates, so that a short run can be inspected update by update.

An update of one time step says little by itself: short chunks of a pass are joined. A viewer may
also have room for more than an update: then the updates before it fill that room. Of a long run
they are collected only while such a viewer asks, and no more of them than it can show.
"""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.session.steps import MOST_STEPS
from rnntui.training.loop import Chunk, Steps

SHORT_RUN = 20_000  # updates: such a run keeps all of them, as far as memory allows
SHORT_CHUNK = 8  # time steps: shorter chunks are joined
MOST_MEMORY = 16 << 20  # bytes
OVERHEAD = 800  # bytes of an update's arrays besides their numbers


@dataclass(slots=True, eq=False)
class Kept:
    """The time steps of one update."""

    step: int
    starts_epoch: bool
    steps: Steps

    @property
    def size(self) -> int:
        """Bytes of memory."""
        parts = (self.steps.inputs, self.steps.targets, self.steps.predictions, self.steps.p_true)
        return OVERHEAD + sum(part.nbytes for part in parts if part is not None)


@dataclass(frozen=True, eq=False)
class Joined:
    """The time steps of the updates from `first` to `step`, as if they were one chunk."""

    first: int
    step: int
    steps: Steps


class RecentSteps:
    """Keeps the time steps of updates of a short run; of a longer one, what is to be joined."""

    def __init__(
        self, chunk_steps: int, chunks_per_pass: int, total: int | None, turns: int = 1
    ) -> None:
        """`chunk_steps`: time steps of a chunk; `total`: updates to make, if that is known.

        With several `turns` consecutive chunks are of different passages: none are joined.
        """
        joins = chunk_steps < SHORT_CHUNK and turns == 1
        self._joined = max(1, min(chunks_per_pass, MOST_STEPS // chunk_steps)) if joins else 1
        self._whole_pass = self._joined == chunks_per_pass
        short = total is not None and total <= SHORT_RUN
        # Two passes: while one is under way, the one before it is shown.
        # Updates that fill the room of a viewer:
        self._filling = -(-MOST_STEPS // chunk_steps) if turns == 1 else 1
        joining = max(2 * self._joined, self._filling) if self._joined > 1 else 0
        self._most = SHORT_RUN if short else joining
        self._kept: deque[Kept] = deque()
        self._wanted = 0  # updates still to be collected for a viewer
        self._collected: deque[Kept] = deque(maxlen=self._filling)
        self._full: list[Kept] = []  # the last ones that filled the room

    def see(self, chunk: Chunk) -> None:
        """Keep the time steps of an update, before the next one begins."""
        if not self._most and not self._wanted:
            return
        with np.errstate(all="ignore"):
            kept = Kept(chunk.step, chunk.starts_epoch, chunk.steps())
        if not self._most:
            self._collect(kept)
            return
        if not self._kept:  # all chunks have the same shape
            most = min(self._most, max(1, MOST_MEMORY // kept.size))
            self._kept = deque(maxlen=most)
        self._kept.append(kept)

    def _collect(self, kept: Kept) -> None:
        if self._collected and self._collected[-1].step != kept.step - 1:
            self._collected.clear()
        self._collected.append(kept)
        self._wanted -= 1
        if len(self._collected) == self._filling:
            self._full = list(self._collected)

    def filled(self, step: int = 0) -> Joined | None:
        """Return the time steps of an update, 0: the last one, and as many before it as are known.

        From now on, those of the next updates are collected.
        """
        if self._most:
            return self.at(step, fill=True) if step else self.latest(fill=True)
        self._wanted = self._filling
        newest = list(self._collected) if len(self._collected) > len(self._full) else self._full
        return _joined(newest) if newest and not step else None

    def at(self, step: int, fill: bool = False) -> Joined | None:
        """Return the time steps of an update, or of the pass it belongs to; None if not kept.

        `fill`: with those of as many updates before it as a viewer can show.
        """
        where = self._index(step)
        if where is None:
            return None
        first, last = where, where
        if self._joined > 1:
            first, last = self._pass_around(where)
        if self._joined > 1 and not self._whole_pass:
            first, last = max(first, where + 1 - self._joined), where
        first = max(0, min(first, last + 1 - self._filling)) if fill else first
        return _joined(list(itertools.islice(self._kept, first, last + 1)))

    def latest(self, fill: bool = False) -> Joined | None:
        """Return the last complete pass, or the newest chunks; None if nothing is to be joined."""
        if (self._joined < 2 and not fill) or not self._kept:
            return None
        newest = len(self._kept) - 1
        if self._whole_pass and self._joined > 1:
            first, last = self._pass_around(newest)
            if last - first + 1 < self._joined and first > 0:  # this pass is under way
                newest = first - 1
        return self.at(self._kept[newest].step, fill)

    def _index(self, step: int) -> int | None:
        if not self._kept:
            return None
        at = step - self._kept[0].step
        return at if 0 <= at < len(self._kept) else None

    def _pass_around(self, where: int) -> tuple[int, int]:
        """Return the first and the last index kept of the pass that an update belongs to."""
        first = where
        while first and not self._kept[first].starts_epoch:
            first -= 1
        last = where
        while last + 1 < len(self._kept) and not self._kept[last + 1].starts_epoch:
            last += 1
        return first, last


def _joined(kept: list[Kept]) -> Joined:
    all_steps = [one.steps for one in kept]
    if len(all_steps) == 1:
        return Joined(kept[0].step, kept[0].step, all_steps[0])
    known = [steps.p_true for steps in all_steps if steps.p_true is not None]
    steps = Steps(
        np.concatenate([steps.inputs for steps in all_steps]),
        np.concatenate([steps.targets for steps in all_steps]),
        np.concatenate([steps.predictions for steps in all_steps]),
        np.concatenate(known) if known else None,
        all_steps[0].start,
    )
    return Joined(kept[0].step, kept[-1].step, steps)
