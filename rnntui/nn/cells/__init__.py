"""Recurrent cells, one file each. A new one is a `Cell`, a `SingleStep` and a line here."""

from __future__ import annotations

from rnntui.nn.cells.cell import Cell, Extent, SingleStep
from rnntui.nn.cells.gru import GruCell, GruStep
from rnntui.nn.cells.lstm import LstmCell, LstmStep
from rnntui.nn.cells.rnn import RnnCell, RnnStep

CELLS: dict[str, type[Cell]] = {"rnn": RnnCell, "gru": GruCell, "lstm": LstmCell}
STEPS: dict[str, type[SingleStep]] = {"rnn": RnnStep, "gru": GruStep, "lstm": LstmStep}

__all__ = ["CELLS", "STEPS", "Cell", "Extent", "SingleStep"]
