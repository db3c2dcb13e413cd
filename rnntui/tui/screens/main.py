"""The dashboard's screen: arranges the panels of a view and updates them."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.small import fits, too_small
from rnntui.tui.painter import DiffingScreen
from rnntui.tui.state import RunState
from rnntui.tui.terminal import TerminalApp
from rnntui.tui.views.arrangement import Box, pairs
from rnntui.tui.views.placing import HEADS, placed, widths
from rnntui.tui.views.view import View
from rnntui.tui.widgets.column import ColumnHead
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.panel import Panel, Part
from rnntui.tui.widgets.prompt import PromptInput, PromptLine
from rnntui.tui.widgets.top import Notice

PartType = TypeVar("PartType", bound=Part)


class TooSmall(Panel):
    """Replaces the dashboard on a terminal that is too small."""

    def draw(self, width: int, height: int) -> Rows:
        """Draw the actual and required size, and that training continues."""
        key = self.options.key_of("quit", "q", "ctrl+c")
        return too_small(width, height, key, self.state.status == "training")


class MainScreen(DiffingScreen, inherit_bindings=False):  # tab is a command of the dashboard
    """The panels of a view, or of two views beside each other if the terminal is wide enough.

    `view` has the focus. `pair` are two views to show beside each other; one of them is `view`.
    Posts `Entered` for a click on a panel of the other one, and `Resized`.
    """

    AUTO_FOCUS = ""
    app: TerminalApp

    class Entered(Message):
        """A panel of the view without the focus was clicked."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    class Resized(Message):
        """The panels have been rearranged for another size."""

    def __init__(
        self, state: RunState, display: Display, view: View, pair: tuple[View, View] | None = None
    ) -> None:
        super().__init__()
        self.state = state
        self.view, self.pair = view, pair
        self._display = display
        self._small = TooSmall(state, display, "small")
        self._parts: dict[str, Part] = {}  # those of views shown so far
        self._rows_of: tuple[dict[str, int], dict[str, int]] = ({}, {})  # wanted and useful
        self._heads = [ColumnHead(state, display, name) for name in HEADS]

    def _make_parts(self, *views: View) -> list[Part]:
        """Create the panels of views that no view has shown before, and return them."""
        places = {place.name: place for view in views for place in view.places}
        made = {
            name: place.make(self.state, self._display)
            for name, place in places.items()
            if name not in self._parts
        }
        for part in made.values():
            part.styles.position = "absolute"
        self._parts.update(made)
        return list(made.values())

    @property
    def views(self) -> tuple[View, ...]:
        """The views shown, from left to right."""
        wide = pairs(self.app.size.width, self._display.layout)
        return self.pair if self.pair and wide else (self.view,)

    def compose(self) -> ComposeResult:
        """Yield the panels."""
        self._make_parts(*self.views)
        yield from self._shown
        for head in self._heads:
            head.styles.position = "absolute"
            yield head
        yield self._small

    @property
    def _shown(self) -> list[Part]:
        """The panels of the views shown, as far as there are, from top to bottom, left to right."""
        names = dict.fromkeys(place.name for view in self.views for place in view.places)
        return [self._parts[name] for name in names if name in self._parts]

    def show(self, view: View, pair: tuple[View, View] | None = None) -> None:
        """Give the focus to a view; `pair`: it is shown beside another one if there is room."""
        self.set_focus(None)
        self.view, self.pair = view, pair
        self._mount_new()
        self.redraw()

    def _mount_new(self) -> None:
        """Mount the panels that no view has shown before."""
        new = self._make_parts(*self.views)
        before: Part | None = None
        for part in self._shown:
            if part in new:
                self.mount(part, after=before) if before else self.mount(part, before=0)
            before = part

    def panel(self, kind: type[PartType]) -> PartType:
        """Return the panel of this class. Raises LookupError if no view has shown one yet."""
        for part in self._parts.values():
            if isinstance(part, kind):
                return part
        raise LookupError(kind.__name__)

    @property
    def parts(self) -> list[Part]:
        """The panels that can be seen, from top to bottom, left to right."""
        return [part for part in self._shown if part.display and part.size.height]

    def panel_named(self, name: str) -> Part:
        """Return the panel of this name, which the view shown must have."""
        return self._parts[name]

    @property
    def prompt(self) -> PromptInput:
        """The input line of the prompt."""
        return self.panel(PromptLine).input

    def place(self) -> None:
        """Give each panel its rows at the current size."""
        width, height = self.app.size  # the screen's own size may be outdated
        self._small.display = not fits(width, height)
        boxes: dict[str, Box] = {}
        if not self._small.display:
            self._rows_of = self._rows_now(width)
            wanted, useful = self._rows_of
            boxes = placed(
                self.views, width, height, values=self.state.values, wanted=wanted, useful=useful
            )
        for name, part in self._parts.items():
            _put(part, boxes.get(name))
        for name, head, view in zip(HEADS, self._heads, self.pair or (None, None), strict=True):
            _put(head, boxes.get(name))
            if view:
                head.label(view.name, view is self.view)

    def _rows_now(self, width: int) -> tuple[dict[str, int], dict[str, int]]:
        """Return the rows that panels need for what they show now, and those they can use."""
        of_all = widths(self.views, width)
        parts = {name: (self._parts[name], w) for name, w in of_all.items() if name in self._parts}
        wanted = {name: rows for name, (part, w) in parts.items() if (rows := part.wants(w))}
        useful = {name: rows for name, (part, w) in parts.items() if (rows := part.useful(w))}
        return wanted, useful

    def follow(self) -> None:
        """Update the panels after a snapshot."""
        if self._rows_now(self.size.width) != self._rows_of:
            self.place()
        for part in self._shown:
            if part.display:
                part.follow()

    def redraw(self) -> None:
        """Redraw everything, as after a change of glyphs or theme."""
        self.place()
        for part in (*self._shown, *self._heads, self._small):
            if part.display:
                part.redraw()

    def redraw_panels(self, *names: str) -> None:
        """Redraw the panels of these names, as far as the view has them."""
        for name in names:
            if (part := self._parts.get(name)) and part.display:
                part.redraw()

    def show_notice(self, text: str, role: str) -> None:
        """Show a notice, in place of the footer if it has no line of its own."""
        notice, footer = self.panel(Notice), self.panel(Footer)
        notice.text, notice.role = text, role
        if notice.display:
            notice.redraw()
        elif text:
            footer.show(notice.draw(self.size.width, 1))
        else:
            footer.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Rearrange the panels; a view may appear beside the other, or make room for it."""
        self.place()
        self.call_after_refresh(self._complete)
        self.post_message(self.Resized())

    def _complete(self) -> None:
        """Add the panels of a second view; what there is can be shown."""
        if len(self._shown) < len(widths(self.views, self.app.size.width)):
            self._mount_new()
            self.redraw()
        self.app.show_frames()

    def on_click(self, event: events.Click) -> None:
        """Report a click on a panel of the view without the focus."""
        others = [view for view in self.views if view is not self.view]
        if others and not self.view.has(name := _part_at(event)) and others[0].has(name):
            self.post_message(self.Entered(others[0]))

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Update the keys when the prompt gets the focus."""
        self.redraw_panels("footer")

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Update the keys when the prompt loses the focus."""
        self.call_later(self.redraw_panels, "footer")


def _put(part: Part, box: Box | None) -> None:
    """Move a panel to a box, or hide it."""
    part.display = box is not None
    if box is not None:
        part.styles.offset = (box.x, box.y)
        part.styles.width, part.styles.height = box.width, box.height
        part.take(box.width, box.height)


def _part_at(event: events.Click) -> str:
    """Return the name of the panel that was clicked; empty if none was."""
    widget = event.widget
    while widget is not None and not isinstance(widget, Part):
        widget = widget.parent if isinstance(widget.parent, Widget) else None
    return widget.id or "" if widget else ""
