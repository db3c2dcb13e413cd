"""A worker process: takes part in a plan, answers message after message, ends when hung up on."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket

import numpy as np

from rnntui.parallel.board import shared_board
from rnntui.parallel.line import GoneError, Kind, Line
from rnntui.parallel.plan import Plan
from rnntui.parallel.share import Share


def main(descriptor: str) -> int:
    """Work for the process at the other end of a socket, as long as it lives."""
    # Its end is the trainer's to decide: what a terminal sends to all of them is not meant here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(descriptor)) as end:
        line = Line(end)
        with contextlib.suppress(GoneError):
            try:
                _work(line)
            except Exception as error:
                if not isinstance(error, GoneError):
                    line.send_failure(f"failed with {type(error).__name__}: {error}")
                    return 1
    return 0


def _work(line: Line) -> None:
    np.seterr(all="ignore")
    share: Share | None = None
    while True:
        kind, a, b, c = line.receive()
        if kind == Kind.PLAN:
            share, answer = None, 0.0  # the memory of the last plan is free for this one
            share = _take_part(line, int(a), int(b))
        else:
            assert share is not None
            answer = _obey(share, kind, a, b, c)
        line.send(Kind(kind), answer)


def _take_part(line: Line, worker: int, length: int) -> Share:
    text, memory = line.receive_plan(length)
    plan = Plan.from_json(text)
    board = shared_board(memory, plan)
    os.close(memory)
    share = Share(plan, board, worker)
    gc.freeze()
    gc.enable()
    return share


def _obey(share: Share, kind: int, a: float, b: float, c: float) -> float:
    match kind:
        case Kind.GRADIENT:
            return share.gradient(share.board.inputs, share.board.targets)
        case Kind.REDUCE:
            return share.reduce()
        case Kind.APPLY:
            share.optimizer.updates = int(c)
            share.apply(a, b)
        case Kind.CARRY_ON:
            share.carry_on()
        case Kind.PUT_RANDOM:
            share.put_random()
        case Kind.TAKE_RANDOM:
            share.take_random()
    return 0.0
