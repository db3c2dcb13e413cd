"""Draws numbers as rows of glyphs: pure functions, each block exactly of the requested size."""

from rnntui.tui.draw.generated import forecast_rows, sample_lines, stacked_texts, text_rows
from rnntui.tui.draw.loss import Bins, LossPlot, loss_plot
from rnntui.tui.draw.progress import loading_rows, progress_bar
from rnntui.tui.draw.rows import (
    ROLES,
    Glyphs,
    Row,
    Rows,
    Run,
    block,
    exactly,
    for_glyphs,
    merged,
    plain,
)
from rnntui.tui.draw.status import header_row, status_rows
from rnntui.tui.draw.tokens import token_at, token_strip
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_at, value_plot

__all__ = [
    "ROLES",
    "Bins",
    "Glyphs",
    "LossPlot",
    "Row",
    "Rows",
    "Run",
    "ValuePlot",
    "block",
    "exactly",
    "for_glyphs",
    "forecast_rows",
    "header_row",
    "loading_rows",
    "loss_plot",
    "merged",
    "plain",
    "progress_bar",
    "sample_lines",
    "stacked_texts",
    "status_rows",
    "text_rows",
    "token_at",
    "token_strip",
    "value_at",
    "value_plot",
]
