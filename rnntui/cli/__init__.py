"""The command line: a module for each group of commands, which import heavy modules lazily."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnntui.cli import (
    compare,
    config,
    ending,
    export,
    forecasting,
    guide,
    listing,
    measuring,
    models,
    run_list,
    runs,
    status,
    sweep,
    sweep_rm,
    tagging,
    training,
)
from rnntui.cli.group import VARIABLE, cli
from rnntui.cli.outcome import guarded

if TYPE_CHECKING:
    from rnntui.engine.early import EarlyProcess

__all__ = [
    "cli",
    "compare",
    "config",
    "ending",
    "export",
    "forecasting",
    "guide",
    "listing",
    "measuring",
    "models",
    "run",
    "run_list",
    "runs",
    "status",
    "sweep",
    "sweep_rm",
    "tagging",
    "training",
]


def run(args: Sequence[str], early: EarlyProcess | None = None) -> int:
    """Run one command line, or answer a shell that asks for completions; return the exit code.

    `early`: a process that waits for a job, for a command that opens the dashboard.
    """
    if VARIABLE in os.environ:
        from rnntui.cli.completion import complete

        if (code := complete(cli)) is not None:
            return code

    def command() -> int:
        with cli.make_context("rnntui", list(args), obj=early) as ctx:
            return int(cli.invoke(ctx) or 0)

    return guarded(command)
