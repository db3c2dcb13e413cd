"""The check of a host that is known only when its worker has started."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.sweep.remote.host import Facts, facts_of
from rnntui.sweep.remote.judge import description, objection
from rnntui.text import safe_text

_PASSED: set[str] = set()  # marks of the clusters for which this process was checked


@dataclass(frozen=True)
class Check:
    """What a host is compared with. `mark`: a name in `root` that only a shared directory has."""

    recipe: Mapping[str, Any]
    root: str
    mark: str
    here: Facts

    def as_table(self) -> dict[str, Any]:
        """Return plain values for a worker."""
        return {**asdict(self), "recipe": dict(self.recipe)}


def check_here(table: Mapping[str, Any], note: Callable[[str], None]) -> str:
    """Check the host of this worker, once, with a note; return why it cannot be used, or ""."""
    check = Check(**{**table, "here": Facts(**table["here"])})
    if check.mark in _PASSED:
        return ""
    facts, name = facts_of(check.recipe, check.root, check.mark), safe_text(socket.gethostname())
    why = "" if facts.shares else "it does not see the directory of runs"
    if why := why or objection(facts, check.here):
        return f"{name}: {safe_text(why)}"
    note(f"{name}: {description(facts, check.here)}")
    _PASSED.add(check.mark)
    return ""
