"""Pages over the dashboard: help, information about the run, its events."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rnntui.recipe import keys
from rnntui.text import pad, safe_text
from rnntui.tui.commands import COMMANDS, GROUPS, Command, shown_key
from rnntui.tui.draw import Row, Rows, block, exactly
from rnntui.tui.draw.numbers import count
from rnntui.tui.draw.rows import row_width
from rnntui.tui.painter import ThriftyScreen
from rnntui.tui.state import Display, RunState
from rnntui.tui.widgets.cells import CellView, spelled

READING = (
    ("loss", "how badly the next symbol is predicted, lower is better; the line is smoothed"),
    ("validation", "the same on text the network is not trained on"),
    ("bits per character", "the loss in bits; perplexity: as if guessing among so many"),
    ("gradient norm", "how strongly the last update pulled, before clipping"),
    ("steps", "the last update's text: what went in, what came next, what was predicted"),
    ("p(true)", "the probability the network gave to what really came next"),
    ("writing", "what the network writes now, each symbol with the weights of that moment"),
)
WIDEST = 100
TWO_COLUMNS = 110  # cells
PAGE_KEYS: Row = [(" esc", "strong"), (" back", "muted")]


class PageText(CellView):
    """Rows that can be scrolled, and a last one with the page's keys."""

    on_surface = True

    def __init__(self, make: Callable[[int], Rows], keys: Row, display: Display) -> None:
        super().__init__()
        self._display = display
        self._make = make
        self._keys = keys
        self.first = 0  # row at the top

    def redraw(self) -> None:
        """Draw the part that is in view."""
        width, height = self.size
        if not width or not height:
            return
        rows, room = self._make(width), max(1, height - 1)
        self.first = max(0, min(self.first, len(rows) - room))
        more = len(rows) - room - self.first
        foot = [*self._keys, (f"   {more} more rows below" if more > 0 else "", "muted")]
        glyphs = self._display.glyphs
        seen = block(spelled(rows[self.first :], glyphs), width, room, glyphs)
        self.show(block([*seen, foot], width, height, glyphs))

    def move(self, rows: int) -> None:
        """Move by so many rows."""
        self.first += rows
        self.redraw()

    def show_row(self, number: int) -> None:
        """Scroll as little as needed to have a row in view."""
        self.first = min(max(self.first, number - self.size.height + 2), number)
        self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """A new size needs new rows."""
        self.redraw()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Up."""
        self.move(-3)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Down."""
        self.move(3)


class PageHead(CellView):
    """The title of a page."""

    on_surface = True

    def __init__(self, title: str) -> None:
        super().__init__(id="page-head")
        self._title = title

    def on_resize(self, event: events.Resize) -> None:
        """Fill the width."""
        self.show(block([[(f" {self._title}", "title")]], event.size.width, event.size.height))


