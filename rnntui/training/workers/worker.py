"""A worker process: takes part in a plan, answers message after message, ends when hung up on."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket

import numpy as np

from rnntui.nn.kernels.choice import Kernels
from rnntui.training.workers.channel import Channel, GoneError, Kind
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.shard import Shard
from rnntui.training.workers.shared_arrays import mapped_arrays


def main(descriptor: str) -> int:
    """Work for the process at the other end of a socket, as long as it lives."""
    # Its end is the trainer's to decide: what a terminal sends to all of them is not meant here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(descriptor)) as end:
        channel = Channel(end)
        with contextlib.suppress(GoneError):
            try:
                _work(channel)
            except Exception as error:
                if not isinstance(error, GoneError):
                    channel.send_failure(f"failed with {type(error).__name__}: {error}")
                    return 1
    return 0


def _work(channel: Channel) -> None:
    np.seterr(all="ignore")
    shard: Shard | None = None
    while True:
        kind, a, b, c = channel.receive()
        if kind == Kind.PLAN:
            shard, answer = None, 0.0  # the memory of the last plan is free for this one
            shard = _join(channel, int(a), int(b))
        elif kind == Kind.KERNELS:
            assert shard is not None
            answer = 0.0
            shard.network.use(Kernels.parse(channel.receive_text(int(a)).decode()))
        else:
            assert shard is not None
            answer = _execute(shard, kind, a, b, c)
        channel.send(Kind(kind), answer)


def _join(channel: Channel, worker: int, length: int) -> Shard:
    text, memory = channel.receive_plan(length)
    plan = Plan.from_json(text)
    arrays = mapped_arrays(memory, plan)
    os.close(memory)
    shard = Shard(plan, arrays, worker)
    gc.freeze()
    gc.enable()
    return shard


def _execute(shard: Shard, kind: int, a: float, b: float, c: float) -> float:
    match kind:
        case Kind.GRADIENT:
            return shard.gradient(shard.arrays.inputs, shard.arrays.targets)
        case Kind.REDUCE:
            return shard.reduce()
        case Kind.APPLY:
            shard.optimizer.updates = int(c)
            shard.apply(a, b)
        case Kind.CARRY_ON:
            shard.carry_on()
        case Kind.PUT_RANDOM:
            shard.put_random()
        case Kind.TAKE_RANDOM:
            shard.take_random()
    return 0.0
