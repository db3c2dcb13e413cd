"""The command group, and how it treats a missing or unknown command name."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click
from click import formatting

from rnntui import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VARIABLE = "_RNNTUI_COMPLETE"  # set by a shell that asks for completions
HELP_NAMES = ("-h", "--help")
ORDER = (
    "train",
    "resume",
    "attach",
    "runs",
    "status",
    "compare",
    "tag",
    "sweep",
    "stop",
    "rm",
    "generate",
    "eval",
    "backtest",
    "export",
    "import",
    "recipes",
    "corpora",
)


class HelpContext(click.Context):
    """Finds the width of the terminal without `shutil`, which takes long to import."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what formats help texts, as wide as click makes it."""
        if formatting.FORCED_WIDTH is not None:
            return super().make_formatter()
        width = max(min(_columns(), self.max_content_width or 80) - 2, 50)
        return click.HelpFormatter(width=width)


def _columns() -> int:
    """Return the columns of the terminal as `shutil.get_terminal_size` does."""
    with contextlib.suppress(ValueError):
        if (given := int(os.environ.get("COLUMNS", "0"))) > 0:
            return given
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # there is no terminal
        return 80


class Commands(click.Group):
    """All commands; options without a command belong to `train`."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names, those in `ORDER` first."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Treat `rnntui [OPTIONS]` as `rnntui train [OPTIONS]`."""
        if not args and ctx.resilient_parsing:  # a shell is completing the first word
            return super().parse_args(ctx, args)
        if not args or (args[0].startswith("-") and not self._is_own(args[0])):
            args = ["train", *args]
        return super().parse_args(ctx, args)

    def _is_own(self, option: str) -> bool:
        """Whether an option belongs to the group, exactly or as the closest spelling."""
        own = (*HELP_NAMES, "--version")
        name = option.partition("=")[0]
        if name in own:
            return True
        from rnntui.suggestions import closest

        train = [name for param in self.commands["train"].params for name in param.opts]
        return name not in train and closest(name, [*train, *own]) in own

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, or options of `train` if the first word is an option."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            train = self.commands["train"]
            with train.make_context("train", [], parent=ctx, resilient_parsing=True) as inner:
                found += train.shell_complete(inner, incomplete)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the named command. Raises UsageError that suggests the closest name."""
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from rnntui.cli.options import is_source
        from rnntui.suggestions import nearest

        hint = nearest(args[0], self.list_commands(ctx), "run rnntui --help for a list")
        if "did you mean" not in hint and is_source(args[0]):
            hint = f": did you mean 'rnntui train {args[0]}'?"
        raise click.UsageError(f"unknown command '{args[0]}'{hint}")


@click.group(
    cls=Commands,
    context_settings={"help_option_names": HELP_NAMES, "max_content_width": 100},
    options_metavar="",
    subcommand_metavar="[COMMAND] [OPTIONS]",
)
@click.version_option(__version__, message="rnntui %(version)s")
def cli() -> None:
    """Train a recurrent neural network in the terminal and watch it learn.

    Without a command, rnntui trains the default recipe in the dashboard.

    \b
    Examples:
      rnntui                          train the default recipe, English tales
      rnntui train hello-world        a network that diverges
      rnntui train notes.txt          train on your own text
      rnntui train --json | tail -1   no screen: one JSON object per line
      rnntui train --help             list every option
    """
