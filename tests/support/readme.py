"""The generated parts of the README and the guide: `python -m tests.support.readme` renews them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from rnntui.cli import cli
from rnntui.cli.lists import corpus_lines, recipe_lines
from rnntui.export import all_formats
from rnntui.guide import DIRECTORY
from rnntui.insight.rules import RULES
from rnntui.protocol.insight import Finding
from rnntui.recipe import SECTIONS
from rnntui.recipe import keys as keys_of_recipes
from rnntui.tui.command import Group
from rnntui.tui.commands import GROUPS
from rnntui.tui.screens.help import help_lines
from rnntui.tui.views import VIEWS
from tests.benchmarks import endurance, insight, learning, means, memory, sizes, tables
from tests.support.rules import examples

README = Path(__file__).resolve().parents[2] / "README.md"
FILES = (README, *sorted(DIRECTORY.glob("*.md")))
MARKED = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH = 100


def keys() -> str:
    """Every key of the dashboard, by group."""
    rows = ["| key | what it does |", "|---|---|"]
    for group in GROUPS:
        rows += [f"| **{group.title}** | |", *_key_rows(group)]
    return "\n".join(rows) + "\n"


def _key_rows(group: Group) -> list[str]:
    rows = []
    for first, second, text in help_lines(group):
        names = f"`{first.shown}`" + (f" `{second.shown}`" if second else "")
        rows.append(f"| {names} | {text} |")
    return rows


def keys_of(view: str) -> str:
    """The keys of one view."""
    (found,) = (view_ for view_ in VIEWS if view_.name == view)
    rows = ["| key | what it does |", "|---|---|", *_key_rows(Group(view, found.commands))]
    return "\n".join(rows) + "\n"


def views() -> str:
    """The views with their keys."""
    rows = ["| key | view | what it shows |", "|---|---|---|"]
    rows += [f"| `{view.key}` | {view.name} | {view.explanation} |" for view in VIEWS]
    return "\n".join(rows) + "\n"


def findings() -> str:
    """The rules, in order of importance: when each speaks, and what it then says."""
    rows = ["| finding | when it speaks | evidence, for example | fix |", "|---|---|---|---|"]
    for name, finding in examples().items():
        rule = RULES[name]
        when = " ".join((rule.check.__doc__ or "").split())
        what = f"**{rule.title}** `{name}`"
        rows.append(f"| {what} | {when} | {finding.short} | {_fix(finding)} |")
    return "\n".join(rows) + "\n"


def _fix(finding: Finding) -> str:
    """What to do, the key that does it, and the settings of a new run."""
    text = finding.advice + (f"; key `{finding.key}`" if finding.key else "")
    settings = ", ".join(f"`{setting.key} = {setting.value}`" for setting in finding.fix)
    return text + (f"; `r` with {settings}" if settings else "")


def recipe_keys() -> str:
    """Every recipe key with its default, what it takes and its help, by section."""
    rows = ["| key | default | takes | what it sets |", "|---|---|---|---|"]
    for section in SECTIONS:
        rows.append(f"| **[{section}]** | | | |")
        for leaf in keys_of_recipes():
            if leaf.section == section:
                default = str(leaf.default).lower() if leaf.types == (bool,) else str(leaf.default)
                shown = f"`{default}`" if default else ""
                takes = leaf.accepts().replace(" | ", ", ")
                rows.append(f"| `{leaf.name}` | {shown} | {takes} | {leaf.rule.help} |")
    return "\n".join(rows) + "\n"


def recipes() -> str:
    """The list of recipes."""
    return fenced("\n".join(recipe_lines()))


def corpora() -> str:
    """The list of corpora."""
    return fenced("\n".join(corpus_lines()))


def export_formats() -> str:
    """The formats of exports."""
    rows = ["| `--to` | what it writes | extra |", "|---|---|---|"]
    for name, found in all_formats().items():
        rows.append(f"| `{name}` | {found.about} | {f'`{found.extra}`' if found.extra else ''} |")
    return "\n".join(rows) + "\n"


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
    "views": views,
    **{f"keys-{view.name}": partial(keys_of, view.name) for view in VIEWS if view.commands},
    "findings": findings,
    "recipes": recipes,
    "recipe-keys": recipe_keys,
    "corpora": corpora,
    "formats": export_formats,
    "help": helps,
    "speed": tables.speed,
    "speed-in-short": tables.speed_in_short,
    "profile": tables.where_time_goes,
    "watching": tables.watching,
    "insight": insight.table,
    "learning": learning.table,
    "learning-in-short": learning.in_short,
    "means": means.table,
    "sizes": sizes.table,
    "suffix-table": means.suffix_table,
    "memory-tasks": memory.what_they_show,
    "memory": memory.table,
    "endurance": endurance.told,
}


def renewed(text: str) -> str:
    """A file with its generated parts renewed."""
    return MARKED.sub(lambda found: found[1] + PARTS[found[2]]() + found[3], text)


def main() -> None:
    """Renew the files."""
    for path in FILES:
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
