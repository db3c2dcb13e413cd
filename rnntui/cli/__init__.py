"""The command line: a module for each kind of command. What is heavy is imported inside them."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.cli import listing, measuring, models, runs, training
from rnntui.cli.group import cli
from rnntui.outcome import guarded

__all__ = ["cli", "listing", "measuring", "models", "run", "runs", "training"]


def run(args: Sequence[str]) -> int:
    """Run one command line; the exit code."""

    def command() -> int:
        with cli.make_context("rnntui", list(args)) as ctx:
            return int(cli.invoke(ctx) or 0)

    return guarded(command)
