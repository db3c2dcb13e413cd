"""The arrays that all processes of a run see, in one piece of memory without a name.

It is passed on by its descriptor, so nothing has to be removed at the end: when the last process
that knows it is gone, so is the memory, however they ended.
"""

from __future__ import annotations

import math
import mmap
import os

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError
from rnntui.nn.kernels.layout import CACHE_LINE, Array, aligned
from rnntui.nn.optim import AVERAGE, OPTIMIZERS, remembered
from rnntui.training.workers.plan import Plan

ROW_SQUARES = "row_squares"  # the moment of a suffix table: its sums of squared norms
STATE = 625  # numbers of a Mersenne Twister's state: its keys and its position


@dataclass(frozen=True, eq=False)
class SharedArrays:
    """n parameters, N processes, T steps, B streams; every field an array.

    `parameters` and averaged weights end with the suffix table (suffixes, V), if there is one.
    """

    parameters: Array  # (n,)
    gradients: Array  # (N, n): each process' own; the sum ends up in the first
    moments: dict[str, Array]  # (n,) each, and ROW_SQUARES of the table
    hidden: Array  # (layers, parts, B, H) after the last applied update
    random: Array  # (N, 625) uint32: where each process puts the state of its dropout stream
    inputs: Array  # (T, B) or (T, B, D), the chunk under way, for the processes from 1 on
    targets: Array
    numbers: Array  # (T, B) of the suffixes that several processes have read
    logit_gradients: Array  # (T, B, V) that go with them

    @classmethod
    def on(cls, buffer: mmap.mmap | Array, plan: Plan) -> SharedArrays:
        """The arrays of a plan in memory of its `size`."""
        views, at = {}, 0
        for name, (shape, dtype) in _arrays(plan).items():
            count = math.prod(shape)
            views[name] = np.frombuffer(buffer, dtype, count, at).reshape(shape)
            at += _padded(count * views[name].itemsize)
        fields = [views.pop(name) for name in _FIELDS]
        parameters, gradients, *others = fields
        return cls(parameters, gradients, views, *others)


_FIELDS = (
    "parameters",
    "gradients",
    "hidden",
    "random",
    "inputs",
    "targets",
    "numbers",
    "logit_gradients",
)


def _arrays(plan: Plan) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and dtype of each array, in their order in memory; moments by their own names."""
    shape, n, whole = plan.shape, plan.shape.dense_layout().size, plan.shape.layout().size
    tokens = shape.task == "tokens"
    features = () if tokens else (shape.inputs,)
    chunk = (plan.steps if plan.workers > 1 else 0, plan.batch, *features)
    kind = "intp" if tokens else "float64"
    arrays: dict[str, tuple[tuple[int, ...], str]] = {
        "parameters": ((whole,), shape.dtype),
    }
    names = remembered(OPTIMIZERS[plan.optimizer], plan.coefficients)
    # Averaged weights stay where they are, as the weights do, when more processes join.
    arrays |= {name: ((whole,), shape.dtype) for name in names if name == AVERAGE}
    arrays["gradients"] = ((plan.workers, n), shape.dtype)
    arrays |= dict.fromkeys([name for name in names if name != AVERAGE], ((n,), shape.dtype))
    if shape.suffixes is not None:
        arrays[ROW_SQUARES] = ((shape.suffixes.count,), shape.dtype)
    shared = plan.steps if plan.workers > 1 and shape.suffixes is not None else 0
    return arrays | {
        "hidden": (shape.hidden_shape(plan.batch), shape.dtype),
        "random": ((plan.workers, STATE), "uint32"),
        "inputs": (chunk, kind),
        "targets": (chunk, kind),
        "numbers": ((shared, plan.batch), "uint32"),
        "logit_gradients": ((shared, plan.batch, shape.width), shape.dtype),
    }


def size_of(plan: Plan) -> int:
    """Bytes that the arrays of a plan take."""
    arrays = _arrays(plan).values()
    return sum(_padded(math.prod(shape) * np.dtype(dtype).itemsize) for shape, dtype in arrays)


def _padded(size: int) -> int:
    return -(-size // CACHE_LINE) * CACHE_LINE


def private_arrays(plan: Plan) -> SharedArrays:
    """For a run in one process."""
    return SharedArrays.on(aligned((size_of(plan),), "uint8"), plan)


def shared_memory(size: int) -> int:
    """The descriptor of new memory, all zeros. Raises MemoryError or EngineError."""
    try:
        descriptor = _nameless()
    except OSError as error:
        raise EngineError(f"cannot share memory: {error.strerror}: try workers = 1") from None
    try:
        os.ftruncate(descriptor, size)
        if hasattr(os, "posix_fallocate"):  # without it, too little memory is noticed by dying
            os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        os.close(descriptor)
        raise MemoryError(error.strerror) from None
    return descriptor


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("rnntui", os.MFD_CLOEXEC)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def mapped_arrays(descriptor: int, plan: Plan) -> SharedArrays:
    """The arrays in memory that `shared_memory` made; they keep it from then on."""
    return SharedArrays.on(mmap.mmap(descriptor, size_of(plan)), plan)
