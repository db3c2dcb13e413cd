"""Find the fastest kernels for a network's sizes by timing them on this machine.

Only the parts that differ are timed, on made-up numbers and of few steps, each alternative in turn
with the kernels chosen so far: so all meet the same moments of a busy machine. No processor is
known here by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import thread_time

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.cells import CELLS, Cell, Dims, cell_with
from rnntui.nn.cells.cell import AHEAD, steps_at_once
from rnntui.nn.kernels.activations import GATES, tanh_by
from rnntui.nn.kernels.choice import ALTERNATIVES, REFERENCE, Kernels
from rnntui.nn.kernels.gate_sum import back_product
from rnntui.nn.kernels.layout import Array, GateProduct, OuterSum, TokenGradient, aligned
from rnntui.nn.kernels.products import LinearAtOnce, SumsAtOnce
from rnntui.nn.model import ModelShape

BUDGET = 0.22  # seconds of this thread, which the last measurements may exceed a little
STAGES = 6
ROUNDS, FEWEST_ROUNDS = 9, 3  # measurements of an alternative
GAIN = 1.02  # less is not worth leaving the reference
FEW_ROWS = 8  # streams from which a product for each of them is never faster
WORK = 2e7  # multiplications in a measurement, or those of a single step
LARGE = 700_000  # weights of a layer from which only those of one gate are timed
NUMBERS = 1.5e5  # activations in a measurement, or those of a single step
WIDEST = 1024  # columns of an output layer that is timed
_PERIOD = 4096  # made-up numbers


@dataclass(frozen=True)
class Tried:
    """An alternative: its time over that of the kernel that was chosen before it was tried."""

    kernel: str  # a field of `Kernels`
    value: str
    seconds: float
    ratio: float
    rounds: int
    chosen: bool


class Timed(ABC):
    """A part of a network with certain kernels."""

    @abstractmethod
    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        """Run it once; return the seconds by what they are spent on."""


@dataclass(frozen=True)
class Stage:
    """Alternatives that are tried together; each is judged by the seconds of `judged_by`.

    Those that are found faster are all adopted, of one kernel the fastest; where they are
    `exclusive`, only the fastest of all.
    """

    build: Callable[[Kernels], Timed]
    alternatives: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]  # changes, judged_by
    exclusive: bool = False


class Trial:
    """A search, one short measurement at a time, for the kernels of T steps of B streams."""

    def __init__(
        self,
        shape: ModelShape,
        steps: int,
        batch: int,
        budget: float = BUDGET,
        clock: Callable[[], float] = thread_time,
    ) -> None:
        self.kernels, self.tried, self.spent = REFERENCE, list[Tried](), 0.0
        self._shape, self._steps, self._batch = shape, steps, batch
        self._budget, self._clock = budget, clock
        self._slices = self._search()

    def advance(self) -> bool:
        """Make one measurement; return whether there are more. Then `kernels` is the result."""
        began = self._clock()
        with np.errstate(all="ignore"):
            more = next(self._slices, None) is not None
        self.spent += self._clock() - began
        return more

    def finish(self) -> Kernels:
        """Make all measurements and return the result."""
        while self.advance():
            pass
        return self.kernels

    def _search(self) -> Iterator[bool]:
        for n, stage in enumerate(_stages(self._shape, self._steps, self._batch)):
            yield True
            left = self._budget - self.spent
            if left <= 0:
                return
            if stage is not None:
                yield from self._decide(stage, left / (STAGES - n))

    def _decide(self, stage: Stage, share: float) -> Iterator[bool]:
        """Time a stage in about `share` seconds, and adopt what is faster."""
        began = self.spent
        changes = [REFERENCE_CHANGE, *(change for change, _ in stage.alternatives)]
        parts = []
        for change in changes:
            parts.append(stage.build(replace(self.kernels, **change)))
            parts[-1].run(self._clock)  # touches the memory
            yield True
        rounds: list[list[Mapping[str, float]]] = []
        while len(rounds) < ROUNDS:
            started = self.spent
            found = []
            for part in parts:
                found.append(part.run(self._clock))
                yield True
            rounds.append(found)
            took = self.spent - started
            if len(rounds) >= FEWEST_ROUNDS and self.spent + took - began > share:
                break
            if self.spent + took > self._budget and len(rounds) < FEWEST_ROUNDS:
                return
        self._adopt(stage, rounds)

    def _adopt(self, stage: Stage, rounds: Sequence[Sequence[Mapping[str, float]]]) -> None:
        faster: list[Tried] = []
        found: list[Tried] = []
        for n, (change, judged_by) in enumerate(stage.alternatives, start=1):
            for kernel, value in change.items():
                part = judged_by[kernel]
                seconds = [times[n][part] for times in rounds]
                base = [times[0][part] for times in rounds]
                ratio = float(np.median(np.divide(seconds, base)))
                found.append(
                    Tried(kernel, value, float(np.median(seconds)), ratio, len(rounds), False)
                )
                if max(ratio, min(seconds) / min(base)) * GAIN <= 1:
                    faster.append(found[-1])
        faster.sort(key=lambda one: -one.ratio)  # the fastest last, so that it is adopted
        adopted = {one.kernel: one.value for one in faster[-1 if stage.exclusive else 0 :]}
        self.tried += [replace(one, chosen=adopted.get(one.kernel) == one.value) for one in found]
        self.kernels = replace(self.kernels, **adopted)


REFERENCE_CHANGE: Mapping[str, str] = {}


def _stages(shape: ModelShape, steps: int, batch: int) -> Iterator[Stage | None]:
    """The stages, the most promising first; None where these sizes make no difference."""
    yield _sums(shape, steps, batch)
    yield _products(shape, steps, batch)
    yield _activations(shape, steps, batch)
    yield _linear(shape, steps, batch)
    yield _tokens(shape, steps, batch)
    yield _slopes(shape, steps, batch)


def _made_up(shape: tuple[int, ...], dtype: str, scale: float) -> Array:
    """Normally distributed numbers that repeat: drawing all of them would take too long."""
    numbers = aligned(shape, dtype)
    drawn = np.random.RandomState(0).standard_normal(_PERIOD) * scale
    numbers.reshape(-1)[:] = np.resize(drawn.astype(dtype), numbers.size)
    return numbers


# ---- parts of a time step -----------------------------------------------------------------------


class _TimedProducts(Timed):
    """The recurrent products of a few steps, forward and backward."""

    def __init__(self, weights: Array, x: Array, kernels: Kernels) -> None:
        """`weights` (G, H, H), x (calls, G, B, H)."""
        _, gates, batch, hidden = x.shape
        out = aligned((gates, batch, hidden), weights.dtype)
        forward = GateProduct(weights, batch, scale=(1.0,) * gates, layout=kernels.forward)
        backward = back_product(weights, batch, kernels.backward)
        forward.refresh()
        backward.refresh()
        self._products = forward, forward.out_of(out), backward, backward.out_of(out)
        first, *others = out
        self._sum, self._others = first, others if backward.apart else []
        self._rows = [(forward.rows_of(one[0]), backward.rows_of(one)) for one in x]

    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        forward, forward_out, backward, backward_out = self._products
        began = clock()
        for h, _ in self._rows:
            forward.inner(h, forward.weights, forward_out)
        middle = clock()
        for _, dz in self._rows:
            backward.inner(dz, backward.weights, backward_out)
            for other in self._others:
                np.add(self._sum, other, self._sum)
        return {"forward": middle - began, "backward": clock() - middle}


def _timed_gates(shape: ModelShape) -> int:
    """All gates, or one where copying the weights of all would take longer than a trial may."""
    gates = CELLS[shape.cell].gates
    return gates if gates * shape.hidden**2 <= LARGE else 1


def _products(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    H, gates = shape.hidden, _timed_gates(shape)
    values = ["plain"] if GateProduct(np.empty((gates, H, H), shape.dtype), batch).blocked else []
    values += ["rows"] if 1 < batch < FEW_ROWS else []
    stacks = gates > 1 < batch
    if not values and not stacks:
        return None
    calls = max(1, min(steps, int(WORK / (batch * gates * H * H))))
    weights = _made_up((gates, H, H), shape.dtype, H**-0.5)
    x = _made_up((calls, gates, batch, H), shape.dtype, 0.5)
    judged_by = {"forward": "forward", "backward": "backward"}
    alternatives = [(dict.fromkeys(judged_by, value), judged_by) for value in values]
    if stacks:
        alternatives.append(({"backward": "stacked"}, {"backward": "backward"}))
    return Stage(lambda kernels: _TimedProducts(weights, x, kernels), alternatives)


class _TimedActivations(Timed):
    """The gates of a few steps, and one tanh of each."""

    def __init__(self, z: Array, calls: int, kernels: Kernels) -> None:
        """z (G, B, H)."""
        dtype = str(z.dtype)
        self._from, self._z, self._calls = z, aligned(z.shape, dtype), calls
        self._gates = GATES[kernels.gates](dtype)
        self._tanh = tanh_by(kernels.output, dtype, scaled=len(z) == 1)  # as the cells have it

    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        z, (first, *_), calls = self._z, self._z, range(self._calls)
        spent = 0.0
        for _ in calls:
            np.copyto(z, self._from)
            began = clock()
            self._gates.sigmoid(z)
            spent += clock() - began
        began = clock()
        for _ in calls:
            self._tanh(first, first)
        return {"gates": spent, "output": clock() - began}


def _activations(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    gates = CELLS[shape.cell].gates
    if gates == 1 and shape.activation != "tanh":
        return None
    size = gates * batch * shape.hidden
    calls = max(1, min(steps, int(NUMBERS / size)))
    z = _made_up((gates, batch, shape.hidden), shape.dtype, 0.5)
    alternatives = [({"output": "exp"}, {"output": "output"})]
    if gates > 1:
        alternatives.append(({"gates": "exp"}, {"gates": "gates"}))
    return Stage(lambda kernels: _TimedActivations(z, calls, kernels), alternatives)


class _TimedCell(Timed):
    """One layer, forward and backward."""

    def __init__(self, shape: ModelShape, dims: Dims) -> None:
        kind = cell_with(shape.cell, dims.kernels, True)
        shapes = {**CELLS[shape.cell].shapes(dims.hidden), "b": (kind.gates, dims.hidden)}
        scale = dims.hidden**-0.5
        weights = {name: _made_up(each, dims.dtype, scale) for name, each in shapes.items()}
        self._cell: Cell = kind(dims, weights, weights, shape.activation)
        self._cell.refresh()
        self._inputs = _made_up(self._cell.inputs.shape, dims.dtype, 0.5)
        self._dh = _made_up(self._cell.dh.shape, dims.dtype, 1e-3)

    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        cell = self._cell
        np.copyto(cell.inputs, self._inputs)
        np.copyto(cell.dh, self._dh)
        began = clock()
        cell.forward()
        cell.through_time()
        return {"all": clock() - began}


def _slopes(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    if shape.cell not in AHEAD or _timed_gates(shape) < CELLS[shape.cell].gates:
        return None  # of large networks, products take almost all of the time
    sizes, slots = (batch, shape.hidden, shape.dtype), CELLS[shape.cell].slots
    alternatives = [({"slopes": "forward"}, {"slopes": "all"})]
    known = {steps_at_once(Dims(steps, *sizes), slots)}
    for value in ALTERNATIVES["steps"][1:]:
        at_once = steps_at_once(Dims(steps, *sizes, kernels=Kernels(steps=value)), slots)
        if at_once not in known:
            known.add(at_once)
            alternatives.append(({"steps": value}, {"steps": "all"}))
    timed = max(2, max(known), int(WORK / (batch * CELLS[shape.cell].gates * shape.hidden**2)))

    def build(kernels: Kernels) -> Timed:
        return _TimedCell(shape, Dims(min(steps, timed), *sizes, kernels=kernels))

    return Stage(build, alternatives, exclusive=True)


# ---- all steps at once --------------------------------------------------------------------------


class _TimedCall(Timed):
    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def run(self, clock: Callable[[], float]) -> Mapping[str, float]:
        began = clock()
        self._call()
        return {"all": clock() - began}


def _fewer_rows(steps: int, batch: int, work: int, least: int = 1) -> int:
    """Rows of whole steps, `least` or as many as make a measurement; `work` is that of a step."""
    most = max(1, int(WORK / work), -(-least // batch))
    return batch * min(steps, most)


def _outputs(shape: ModelShape) -> list[int]:
    """Columns of an output layer with kernels; none for one that works in chunks of its own."""
    return [] if shape.clusters is not None or shape.width > WIDEST else [shape.width]


def _sums(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    H = shape.hidden
    rows = _fewer_rows(steps, batch, batch * H * H, 512)
    x, *others = (_made_up((rows, n), shape.dtype, 0.1) for n in (H, H, *_outputs(shape)))
    pairs = [(x, other) for other in others if OuterSum.has_blocks(x, other)]
    if not pairs:
        return None
    outs = [aligned((H, other.shape[1]), shape.dtype) for _, other in pairs]

    def build(kernels: Kernels) -> Timed:
        sums = SumsAtOnce(rows, shape.dtype, kernels.sums == "blocked")

        def call() -> None:
            for (one, other), out in zip(pairs, outs, strict=True):
                sums.outer(one, other, out)

        return _TimedCall(call)

    return Stage(build, [({"sums": "plain"}, {"sums": "all"})])


def _linear(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    H = shape.hidden
    matrices = [(1, H, V) for V in _outputs(shape)]
    matrices += [(_timed_gates(shape), H, H)] * (shape.layers > 1)
    if not matrices:
        return None
    rows = _fewer_rows(steps, batch, batch * sum(G * K * M for G, K, M in matrices))
    weights = [_made_up(each, shape.dtype, H**-0.5) for each in matrices]
    if not any(GateProduct(W, rows).blocked for W in weights):
        return None
    x, dx = _made_up((rows, H), shape.dtype, 0.5), aligned((rows, H), shape.dtype)
    outs = [aligned((G, rows, M), shape.dtype) for G, _, M in matrices]

    def build(kernels: Kernels) -> Timed:
        linears = [LinearAtOnce(W, rows, None, True, kernels.linear) for W in weights]
        for linear in linears:
            linear.refresh()

        def call() -> None:
            for linear, out in zip(linears, outs, strict=True):
                linear.forward(x, out)
                linear.backward(out, dx)

        return _TimedCall(call)

    return Stage(build, [({"linear": "plain"}, {"linear": "all"})])


def _tokens(shape: ModelShape, steps: int, batch: int) -> Stage | None:
    G, H, V = CELLS[shape.cell].gates, shape.hidden, shape.width
    rows = _fewer_rows(steps, batch, batch * 100 * H, 512)
    if shape.task != "tokens" or G == 1 or not TokenGradient(rows, V, H, shape.dtype).sorts:
        return None
    shares = np.random.RandomState(0).random_sample(rows)
    tokens = (V * shares**3).astype(np.intp)  # some much more frequent than others, as in texts
    dZ, out = _made_up((G, rows, H), shape.dtype, 1e-3), aligned((G, V, H), shape.dtype)

    def build(kernels: Kernels) -> Timed:
        at_once = G if kernels.tokens == "all" else 1
        sums = TokenGradient(rows, V, H, shape.dtype, at_once=at_once)
        return _TimedCall(lambda: sums.sum_rows(tokens, dZ, out))

    return Stage(build, [({"tokens": "all"}, {"tokens": "all"})])
