"""Options and helpers shared by several commands."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

from rnntui.cli import completion
from rnntui.settings.declared import LOOK, find_setting

if TYPE_CHECKING:
    from pathlib import Path

    from rnntui.settings.resolve import UserSettings
    from rnntui.tui import Look

_SETTINGS = "rnntui.settings"  # where click's context keeps them
Command = TypeVar("Command", bound=Callable[..., Any])


def runs_dir_option(command: Command) -> Command:
    """Add `--runs-dir`; without it, the command gets the user's setting."""
    return _runs_dir_option(_runs_dir)(command)


def runs_dir_given(command: Command) -> Command:
    """Add `--runs-dir`; the command gets only what was given."""
    return _runs_dir_option(None)(command)


def _runs_dir_option(callback: Callable[..., str | None] | None) -> Callable[[Command], Command]:
    setting = find_setting("runs_dir")
    return click.option(
        setting.option,
        metavar=setting.metavar,
        callback=callback,
        shell_complete=completion.directories,
        help=setting.help,
    )


def _runs_dir(ctx: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    found = given or user_settings(ctx).get("runs_dir").value
    return str(found) if found else None


def look_options(command: Command) -> Command:
    """Add the options for the look of the dashboard; the command gets them as `look_given`."""

    @functools.wraps(command)
    def collected(**options: Any) -> Any:
        given = {setting.name: options.pop(setting.name) for setting in LOOK}
        return command(**options, look_given=given)

    found: Any = collected
    for setting in reversed(LOOK):
        found = click.option(
            setting.option,
            metavar=setting.metavar or None,
            default=None,
            shell_complete=None if setting.switch else completion.setting_option,
            help=setting.help,
        )(found)
    return cast(Command, found)


def user_settings(ctx: click.Context | None = None) -> UserSettings:
    """Return the user's settings, read once per command; a note says what is wrong with them."""
    from rnntui.settings.resolve import load

    ctx = ctx or click.get_current_context()
    meta = ctx.find_root().meta
    if _SETTINGS not in meta:
        meta[_SETTINGS] = load(os.environ)
        if meta[_SETTINGS].problems and not ctx.resilient_parsing:
            from rnntui.tui.look import in_brief

            click.echo(f"rnntui: note: {in_brief(meta[_SETTINGS].problems)}", err=True)
    found: UserSettings = meta[_SETTINGS]
    return found


def look_of(given: Mapping[str, str | bool | None]) -> Look:
    """Return the look of the dashboard from options and settings. Raises UsageError for options.

    Glyphs from the configuration file apply where the terminal seems to support them.
    """
    from rnntui.settings.file import remember
    from rnntui.tui import Look

    settings = user_settings()
    found = {setting.name: settings.get(setting.name, given[setting.name]) for setting in LOOK}
    values = {name: one.value for name, one in found.items() if one.value is not None}
    if found["glyphs"].origin == "file":
        values["usual_glyphs"] = values.pop("glyphs")
    store = functools.partial(remember, settings.path)
    return Look(**values, keys=settings.keys, remember=store, problems=settings.problems)  # type: ignore[arg-type]


def line_width(stream: TextIO) -> int | None:
    """Return the width of a terminal, or $COLUMNS; None for a file or a pipe."""
    if given := os.environ.get("COLUMNS", ""):
        return int(given) if given.isdecimal() and int(given) else None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def run_path(runs_dir: str | None, run: str | None) -> Path:
    """Return the directory of a run, for commands that only read.

    Accepts a part of the name, or none, and names the chosen run on stderr. Raises UsageError or
    RunError.
    """
    from pathlib import Path

    from rnntui.runs.store.find import find_run
    from rnntui.runs.store.root import runs_root
    from rnntui.text import safe_text

    path = find_run(runs_root(runs_dir), run)
    if run is None or Path(run).name != path.name:
        click.echo(f"rnntui: note: using run {safe_text(path.name)}", err=True)
    return path


def exact_run_path(runs_dir: str | None, run: str) -> Path:
    """Return the directory of the run of exactly that name. Raises UsageError or RunError."""
    from rnntui.runs.store.find import exact_run
    from rnntui.runs.store.root import runs_root

    return exact_run(runs_root(runs_dir), run)


def note_newer_keys(path: Path) -> None:
    """Print a note on recipe keys of a run that this version does not know and ignores."""
    from rnntui.runs.stored_recipe import newer_keys
    from rnntui.text import fit, safe_text

    if unknown := newer_keys(path):
        named = fit(safe_text(", ".join(unknown)), 80)
        click.echo(
            f"rnntui: note: the recipe of {safe_text(path.name)} seems to come from a newer "
            f"version of rnntui; ignored keys: {named}",
            err=True,
        )


@contextmanager
def ending_tidily() -> Iterator[None]:
    """Meanwhile a signal that ends the process lets it remove what it has begun to write."""
    import signal

    def end(number: int, _frame: object) -> None:
        raise click.exceptions.Exit(128 + number)

    names = ("SIGTERM", "SIGHUP")
    numbers = [number for name in names if (number := getattr(signal, name, None))]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
