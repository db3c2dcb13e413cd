"""Requests nobody should send: made from a seed, so that a failure can be had again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from rnntui.protocol.codec import decode_request, encode, to_plain
from rnntui.protocol.messages import (
    MAX_REQUEST,
    Generate,
    Hello,
    Look,
    Pause,
    ProtocolError,
    Request,
    SetLearningRate,
    Step,
)
from rnntui.recipe import SamplingSettings

VALID: tuple[Request, ...] = (
    Hello(), Look(), Look(3, 5, 7, 9, True, 1, 2), Pause(), Step(3), SetLearningRate(0.1),
    Generate("so", 5, SamplingSettings(0.5, greedy=True)),
)  # fmt: skip
ODD = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "9" * 5000, "-0", "0.0", "1.5",
    "true", "null", '"1"', "[]", "{}", "[[[]]]", '{"kind":"Stop"}', "18446744073709551616", "1e400",
    '"' + "x" * 9000 + '"', '"\\ud800"', '"\\u0000"', "[" * 400 + "]" * 400, "01", "+1", "0x10",
    "1_0", "[1,2", '{"a":', "tru", "'x'", "-", "",
)  # fmt: skip


def _bytes(random_: random.Random) -> bytes:
    return random_.randbytes(random_.choice([1, 3, 40, 900]))


def _damaged(random_: random.Random) -> bytes:
    """A request with some bytes changed, lost or doubled."""
    line = bytearray(encode(random_.choice(VALID))[:-1])
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(line))
        change = random_.randrange(4)
        if change == 0:
            line[at] = random_.randrange(256)
        elif change == 1:
            del line[at : at + random_.randint(1, 8)]
        elif change == 2:
            line[at:at] = line[: random_.randint(1, 30)]
        else:
            line[at:at] = random_.randbytes(2)
        line = line or bytearray(b"x")
    return bytes(line)


def _other_values(random_: random.Random) -> bytes:
    """A request with a field of another type, out of range, or twice."""
    request = random_.choice(VALID)
    kind = type(request).__name__
    fields = {name: json.dumps(value) for name, value in to_plain(request).items()}
    pairs = [("kind", json.dumps(kind)), *fields.items()]
    at = random_.randrange(len(pairs))
    pairs[at] = (pairs[at][0], random_.choice(ODD))
    if random_.random() < 0.3:
        pairs.append(random_.choice(pairs))
    return ("{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}").encode()


def _unknown(random_: random.Random) -> bytes:
    kind = random_.choice(["", "look", "Welcome", "Snapshot", "__class__", "Stop\\n", "\\u0000"])
    extra = random_.choice(["", ',"a":1', ',"lr":NaN', ',"kind":"Pause"'])
    return f'{{"kind":"{kind}"{extra}}}'.encode()


def _nested(random_: random.Random) -> bytes:
    opening, closing = random_.choice([(b"[", b"]"), (b'{"a":', b"}")])
    depth = random_.choice([2, 50, *range(960, 1010, 3), 1500])
    inner = opening * depth + b"1" + closing * random_.choice([depth, depth, 0])
    return random_.choice([b"%s", b'{"kind":%s}', b'{"kind":"Step","count":%s}']) % inner


def _long(random_: random.Random) -> bytes:
    length = random_.choice([MAX_REQUEST - 2, MAX_REQUEST - 60])
    return (b'{"kind":"Pause"}' if random_.random() < 0.5 else b"").ljust(length, b" x"[:1])


KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    _bytes, _damaged, _damaged, _other_values, _other_values, _unknown, _nested, _long,
)  # fmt: skip


def lines(count: int, seed: int) -> Iterator[bytes]:
    """So many lines, each with its newline, none of which is a request that would be carried out.

    A Look or a Hello may be among them.
    """
    random_ = random.Random(seed)
    while count:
        line = random_.choice(KINDS)(random_).replace(b"\n", b" ")
        try:
            harmless = isinstance(decode_request(line), Look | Hello)
        except ProtocolError:
            harmless = True
        if harmless and len(line) < MAX_REQUEST:
            count -= 1
            yield line + b"\n"


def requests(count: int, seed: int) -> list[Request]:
    """Requests as they should be, with the most extreme marks."""
    random_ = random.Random(seed)
    marks = (0, 1, 7, 500, 2**31, 2**53)
    return [
        Look(
            random_.choice((-1, 0, 3, 64)),
            *random_.choices(marks, k=3),
            random_.random() < 0.5,
            *random_.choices(marks, k=2),
        )
        for _ in range(count)
    ]
