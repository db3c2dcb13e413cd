"""The group of `rnntui sweep`, in which a source needs no command, and options that it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnntui.cli.group import HELP_NAMES
from rnntui.cli.sharing import Command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

START = "start"  # the command for a source, which is not typed


class SweepCommands(click.Group):
    """Commands such as `show`; any other first word is a source to sweep over."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Treat `sweep SOURCE …` as `sweep start SOURCE …`."""
        if not args and not ctx.resilient_parsing:
            raise click.UsageError("what to vary is missing: give SOURCE and --grid KEY=A,B", ctx)
        if args and args[0] not in (*self.list_commands(ctx), *HELP_NAMES):
            args = [START, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands that are typed."""
        return [name for name in super().list_commands(ctx) if name != START]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of a new sweep, then the commands."""
        params = [*self.commands[START].params, *self.get_params(ctx)]
        options = [one.get_help_record(ctx) for one in params if isinstance(one, click.Option)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in options if record])
        self.format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, and the sources or options of a new sweep."""
        found = super().shell_complete(ctx, incomplete)
        start = self.commands[START]
        with start.make_context(START, [], parent=ctx, resilient_parsing=True) as inner:
            if incomplete.startswith("-"):
                return found + start.shell_complete(inner, incomplete)
            return found + start.params[0].shell_complete(inner, incomplete)


class SourceCommand(click.Command):
    """The command for a source, whose name does not appear in what is printed."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return a context without a name of its own."""
        return super().make_context("", args, parent, **extra)


def positive(_ctx: click.Context, _option: click.Parameter, given: int | None) -> int | None:
    """Return a number from 1. Raises BadParameter."""
    if given is not None and given < 1:
        raise click.BadParameter(f"{given} is below 1")
    return given


def progress_options(command: Command) -> Command:
    """Add the options for how a sweep reports its progress."""
    for option, text in reversed(
        (
            ("--plain", "Print lines of text instead of the screen."),
            ("--json", "Print one JSON object per line instead of the screen."),
            ("--detach", "Run in the background, without the screen."),
        )
    ):
        command = click.option(option, is_flag=True, help=text)(command)
    return command


def rungs(_ctx: click.Context, _option: click.Parameter, given: str | None) -> tuple[int, ...]:
    """Return the updates of --halving. Raises BadParameter."""
    if given is None:
        return ()
    parts = given.split(",")
    if not all(part.strip().isdecimal() and len(part) < 16 for part in parts):
        raise click.BadParameter(f"'{given[:40]}': takes updates, as in 80,160")
    return tuple(int(part) for part in parts)
