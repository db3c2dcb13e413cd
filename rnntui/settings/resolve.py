"""The settings in force: from an option, the environment, the file or the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.runs.store.files import shown
from rnntui.settings.declared import SETTINGS, Value, checked, find_setting, parsed
from rnntui.settings.edit import parse_toml
from rnntui.settings.file import config_path, read_text
from rnntui.text import fit, safe_text

Origin = Literal["default", "file", "environment", "option"]
Keys = dict[str, tuple[str, ...]]
KEYS = "keys"


@dataclass(frozen=True)
class Resolved:
    """A value, None for the default, and where it comes from."""

    value: Value | None = None
    origin: Origin = "default"


@dataclass(frozen=True)
class UserSettings:
    """What the file and the environment say, as far as it makes sense, and what does not.

    `keys` are those of the commands of the dashboard, by the command's name, as in the file.
    """

    path: Path
    file: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, Value] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def get(self, name: str, given: str | bool | None = None) -> Resolved:
        """Return the value in force; `given`: that of the option. Raises UsageError for it."""
        if given is not None:
            setting = find_setting(name)
            value = parsed(setting, given) if isinstance(given, str) else given
            return Resolved(value, "option")
        if name in self.environment:
            return Resolved(self.environment[name], "environment")
        return Resolved(self.file[name], "file") if name in self.file else Resolved()


def load(environment: Mapping[str, str]) -> UserSettings:
    """Read the settings. Whatever is wrong with them becomes a problem, never an error."""
    path = config_path(environment)
    problems: list[str] = []
    values: dict[str, Value] = {}
    keys: Keys = {}
    try:
        table = _table(path)
    except UsageError as error:
        problems.append(str(error))
        table = {}
    for name, value in table.items():
        try:
            if name == KEYS:
                keys = _keys(value, path, problems)
            else:
                setting = find_setting(name)
                values[setting.name] = checked(setting, value)
        except UsageError as error:
            problems.append(f"{shown(path)}: {error}")
    return UserSettings(
        path, values, _from_environment(environment, problems), keys, tuple(problems)
    )


def _table(path: Path) -> dict[str, Any]:
    text = read_text(path)
    try:
        return parse_toml(text) if text else {}
    except UsageError as error:
        raise UsageError(f"{shown(path)}: {safe_text(str(error))}") from None


def _keys(table: object, path: Path, problems: list[str]) -> Keys:
    """Return the keys of each command. Raises UsageError if they are not a table."""
    if not isinstance(table, dict):
        raise UsageError('[keys] must be a table, as in:  pause = "space"')
    found: Keys = {}
    for name, value in table.items():
        several = value if isinstance(value, list) else [value] if value != "" else []
        if all(isinstance(one, str) for one in several):
            found[name] = tuple(several)
        else:
            command = fit(safe_text(name), 40)
            problems.append(f"{shown(path)}: keys.{command}: takes a key or a list of keys")
    return found


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for setting in SETTINGS:
        if text := environment.get(setting.variable):
            try:
                found[setting.name] = parsed(setting, text)
            except UsageError as error:
                problems.append(f"${setting.variable}: {error}")
    return found
