"""Measure the signs of a run while it trains, at next to no cost and without changing a bit of it.

Each update costs a few microseconds. Hidden values, updates by tensor and reach are measured now
and then, within a share of the time: most of it where updates are so short that nobody waits for
them. With several workers, hidden values are those of the streams of this process.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import thread_time
from typing import Literal

import numpy as np

from rnntui.data import Dataset, TokenData, baselines, sequences
from rnntui.dataclass import dataclass
from rnntui.insight.allowance import Allowance
from rnntui.insight.health import TensorSigns
from rnntui.insight.history import Activity, Facts, History, Reach, Validated
from rnntui.nn.kernels.layout import Array
from rnntui.nn.probe import Probe, reach
from rnntui.recipe import Recipe
from rnntui.text import safe_text
from rnntui.training.loop import Chunk, TrainState

SHORT = 0.003  # seconds of CPU time of an update
ACTIVITY_SAVED, REACH_SAVED = 0.0005, 0.001  # seconds
ACTIVITY_APART, REACH_APART = 15, 60  # updates between two measurements, at least
SECOND_REACH = 150  # updates after the first: what the rules wait for is known that early


@dataclass(frozen=True)
class Shares:
    """The shares of the training thread's time for hidden values, for reach, and for judging."""

    activity: float
    reach: float
    judging: float


SHORT_UPDATES = Shares(0.008, 0.008, 0.003)
SHOWN = Shares(0.0006, 0.0008, 0.0003)  # short updates while signs or experiments are looked at
WATCHED = Shares(0.0004, 0.0007, 0.0002)  # short updates while views are measured
OTHERS = Shares(0.0003, 0.0006, 0.0002)
Open = Literal["", "shown", "measured"]  # what a viewer looks at besides the losses
SHARES: dict[Open, Shares] = {"": SHORT_UPDATES, "shown": SHOWN, "measured": WATCHED}

NEAR = 0.03  # of a limit of the hidden values: saturated
CONSTANT = 1e-3  # deviation of a unit that does nothing
ROWS = 256  # of hidden values that are looked at
STREAMS, PROBE_VALUES, LONGEST = 4, 32_768, 256  # of the probe: streams, T * B * H, and T
PROBE_OUTPUTS = 1 << 18  # numbers in the outputs of a probe of more than one stream
NO_MEMORY = "not enough memory to measure the signs"


def facts_of(recipe: Recipe, data: Dataset, state: TrainState) -> Facts:
    """What the rules need to know of a run. N-gram losses are left out: counting takes a while."""
    known, tokens = state.references, isinstance(data, TokenData)
    source = sequences(data)[0]
    slow = tokens and len(data.validation) > 1
    return Facts(
        recipe=recipe,
        window=state.stream.steps,
        streams=state.stream.batch,
        parameters=state.trained.count,
        size=len(source),
        chance=known.chance,
        frequencies=known.frequencies,
        floor=data.floor if isinstance(data, TokenData) else None,
        largest=0.0 if tokens else float(np.abs(source).max(initial=0.0)),
        lap=state.stability.losses.laps.size,
        simple=None if slow else baselines(data),
    )


