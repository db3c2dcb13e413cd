"""Jump mode: a letter on every panel and control of a screen, and what pressing it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from rnntui.dataclass import dataclass
from rnntui.text import cell_width
from rnntui.tui.command import live
from rnntui.tui.draw.jump import Mark, letters
from rnntui.tui.draw.rows import Row
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.screens.palette import PaletteScreen
from rnntui.tui.screens.samples import SamplesScreen
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.cells import CellView
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.panel import Panel
from rnntui.tui.widgets.prompt import PromptLine
from rnntui.tui.widgets.top import Header, Notice

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

Go = Callable[[], object]
LEAVING: Row = [("  esc", "strong"), (" leaves jump mode ", "muted")]


@dataclass(frozen=True)
class Spot:
    """A cell of a widget where a letter is shown, what it is called, and what the letter does."""

    widget: CellView
    x: int
    y: int
    name: str
    go: Go

    @property
    def place(self) -> tuple[object, ...]:
        """What tells two spots apart."""
        return self.widget, self.x, self.y, self.name


class Jump:
    """The letters shown on a screen, and in its first row how to leave them."""

    def __init__(self, spots: list[Spot], head: CellView) -> None:
        self._spots, self._head = spots, head
        found = zip(letters(spot.name for spot in spots), spots, strict=True)
        self.by_letter = {letter: spot for letter, spot in found if letter}

    def same_as(self, spots: list[Spot]) -> bool:
        """Return whether the letters are still in the right places."""
        return [spot.place for spot in spots] == [spot.place for spot in self._spots]

    def show(self) -> None:
        """Draw the letters."""
        marks: dict[CellView, list[Mark]] = {}
        first = self._head.size.width - sum(len(text) for text, _ in LEAVING)
        signs = [(sign, role) for text, role in LEAVING for sign in text]
        marks[self._head] = [Mark(first + x, 0, *sign) for x, sign in enumerate(signs)]
        for letter, spot in self.by_letter.items():
            marks.setdefault(spot.widget, []).append(Mark(spot.x, spot.y, letter))
        for widget, its in marks.items():
            widget.mark(tuple(its))

    def clear(self) -> None:
        """Remove the letters."""
        for widget in {self._head, *(spot.widget for spot in self._spots)}:
            widget.mark(())


def head_of(app: Dashboard) -> CellView:
    """Return the first row of the current screen."""
    screen = app.screen
    return screen.head if isinstance(screen, PageScreen | SamplesScreen) else app.main.panel(Header)


def spots_of(app: Dashboard) -> list[Spot]:
    """Return the places of the current screen, the most important ones first."""
    screen = app.screen
    if screen is app.main:
        return [*_panels(app), *_views(app), *_footer(app)]
    if isinstance(screen, PaletteScreen):
        return [*_choices(screen), *_foot(screen.text, {"back": screen.action_close})]
    if isinstance(screen, PageScreen):
        controls: dict[str, Go] = {
            "back": screen.action_close,
            "scroll": partial(screen.action_scroll, 10),
        }
        return [*_foot(screen.text, controls), *_headings(screen)]
    return _samples(screen) if isinstance(screen, SamplesScreen) else []


def _panels(app: Dashboard) -> Iterator[Spot]:
    for part in app.main.parts:
        if isinstance(part, PromptLine):
            if live(app):
                yield Spot(part.label, 0, 0, "prompt", partial(_prompt, app))
        elif isinstance(part, Panel) and not isinstance(part, Notice | Footer):
            name = part.id or ""
            yield Spot(part, 0, 0, name, partial(app.focus_panel, name))


def _prompt(app: Dashboard) -> None:
    app.focus_panel("")
    app.open_prompt()


def _views(app: Dashboard) -> Iterator[Spot]:
    bar = app.main.panel(Notice)
    places = bar.places() if bar.display else {}
    for view in VIEWS:
        if view.name in places:
            at = places[view.name].start
            yield Spot(bar, at, 0, view.name, partial(app.show_view, view))


def _footer(app: Dashboard) -> Iterator[Spot]:
    footer, bar = app.main.panel(Footer), app.main.panel(Notice)
    shown = {str(view) for view in bar.places()} if bar.display else set()
    for x, command in footer.places():
        if command.name not in shown:
            word = command.footer_word(app)
            yield Spot(footer, x - 1, 0, word, partial(app.run_command, command))


def _foot(text: CellView, controls: Mapping[str, Go]) -> list[Spot]:
    """Return the keys in the last row of a page: each has its word after it."""
    rows = text.unmarked
    found = []
    for word, x in _words(rows[-1] if rows else []):
        if word in controls:
            found.append(Spot(text, x - 1, len(rows) - 1, word, controls[word]))
    return found


def _words(row: Row) -> Iterator[tuple[str, int]]:
    """Yield each word with the cell where the key before it begins."""
    x = key = 0
    for text, role in row:
        if role == "strong":
            key = x + len(text) - len(text.lstrip())
        elif text.strip():
            yield text.strip().partition("  ")[0], key
        x += cell_width(text)


def _headings(screen: PageScreen) -> Iterator[Spot]:
    text = screen.text
    for y, row in enumerate(text.unmarked[:-1]):
        head, role = row[0] if row else ("", "")
        if role in ("strong", "title") and head[:1] == " " and head[1:2].strip():
            yield Spot(text, 0, y, head, partial(text.put_first, text.first + y))


def _choices(screen: PaletteScreen) -> Iterator[Spot]:
    for y, choice in screen.visible_choices():
        yield Spot(screen.text, 1, y, choice.name, partial(screen.run_choice, choice))


def _samples(screen: SamplesScreen) -> list[Spot]:
    text = screen.text
    controls: dict[str, Go] = {
        "choose": partial(text.move, 1),
        "scroll": partial(text.scroll_by, 1),
        "compare": text.compare,
        "copy": screen.action_copy,
        "write to a file": screen.action_write,
        "back": screen.action_close,
    }
    return [
        *_foot(text, controls),
        *(Spot(text, 0, y, "", partial(text.choose_at, y)) for y in range(text.list_rows)),
    ]
