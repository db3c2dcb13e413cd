"""What a training process is told when it is started."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnntui.recipe import Recipe, from_dict, to_dict


@dataclass(frozen=True)
class Order:
    """Train a recipe, go on with a run, or show one.

    `runs`: the directory that holds the runs; empty: nothing is kept. `name`: of the new run;
    empty: it gets one. `run`: the directory of one that is there. `replay`: one whose changes of
    the learning rate and the like are made again.
    """

    recipe: Recipe
    runs: str = ""
    name: str = ""
    run: str = ""
    replay: str = ""
    shown: bool = False  # `run` is only shown, from its files
    terminal: str = ""  # where it was given
    takeover: bool = False  # of a run whose host has fallen silent
    argv: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether training goes on without a viewer, and leaves something to come back to."""
        return bool(self.runs or self.run) and not self.shown


def this_terminal() -> str:
    """The terminal this process runs in, as `who` prints it; empty without one."""
    for descriptor in (0, 2):
        try:
            return os.ttyname(descriptor).removeprefix("/dev/")
        except OSError:
            continue
    return ""


def order_to_dict(order: Order) -> dict[str, Any]:
    """The order as plain values, for JSON."""
    return {**dataclasses.asdict(order), "recipe": to_dict(order.recipe)}


def order_from_dict(table: Mapping[str, Any]) -> Order:
    """The inverse of `order_to_dict`. Raises UsageError for wrong values of the recipe."""
    rest = {**table, "recipe": from_dict(table["recipe"]), "argv": tuple(table["argv"])}
    return Order(**rest)
