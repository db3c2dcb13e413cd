"""The rows at the top: what is trained and how it goes, numbers, a notice, an alert."""

from __future__ import annotations

import textwrap

from rnntui.text import fit, pad, safe_text
from rnntui.tui.draw import Rows, block, exactly, header_row, loading_rows, status_rows
from rnntui.tui.state import Display, RunState
from rnntui.tui.widgets.cells import spelled
from rnntui.tui.widgets.panel import Panel

TROUBLE = ("crashed", "diverged", "failed")  # states that nobody wanted


class Header(Panel):
    """The first row."""

    def draw(self, width: int, height: int) -> Rows:
        """Name, network, state, speed and time."""
        state = self.state
        row = header_row(state.recipe, state.welcome, state.shown, width, self.options.glyphs)
        return block([row], width, height)


class Status(Panel):
    """The rows of numbers."""

    def draw(self, width: int, height: int) -> Rows:
        """Loss, validation, rate and the rest, each in its place."""
        state = self.state
        if state.loading is not None:
            return loading_rows(state.loading, width, height, self.options.glyphs)
        return status_rows(
            state.recipe, state.welcome, state.shown, width, height, self.options.glyphs
        )


class Notice(Panel):
    """One line for what the dashboard has to say: an order on its way, a refusal, a hint."""

    def __init__(self, state: RunState, display: Display) -> None:
        super().__init__(state, display, "notice")
        self.text = ""
        self.role = "muted"

    def draw(self, width: int, height: int) -> Rows:
        """The text at the right end, where it is not taken for another row of numbers."""
        ((text, role),) = spelled([[(self.text, self.role)]], self.options.glyphs)[0]
        return self.fitted([[(pad(fit(text, width - 2), width - 1, ">"), role)]], width, height)


class Banner(Panel):
    """Trouble, and the key that mends it; before that, what happened while nobody looked."""

    def lines(self, width: int) -> Rows:
        """The banner's rows; none when all is well."""
        if ending := self.state.ending:
            role = "title" if ending.sound else "warning"
            return self._told(ending.text, self._left(), "q", "leave", width, role)
        alert, news = self.state.alert, "" if self.options.news_seen else self.state.news
        disk = self._disk(short=bool(alert or news)) if self.state.disk else []
        rows = self._news(news, width, 1 if alert else 2) if news else []
        return [*disk, *rows] + (
            self._told(alert.title, alert.cause, "m", alert.mend, width) if alert else []
        )

    def _left(self) -> str:
        """What there is left of a run whose process is gone."""
        run = self.state.welcome.run if self.state.welcome else ""
        if not run:
            return "What it had learned is lost; the last picture of it stays until you leave."
        return f"The run is kept: rnntui resume {run} goes on from its last checkpoint."

    def _disk(self, short: bool) -> Rows:
        """What cannot be saved; `short`: there is more to tell."""
        rows: Rows = [
            [(f" {self._sign('warning')} {safe_text(self.state.disk)}", "warning")],
            [("   training goes on; saving is tried again until it works", "")],
        ]
        return rows[:1] if short else rows

    def _sign(self, role: str) -> str:
        """What stands before trouble ("warning") and before news."""
        trouble = role == "warning"
        if self.options.glyphs == "ascii":
            return "!" if trouble else "*"
        return "▲" if trouble else "●"

    def _told(
        self, title: str, cause: str, key: str, offer: str, width: int, role: str = "warning"
    ) -> Rows:
        most = 2 if width >= 100 else 3
        return [
            [(f" {self._sign(role)} {safe_text(title)}", role)],
            *([(f"   {line}", "")] for line in shortened(cause, width - 5, most)),
            [(f"   {key}", "strong"), (f"  {safe_text(offer)}", "")],
        ]

    def _news(self, news: str, width: int, most: int) -> Rows:
        """What happened while nobody looked, and how to put that away."""
        role = "warning" if self.state.state in TROUBLE or self.state.alert else "title"
        said = shortened(news, width - 27, most)
        rows: Rows = [
            [(f" {self._sign(role)} {said[0]}", role)],
            *([(f"   {line}", "")] for line in said[1:]),
        ]
        rows[-1] = exactly(rows[-1], width - 24)
        rows[-1] += [
            ("  esc", "strong"),
            (" dismiss  ", "muted"),
            ("e", "strong"),
            (" events", "muted"),
        ]
        return rows

    def draw(self, width: int, height: int) -> Rows:
        """What happened and what to press; of the cause as much as there is room for."""
        rows = self.lines(width)
        if 1 < height < len(rows):
            rows = [*rows[: height - 2], [*rows[height - 2], (" …", "muted")], rows[-1]]
        return self.fitted(rows, width, height)


def shortened(text: str, width: int, most: int) -> list[str]:
    """Safe text in at most so many lines, with an ellipsis where it is cut; one line at least."""
    lines = textwrap.wrap(safe_text(text), max(20, width)) or [""]
    if len(lines) <= most:
        return lines
    rest = " ".join(lines[most - 1 :])
    return [*lines[: most - 1], fit(rest, max(20, width))]
