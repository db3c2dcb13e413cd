"""What trials found, kept from one run to the next in the user's cache directory.

A file holds one choice: for a network of certain sizes, on this machine, with these libraries. Any
of them may be removed at any time; one that cannot be read or is of something else is ignored.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from rnntui.cache_folder import cache_folder
from rnntui.errors import DataError
from rnntui.nn.kernels.choice import Kernels
from rnntui.recipe import Recipe
from rnntui.runs.store.machine import this_machine, versions
from rnntui.training.planning import Choice
from rnntui.training.state import TrainState
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.prestart import usable_cores

FORMAT = 1
MOST_BYTES = 16_384  # of a file
MOST_KEPT = 1000  # files; beyond, the oldest go
_LIBRARIES = ("numpy", "blas", "blas_core", "libc")
_MACHINE = ("system", "cpu", "simd")


def plan_folder() -> Path:
    """Where choices are kept."""
    return cache_folder() / "plans"


def recall(plan: Plan) -> Choice | None:
    """Return what was chosen for such a plan on this machine, whose workers are the recipe's."""
    subject = _subject(plan)
    try:
        with _place(subject).open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
        if found["subject"] != subject:
            return None
        workers, kernels = found["workers"], Kernels.parse(found["kernels"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, DataError):
        return None
    if type(workers) is not int or not 1 <= workers <= plan.batch:
        return None
    if plan.workers not in (0, workers):
        return None
    return Choice(workers, kernels)


def remember(recipe: Recipe, state: TrainState) -> None:
    """Keep what the trials of a run have chosen, unless the cache cannot be written to."""
    import tempfile

    plan = replace(state.updater.plan, workers=recipe.train.workers)
    subject = _subject(plan)
    choice = {"workers": state.workers, "kernels": str(state.updater.kernels)}
    place = _place(subject)
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_room(place.parent)
        descriptor, name = tempfile.mkstemp(".part", dir=place.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"subject": subject, **choice}, file)
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)


def _subject(plan: Plan) -> dict[str, Any]:
    """What a choice depends on, as JSON has it."""
    facts = versions() | this_machine()
    clusters, suffixes = plan.shape.clusters, plan.shape.suffixes
    shape = asdict(replace(plan.shape, clusters=None, suffixes=None))
    rows = shape.pop("suffixes") if suffixes is None else suffixes.count
    return {
        "format": FORMAT,
        **{name: facts[name] for name in (*_MACHINE, *_LIBRARIES)},
        "cores": usable_cores(),
        "shape": shape if rows is None else shape | {"suffixes": rows},
        "cutoffs": None if clusters is None else list(clusters.cutoffs),
        "steps": plan.steps,
        "batch": plan.batch,
        "dropout": bool(plan.dropout),
        "workers": plan.workers,
    }


def _place(subject: dict[str, Any]) -> Path:
    key = sha256(json.dumps(subject, sort_keys=True).encode()).hexdigest()
    return plan_folder() / f"{key[:32]}.json"


def _make_room(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) - MOST_KEPT + 1)]:
        path.unlink(missing_ok=True)
