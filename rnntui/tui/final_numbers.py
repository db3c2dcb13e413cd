"""The numbers of a run that ended without a last message, from its files."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from rnntui.runs.store.status import Status
from rnntui.update_numbers import UpdateNumbers


def final_numbers(status: Status, known: UpdateNumbers | None) -> dict[str, Any]:
    """What a snapshot has of a run's last status; the version that wrote it may know less."""
    numbers = known
    if status.last is not None:
        numbers = known or UpdateNumbers(status.step, math.floor(status.epoch))
        numbers = dataclasses.replace(numbers, loss_per_token=status.last)
    found = {
        "step": status.step,
        "epoch": status.epoch,
        "numbers": numbers,
        "smooth": status.loss,
        "averaged": status.averaged,
        "best": status.lowest,
        "validation": status.validation,
        "best_validation": status.best,
        "elapsed": status.elapsed,
        "saved": status.checkpoint,
    }
    return {name: value for name, value in found.items() if value is not None}
