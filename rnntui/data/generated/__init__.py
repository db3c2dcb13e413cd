"""Generated corpora: each is made from a random stream, and what no model can beat is known.

A module that assigns a `TextTask` or `SeriesTask` to `TASK` has added a corpus; there is no other
list. None of these modules imports NumPy: the stream is handed in.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from rnntui.data.generated.task import SeriesTask, TextTask

# A generated corpus is the same for every run; the recipe's seed is the network's.
CORPUS_SEED = 1


@cache
def tasks() -> dict[str, TextTask | SeriesTask]:
    """Return every generated corpus by its name, in alphabetical order.

    Raises TypeError for a module whose `TASK` is none.
    """
    found: dict[str, TextTask | SeriesTask] = {}
    for module in iter_modules(__path__):
        task = getattr(import_module(f"{__name__}.{module.name}"), "TASK", None)
        if isinstance(task, TextTask | SeriesTask):
            found[task.name] = task
        elif task is not None:
            raise TypeError(f"{__name__}.{module.name}.TASK is neither TextTask nor SeriesTask")
    return dict(sorted(found.items()))


def text_task(name: str) -> TextTask | None:
    """Return the generated text of that name; None if there is none."""
    task = tasks().get(name)
    return task if isinstance(task, TextTask) else None


def series_task(name: str) -> SeriesTask | None:
    """Return the generated series of that name; None if there is none."""
    task = tasks().get(name)
    return task if isinstance(task, SeriesTask) else None
