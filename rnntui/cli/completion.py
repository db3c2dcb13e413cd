"""Completion for bash, zsh and fish: `_RNNTUI_COMPLETE=bash_source rnntui` prints the script.

click asks each parameter for its values; the functions here return them. Whatever cannot be read
offers no completions, since a completion cannot report a problem.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    shell_complete,
)

from rnntui.cli.group import VARIABLE
from rnntui.errors import RnntuiError

Items = list[CompletionItem]
_BREAKS = ("=", ":")  # at which bash splits words


def complete(cli: click.Group) -> int | None:
    """Answer a shell that asks for completions; return the exit code, or None if none asks."""
    instruction = os.environ.get(VARIABLE)
    if not instruction:
        return None
    for kind in (Bash, Zsh, Fish):
        add_completion_class(kind, kind.name)
    try:
        return shell_complete(cli, {}, "rnntui", VARIABLE, instruction)
    except (KeyError, ValueError):  # the shell's variables are missing or unexpected
        return 1


class Prefixing(ShellComplete):
    """Completes the value in `--cell=g` as part of the whole word."""

    def get_completions(self, args: list[str], incomplete: str) -> Items:
        """Return the completions of the incomplete word."""
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not (equals and option.startswith("--")):
            return found
        return [CompletionItem(f"{option}={item.value}", item.type, item.help) for item in found]


class Bash(Prefixing, BashComplete):
    """Completion for bash, which splits words at "=" and ":": `cell=g` becomes `cell = g`."""

    _kept = 0  # characters of the word that bash keeps

    def source(self) -> str:
        """Return click's script, changed so that no space follows `lr=`."""
        add = "COMPREPLY+=($value)"
        return super().source().replace(add, f"{add}; [[ $value == *= ]] && compopt -o nospace")

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the incomplete one, and that one, as typed."""
        args, incomplete = super().get_completion_args()
        words: list[str] = []
        for word in [*args, incomplete]:
            if words and (word in _BREAKS or words[-1].endswith(_BREAKS)):
                words[-1] += word
            else:
                words.append(word)
        *args, typed = words
        self._kept = 0 if typed == incomplete else max(map(typed.rfind, _BREAKS)) + 1
        return args, typed

    def format_completion(self, item: CompletionItem) -> str:
        """Format only the part that bash replaces."""
        if self._kept and item.type == "plain":
            item = CompletionItem(item.value[self._kept :], item.type, item.help)
        return super().format_completion(item)


class Zsh(Prefixing, ZshComplete):
    """Completion for zsh, which does not split words at "="."""


class Fish(Prefixing, FishComplete):
    """Completion for fish, which does not split words at "="."""


def _items(values: Iterable[tuple[str, str]], incomplete: str) -> Items:
    return [
        CompletionItem(value, help=text or None)
        for value, text in values
        if value.startswith(incomplete)
    ]


def _files(incomplete: str) -> Items:
    return [CompletionItem(incomplete, type="file")]


def runs(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete names of runs."""
    from rnntui.runs.store.root import runs_root
    from rnntui.runs.store.scan import run_paths

    given = ctx.params.get("runs_dir")
    taken = ctx.params.get("names") or ()
    try:
        names = [path.name for path in run_paths(runs_root(given))]
    except (OSError, RnntuiError):
        return []
    return _items([(name, "") for name in names if name not in taken], incomplete)


def filters(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete a condition of a filter: a name of a run, a key, or a value that some run has."""
    from rnntui.runs.filtering.completion import complete_filter

    return _items(complete_filter(incomplete, _facts(ctx)), incomplete)


def filter_line(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the last condition of a whole filter in one word."""
    before, space, word = incomplete.rpartition(" ")
    found = filters(ctx, parameter, word)
    return [CompletionItem(before + space + item.value, help=item.help) for item in found]


def tags(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete tags that some run has."""
    known = {tag for run in _facts(ctx) for tag in run["tag"]}
    return _items([(tag, "") for tag in sorted(known)], incomplete)


def _facts(ctx: click.Context) -> list[Any]:
    """Return what filters can ask about each run."""
    from rnntui.runs.listing import read_runs
    from rnntui.runs.store.root import runs_root

    try:
        found = read_runs(runs_root(ctx.params.get("runs_dir")), measure=False)
    except (OSError, RnntuiError):
        return []
    now = time.time()
    return [run.facts(now) for run in found]


def recipes(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete names of bundled recipes, or files."""
    return _items(_recipes(), incomplete) or _files(incomplete)


def _recipes() -> list[tuple[str, str]]:
    from rnntui.recipe import bundled, from_toml

    return [
        (name, from_toml(text, name).title.removeprefix(f"{name}: "))
        for name, text in bundled().items()
    ]


def sources(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete training sources: recipes, corpora, or files."""
    from rnntui.data.corpus import names

    known = _recipes()
    named = {name for name, _ in known}
    known += [(name, "corpus") for name in names() if name not in named]
    return _items(known, incomplete) or _files(incomplete)


def files(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete any file."""
    return _files(incomplete)


def directories(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete any directory."""
    return [CompletionItem(incomplete, type="dir")]


def setting_option(_ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the values of the setting that an option overrides."""
    from rnntui.settings.declared import find_setting

    return _items(
        [(value, "") for value in find_setting(str(parameter.name)).accepts()], incomplete
    )


def setting_names(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete names of settings, and of commands whose keys can be changed."""
    from rnntui.settings.declared import SETTINGS

    if incomplete.startswith("keys."):
        from rnntui.tui.commands import ALL_BY_NAME

        commands = ALL_BY_NAME.values()
        return _items([(f"keys.{command.name}", command.help) for command in commands], incomplete)
    return _items([*((one.name, one.help) for one in SETTINGS), ("keys.", "")], incomplete)


def setting_values(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the values of the setting that was named before."""
    from rnntui.settings.declared import find_setting

    try:
        setting = find_setting(str(ctx.params.get("name", "")))
    except RnntuiError:
        return []
    return _items([(value, "") for value in setting.accepts()], incomplete)


def checkpoints(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the named checkpoints; any other is given by its update number."""
    return _items([("last", ""), ("best", "lowest validation loss")], incomplete)


def key_value(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete `KEY=VALUE` for `--set`: a key, or one of the values of a key with choices."""
    from rnntui.recipe import find, keys

    key, equals, _ = incomplete.partition("=")
    if not equals:
        return _items([(f"{leaf.name}=", leaf.rule.help) for leaf in keys()], incomplete)
    try:
        leaf = find(key.strip().replace("-", "_"))
    except RnntuiError:
        return []
    return _items([(f"{key}={value}", "") for value in _values(leaf)], incomplete)


def key_option(_ctx: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Complete the values of the recipe key that an option sets."""
    from rnntui.recipe import find

    leaf = find(str(parameter.name))
    return _items([(value, "") for value in _values(leaf)], incomplete)


def _values(leaf: Any) -> list[str]:
    if bool in leaf.types:
        return ["true", "false", *leaf.rule.words]
    default = [] if leaf.default == "" else [str(leaf.default)]
    return list(leaf.rule.choices) or [*leaf.rule.words, *default]


def sweeps(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> Items:
    """Complete names of sweeps."""
    from rnntui.runs.store.root import runs_root
    from rnntui.sweep.store import sweep_names

    try:
        names = sweep_names(runs_root(ctx.params.get("runs_dir")))
    except (OSError, RnntuiError):
        return []
    return _items([(name, "") for name in names], incomplete)