class Meter:
    """Adds the signs of a run to its history, update by update."""

    def __init__(self, facts: Facts, data: Dataset, state: TrainState, history: History) -> None:
        train = facts.recipe.train
        self.history, self._state, self._facts = history, state, facts
        history.clip = train.clip if train.clip_mode == "norm" else 0.0
        history.tokens_per_update = facts.window * facts.streams
        history.lap = facts.lap
        self.tensors: tuple[TensorSigns, ...] = ()  # of the last measured update
        self.tensors_at = 0  # that update
        self.problem = ""  # why nothing more is measured, in one line
        self._source: Array = sequences(data)[0]
        self._began = state.step, thread_time()
        self._activity = Allowance(OTHERS.activity, ACTIVITY_SAVED)
        self._reach = Allowance(OTHERS.reach, REACH_SAVED)
        self.open: Open = ""
        self._observed: _Observed | None = None
        self._probe: _ReachProbe | None = None
        self._weights = [n for n in state.trained.tensors if n.startswith("W")]

    @property
    def shares(self) -> Shares:
        """The shares of the time that may be taken now: larger ones if updates are short."""
        return SHARES[self.open] if self.update_seconds < SHORT else OTHERS

    @property
    def update_seconds(self) -> float:
        """The mean CPU time from one update to the next; infinite before the first."""
        step, seconds = self._began
        made = self._state.step - step
        return (thread_time() - seconds) / made if made > 0 else math.inf

    def see(self, chunk: Chunk) -> bool:
        """Record an update; whether that completed a sample, so that rules can be applied."""
        # Where updates take 0.1 ms, each microsecond here is 1 % of the time: most updates only add
        # two numbers.
        seen, history = chunk.numbers, self.history
        losses = history.losses
        losses.append(seen.loss_per_token)
        history.norms.append(seen.gradient_norm)
        if (
            len(losses) < history.length
            and self._observed is None
            and not chunk.response
            and chunk.validation is None
        ):
            return False
        return self._see_more(chunk)

    def _see_more(self, chunk: Chunk) -> bool:
        """Do what there is to do after few updates; whether a sample was completed."""
        history, seen = self.history, chunk.numbers
        completed = history.is_full(seen.step)
        if completed:
            history.complete(seen.step, seen.lr, self._state.stability.trouble)
        if self._observed is not None:
            self._guarded(lambda: self._measure_activity(chunk))
        if chunk.response == "rollback":
            self.restart()
        if chunk.validation is not None:
            self.validated(seen.step, chunk.validation)
        # The first update is shown before anything else is measured.
        if completed and seen.step > self._began[0] + 1:
            self._guarded(lambda: self._take_turns(seen.step))
        return completed

    def validated(self, step: int, loss: float) -> None:
        """Record a validation of the weights after update `step`."""
        self.history.add_validation(Validated(step, loss, self.history.training))

    def _guarded(self, measure: Callable[[], None]) -> None:
        """Measure something; if that fails, nothing more is measured, and `problem` says why."""
        if self.problem:
            return
        try:
            measure()
        except MemoryError:
            self.problem = NO_MEMORY
        except Exception as error:  # observing never ends the run
            self.problem = safe_text(f"no more signs: {type(error).__name__}: {error}")[:200]
        if self.problem:
            self._forget_observed()

    def restart(self) -> None:
        """The weights have been replaced by earlier ones."""
        self.history.restart()
        self._forget_observed()

    def _forget_observed(self) -> None:
        self._observed, self._state.observer = None, None

    def _take_turns(self, step: int) -> None:
        """Begin the measurements that are due."""
        shares, seen, reaches = self.shares, self.history.activity, self.history.reach
        self._activity.share, self._reach.share = shares.activity, shares.reach
        apart = step - seen[-1].step if seen else ACTIVITY_APART
        if self._observed is None and apart >= ACTIVITY_APART and self._activity.allows:
            self._observed = _Observed(self._state, self._activity)  # may raise MemoryError
            self._state.observer = self._observed
        apart = step - reaches[-1].step if reaches else REACH_APART
        # On a slow computer, too, the second one comes early; its time is earned back later.
        due = len(reaches) == 1 and apart >= SECOND_REACH
        if due or (apart >= REACH_APART and self._reach.allows):
            with self._reach.spending():
                self._measure_reach(step)

    def _measure_activity(self, chunk: Chunk) -> None:
        observed = self._observed
        if observed is None or not observed.made:
            return
        self._forget_observed()
        if not chunk.applied or chunk.response:
            return
        with self._activity.spending(), np.errstate(all="ignore"):
            self.tensors, self.tensors_at = observed.tensors(), chunk.step
            update = max(
                (t.update for t in self.tensors if t.name in self._weights and t.update >= 0),
                default=math.nan,
            )
            shares = hidden_shares(self._state)
            self.history.add_activity(Activity(chunk.step, update, *shares))

    def _measure_reach(self, step: int) -> None:
        if self._probe is None:
            self._probe = _ReachProbe(self._state, self._source)
        far, end = self._probe.measure()
        self.history.add_reach(Reach(step, far, self._probe.steps, end))