class PageScreen(ThriftyScreen):
    """A page: a title, text to scroll, and how to go back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup,b", "scroll(-10)", show=False),
        Binding("home", "scroll(-1000000)", show=False),
        Binding("end", "scroll(1000000)", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(
        self, title: str, make: Callable[[int], Rows], display: Display, keys: Row = PAGE_KEYS
    ) -> None:
        super().__init__()
        self.head = PageHead(title)
        self.text = PageText(make, keys, display)

    def compose(self) -> ComposeResult:
        """Title and text."""
        yield self.head
        yield self.text

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.text.move(rows)

    def action_close(self) -> None:
        """Back to the dashboard."""
        self.app.pop_screen()

    def follow(self) -> None:
        """After a snapshot."""
        self.text.redraw()


def help_rows(available: Callable[[Command], bool], display: Display, width: int) -> Rows:
    """Every command by group, and how to read the screen; what cannot be done now is muted."""
    rows: Rows = []
    for group in GROUPS:
        rows.append([(f" {group}", "strong")])
        for command in COMMANDS:
            if command.group != group:
                continue
            on = available(command)
            key = " ".join(_key_names(command, display.glyphs))
            roles = ("accent", "") if on else ("muted", "muted")
            rows.append([(f"   {key:<10} ", roles[0]), (command.help, roles[1])])
        rows.append([])
    if width < TWO_COLUMNS:
        return rows + reading_rows(width)
    left = max(row_width(row) for row in rows) + 4
    return beside(rows, reading_rows(width - left - 1), left)


def reading_rows(width: int) -> Rows:
    """What the parts of the screen mean."""
    rows: Rows = [[(" reading the screen", "strong")]]
    for name, meaning in READING:
        rows.append([(f"   {name}", "accent")])
        rows += [[(f"   {line}", "")] for line in textwrap.wrap(meaning, max(20, width - 4))]
    return rows


def beside(left: Rows, right: Rows, width: int) -> Rows:
    """Two columns, the left one `width` cells wide."""
    height = max(len(left), len(right))
    rows = [*left, *[[]] * (height - len(left))]
    others = [*right, *[[]] * (height - len(right))]
    return [[*exactly(row, width), *other] for row, other in zip(rows, others, strict=True)]


def _key_names(command: Command, glyphs: str) -> list[str]:
    extra = {"slash": "/", "f1": "f1", "ctrl+g": "ctrl+g", "colon": ":", "plus": "+"}
    return [shown_key(command, glyphs), *(extra[k] for k in command.keys[1:] if k in extra)]


def info_rows(state: RunState, width: int) -> Rows:
    """The recipe and what loading it brought."""
    recipe, welcome = state.recipe, state.welcome
    wide = min(WIDEST, width - 3)
    rows: Rows = [[(f" {safe_text(recipe.name)}", "strong"), (f"  {safe_text(recipe.title)}", "")]]
    for paragraph in recipe.about.strip().split("\n\n"):
        lines = textwrap.wrap(safe_text(" ".join(paragraph.split())), wide)
        rows += [[], *([(f" {line}", "")] for line in lines)]
    rows.append([])
    if welcome:
        rows += _facts(
            ("source", welcome.source),
            ("split", welcome.split),
            ("to train", f"{count(welcome.train_size)} {welcome.unit}s"),
            ("to validate", f"{count(welcome.validation_size)} {welcome.unit}s"),
            ("vocabulary", f"{count(welcome.vocab_size)}" if welcome.vocab_size else ""),
            ("parameters", f"{count(welcome.parameters)}"),
            ("an epoch", f"{count(welcome.steps_per_epoch)} updates"),
            ("an update", f"{count(welcome.tokens_per_update)} {welcome.unit}s"),
            ("entropy floor", f"{welcome.floor:.4f} nats" if welcome.floor is not None else ""),
            *((b.name, f"{b.loss:.4f} nats on the validation part") for b in state.baselines),
        )
        for note in welcome.notes:
            lines = textwrap.wrap(safe_text(note), wide) or [""]
            rows += [[(" note  ", "accent"), (lines[0], "")]]
            rows += [[("       ", ""), (line, "")] for line in lines[1:]]
        rows.append([])
    section = ""
    for leaf in keys():
        if leaf.section != section:
            section = leaf.section
            rows.append([(f" {section}", "strong")])
        value = recipe.get(leaf.name)
        role = "strong" if value != leaf.default else "muted"
        name, text = f"   {leaf.name:<14} ", pad(safe_text(str(value)), 26)
        rows.append([(name, "muted"), (f"{text}  ", role), (leaf.rule.help, "muted")])
    return rows


def _facts(*facts: tuple[str, str]) -> Rows:
    return [[(f" {safe_text(n):<14}", "muted"), (safe_text(t), "")] for n, t in facts if t]


def event_rows(state: RunState, _width: int) -> Rows:
    """What happened, the newest first."""
    rows: Rows = [[(f" {'update':>10}  {'time':>8}  what", "muted")]]
    for event in reversed(state.events):
        minutes, seconds = divmod(int(event.seconds), 60)
        row: Row = [
            (f" {count(event.step):>10}  {minutes:>5}:{seconds:02}  ", "muted"),
            (f"{event.kind:<12}", "warning" if event.kind == "alert" else "accent"),
            (safe_text(event.text), ""),
        ]
        rows.append(row)
    return rows if state.events else [*rows, [(" nothing yet", "muted")]]
