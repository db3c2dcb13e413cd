"""How much memory a run needs and how much there is, to refuse an impossible size in one line."""

from __future__ import annotations

from rnntui.errors import UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.kernels.softmax import MOST_LOGITS
from rnntui.nn.model import ModelShape
from rnntui.nn.optim import OPTIMIZERS, Coefficients, remembered
from rnntui.numbers import size_in_words
from rnntui.recipe import Recipe
from rnntui.training.free_memory import free_memory

_VIEWS_OF_A_STEP = 1500  # bytes of Python objects that each step of a layer keeps ready per gate
_INTERPRETER = 30_000_000  # bytes of a process with NumPy


def memory_needed(recipe: Recipe, shape: ModelShape, steps: int, workers: int = 0) -> int:
    """Bytes that training allocates for a network of that shape and chunks of `steps`.

    Parameters, gradients, moments, working copies and activations, to about 15 per cent, and two
    copies of parameters and moments to go back to, which come with the first updates. Of several
    processes (0: those of the recipe) each has gradients, working copies and an interpreter of its
    own.
    """
    workers = workers or recipe.train.workers or 1
    width = shape.inputs
    cell, H, rows = CELLS[shape.cell], shape.hidden, steps * recipe.train.batch
    layout = shape.dense_layout()
    names = remembered(OPTIMIZERS[recipe.train.optimizer], Coefficients.of(recipe.train))
    shared = 3 * layout.size * (1 + len(names))
    own = layout.size + 2 * cell.gates * H * H * shape.layers + cell.gates * width * H
    own += 2 * H * cell.gates * H * (shape.layers - 1)
    activations = shape.layers * rows * H * cell.kept
    if shape.suffixes is not None:
        table, chunk = shape.suffixes.count * width, rows * width
        shared += 3 * table  # with two copies of it
        own += table  # the automaton
        own += 2 * chunk
        activations += (1 + (workers > 1)) * chunk
    whole = rows * width <= workers * MOST_LOGITS or shape.suffixes is not None
    if shape.clusters is None and whole:
        own += 2 * H * width
        activations += 3 * rows * width
    else:
        own += MOST_LOGITS
        activations += rows * H
    if recipe.model.dropout:
        activations += 2 * (shape.layers - 1) * rows * H
    numbers = shared + workers * own + activations
    if recipe.train.turns > 1:
        numbers += recipe.train.streams * shape.layers * cell.parts * H  # states that wait
    item = 8 if shape.dtype == "float64" else 4
    views = workers * steps * shape.layers * cell.gates * _VIEWS_OF_A_STEP
    return numbers * item + views + (workers - 1) * _INTERPRETER


def check_memory(recipe: Recipe, shape: ModelShape, steps: int) -> None:
    """Raise UsageError where a run needs more memory than is free."""
    if not fits(recipe, shape, steps):
        raise too_large(memory_needed(recipe, shape, steps), free_memory())


def fits(recipe: Recipe, shape: ModelShape, steps: int, workers: int = 0) -> bool:
    """Whether there is as much memory as such a run needs, as far as that is known."""
    free = free_memory()
    return free is None or memory_needed(recipe, shape, steps, workers) <= free


def too_large(needed: int, free: int | None) -> UsageError:
    """The line for a run that does not fit."""
    there = "more than is available" if free is None else f"{size_in_words(free)} is free"
    return UsageError(
        f"needs {size_in_words(needed)} of memory, {there}: lower hidden, batch or seq_len"
    )
