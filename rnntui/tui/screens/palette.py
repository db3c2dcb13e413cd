"""The command palette: find a command by name."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from rnntui.recipe import keys
from rnntui.suggestions import nearest
from rnntui.text import cell_width, fit, pad
from rnntui.tui import THEMES
from rnntui.tui.command import Command, shown_key
from rnntui.tui.commands.exporting import export_choices
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Glyphs, Rows
from rnntui.tui.look import Layout
from rnntui.tui.overlay import overlay_choices
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.screens.setting_choices import Choice, with_settings
from rnntui.tui.typed import setting_name
from rnntui.tui.views.arrangement import LAYOUTS
from rnntui.tui.widgets.prompt import PromptInput

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

LEAST_HELP = 20  # cells
GLYPHS: tuple[Glyphs, ...] = ("braille", "blocks", "ascii")


def choices(app: Dashboard) -> list[Choice]:
    """Return every available command, and each theme and glyph set by name."""
    out = [
        Choice(
            c.name.replace("_", " "),
            shown_key(c, app.display_options.glyphs),
            c.help,
            partial(_command, c),
        )
        for c in app.available_commands
        if c.name != "palette"
    ]
    out += [
        Choice(f"glyphs {glyphs}", "", f"draw with {glyphs}", partial(_glyphs, glyphs))
        for glyphs in GLYPHS
    ]
    out += [
        Choice(f"theme {t}", "", f"switch to the theme {t}", partial(_theme, t)) for t in THEMES
    ]
    out += [
        Choice(f"layout {layout}", "", words, partial(_layout, layout))
        for layout, words in LAYOUTS.items()
    ]
    return out + export_choices(app) + overlay_choices(app)


def _layout(layout: Layout, app: Dashboard) -> None:
    app.change_layout(layout)


def _command(command: Command, app: Dashboard) -> None:
    app.run_command(command)  # checks again whether it is available


def _glyphs(glyphs: Glyphs, app: Dashboard) -> None:
    app.set_glyphs(glyphs)


def _theme(name: str, app: Dashboard) -> None:
    app.change_theme(name)


def matching(all_choices: list[Choice], typed: str) -> list[Choice]:
    """Return the choices that contain every typed word; those whose name starts with it first."""
    words = typed.lower().split()
    found = [c for c in all_choices if all(w in f"{c.name} {c.help}".lower() for w in words)]
    first = words[0] if words else ""
    return sorted(found, key=lambda c: (not c.name.startswith(first), first not in c.name))


class PaletteScreen(PageScreen):
    """A search line, and the matching commands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]
    AUTO_FOCUS = "#search"
    app: Dashboard

    def __init__(self, all_choices: list[Choice], display: Display, typed: str = "") -> None:
        foot = [(" enter", "strong"), (" run  ", "muted"), ("esc", "strong"), (" back", "muted")]
        super().__init__("commands", self._rows, display, foot)
        self._all = all_choices
        self._found = all_choices
        self._at = 0
        self._said = ""  # why the last Enter did nothing
        self._row_of: list[int] = []  # the first row of each entry, as drawn last
        self.input = PromptInput("search")
        self.input.value = typed

    def compose(self) -> ComposeResult:
        """Yield the title, the search line and the list."""
        yield self.head
        yield self.input
        yield self.text

    def _rows(self, width: int) -> Rows:
        rows: Rows = [[(f"   {self._said}", "warning")] if self._said else []]
        self._row_of = []
        for number, choice in enumerate(self._found):
            mark = "!" if number == self._at else ""
            name, key = f"   {choice.name:<24}", f"{choice.key:>8}   "
            if not choice.key:  # a long name may use the room
                name, key = f"   {choice.name:<32}", "   "
            room = max(LEAST_HELP, width - cell_width(name + key))
            rest, *more = textwrap.wrap(choice.help, room) or [""]
            if not mark and more:  # only the selected entry is shown in full
                rest, more = fit(choice.help, room), []
            self._row_of.append(len(rows))
            rows.append(
                [(name, f"strong{mark}"), (key, f"accent{mark}"), (pad(rest, room), f"muted{mark}")]
            )
            indent = " " * max(0, width - room)
            rows += [[(indent, f"muted{mark}"), (pad(line, room), f"muted{mark}")] for line in more]
        return rows if self._found else [*rows, [("   no matching command", "muted")]]

    def _choice_at(self, y: int) -> int:
        """Return which entry a row of the page belongs to; -1: none."""
        row = self.text.first + y
        return bisect_right(self._row_of, row) - 1 if y < self.text.size.height - 1 else -1

    def on_input_changed(self, event: Input.Changed) -> None:
        """Refilter the list."""
        event.stop()
        self._found = self._offered(event.value)
        self._at, self._said = 0, ""
        self.text.move(-len(self._all))

    def _offered(self, typed: str) -> list[Choice]:
        """Return what to offer for the typed words."""
        return with_settings(self.app, typed, matching(self._all, typed))

    def action_move(self, rows: int) -> None:
        """Move the selection."""
        self._at = max(0, min(len(self._found) - 1, self._at + rows))
        self.text.redraw()
        if self._found:
            first = self._row_of[self._at]
            after = self._row_of[self._at + 1 :] or [first + 1]
            self.text.show_row(after[0] - 1)
            self.text.show_row(first)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the selected command."""
        event.stop()
        self._run(self._at)

    def on_click(self, event: events.Click) -> None:
        """Run the command under the mouse."""
        number = self._choice_at(event.y)
        if event.widget is self.text and 0 <= number < len(self._found):
            self._run(number)

    def visible_choices(self) -> list[tuple[int, Choice]]:
        """Return the choices in view, each with its row."""
        first, room = self.text.first, self.text.size.height - 1
        rows = zip(self._row_of, self._found, strict=False)
        places = [(row - first, choice) for row, choice in rows]
        return [(y, choice) for y, choice in places if 0 <= y < room]

    def run_choice(self, choice: Choice) -> None:
        """Run a choice."""
        self._run(self._found.index(choice))

    def _run(self, number: int) -> None:
        if not self.is_current:  # a second click before the first one closed this page
            return
        if not 0 <= number < len(self._found):
            self._say(f"no command or setting is called '{self.input.value.strip()}'{self._hint()}")
        elif refusal := self._found[number].refusal:
            self._say(refusal)
        else:
            self.app.pop_screen()
            self._found[number].run(self.app)

    def _say(self, text: str) -> None:
        self._said = text
        self.text.move(-len(self._all))

    def _hint(self) -> str:
        """Return the closest name, or how to see all of them."""
        names = [*(choice.name for choice in self._all), *(setting_name(leaf) for leaf in keys())]
        return nearest(self.input.value.strip(), names, "delete it to see all commands")

    def follow(self) -> None:
        """Do nothing: the list stays the same while the page is open."""
