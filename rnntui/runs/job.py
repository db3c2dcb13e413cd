"""The job that a training process is started with."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.recipe import Recipe, from_dict, to_dict


@dataclass(frozen=True)
class Job:
    """Train a recipe, resume a run, or show one.

    `runs`: the directory of all runs; empty: save nothing. `name`: the new run's name; empty:
    generate one. `run`: the directory of an existing run. `replay`: the directory of a run whose
    edits are repeated.
    """

    recipe: Recipe
    runs: str = ""
    name: str = ""
    run: str = ""
    replay: str = ""
    shown: bool = False  # only show `run`, from its files
    why: str = ""  # why a run in training is only shown
    terminal: str = ""  # where the command was given
    takeover: bool = False  # take over from an unresponsive host
    new_bounds: bool = False  # the user gave new bounds to resume `run`
    kernels: str = ""  # of a new run's network, in place of a trial; empty: as the recipe says
    pace: float | None = None  # updates per second at first; None: full speed
    argv: tuple[str, ...] = ()
    awaited: bool = True  # a viewer will connect; otherwise a failed start is only logged

    @property
    def kept(self) -> bool:
        """Whether the run is saved, so that training continues without a viewer."""
        return bool(self.runs or self.run) and not self.shown


def this_terminal() -> str:
    """Return this process's terminal as `who` prints it; empty without one."""
    for descriptor in (0, 2):
        try:
            return os.ttyname(descriptor).removeprefix("/dev/")
        except OSError:
            continue
    return ""


def job_to_dict(job: Job) -> dict[str, Any]:
    """Convert a job to plain values for JSON."""
    return {**dataclasses.asdict(job), "recipe": to_dict(job.recipe)}


def job_from_dict(table: Mapping[str, Any]) -> Job:
    """Convert back from `job_to_dict`. Raises UsageError for invalid recipe values."""
    rest = {**table, "recipe": from_dict(table["recipe"]), "argv": tuple(table["argv"])}
    return Job(**rest)
