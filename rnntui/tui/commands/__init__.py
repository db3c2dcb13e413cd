"""Every command of the dashboard, read from where it is declared.

A command declared in a group, or in a view, has its key, its footer and palette entries, and its
help.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property

from rnntui.dataclass import dataclass
from rnntui.tui.command import Command, Group
from rnntui.tui.commands.exporting import EXPORTING
from rnntui.tui.commands.generation import GENERATION
from rnntui.tui.commands.pages import PAGES
from rnntui.tui.commands.training import TRAINING
from rnntui.tui.commands.viewing import VIEWING, switches
from rnntui.tui.compare.commands import BY_NAME as COMPARING
from rnntui.tui.compare.commands import SWEEP, CompareCommands
from rnntui.tui.keymap import Keys, Scope, command_name, key_list, now_runs, remapped
from rnntui.tui.views import VIEWS
from rnntui.tui.views.view import View

_EVERYWHERE = Scope("", (TRAINING, GENERATION, VIEWING, switches(VIEWS), EXPORTING, PAGES))
_OF_VIEWS = tuple(
    Scope(view.name, (Group(f"in the view {view.name}", view.commands),)) for view in VIEWS
)


@dataclass(frozen=True)
class CommandTable:
    """All commands: those that are available everywhere, and those of each view."""

    scopes: tuple[Scope, ...] = (_EVERYWHERE, *_OF_VIEWS)

    @classmethod
    def with_keys(cls, keys: Mapping[str, tuple[str, ...]]) -> tuple[CommandTable, tuple[str, ...]]:
        """Return the table with the user's keys by command, and what is wrong with these keys.

        Keys of commands that only the screen comparing runs has are ignored.
        """
        table = cls()
        elsewhere = {*COMPARING} - {*table.by_name}
        own = {name: given for name, given in keys.items() if command_name(name) not in elsewhere}
        scopes, problems = remapped(table.scopes, own)
        return cls(scopes), problems

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of commands, in the order of the help page."""
        return self._with(self.scopes[1:])

    def groups_of(self, *views: View) -> tuple[Group, ...]:
        """Return the groups of commands that all views share, and those of some views."""
        names = {view.name for view in views}
        return self._with(tuple(scope for scope in self.scopes[1:] if scope.view in names))

    def _with(self, of_views: tuple[Scope, ...]) -> tuple[Group, ...]:
        everywhere, own = self.scopes[0].groups, (scope.groups for scope in of_views)
        groups = (*everywhere[:-1], *itertools.chain(*own), everywhere[-1])
        return tuple(group for group in groups if group.commands)

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Every command."""
        return tuple(command for group in self.groups for command in group.commands)

    @cached_property
    def by_name(self) -> dict[str, Command]:
        """Every command by its name."""
        return {command.name: command for command in self.commands}

    def offered(self, view: View) -> tuple[Command, ...]:
        """Return the commands of a view, and all others that keep a key there."""
        own = tuple(self.by_name.get(command.name, command) for command in view.commands)
        taken = {key for command in own for key in command.keys}
        others = (command for group in self.scopes[0].groups for command in group.commands)
        return (*own, *(c for c in others if not c.keys or not taken.issuperset(c.keys)))

    def command_of(self, view: View, key: str) -> Command | None:
        """Return the command that a key runs in a view."""
        return next((command for command in self.offered(view) if key in command.keys), None)


TABLE = CommandTable()
ALL_BY_NAME = {**COMPARING, **TABLE.by_name}  # with those of the screen that compares runs


def key_problems(keys: Mapping[str, Keys]) -> tuple[str, ...]:
    """Return what is wrong with the user's keys on any screen, a line each."""
    found = (*CompareCommands.with_keys(keys, (SWEEP,))[1], *CommandTable.with_keys(keys)[1])
    return tuple(dict.fromkeys(found))


def lost_keys(keys: Mapping[str, Keys], owner: str) -> tuple[str, ...]:
    """Return which commands lose one of several keys to `owner` on any screen, a line each.

    Commands that are left without a key are among the problems.
    """
    pairs = (
        (CompareCommands.with_keys({}, (SWEEP,))[0].by_name,
         CompareCommands.with_keys(keys, (SWEEP,))[0].by_name),
        (TABLE.by_name, CommandTable.with_keys(keys)[0].by_name),
    )  # fmt: skip
    given = {command_name(name) for name in keys}
    found = []
    for before, after in pairs:
        for name, command in after.items():
            taken = {*before[name].keys} - {*command.keys}
            if name in given or not command.keys or owner not in after:
                continue
            if lost := tuple(key for key in after[owner].keys if key in taken):
                kept = key_list(command.keys)
                found.append(f"keys: {now_runs(lost, owner)}; {name} keeps {kept}")
    return tuple(dict.fromkeys(found))


GROUPS = TABLE.groups
COMMANDS = TABLE.commands
groups_of = TABLE.groups_of
offered = TABLE.offered
command_of = TABLE.command_of
