"""The split into a part to train on and a later one to validate on."""

from __future__ import annotations

from rnntui.dataclass import dataclass

LEAST = 2


@dataclass(frozen=True)
class Split:
    """`train` tokens come first, the rest validate; `words` say so."""

    train: int
    words: str
    notes: tuple[str, ...] = ()


def split_at(count: int, fraction: float, unit: str) -> Split:
    """Keep the last `fraction` of `count` tokens for validation.

    A last part of one token or none validates nothing: then all are trained on, with a note.
    """
    kept = int(count * fraction)
    if fraction == 0:
        return Split(count, "all for training, none for validation")
    if kept < LEAST:
        plural = "" if count == 1 else "s"
        note = f"{count} {unit}{plural}: too few to set some aside for validation"
        return Split(count, "all for training, none for validation", (note,))
    first, last = f"{100 * (1 - fraction):.4g} %", f"{100 * fraction:.4g} %"
    return Split(count - kept, f"first {first} to train, last {last} to validate")
