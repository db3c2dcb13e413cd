"""rnntui: train a recurrent neural network in the terminal and watch it learn.

import rnntui
for chunk in rnntui.train(rnntui.load_recipe("hello-world")):
    print(chunk.step, chunk.loss)
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes 10 ms, in which Ctrl-C would print a traceback
if TYPE_CHECKING:
    from typing import Any

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
        from importlib import import_module

        return getattr(import_module(f"rnntui.{_HOME[name]}"), name)
    raise AttributeError(f"module 'rnntui' has no attribute '{name}'")
