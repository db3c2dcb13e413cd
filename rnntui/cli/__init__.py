"""The command line: a module for each group of commands, which import heavy modules lazily."""

from __future__ import annotations

import os
from collections.abc import Sequence

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


def run(args: Sequence[str]) -> int:
    """Run one command line, or answer a shell that asks for completions; return the exit code."""
    if VARIABLE in os.environ:
        from rnntui.cli.completion import complete

        if (code := complete(cli)) is not None:
            return code

    def command() -> int:
        with cli.make_context("rnntui", list(args)) as ctx:
            return int(cli.invoke(ctx) or 0)

    return guarded(command)
