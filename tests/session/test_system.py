"""What a run uses of the machine."""

from __future__ import annotations

import os

from rnntui.session.system import EVERY, SystemMeter


def test_it_is_read_once_a_second() -> None:
    asked: list[int] = []

    def pids() -> tuple[int, ...]:
        asked.append(1)
        return (os.getpid(),)

    meter = SystemMeter(pids)
    assert meter.read(10.0) is None
    assert meter.read(10.0 + EVERY / 2) is None and len(asked) == 1
    sum(range(300_000))
    found = meter.read(10.0 + EVERY)
    assert found is not None and found.workers == 1
    assert 0 <= found.cpu < 64 and found.memory > 1 << 20
    assert meter.read(10.1 + EVERY) is found and len(asked) == 2


def test_a_process_that_is_gone_counts_nothing() -> None:
    meter = SystemMeter(lambda: (os.getpid(), 2**22 + 1))
    meter.read(0.0)
    found = meter.read(EVERY)
    assert found is not None and found.workers == 2 and found.memory > 0
