"""Compare a host with this machine: what is said of it, and what speaks against it."""

from __future__ import annotations

from rnntui.numbers import plural, size_in_words
from rnntui.sweep.remote.host import Facts
from rnntui.text import safe_text

_SAME = {"rnntui": "rnntui", "numpy": "NumPy", "distributed": "Dask"}  # else other digits, or none
_CPU = ("system", "libc", "cpu", "simd", "blas", "blas_core")


def objection(facts: Facts, here: Facts) -> str:
    """Return why a host cannot take trials of a sweep that was started here; empty: it can."""
    theirs, ours = facts.versions, here.versions
    for key, name in _SAME.items():
        if theirs.get(key) != ours.get(key):
            return f"{name} {theirs.get(key) or 'is missing'}, here {ours.get(key)}"
    if _minor(theirs.get("python", "")) != _minor(ours.get("python", "")):
        return f"Python {theirs.get('python')}, here {ours.get('python')}"
    if facts.problem:
        return facts.problem
    if facts.data != here.data:
        return "its data differ from those here: copy the file"
    return ""


def description(facts: Facts, here: Facts) -> str:
    """Describe a host in one safe line."""
    found = facts.versions
    parts = [
        f"Python {found.get('python')}",
        f"rnntui {found.get('rnntui')}",
        f"NumPy {found.get('numpy')}",
        plural(facts.cores, "core"),
        f"{size_in_words(facts.free)} free",
        "same data",
        "same directory of runs" if facts.shares else "checkpoints are copied",
    ]
    if any(facts.machine.get(key) != here.machine.get(key) for key in _CPU):
        parts.append("another kind of CPU or BLAS: losses agree, but not to the last digit")
    return safe_text(", ".join(parts))


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
