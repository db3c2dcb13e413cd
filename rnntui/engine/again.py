"""Start a new run beside one that is training: the same recipe with a changed setting."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from rnntui.data.source import parse_source
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.errors import UsageError
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.naming import changed_words
from rnntui.runs.store.names import check_name, names_for


class NewRuns:
    """The runs that were started from here, until each has begun or failed to."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """`report` is given one line about a run that could not start."""
        self._report = report
        self._started: list[tuple[str, EngineHandle]] = []

    def start(self, recipe: Recipe, changes: Mapping[str, str], root: Path, name: str = "") -> str:
        """Start a run in `root` and return its name, by default one that tells the changes.

        Raises UsageError for settings that are invalid or a source that cannot be read again, and
        EngineError if no process can be started.
        """
        if parse_source(recipe.data.source).kind == "stdin":
            raise UsageError("the data came from standard input and cannot be read again")
        changed = recipe.override(changes)
        begun = {name for name, _ in self._started}
        chosen = check_name(name) if name else unused_name(changed, root, begun)
        argv = ("again", *map("=".join, changes.items()))
        job = Job(changed, runs=str(root), name=chosen, argv=argv, awaited=False)
        self._started.append((chosen, spawn(job, root)))
        return chosen

    def check(self) -> None:
        """Report runs that failed to start, and forget those that have ended."""
        for name, handle in tuple(self._started):
            ending = handle.ending()
            if ending is None:
                continue
            self._started.remove((name, handle))
            handle.clean()
            if not ending.expected:
                self._report(f"run {name}: {ending.text}")


def unused_name(recipe: Recipe, root: Path, begun: Collection[str] = ()) -> str:
    """Return a name for a changed run that no run in `root` has, such as "tales-layers2".

    Nor one that is in `begun`: those runs may not have their directories yet.
    """
    names = names_for(recipe.name, changed_words(recipe))
    return next(name for name in names if name not in begun and not (root / name).exists())
