"""The runs of a directory that match a filter, now and later."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError
from rnntui.runs.compared.following import Listed
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.filtering.facts import facts_of
from rnntui.runs.filtering.language import Fact, Facts, Filter
from rnntui.runs.listing import matching, read_runs
from rnntui.runs.store.scan import run_paths, size_of

EVERY = 5.0  # seconds between two looks for runs that match


@dataclass
class MatchingList:
    """The runs of a directory that match a filter; without terms all of them, by name."""

    root: Path
    filter: Filter
    title: str = ""
    clock: Callable[[], float] = time.monotonic
    _found: tuple[Listed, ...] = ()
    _looked: float = float("-inf")

    def listed(self) -> Sequence[Listed]:
        """Return the runs that match, as of at most EVERY seconds ago.

        Raises RunError while no run has been found.
        """
        if self.clock() - self._looked >= EVERY:
            self._looked = self.clock()
            self._found = tuple(Listed(path) for path in self._matching())
        return self._found

    def _matching(self) -> list[Path]:
        measured = asks_size(self.filter)
        try:
            found = read_runs(self.root, measured) if self.filter.terms else None
            paths = run_paths(self.root) if found is None else []
        except RnntuiError:
            if not self._found:
                raise
            return [one.path for one in self._found]
        if found is None:
            return paths
        return [run.summary.path for run in matching(found, self.filter, time.time())]

    def news(self) -> Sequence[str]:
        """A directory of runs has no news."""
        return ()


def asks_size(wanted: Filter) -> bool:
    """Return whether a filter asks for the sizes of runs, which take long to determine."""
    return any(term.key == "size" for term in wanted.terms)


def compared_facts(run: ComparedRun, now: float, measured: bool = False) -> Facts:
    """Return what filters can ask about a compared run, with what its losses say.

    `measured`: with its size on disk.
    """
    facts = facts_of(run.summary, run.recorded.settings, now)
    best = run.best
    known: dict[str, Fact] = {
        "state": run.state,
        "update": run.update,
        "best": run.best_loss,
        "best_update": best.update or None if best else None,
        "baseline": run.baseline,
        "speed": run.speed,
        "elapsed": run.seconds,
        "size": size_of(run.path) if measured else None,
    }
    return {**facts, **known}
