"""What two runs have in common that differ in when they were stopped or how they were shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rnntui.runs.store.checkpoint import Checkpoint, newest
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.journal import EVENTS, read_journal

TIMES = ("elapsed", "seconds")
# How often it was stopped, what its recipe says, and what was measured when there was time.
OF_THIS_RUN = ("events", "extended", "signs", "findings")


def last(run: Path) -> Checkpoint:
    """Its newest checkpoint."""
    found = newest(run / CHECKPOINTS).checkpoint
    assert found is not None
    return found


def content(checkpoint: Checkpoint) -> dict[str, Any]:
    """All that training leaves in it but times."""
    state = {k: v for k, v in checkpoint.state.items() if k not in (*TIMES, *OF_THIS_RUN)}
    state["training"] = {k: v for k, v in state["training"].items() if k not in TIMES}
    return state


def differences(one: Path, other: Path) -> list[str]:
    """In what the newest checkpoints of two runs differ, bit by bit."""
    a, b = last(one), last(other)
    found = [] if a.step == b.step else [f"step {a.step}, {b.step}"]
    for name in ("model", "optimizer"):
        left, right = getattr(a, name), getattr(b, name)
        found += sorted(left.keys() ^ right.keys())
        both = left.keys() & right.keys()
        found += [key for key in both if not np.array_equal(left[key], right[key], True)]
    left, right = content(a), content(b)
    keys = sorted(left.keys() | right.keys())
    differ = [key for key in keys if repr(left.get(key)) != repr(right.get(key))]
    return found + [f"{key}: {left.get(key)} / {right.get(key)}" for key in differ]


def edits(run: Path) -> list[tuple[int, str, float | str | None]]:
    """The changes made to it, as its journal has them."""
    lines = read_journal(run, EVENTS)[0]
    return [(line["step"], line["edit"], line["value"]) for line in lines if "edit" in line]
