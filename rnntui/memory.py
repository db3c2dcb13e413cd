"""How much memory a run needs and how much there is, to refuse an impossible size in one line."""

from __future__ import annotations

import os
from pathlib import Path

from rnntui.errors import UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.model import ModelShape
from rnntui.nn.optim import OPTIMIZERS
from rnntui.recipe import Recipe
from rnntui.sizes import size_in_words

_VIEWS_OF_A_STEP = 1500  # bytes of Python objects that each step of a layer keeps ready per gate
_INTERPRETER = 30_000_000  # bytes of a process with NumPy


def memory_needed(recipe: Recipe, width: int, steps: int, workers: int = 0) -> int:
    """Bytes that training allocates for a vocabulary (or features) of `width`, chunks of `steps`.

    Parameters, gradients, moments, working copies and activations, to about 15 per cent, and two
    copies of parameters and moments to go back to, which come with the first updates. Of several
    processes (0: those of the recipe) each has gradients, working copies and an interpreter of its
    own.
    """
    workers = workers or recipe.train.workers or 1
    shape = ModelShape.of(recipe, width)
    cell, H, rows = CELLS[shape.cell], shape.hidden, steps * recipe.train.batch
    layout = shape.layout()
    shared = 3 * layout.size * (1 + len(OPTIMIZERS[recipe.train.optimizer].names))
    own = layout.size + 2 * cell.gates * H * H * shape.layers + cell.gates * width * H
    own += 2 * H * (cell.gates * H * (shape.layers - 1) + width)
    activations = shape.layers * rows * H * cell.kept + 3 * rows * width
    if recipe.model.dropout:
        activations += 2 * (shape.layers - 1) * rows * H
    numbers = shared + workers * own + activations
    item = 8 if shape.dtype == "float64" else 4
    views = workers * steps * shape.layers * cell.gates * _VIEWS_OF_A_STEP
    return numbers * item + views + (workers - 1) * _INTERPRETER


def check_memory(recipe: Recipe, width: int, steps: int) -> None:
    """Raise UsageError where a run needs more memory than is free."""
    if not fits(recipe, width, steps):
        raise too_large(memory_needed(recipe, width, steps), free_memory())


def fits(recipe: Recipe, width: int, steps: int, workers: int = 0) -> bool:
    """Whether there is as much memory as such a run needs, as far as that is known."""
    free = free_memory()
    return free is None or memory_needed(recipe, width, steps, workers) <= free


def too_large(needed: int, free: int | None) -> UsageError:
    """The line for a run that does not fit."""
    there = "more than there is" if free is None else f"this machine has {size_in_words(free)} free"
    return UsageError(
        f"needs {size_in_words(needed)} of memory, {there}: lower hidden, batch or seq_len"
    )


def free_memory() -> int | None:
    """Bytes that can be had without swapping (where that is known, else all), or None."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return _all_memory()
    return _all_memory()


def _all_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
