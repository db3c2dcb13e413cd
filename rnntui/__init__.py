"""rnntui: train a recurrent neural network in the terminal and watch it learn.

import rnntui
for chunk in rnntui.train(rnntui.load_recipe("hello-world")):
    print(chunk.step, chunk.loss)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnntui.recipe import Recipe, load_recipe
    from rnntui.training.loop import Chunk, train

__version__ = "0.1.0"
__all__ = ["Chunk", "Recipe", "__version__", "load_recipe", "train"]

_HOME = {
    "Recipe": "recipe",
    "load_recipe": "recipe",
    "Chunk": "training.loop",
    "train": "training.loop",
}


def __getattr__(name: str) -> Any:
    """Import the public names on first use: importing NumPy takes 85 ms."""
    if name in _HOME:
        return getattr(import_module(f"rnntui.{_HOME[name]}"), name)
    raise AttributeError(f"module 'rnntui' has no attribute '{name}'")