class _Observed:
    """One update, seen between its gradient and the change of the weights."""

    def __init__(self, state: TrainState, allowance: Allowance) -> None:
        self._state, self._allowance = state, allowance
        self._before = np.empty_like(state.trained.dense)
        self.made = False

    def __call__(self) -> None:
        with self._allowance.spending(), np.errstate(all="ignore"):
            np.copyto(self._before, self._state.trained.dense)
            self._gradients = {
                name: _norm(tensor) for name, tensor in self._state.gradients.tensors.items()
            }
            self.made = True

    def tensors(self) -> tuple[TensorSigns, ...]:
        """The signs of each tensor but a suffix table, after the update."""
        parameters = self._state.trained
        change = np.subtract(parameters.dense, self._before, self._before)
        changes = parameters.shape.dense_layout().views(change)
        return tuple(
            TensorSigns(
                name, gradient, _ratio(_norm(changes[name]), _norm(parameters.tensors[name]))
            )
            for name, gradient in self._gradients.items()
        )


def _norm(tensor: Array) -> float:
    flat = tensor.reshape(-1)
    return math.sqrt(max(0.0, float(np.dot(flat, flat))))


def _ratio(change: float, size: float) -> float:
    return change / size if size > 0 else math.nan


def hidden_shares(state: TrainState) -> tuple[float, int, float, float]:
    """Of the last chunk's hidden values, in the worst layer: saturated, layer, constant, zero.

    `zero`: units that are 0 throughout, of those that may become so for good.
    """
    saturated, layer, constant, zero = 0.0, 0, 0.0, 0.0
    for n, cell in enumerate(state.network.cells):
        h = cell.h[1:]
        h = h[:, : max(1, -(-ROWS // len(h)))]
        low, high = cell.limits(cell.activation)
        units = h.reshape(-1, h.shape[-1])
        constant = max(constant, float((units.std(axis=0) < CONSTANT).mean()))
        if math.isfinite(high):
            share = float(((h < low + NEAR) | (h > high - NEAR)).mean())
            if share > saturated:
                saturated, layer = share, n
        else:
            zero = max(zero, float((np.abs(units).max(axis=0) == 0).mean()))
    return saturated, layer, constant, zero


class _ReachProbe:
    """How far back one error is felt, on places spread over the training part."""

    def __init__(self, state: TrainState, source: Array) -> None:
        self.steps = min(state.stream.steps, LONGEST)
        room = (len(source) - 1) // self.steps
        shape = state.trained.shape
        fitting = min(
            PROBE_VALUES // (self.steps * shape.hidden), PROBE_OUTPUTS // (self.steps * shape.width)
        )
        streams = max(1, min(STREAMS, fitting, room))
        self._probe = Probe(state.trained, self.steps, streams, backward=True)
        at = np.linspace(0, len(source) - 1 - self.steps, streams).astype(int)
        rows = at[None, :] + np.arange(self.steps)[:, None]
        self._inputs, self._targets = source[rows], source[rows + 1]

    def measure(self) -> tuple[int, float]:
        """The largest reach of a layer, and the share of an error left where the window begins."""
        self._probe.forward(self._inputs)
        self._probe.losses(self._targets)
        curves = self._probe.one_error()
        top = curves[-1]
        peak = float(top.max())
        end = float(top[-1]) / peak if 0 < peak < math.inf else math.nan
        return max(reach(curve) for curve in curves), end
