"""The settings, each declared once: name, values, default, help, environment variable, option.

`--help` imports this, so it must not wait for other modules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple, get_args

from rnntui.errors import UsageError

Value = str | bool
SHOWN_CELLS = 40  # of a wrong value in a message
MOST_LISTED = 6  # values in a message
_SWITCH = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}


def _themes() -> tuple[str, ...]:
    from rnntui.tui import THEMES

    return THEMES


def _glyphs() -> tuple[str, ...]:
    from rnntui.charset import Glyphs

    return get_args(Glyphs)


def _views() -> tuple[str, ...]:
    from rnntui.protocol.insight import View

    return get_args(View)


def _layouts() -> tuple[str, ...]:
    from rnntui.tui.look import Layout

    return get_args(Layout)


class Setting(NamedTuple):
    """A setting: one of its `choices`, on or off (`switch`), or any text.

    `default` says in words what applies if it is not set. `choices` are looked up when needed, as
    their modules take time to import.
    """

    name: str
    default: str
    help: str
    metavar: str = ""
    choices: Callable[[], tuple[str, ...]] | None = None
    switch: bool = False
    own_variable: str = ""  # if it is not named after the setting

    @property
    def variable(self) -> str:
        """The environment variable."""
        return self.own_variable or f"RNNTUI_{self.name.upper()}"

    @property
    def option(self) -> str:
        """The option of the command line, as click takes it."""
        flag = f"--{self.name.replace('_', '-')}"
        return f"{flag}/--no-{self.name}" if self.switch else flag

    def accepts(self) -> tuple[str, ...]:
        """Return the values that it takes; none if it takes any text."""
        return ("true", "false") if self.switch else self.choices() if self.choices else ()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="glyphs",
        default="detected",
        help="Draw with braille, blocks or ascii. Default: detected.",
        metavar="KIND",
        choices=_glyphs,
    ),
    Setting(
        name="theme",
        default="detected",
        help="Colour theme: dark, light, nord and others (t in the dashboard for the next).",
        metavar="NAME",
        choices=_themes,
    ),
    Setting(
        name="view",
        default="watch",
        help="View shown first: watch, guesses, memory, neurons, health or experiments.",
        metavar="NAME",
        choices=_views,
    ),
    Setting(
        name="layout",
        default="auto",
        help="Two views beside each other: auto (if wide), single (never) or beside.",
        metavar="KIND",
        choices=_layouts,
    ),
    Setting(
        name="mouse",
        default="true",
        help="Use the mouse, or leave it to the terminal.",
        switch=True,
    ),
    Setting(
        name="runs_dir",
        default="in the user's data directory",
        help="Directory of the runs; overrides $RNNTUI_RUNS.",
        metavar="DIR",
        own_variable="RNNTUI_RUNS",
    ),
)
LOOK = tuple(setting for setting in SETTINGS if setting.name != "runs_dir")  # of the dashboard


def find_setting(name: str) -> Setting:
    """Return the setting of that name. Raises UsageError that suggests the closest name."""
    names = {setting.name: setting for setting in SETTINGS}
    if (plain := name.strip().lower().replace("-", "_")) in names:
        return names[plain]
    raise UsageError(f"unknown setting '{_short(name)}'{_nearest(name, [*names, 'keys'])}")


def parsed(setting: Setting, text: str) -> Value:
    """Return the value that a text stands for. Raises UsageError."""
    if setting.switch and text.strip().lower() in _SWITCH:
        return _SWITCH[text.strip().lower()]
    return checked(setting, text.strip() if setting.choices else text)


def checked(setting: Setting, value: object) -> Value:
    """Return a value if the setting takes it. Raises UsageError."""
    if isinstance(value, bool) and setting.switch:
        return value
    if not isinstance(value, str | int | float):  # the text of others may be of any size
        raise UsageError(f"{setting.name}: takes {_takes(setting)}")
    text = str(value)
    accepted = setting.accepts()
    if not isinstance(value, str) or setting.switch or (accepted and value not in accepted):
        hint = _nearest(text, accepted) or f": takes {_takes(setting)}"
        raise UsageError(f"unknown {setting.name} '{_short(text)}'{hint}")
    if not value or "\x00" in value:
        raise UsageError(f"{setting.name}: takes {_takes(setting)}")
    return value


def _takes(setting: Setting) -> str:
    from rnntui.suggestions import listing

    accepted = setting.accepts()
    if len(accepted) <= MOST_LISTED:
        return listing(accepted) if accepted else "text in quotes"
    some = (*accepted[:MOST_LISTED], f"{len(accepted) - MOST_LISTED} others")
    return f"{listing(some)} (rnntui guide config)"


def _nearest(word: str, known: Collection[str]) -> str:
    from rnntui.suggestions import nearest

    return nearest(word, known)


def _short(text: str) -> str:
    from rnntui.text import fit, safe_text

    return fit(safe_text(text), SHOWN_CELLS)
