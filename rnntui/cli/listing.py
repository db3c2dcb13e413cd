"""`rnntui recipes` and `rnntui corpora`: list what is available."""

from __future__ import annotations

import click

from rnntui.cli import completion
from rnntui.cli.group import cli


@cli.command(short_help="List the recipes, or print one.")
@click.argument("name", required=False, shell_complete=completion.recipes)
def recipes(name: str | None) -> int:
    """List the bundled recipes, one per line. With NAME, print that recipe with all its keys.

    \b
    Examples:
      rnntui recipes
      rnntui recipes tales > mine.toml    start your own recipe
    """
    from rnntui.cli.lists import recipe_lines, recipe_text

    click.echo(recipe_text(name) if name else "\n".join(recipe_lines()))
    return 0


@cli.command(short_help="List the corpora.")
def corpora() -> int:
    """List the corpora that are bundled or found on this machine, one per line.

    \b
    Examples:
      rnntui corpora
      rnntui train sums                   train on a corpus
    """
    from rnntui.cli.lists import corpus_lines

    click.echo("\n".join(corpus_lines()))
    return 0
