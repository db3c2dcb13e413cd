"""The group of all commands, and what it does with a line that names none or an unknown one."""

from __future__ import annotations

import click

from rnntui import __version__

HELP_NAMES = ("-h", "--help")
ORDER = (
    "train",
    "resume",
    "attach",
    "runs",
    "stop",
    "rm",
    "generate",
    "eval",
    "recipes",
    "corpora",
)


class Commands(click.Group):
    """The commands; options without a command belong to `train`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names as a user meets them, those of `ORDER` first."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `rnntui` for `rnntui train`, with or without options."""
        own = (*HELP_NAMES, "--version")
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["train", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of that name. Raises UsageError with what was probably meant."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        from rnntui.options import is_source
        from rnntui.recipe import nearest

        hint = nearest(args[0], self.list_commands(ctx))
        if "did you mean" not in hint and is_source(args[0]):
            hint = f": did you mean 'rnntui train {args[0]}'?"
        raise click.UsageError(f"no command '{args[0]}'{hint}")


@click.group(
    cls=Commands,
    context_settings={"help_option_names": HELP_NAMES, "max_content_width": 100},
    options_metavar="",
    subcommand_metavar="[COMMAND] [OPTIONS]",
)
@click.version_option(__version__, message="rnntui %(version)s")
def cli() -> None:
    """Train a recurrent neural network in the terminal and watch it learn.

    Without a command, the default recipe is trained in the dashboard.

    \b
    Examples:
      rnntui                          watch a network learn to write tales
      rnntui train hello-world        watch one fail, and hello-world-cured
      rnntui train notes.txt          train on a text of your own
      rnntui train --json | tail -1   without a screen: a JSON object a line
      rnntui train --help             every option
    """
