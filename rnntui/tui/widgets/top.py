"""The rows at the top: header, status, notice and banner."""

from __future__ import annotations

import textwrap

from textual import events
from textual.message import Message

from rnntui.numbers import count
from rnntui.protocol.insight import View
from rnntui.protocol.messages import Alert
from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.display import Display
from rnntui.tui.draw.progress import loading_rows
from rnntui.tui.draw.rows import Rows, block, exactly
from rnntui.tui.draw.status import header_row, status_rows
from rnntui.tui.draw.views.bar import view_places, views_bar
from rnntui.tui.state import RunState
from rnntui.tui.widgets.cells import spelled
from rnntui.tui.widgets.panel import Panel

FAILED = ("crashed", "diverged", "failed")  # statuses of a run that went wrong


class Header(Panel):
    """The header row."""

    def draw(self, width: int, height: int) -> Rows:
        """Draw name, network, status, speed and time."""
        state = self.state
        row = header_row(state.recipe, state.welcome, state.shown, width, self.options.glyphs)
        return block([row], width, height)


class Status(Panel):
    """The rows of numbers."""

    def draw(self, width: int, height: int) -> Rows:
        """Draw the loss and the other numbers, or the progress of reading the data."""
        state = self.state
        if state.loading is not None:
            return loading_rows(state.loading, width, height, self.options.glyphs)
        return status_rows(
            state.recipe, state.welcome, state.shown, width, height, self.options.glyphs
        )


class Notice(Panel):
    """The bar of views; for some seconds a short message instead: a command sent, a refusal.

    Posts `Picked` for a click on a view.
    """

    class Picked(Message):
        """A view was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(state, display, id)
        self.text = ""
        self.role = "muted"

    def draw(self, width: int, height: int) -> Rows:
        """Draw the message right-aligned, so that it is not mistaken for a row of numbers."""
        if not self.text:
            view, beside, glyphs = self.options.view, self.options.beside, self.options.glyphs
            keys = self.options.keys
            row = views_bar(view, self.state.findings, width, glyphs, beside, keys)
            return block([row], width, height)
        ((text, role),) = spelled([[(self.text, self.role)]], self.options.glyphs)[0]
        return self.fitted([[(pad(fit(text, width - 2), width - 1, ">"), role)]], width, height)

    def shows(self) -> object:
        """Return the message, the selected view and the findings."""
        options = self.options
        return self.text, options.view, options.beside, self.state.findings, options.glyphs

    def on_click(self, event: events.Click) -> None:
        """Report the view under the mouse."""
        for view, cells in self.places().items():
            if event.x in cells:
                self.post_message(self.Picked(view))

    def places(self) -> dict[View, range]:
        """Return the cells of each view's entry; none while a message is shown."""
        if self.text:
            return {}
        options, findings = self.options, len(self.state.findings)
        return view_places(options.view, findings, self.size.width, options.glyphs, options.keys)


class Banner(Panel):
    """Shows what happened while the user was away, then any alert with the key that fixes it."""

    def wants(self, width: int) -> int:
        """Return the number of lines."""
        return len(self.lines(width))

    def lines(self, width: int) -> Rows:
        """Return the banner's rows; none if all is well."""
        if ending := self.state.ending:
            role = "title" if ending.expected else "warning"
            key = self.options.key_of("quit", "q")
            return self._message(ending.text, self._remains(), key, "quit", width, role)
        alert, news = self.state.alert, "" if self.options.news_dismissed else self.state.news
        disk = self._disk(short=bool(alert or news)) if self.state.disk else []
        rows = self._news(news, width, 1 if alert else 2) if news else []
        return [*disk, *rows] + (
            self._message(alert_title(alert), alert.cause, *self._offer(alert.fix), width)
            if alert
            else []
        )

    def _remains(self) -> str:
        """Describe what remains of a run whose process is gone."""
        run = self.state.welcome.run if self.state.welcome else ""
        if not run:
            return "Unsaved progress is lost; the last state stays on screen until you quit."
        saved = self.state.saved
        start = "the beginning" if saved is None else f"the checkpoint of update {count(saved)}"
        return f"The run is saved: rnntui resume {run} continues from {start}."

    def _disk(self, short: bool) -> Rows:
        """Return what cannot be saved; `short` leaves room for more messages."""
        rows: Rows = [
            [(f" {self._sign('warning')} {safe_text(self.state.disk)}", "warning")],
            [(f"   {'training continues; ' if self.state.running else ''}saving is retried", "")],
        ]
        return rows[:1] if short else rows

    def _sign(self, role: str) -> str:
        """Return the sign before a warning or other news."""
        warning = role == "warning"
        if self.options.glyphs == "ascii":
            return "!" if warning else "*"
        return "▲" if warning else "●"

    def _offer(self, fix: str) -> tuple[str, str]:
        """Return the key that applies the fix, and the fix; empty if the key is unavailable."""
        state = self.state
        allowed = state.restorable and state.connection == "live" and not self.options.read_only
        return (self.options.key_of("fix", "m"), fix) if allowed else ("", "")

    def _message(
        self, title: str, cause: str, key: str, offer: str, width: int, role: str = "warning"
    ) -> Rows:
        most = 2 if width >= 100 else 3
        return [
            [(f" {self._sign(role)} {safe_text(title)}", role)],
            *([(f"   {line}", "")] for line in shortened(cause, width - 5, most)),
            *([[(f"   {key}", "strong"), (f"  {safe_text(offer)}", "")]] if key else []),
        ]

    def _news(self, news: str, width: int, most: int) -> Rows:
        """Return what happened while the user was away, and how to dismiss it."""
        state = self.state
        role = "warning" if state.status in FAILED or state.alert or state.not_saved else "title"
        events_key = self.options.key_of("events", "e")
        beside = 23 + cell_width(events_key)  # cells of the keys
        said = shortened(news, width - 5, most)
        if cell_width(said[-1]) > width - beside - 3:  # only the last row has the keys beside it
            said = shortened(news, width - beside - 3, most)
        rows: Rows = [
            [(f" {self._sign(role)} {said[0]}", role)],
            *([(f"   {line}", "")] for line in said[1:]),
        ]
        rows[-1] = exactly(rows[-1], width - beside)
        rows[-1] += [
            ("  esc", "strong"),
            (" dismiss  ", "muted"),
            (events_key, "strong"),
            (" events", "muted"),
        ]
        return rows

    def draw(self, width: int, height: int) -> Rows:
        """Draw what happened and which key to press, with as much of the cause as fits."""
        rows = self.lines(width)
        if 1 < height < len(rows):
            rows = [*rows[: height - 2], [*rows[height - 2], (" …", "muted")], rows[-1]]
        return self.fitted(rows, width, height)


def alert_title(alert: Alert) -> str:
    """Return what went wrong, and whether training is paused."""
    return f"{alert.title}: training is paused" if alert.pauses else alert.title


def shortened(text: str, width: int, most: int) -> list[str]:
    """Wrap text, made safe, into 1 to `most` lines, with an ellipsis if it is cut."""
    lines = textwrap.wrap(safe_text(text), max(20, width)) or [""]
    if len(lines) <= most:
        return lines
    rest = " ".join(lines[most - 1 :])
    return [*lines[: most - 1], fit(rest, max(20, width))]
