"""`rnntui compare`: runs beside each other."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import line_width, look_of, look_options, run_path, runs_dir_option

if TYPE_CHECKING:
    from pathlib import Path

    from rnntui.runs.compared.columns import Column
    from rnntui.runs.compared.following import RunList
    from rnntui.runs.compared.results import Results
    from rnntui.tui.look import Look

WIDEST = 160  # cells of a row in a file or a pipe


@cli.command(short_help="Compare runs: their losses, and the settings that differ.")
@click.argument("names", nargs=-1, metavar="RUN...", shell_complete=completion.runs)
@click.option(
    "--where",
    metavar="FILTER",
    shell_complete=completion.filter_line,
    help='Compare the runs that match, such as "lr>=0.001 cell=gru"; without RUN and FILTER: all.',
)
@click.option("--plain", is_flag=True, help="Print a table instead of the screen.")
@click.option("--csv", is_flag=True, help="Print comma-separated values with exact numbers.")
@click.option("--json", is_flag=True, help="Print one JSON object.")
@look_options
@runs_dir_option
def compare(
    names: tuple[str, ...],
    where: str | None,
    plain: bool,
    csv: bool,
    json: bool,
    look_given: dict[str, str | bool | None],
    runs_dir: str | None,
) -> int:
    """Compare runs: overlay their losses, and list only the settings in which they differ.

    The screen follows runs that are training; enter opens the dashboard of one, g generates from
    all. Without a terminal, a table is printed. Runs with different sources, splits or tokenizers
    are not ranked, because their losses cannot be compared; --json then has a "reason" and exits
    with 2.

    \b
    Examples:
      rnntui compare tales-calm-heron tales-bright-panda
      rnntui compare --where "brackets* state:finished hidden>=64"
      rnntui compare --csv > runs.csv
    """
    from rnntui.cli.options import has_terminal

    if sum((plain, csv, json)) > 1:
        raise click.UsageError("--plain, --csv and --json cannot be combined")
    listing = _listing(names, where, runs_dir)
    if plain or csv or json or not has_terminal() or sys.platform == "win32":
        return _print(listing, csv, json)
    from rnntui.tui.compare import run_compare

    return run_compare(listing, look_of(look_given), _open_run)


def _open_run(path: Path, look: Look) -> int:
    """Show the dashboard of a run; the code for that is not needed before."""
    from rnntui.cli.attaching import show_run

    return show_run(path, look)


def _listing(names: tuple[str, ...], where: str | None, runs_dir: str | None) -> RunList:
    """Return the runs that the user means. Raises UsageError or RunError."""
    from rnntui.runs.compared.following import FixedList
    from rnntui.runs.compared.selecting import MatchingList
    from rnntui.runs.filtering.language import parse_filter
    from rnntui.runs.store.files import shown
    from rnntui.runs.store.root import runs_root

    if names and where is not None:
        raise click.UsageError("give runs by name or with --where, not both")
    if names:
        return FixedList(tuple(dict.fromkeys(run_path(runs_dir, name) for name in names)))
    root = runs_root(runs_dir)
    found = MatchingList(root, parse_filter(where or ""))
    if not found.listed():
        matching = f" that match {where!r}" if where else ""
        raise click.UsageError(f"no runs{matching} in {shown(root)}: rnntui runs lists them")
    return found


def _print(listing: RunList, csv: bool, json: bool) -> int:
    from rnntui.runs.compared.following import FollowedRuns
    from rnntui.runs.compared.results import results_of

    followed = FollowedRuns(listing)
    followed.read()
    results = results_of(followed.runs)
    if json:
        return _print_json(results)
    if csv:
        return _print_csv(results)
    for line in table_lines(results, line_width(sys.stdout)):
        click.echo(line)
    return 0


def _print_json(results: Results) -> int:
    import json

    from rnntui.runs.compared.results import as_table
    from rnntui.text import safe_json

    click.echo(safe_json(json.dumps(as_table(results), allow_nan=False)))
    return 2 if results.reason else 0


def _print_csv(results: Results) -> int:
    from rnntui.runs.compared.results import csv_text

    click.echo(csv_text(results), nl=False)
    if results.reason:
        click.echo(f"rnntui: note: not ranked: {results.reason}", err=True)
    return 0


def table_lines(results: Results, width: int | None = None) -> list[str]:
    """Return the table as lines, and why the runs are not ranked, if so.

    Rows are at most `width` cells wide, or as wide as can be read: settings, and other columns that
    can be done without, stand below the row of their run if there is no room beside it.
    """
    from rnntui.cli.run_table import wrapped_parts
    from rnntui.runs.compared.columns import columns

    width, settings = width or WIDEST, results.differing
    beside, below = _fitting(columns(results.runs, settings), settings, width)
    head, *rows = _rows(beside)
    lines = [head]
    for number, row in enumerate(rows):
        details = [*filter(None, (_detail(column, number, settings) for column in below))]
        lines += [row, *(wrapped_parts(details, width) if details else ())]
    return [*lines, f"not ranked: {results.reason}"] if results.reason else lines


def _fitting(
    found: Sequence[Column], settings: Collection[str], width: int
) -> tuple[list[Column], list[Column]]:
    """Return the columns of the table, and those that are left out of it to make it fit."""
    from rnntui.text import cell_width

    beside = [*found]
    below: list[Column] = []
    while max(map(cell_width, _rows(beside))) > width:
        rest = [column for column in beside if column.name not in ("name", "best")]
        if not rest:
            break
        by_rank = max(rest, key=lambda column: column.rank)
        left_out = [column for column in rest if column.name in settings] or [by_rank]
        beside = [column for column in beside if column not in left_out]
        below += left_out
    return beside, sorted(below, key=found.index)


def _rows(columns: Sequence[Column]) -> list[str]:
    """Return the head of the table and a row for each run."""
    from rnntui.text import cell_width, pad

    lines = [""] * (len(columns[0].texts) + 1)
    for column in columns:
        texts = (column.head, *column.texts)
        width = max(map(cell_width, texts))
        align = ">" if column.right else "<"
        lines = [f"{line}  {pad(t, width, align)}" for line, t in zip(lines, texts, strict=True)]
    return [line[2:].rstrip() for line in lines]


def _detail(column: Column, run: int, settings: Collection[str]) -> str:
    """Return what a column says about a run; empty if nothing."""
    from rnntui.numbers import UNKNOWN

    text = column.texts[run]
    if text in ("", UNKNOWN):
        return ""
    if column.head.endswith("/s"):  # a unit
        return f"{text} {column.head}"
    return f"{column.head}={text}" if column.name in settings else f"{column.head} {text}"
