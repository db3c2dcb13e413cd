"""`rnntui config`: show and change the user's settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from rnntui.cli import completion
from rnntui.cli.group import HELP_NAMES, cli
from rnntui.cli.sharing import look_options, runs_dir_given, user_settings
from rnntui.errors import UsageError

if TYPE_CHECKING:
    from rnntui.settings.declared import Setting
    from rnntui.settings.edit import Scalar
    from rnntui.settings.resolve import Resolved, UserSettings

KEYS = "keys."
Name = click.argument("name", shell_complete=completion.setting_names)


@cli.group(
    short_help="Show and change your settings.",
    context_settings={"help_option_names": HELP_NAMES},
    subcommand_metavar="[COMMAND] [ARGS]",
    invoke_without_command=True,
)
@click.pass_context
def config(ctx: click.Context) -> int:
    """Show and change your settings: theme, glyphs, view, mouse, runs_dir and keys.

    An option beats an environment variable (RNNTUI_THEME and so on), which beats the configuration
    file, which beats the default. The dashboard stores the theme, glyphs and view that you choose
    there. Without a command, rnntui config shows the settings.

    \b
    Examples:
      rnntui config show
      rnntui config set theme nord
      rnntui config set keys.pause p          the key of a command, by its name
      rnntui config unset theme
    """
    return 0 if ctx.invoked_subcommand else int(ctx.invoke(show))


@config.command(short_help="List each setting, its value, and where it comes from.")
@look_options
@runs_dir_given
def show(look_given: dict[str, str | bool | None], runs_dir: str | None) -> int:
    """List each setting, its value, and where it comes from: default, file, environment or option.

    Everything that is wrong with the settings is listed on stderr.
    """
    from rnntui.settings.declared import SETTINGS
    from rnntui.settings.resolve import load
    from rnntui.text import cell_width, pad, safe_text

    settings = load(os.environ)
    given = {**look_given, "runs_dir": runs_dir}
    rows = []
    for setting in SETTINGS:
        found = settings.get(setting.name, given[setting.name])
        rows.append((setting.name, _words(setting, found), found.origin, _source(setting, found)))
    for name, keys in settings.keys.items():
        rows.append((f"{KEYS}{safe_text(name)}", safe_text(" ".join(keys)) or "none", "file", ""))
    widths = [max(cell_width(row[column]) for row in rows) for column in range(2)]
    for name, value, origin, source in rows:
        where = f"{origin} {source}".rstrip()
        click.echo(f"{pad(name, widths[0])}  {pad(value, widths[1])}  {where}")
    for problem in (*settings.problems, *_key_problems(settings)):
        click.echo(f"rnntui: note: {problem}", err=True)
    return 0


@config.command(short_help="Print the value of a setting.")
@Name
def get(name: str) -> int:
    """Print the value of a setting that is in force, or the keys of a command (keys.NAME)."""
    from rnntui.settings.declared import find_setting
    from rnntui.text import safe_text

    if name.startswith(KEYS):
        command = _command(name.removeprefix(KEYS))
        keys = user_settings().keys.get(command, _default_keys(command))
        click.echo(safe_text(" ".join(keys)))
        return 0
    setting = find_setting(name)
    click.echo(_words(setting, user_settings().get(setting.name)))
    return 0


@config.command("set", short_help="Store a setting in the configuration file.")
@Name
@click.argument("value", shell_complete=completion.setting_values)
def set_(name: str, value: str) -> int:
    """Store a setting in the configuration file; its other lines and comments stay as they are.

    For keys.COMMAND, the value is a key, or several that are separated by spaces; "" leaves the
    command without a key.
    """
    from rnntui.settings.declared import find_setting, parsed
    from rnntui.settings.file import change_file, config_path

    path = config_path(os.environ)
    if not name.startswith(KEYS):
        setting = find_setting(name)
        change_file(path, {setting.name: parsed(setting, value)})
        _note_override(setting)
        return 0
    command = _command(name.removeprefix(KEYS))
    keys = tuple(value.split())
    before = _key_problems(user_settings())
    new = [one for one in _key_problems(user_settings(), {command: keys}) if one not in before]
    if refused := next((one for one in new if one.startswith(f"{KEYS}{command}: ")), ""):
        raise UsageError(refused)
    stored: Scalar = keys if len(keys) > 1 else value.strip()
    change_file(path, {f"{KEYS}{command}": stored})
    for problem in (*new, *_lost_keys({**user_settings().keys, command: keys}, command)):
        click.echo(f"rnntui: note: {problem}", err=True)
    return 0


@config.command(short_help="Remove a setting from the configuration file.")
@Name
def unset(name: str) -> int:
    """Remove a setting from the configuration file, so that its default applies again."""
    from rnntui.settings.declared import find_setting
    from rnntui.settings.file import change_file, config_path

    if name.startswith(KEYS):
        key = f"{KEYS}{_command(name.removeprefix(KEYS))}"
    else:
        key = find_setting(name).name
    if not change_file(config_path(os.environ), {key: None}):
        click.echo(f"rnntui: note: {key} is not set in the configuration file", err=True)
    return 0


@config.command(short_help="Print the path of the configuration file.")
def path() -> int:
    """Print the path of the configuration file, whether it exists or not."""
    from rnntui.settings.file import config_path
    from rnntui.text import safe_text

    click.echo(safe_text(str(config_path(os.environ))))
    return 0


def _words(setting: Setting, found: Resolved) -> str:
    from rnntui.text import safe_text

    if found.value is None:
        return setting.default
    return str(found.value).lower() if setting.switch else safe_text(str(found.value))


def _source(setting: Setting, found: Resolved) -> str:
    if found.origin == "environment":
        return f"(${setting.variable})"
    return f"({setting.option.partition('/')[0]})" if found.origin == "option" else ""


def _note_override(setting: Setting) -> None:
    """Print a note if the environment hides what was stored."""
    if user_settings().get(setting.name).origin == "environment":
        text = f"${setting.variable} is set and overrides the configuration file"
        click.echo(f"rnntui: note: {text}", err=True)


def _command(name: str) -> str:
    """Return the name of a command of the dashboard. Raises UsageError."""
    from rnntui.suggestions import nearest
    from rnntui.tui.commands import ALL_BY_NAME
    from rnntui.tui.keymap import command_name

    plain = command_name(name)
    if plain not in ALL_BY_NAME:
        hint = nearest(plain, ALL_BY_NAME, "the help page of the dashboard has a list")
        raise UsageError(f"unknown command '{plain[:40]}'{hint}")
    return plain


def _default_keys(command: str) -> tuple[str, ...]:
    from rnntui.tui.commands import ALL_BY_NAME

    return ALL_BY_NAME[command].keys


def _key_problems(
    settings: UserSettings, changes: dict[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """Return what is wrong with the keys that the user gave to commands."""
    keys = {**settings.keys, **(changes or {})}
    if not keys:
        return ()
    from rnntui.tui.commands import key_problems

    return key_problems(keys)


def _lost_keys(keys: dict[str, tuple[str, ...]], command: str) -> tuple[str, ...]:
    """Return which commands lose one of their keys to a command."""
    from rnntui.tui.commands import lost_keys

    return lost_keys(keys, command)
