"""The keys that the user gives to commands: their names, and what happens when two collide. Pure.

A key that the user gives to a command is taken from the commands that have it by default.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.suggestions import nearest
from rnntui.text import fit, safe_text
from rnntui.tui.command import Command, Group

Keys = tuple[str, ...]
FIXED = ("interrupt", "back", "generate")  # commands whose keys cannot be changed
RESERVED = ("ctrl+c", "escape")
_SIGNS = {"left": "←", "right": "→", "up": "↑", "down": "↓", "escape": "esc"}
_NAMED = {
    *("space", "enter", "tab", "home", "end", "pageup", "pagedown", "insert", "delete"),
    *("backspace", *_SIGNS, *(f"f{number}" for number in range(1, 25))),
}
_ALIASES = {"esc": "escape", "return": "enter", "page_up": "pageup", "page_down": "pagedown"}
# Where Textual's names of characters differ from those of Unicode.
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_MODIFIED = re.compile(r"((?:ctrl\+|alt\+|shift\+)+)(.+)", re.DOTALL)
_LONGEST = 40


def key_name(typed: str) -> str:
    """Return Textual's name of a key: "," is "comma". Raises UsageError for what is no key."""
    text = typed if len(typed) == 1 else typed.strip()
    if len(text) == 1:
        return _character(text)
    lower = text.lower()
    if match := _MODIFIED.fullmatch(lower):
        return match[1] + key_name(match[2])
    name = _ALIASES.get(lower, lower)
    if name in _NAMED or _character_of(name):
        return name
    hint = nearest(name, _NAMED, "write one character, or a name such as space, f2 or ctrl+k")
    raise UsageError(f"unknown key '{fit(safe_text(text), _LONGEST)}'{hint}")


def _character(char: str) -> str:
    if char.isalnum():
        return char
    if char == " ":
        return "space"
    if not char.isprintable():
        raise UsageError(f"unknown key '{safe_text(char)}'")
    name = unicodedata.name(char, "").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name) or char


@cache
def _characters() -> dict[str, str]:
    """Return the printable characters of Latin-1 by Textual's names."""
    return {_character(c): c for c in map(chr, range(0x21, 0x100)) if c.isprintable()}


def _character_of(name: str) -> str:
    """Return the character that Textual calls so, or an empty string."""
    if found := _characters().get(name):
        return found
    try:
        found = unicodedata.lookup(name.replace("_", " ").upper())
    except KeyError:
        return ""
    return found if len(found) == 1 and _character(found) == name else ""


def key_sign(key: str) -> str:
    """Return a key as the footer prints it."""
    modifiers, _, last = key.rpartition("+")
    sign = _SIGNS.get(last) or (last if last in _NAMED else _character_of(last)) or last
    return f"{modifiers}+{sign}" if modifiers else sign


def key_list(keys: Keys) -> str:
    """Return keys in quotes, as the footer prints them."""
    return " and ".join(f"'{key_sign(key)}'" for key in keys)


def now_runs(keys: Keys, command: str) -> str:
    """Say that keys of another command run this one."""
    return f"{key_list(keys)} now run{'s' if len(keys) == 1 else ''} {command}"


def command_name(typed: str) -> str:
    """Return the name of a command as the user may spell it."""
    return typed.strip().lower().replace(" ", "_").replace("-", "_")


@dataclass(frozen=True)
class Scope:
    """Commands that are available together: in one view, or everywhere (an empty name)."""

    view: str
    groups: tuple[Group, ...]

    def meets(self, other: str) -> bool:
        """Whether commands of this scope and of another one can be available together."""
        return not self.view or not other or self.view == other


def remapped(scopes: tuple[Scope, ...], keys: Mapping[str, Keys]) -> tuple[tuple[Scope, ...], Keys]:
    """Return the scopes with the user's keys, and what is wrong with these keys, a line each."""
    return _Remapping(scopes).result(keys)


class _Remapping:
    def __init__(self, scopes: tuple[Scope, ...]) -> None:
        self._scopes = scopes
        self._all = {c.name: (scope.view, c) for scope in scopes for c in _commands(scope)}
        self._given: dict[str, Keys] = {}  # by command
        self._problems: list[str] = []

    def result(self, keys: Mapping[str, Keys]) -> tuple[tuple[Scope, ...], Keys]:
        for name, wanted in keys.items():
            try:
                self._give(name, wanted)
            except UsageError as error:
                self._problems.append(f"keys.{fit(safe_text(name), _LONGEST)}: {error}")
        scopes = tuple(self._changed(scope) for scope in self._scopes) if keys else self._scopes
        after = {c.name: c for scope in scopes for c in _commands(scope)}
        for name, (_, before) in self._all.items():
            if before.keys and not after[name].keys and name not in self._given:
                by = " and ".join(dict.fromkeys(self._owner(name, key) for key in before.keys))
                self._problems.append(f"keys: {now_runs(before.keys, by)}; {name} has no key")
        return scopes, tuple(self._problems)

    def _give(self, name: str, wanted: Keys) -> None:
        """Give a command its keys, as far as it can have them. Raises UsageError."""
        plain = command_name(name)
        if plain not in self._all:
            raise UsageError(
                f"unknown command{nearest(plain, self._all, 'the help page has a list')}"
            )
        if plain in FIXED:
            raise UsageError("this command's key cannot be changed")
        view, _ = self._all[plain]
        named = tuple(dict.fromkeys(map(key_name, wanted)))
        for key in named:
            if key in RESERVED:
                raise UsageError(f"'{key}' cannot be given to a command")
            if other := self._taken(key, view):
                raise UsageError(f"'{key_sign(key)}' is bound twice, already to {other}")
        self._given[plain] = named

    def _taken(self, key: str, view: str) -> str:
        """Return the command of the same scope that the user gave a key, or nothing."""
        for name, keys in self._given.items():
            if key in keys and self._all[name][0] == view:
                return name
        return ""

    def _owner(self, name: str, key: str) -> str:
        return next(o for o in self._given if key in self._given[o] and self._takes(o, name))

    def _takes(self, owner: str, name: str) -> bool:
        """Whether a command that the user gave a key takes it from another one."""
        owner_view, view = self._all[owner][0], self._all[name][0]
        return not owner_view or owner_view == view

    def _changed(self, scope: Scope) -> Scope:
        groups = (
            Group(group.title, tuple(self._with_keys(command) for command in group.commands))
            for group in scope.groups
        )
        return Scope(scope.view, tuple(groups))

    def _with_keys(self, command: Command) -> Command:
        keys = self._given.get(command.name)
        if keys is None:
            taken = {
                key
                for owner, given in self._given.items()
                if self._takes(owner, command.name)
                for key in given
            }
            keys = tuple(key for key in command.keys if key not in taken)
            if keys == command.keys:
                return command
        sign = key_sign(keys[0]) if keys else ""
        prompt_key = command.prompt_key if command.prompt_key in keys else ""
        return replace(command, keys=keys, sign=sign, prompt_key=prompt_key)


def _commands(scope: Scope) -> Iterator[Command]:
    return (command for group in scope.groups for command in group.commands)
