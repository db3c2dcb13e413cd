"""The parts of the README that are made from the program: `python -m tests.readme` renews them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from rnntui.cli import cli
from rnntui.listing import corpus_lines, recipe_lines
from rnntui.tui.commands import GROUPS
from rnntui.tui.screens.help import help_lines
from tests.benchmarks import endurance, learning, tables

README = Path(__file__).resolve().parents[1] / "README.md"
MARKED = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH = 100


def keys() -> str:
    """Every key of the dashboard, by group."""
    rows = ["| key | what it does |", "|---|---|"]
    for group in GROUPS:
        rows.append(f"| **{group}** | |")
        for first, second, text in help_lines(group):
            names = f"`{first.shown}`" + (f" `{second.shown}`" if second else "")
            rows.append(f"| {names} | {text} |")
    return "\n".join(rows) + "\n"


def recipes() -> str:
    """The list of recipes."""
    return fenced("\n".join(recipe_lines()))


def corpora() -> str:
    """The list of corpora."""
    return fenced("\n".join(corpus_lines()))


def helps() -> str:
    """The help of the program and of its commands."""
    texts = [("rnntui --help", help_of(cli, "rnntui"))]
    for name, command in cli.commands.items():
        texts.append((f"rnntui {name} --help", help_of(command, f"rnntui {name}")))
    return "\n".join(fenced(f"$ {line}\n{text}") for line, text in texts)


def help_of(command: click.Command, path: str) -> str:
    """A command's help as a terminal of 100 columns shows it."""
    settings = {**command.context_settings, "terminal_width": WIDTH}
    settings.setdefault("help_option_names", ["-h", "--help"])
    return command.get_help(click.Context(command, info_name=path, **settings))


def fenced(text: str) -> str:
    """Text as a block."""
    return f"```text\n{text}\n```\n"


PARTS: dict[str, Callable[[], str]] = {
    "keys": keys,
    "recipes": recipes,
    "corpora": corpora,
    "help": helps,
    "speed": tables.speed,
    "profile": tables.where_time_goes,
    "watching": tables.watching,
    "learning": learning.table,
    "endurance": endurance.told,
}


def renewed(text: str) -> str:
    """The README with its generated parts made anew."""
    return MARKED.sub(lambda found: found[1] + PARTS[found[2]]() + found[3], text)


def main() -> None:
    """Renew the file."""
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
