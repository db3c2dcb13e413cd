"""The help page of the screen that compares runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.tui.draw.rows import Rows, row_width
from rnntui.tui.screens.help import TWO_COLUMNS, beside, command_rows, reading_rows
from rnntui.tui.screens.pages import PageScreen

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp

READING = (
    ("letters", "each run has the same letters in the plot and in the table"),
    ("validation", "the loss on the part of the source that is held out from training"),
    ("of baseline", "the best loss as a multiple of the baseline's: below 1 is better than it"),
    ("not ranked", "losses on different data, splits or tokenizers cannot be compared"),
    ("settings", "only those in which the runs differ; a dash: without effect on that run"),
    ("groups", "runs that differ only in their seed, with the mean of their best losses"),
    ("filter", "KEY, one of = : != < <= > >=, and a value; tab completes both"),
)
_READING = 36  # cells


def help_page(app: CompareApp) -> PageScreen:
    """Return the page of all keys, and how to read the screen."""

    def rows(width: int) -> Rows:
        names = {command.name for command in app.available_commands}
        wide = width >= TWO_COLUMNS
        free = width - (_READING + 4 if wide else 0)
        out: Rows = []
        for group in app.commands.groups:
            out.append([(f" {group.title}", "strong")])
            out += command_rows(group, lambda c: c.name in names, app.options, free)
            out.append([])
        if not wide:
            return [*out, *reading_rows(READING, width)]
        left = max(row_width(row) for row in out) + 4
        return beside(out, reading_rows(READING, width - left - 1), left)

    return PageScreen("comparing runs", rows, app.options)
