"""Recurrent cells, one file each.

A new cell is a file here that registers a `Cell` and a `SingleStep`, and its name in the recipe
schema.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from rnntui.nn.cells.cell import CELLS, STEPS, Cell, Dims, Reading, SingleStep, cell_with

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CELLS", "STEPS", "Cell", "Dims", "Reading", "SingleStep", "cell_with"]
