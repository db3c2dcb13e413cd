"""The screen that compares runs. Importing this package is cheap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnntui.runs.compared.following import RunList
    from rnntui.tui.command import Group
    from rnntui.tui.look import Look


def run_compare(
    listing: RunList,
    look: Look,
    open_run: Callable[[Path, Look], int],
    groups: tuple[Group, ...] = (),
) -> int:
    """Compare runs on the screen until the user quits; return the exit code.

    `open_run` shows the dashboard of a run until the user leaves it, and returns its exit code.
    `groups` are further commands. Needs a terminal on stdin and stderr.
    """
    from rnntui.tui.compare.start import show

    return show(listing, look, open_run, groups)
