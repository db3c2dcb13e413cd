"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def runs_dir_option(command: Command) -> Command:
    """`--runs-dir`."""
    option = click.option(
        "--runs-dir", metavar="DIR", help="Where runs are kept, instead of $RNNTUI_RUNS."
    )
    return option(command)


def look_options(command: Command) -> Command:
    """How the dashboard looks."""
    options = (
        click.option(
            "--glyphs",
            type=click.Choice(["braille", "blocks", "ascii"]),
            default="braille",
            metavar="KIND",
            help="What the dashboard draws with: braille, blocks, ascii.",
        ),
        click.option("--theme", metavar="NAME", default="", help="Colours, as dark or light."),
        click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_theme(theme: str) -> None:
    """Raise UsageError for a theme that does not exist."""
    from rnntui.recipe import nearest
    from rnntui.tui import THEMES

    if theme and theme not in THEMES:
        hint = nearest(theme, THEMES)
        hint = hint if "did you mean" in hint else f": there is {', '.join(THEMES[:6])} …"
        raise click.UsageError(f"no theme '{theme}'{hint}")


def run_path(runs_dir: str | None, run: str | None) -> Path:
    """The directory of the run that is meant. Raises UsageError or RunError."""
    from rnntui.run.find import find_run
    from rnntui.run.root import runs_root

    return find_run(runs_root(runs_dir), run)
