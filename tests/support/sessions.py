"""What the tests of one run without sockets share."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

from rnntui.data import load
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import Look, Snapshot
from rnntui.recipe import Recipe
from rnntui.runs.opening import Opened
from rnntui.session.session import Session
from rnntui.training.loop import start, train

TEXT = "text:the quick brown fox jumps over the lazy dog. "
TOKENS = Recipe().replace(
    source=TEXT, repeat=40, hidden=12, batch=2, seq_len=10, eval_every=7, final_length=0
)
VALUES = Recipe().replace(
    task="values", source="values:" + ",".join(str(n % 9 + 20) for n in range(90)), hidden=5
)
VALUES = VALUES.replace(batch=1, seq_len=5, lr=0.01, repeat=3, standardize=True)


def session(
    recipe: Recipe = TOKENS, between: Callable[[], None] | None = None, viewers: bool = False
) -> Session:
    data = load(recipe)
    return Session(Opened(recipe, data, start(recipe, data)), between, viewers)


def run(s: Session, updates: int = 10**9, enough: Callable[[], bool] = lambda: False) -> int:
    """Do what the loop does until nothing is to be done any more; the updates made."""
    made = 0
    while made < updates and not enough():
        delay = s.delay(time.monotonic())
        if delay <= 0:
            before = s.step
            s.update()
            made += s.step - before
        s.tick(time.monotonic(), delay)
        if delay > 0 and not s.busy and delay == math.inf:
            break
    return made


def look(s: Session, **marks: int | bool) -> Snapshot:
    """A snapshot as a viewer gets it."""
    reply = decode_reply(encode(s.snapshot(Look(**marks))))  # type: ignore[arg-type]
    assert isinstance(reply, Snapshot)
    return reply


def losses(recipe: Recipe, count: int) -> list[float]:
    return [chunk.loss_per_token for chunk in itertools.islice(train(recipe), count)]


def history(s: Session) -> list[float | None]:
    return list(look(s).history.mean)


def written(s: Session) -> str:
    writing = look(s).generated
    assert writing is not None
    return writing.text
