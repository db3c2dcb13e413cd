"""The command palette: find a command by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from rnntui.engine.protocol import SamplingKey
from rnntui.tui import THEMES
from rnntui.tui.commands import BY_NAME, COMMANDS, Command, shown_key
from rnntui.tui.draw import Glyphs, Rows
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.state import Display
from rnntui.tui.widgets.prompt import PromptInput

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

_SAMPLING: dict[str, SamplingKey] = {
    "temperature": "temperature",
    "top-k": "top_k",
    "top-p": "top_p",
    "samples": "samples",
}
# What takes a number in the palette, and a command that can be carried out whenever it may be set.
_SETTINGS = {
    "learning rate": "rate_up",
    "temperature": "hotter",
    "top-k": "larger_top_k",
    "top-p": "larger_top_p",
    "samples": "more_samples",
}
GLYPHS: tuple[Glyphs, ...] = ("braille", "blocks", "ascii")


@dataclass(frozen=True)
class Choice:
    """One line of the palette."""

    name: str
    key: str
    help: str
    run: Callable[[Dashboard], object]


def choices(app: Dashboard) -> list[Choice]:
    """Every command that can be carried out now, and each theme and glyph set by name."""
    out = [
        Choice(
            c.name.replace("_", " "),
            shown_key(c, app.display_options.glyphs),
            c.help,
            partial(_command, c),
        )
        for c in COMMANDS
        if c.name != "palette" and c.available(app)
    ]
    out += [
        Choice(f"glyphs {glyphs}", "", f"draw with {glyphs}", partial(_glyphs, glyphs))
        for glyphs in GLYPHS
    ]
    out += [Choice(f"theme {t}", "", f"the theme {t}", partial(_theme, t)) for t in THEMES]
    return out


def _command(command: Command, app: Dashboard) -> None:
    app.run_command(command)  # which looks again whether it can be carried out by now


def _glyphs(glyphs: Glyphs, app: Dashboard) -> None:
    app.set_glyphs(glyphs)


def _theme(name: str, app: Dashboard) -> None:
    app.change_theme(name)


def typed_setting(app: Dashboard, typed: str) -> list[Choice]:
    """The choice to set something to the number that was typed behind its name, if that is so."""
    name, _, number = typed.strip().lower().rpartition(" ")
    names = [known for known in _SETTINGS if name and known.startswith(name.strip())]
    command = BY_NAME[_SETTINGS[names[0]]] if names else None
    if command is None or not command.available(app):
        return []
    try:
        value = float(number)
    except ValueError:
        return []
    if not math.isfinite(value):
        return []
    return [
        Choice(f"{names[0]} {number}", "", f"set it to {number}", partial(_set, names[0], value))
    ]


def _set(name: str, value: float, app: Dashboard) -> None:
    if name == "learning rate":
        app.set_lr(value)
    else:
        app.set_sampling(_SAMPLING[name], value)


def matching(all_choices: list[Choice], typed: str) -> list[Choice]:
    """The choices that hold every typed word; those whose name begins with it come first."""
    words = typed.lower().split()
    found = [c for c in all_choices if all(w in f"{c.name} {c.help}".lower() for w in words)]
    first = words[0] if words else ""
    return sorted(found, key=lambda c: (not c.name.startswith(first), first not in c.name))


class PaletteScreen(PageScreen):
    """A line to type in, and the commands that match."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]
    AUTO_FOCUS = "#search"
    app: Dashboard

    def __init__(self, all_choices: list[Choice], display: Display) -> None:
        keys = [(" enter", "strong"), (" run  ", "muted"), ("esc", "strong"), (" back", "muted")]
        super().__init__("commands", self._rows, display, keys)
        self._all = all_choices
        self._found = all_choices
        self._at = 0
        self.input = PromptInput("search")

    def compose(self) -> ComposeResult:
        """Title, line to type in, list."""
        yield self.head
        yield self.input
        yield self.text

    def _rows(self, width: int) -> Rows:
        rows: Rows = [[]]
        for number, choice in enumerate(self._found):
            mark = "!" if number == self._at else ""
            name, key = f"   {choice.name:<24}", f"{choice.key:>8}   "
            rest = f"{choice.help:<{max(0, width - 38)}}"
            rows.append([(name, f"strong{mark}"), (key, f"accent{mark}"), (rest, f"muted{mark}")])
        return rows if self._found else [[], [("   nothing of that name", "muted")]]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look again."""
        event.stop()
        found = matching(self._all, event.value)
        self._found = [*typed_setting(self.app, event.value), *found]
        self._at = 0
        self.text.move(-len(self._all))

    def action_move(self, rows: int) -> None:
        """Another line."""
        self._at = max(0, min(len(self._found) - 1, self._at + rows))
        self.text.show_row(self._at + 1)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do it."""
        event.stop()
        self._run(self._at)

    def on_click(self, event: events.Click) -> None:
        """Do what stands under the mouse."""
        if event.widget is self.text:
            self._run(self.text.first + event.y - 1)

    def _run(self, number: int) -> None:
        if not self.is_current:  # a second click came before the first one had closed this page
            return
        self.app.pop_screen()
        if 0 <= number < len(self._found):
            self._found[number].run(self.app)

    def follow(self) -> None:
        """The list does not change while one chooses."""
