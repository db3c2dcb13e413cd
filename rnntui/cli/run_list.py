"""`rnntui runs`: list, filter and sort the stored runs."""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TextIO

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import line_width, runs_dir_option

SORTS = ("best", "loss", "age", "size")  # those of rnntui.runs.listing, which is slow to import


@cli.command(short_help="List the stored runs.")
@click.argument("words", nargs=-1, metavar="[FILTER]...", shell_complete=completion.filters)
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    help="Lowest loss, newest or largest first; by default, the last one started.",
)
@click.option("--json", is_flag=True, help="Print one JSON object per line.")
@runs_dir_option
def runs(words: tuple[str, ...], sort: str | None, json: bool, runs_dir: str | None) -> int:
    """List the runs: state, update, losses, age, size, and the settings in which they differ.

    AT is the update of the best validation loss; BASELINE is the best simple method's. A "crashed"
    run ended unexpectedly, e.g. in a power cut; rnntui resume continues it from its last
    checkpoint. A run that cannot be read is listed with the reason.

    FILTER is part of a name, a pattern, or a condition on any recipe key or on what the list shows;
    all must hold. Quote those with < or > (rnntui guide runs).

    \b
    Examples:
      rnntui runs
      rnntui runs 'notes*' cell=gru state:finished
      rnntui runs 'lr>=0.001' 'age<7d' --sort best
      rnntui runs --json | grep finished
    """
    from rnntui.cli.run_table import run_lines, runs_as_json
    from rnntui.numbers import plural
    from rnntui.runs.filtering.language import parse_filter
    from rnntui.runs.listing import matching, ordered, read_runs
    from rnntui.runs.store.root import runs_root

    _note_redirection(words)
    root, wanted = runs_root(runs_dir), parse_filter(words)
    every = read_runs(root)
    found = matching(every, wanted, time.time())
    if sort:
        found = ordered(found, sort)
    if json:
        lines = runs_as_json(found)
    elif every and not found:
        lines = [f"none of {plural(len(every), 'run')} matches"]
    else:
        lines = run_lines(found, root, line_width(sys.stdout))
    for line in lines:
        click.echo(line)
    return 0


def _note_redirection(words: tuple[str, ...]) -> None:
    """Point out that `lr>=0.001` without quotes writes to a file named `=0.001`."""
    from rnntui.runs.filtering.keys import filter_keys

    known = {key.name for key in filter_keys()}
    found = next((word for word in words if word in known), None)
    if found and _is_file(sys.stdout):
        click.echo(
            f"rnntui: note: '{found}' is looked for in names; quote a condition with < or >, "
            f"as in '{found}>=1'",
            err=True,
        )


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False
