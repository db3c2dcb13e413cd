"""`rnntui guide`: the documentation, in the terminal."""

from __future__ import annotations

import sys

import click
from click.shell_completion import CompletionItem

from rnntui.cli.group import cli


def topics(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the names of the pages."""
    from rnntui.guide import pages

    return [
        CompletionItem(page.name, help=page.title)
        for page in pages()
        if page.name.startswith(incomplete)
    ]


@cli.command(short_help="Read the guide and its lessons.")
@click.argument("topic", required=False, shell_complete=topics)
def guide(topic: str | None) -> int:
    """Read the guide: first steps, lessons, the screen, recipe keys and file formats.

    On a terminal this opens a viewer with search (/). Otherwise it prints the page as Markdown;
    without TOPIC, it prints the list of topics.

    \b
    Examples:
      rnntui guide
      rnntui guide series
      rnntui guide troubleshooting | less
    """
    from rnntui.cli.options import has_terminal
    from rnntui.guide import INDEX, find_page

    page = find_page(topic or INDEX)
    if has_terminal() and sys.stdout.isatty():
        from rnntui.tui.guide import read_guide

        read_guide(page)
        return 0
    click.echo(page.text)
    return 0
