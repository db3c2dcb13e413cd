"""The keys of commands, as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding

from rnntui.tui.command import Command


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """Return a binding of each key to `action_command`; some work while a line is typed."""
    commands = tuple(commands)
    in_prompt = {key for c in commands if c.in_prompt and c.name != "back" for key in c.keys}
    keys = dict.fromkeys(key for command in commands for key in command.keys)
    return [
        Binding(key, f"command({key!r})", show=False, priority=key in in_prompt) for key in keys
    ]
