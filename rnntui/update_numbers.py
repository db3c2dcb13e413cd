"""The numbers of one update, each declared once: its meaning, its names in files, and its labels.

A number that is declared here is part of every `Chunk` and every snapshot for viewers. As its
declaration says, it is also in the metrics journal, in checkpoints, in the JSON event `step` and in
the table of a plain run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Annotated, Any

from rnntui.dataclass import dataclass

Measured = Annotated[float, "NaN or infinite if the computation was: travels to viewers as null"]
_DECLARED = "number"


@dataclass(frozen=True)
class Declared:
    """Where a number appears. Empty names: not there.

    `event` and `journal` are its names in the JSON event `step` and in a line of the metrics
    journal, `column` heads its column in a plain run, `label` and `brief` name it on the screen,
    `digits` are significant. `kept`: checkpoints have it, as nothing else in them gives it.
    """

    name: str = ""
    event: str = ""
    journal: str = ""
    column: str = ""
    label: str = ""
    brief: str = ""
    digits: int = 4
    kept: bool = False


def where(**names: Any) -> dict[str, Any]:
    """Declare where a number appears, as metadata of its field: see `Declared`."""
    return {_DECLARED: names}


@dataclass(frozen=True, slots=True)
class UpdateNumbers:
    """The numbers of one update.

    Defaults stand for what a run's files do not say. Adding a number takes a declaration here and a
    value in `training.loop`; one that older runs lack is a `float | None`, None by default.
    """

    step: int = field(metadata=where(event="step"))  # from 1
    epoch: int = field(metadata=where(event="epoch"))  # from 0
    # As the recipe reduces it, summed or mean; and always the mean (nats per token, or ½ squared
    # error per step).
    loss: Measured = field(default=math.nan, metadata=where(event="loss"))
    loss_per_token: Measured = math.nan
    # With the schedule's factor.
    lr: Measured = field(
        default=math.nan,
        metadata=where(event="lr", journal="lr", column="lr", label="learning rate", brief="lr"),
    )
    # Before clipping.
    gradient_norm: Measured = field(
        default=math.nan,
        metadata=where(
            event="grad_norm",
            journal="gradient_norm",
            column="gradient",
            label="gradient norm",
            brief="grad",
            digits=3,
            kept=True,
        ),
    )


DECLARED = {
    f.name: Declared(f.name, **f.metadata.get(_DECLARED, {})) for f in fields(UpdateNumbers)
}
COLUMNS = tuple(d for d in DECLARED.values() if d.column)
_EVENT = tuple((d.event, d.name) for d in DECLARED.values() if d.event)
JOURNALED = tuple((d.journal, d.name) for d in DECLARED.values() if d.journal)
_KEPT = tuple(d.name for d in DECLARED.values() if d.kept)


def event_fields(numbers: UpdateNumbers) -> dict[str, Any]:
    """Return the fields of the JSON event `step`."""
    return {key: getattr(numbers, name) for key, name in _EVENT}


def journal_fields(numbers: UpdateNumbers) -> dict[str, Any]:
    """Return the fields of a line of the metrics journal."""
    return {key: getattr(numbers, name) for key, name in JOURNALED}


def kept_fields(numbers: UpdateNumbers | None) -> dict[str, Any]:
    """Return what a checkpoint stores; None stands for every number before the first update."""
    return {name: getattr(numbers, name, None) for name in _KEPT}


def from_kept(stored: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers that a checkpoint has, by name."""
    return {name: stored[name] for name in _KEPT if stored.get(name) is not None}
