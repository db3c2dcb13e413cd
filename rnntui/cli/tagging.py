"""`rnntui tag`: tags and a note, to find a run again."""

from __future__ import annotations

import click

from rnntui.cli import completion
from rnntui.cli.group import cli
from rnntui.cli.sharing import exact_run_path, runs_dir_option


@cli.command(short_help="Give a run tags and a note.")
@click.argument("run", shell_complete=completion.runs)
@click.argument("tags", nargs=-1, metavar="[TAG]...", shell_complete=completion.tags)
@click.option(
    "--remove",
    multiple=True,
    metavar="TAG",
    shell_complete=completion.tags,
    help="Remove a tag; may be repeated.",
)
@click.option("--note", metavar="TEXT", help="Set the note; an empty one removes it.")
@runs_dir_option
def tag(
    run: str,
    tags: tuple[str, ...],
    remove: tuple[str, ...],
    note: str | None,
    runs_dir: str | None,
) -> int:
    """Add each TAG to RUN, and print its tags and note. The run may be training.

    The full name of the run only. rnntui runs shows tags and notes, and finds runs by them.

    \b
    Examples:
      rnntui tag tales-1 keep --note "as in the paper"
      rnntui tag tales-1 --remove keep
      rnntui runs tag=keep note:paper
    """
    from rnntui.runs.store.labels import changed_labels

    path = exact_run_path(runs_dir, run)
    labels = changed_labels(path, tags, remove, note)
    click.echo(labels.line or f"{path.name} has no tags and no note")
    return 0
