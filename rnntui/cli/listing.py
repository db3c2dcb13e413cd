"""`rnntui recipes` and `rnntui corpora`: what there is."""

from __future__ import annotations

import click

from rnntui.cli.group import cli


@cli.command(short_help="List the recipes, or print one.")
@click.argument("name", required=False)
def recipes(name: str | None) -> int:
    """List the bundled recipes, a line each; with NAME, print that one with all its keys.

    \b
    Examples:
      rnntui recipes
      rnntui recipes tales > mine.toml    a start for one of your own
    """
    from rnntui.listing import recipe_lines, recipe_text

    click.echo(recipe_text(name) if name else "\n".join(recipe_lines()))
    return 0


@cli.command(short_help="List the corpora.")
def corpora() -> int:
    """List the corpora that come with rnntui or are found on this machine, a line each.

    \b
    Examples:
      rnntui corpora
      rnntui train sums                   train on one
    """
    from rnntui.listing import corpus_lines

    click.echo("\n".join(corpus_lines()))
    return 0
