"""The loss plot."""

from __future__ import annotations

import time

from textual import events
from textual.message import Message

from rnntui.tui.display import Display
from rnntui.tui.draw.loss import LossPlot, loss_at, loss_plot, updates_a_cell
from rnntui.tui.draw.loss_point import point_row
from rnntui.tui.draw.rows import Rows
from rnntui.tui.hints import loss_unit
from rnntui.tui.state import RunState
from rnntui.tui.widgets.panel import Panel
from rnntui.tui.window import zoomed_range

PERIOD = 0.5  # seconds between redraws in a run's first seconds; more would only cost CPU time
MARKS = {
    "lr": "lr",
    "mend": "fix",
    "alert": "!",
    "skip": "skip",
    "rollback": "back",
    "disk": "disk",
    "note": "note",
}


class LossPanel(Panel):
    """The loss plot; as the costliest panel it is not redrawn at every snapshot."""

    class Pointed(Message):
        """An update was clicked; None: next to the plot."""

        def __init__(self, update: int | None) -> None:
            super().__init__()
            self.update = update

    class Zoomed(Message):
        """The mouse wheel was turned: 1 is in, -1 is out."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(state, display, id)
        self._drawn_at = 0.0
        self._drawn_update = -1

    def draw(self, width: int, height: int) -> Rows:
        """Draw the plot; the losses at the cursor replace its title."""
        plot = self.plot()
        rows = loss_plot(plot, width, height, self.options.glyphs)
        if plot.at is None or height < 2:
            return rows
        near = updates_a_cell(plot, width)
        point = point_row(plot, plot.at, self.state.events, near)
        return [*self.fitted([point], width, 1), *rows[1:]]

    def plot(self) -> LossPlot:
        """Return what to plot."""
        state = self.state
        update = state.snapshot.step if state.snapshot else 0
        at = min(self.options.cursor, update) if self.options.cursor and update else None
        first, last = zoomed_range(update, self.options.zoom, at)
        # The run's own bins are shown until the finer ones arrive.
        state.requested_window = (first, last) if self.options.zoom else None
        window = state.window if state.requested_window else None
        fits = window is not None and (window.first, window.last) == (first, last)
        return LossPlot(
            bins=state.window_bins if fits else state.bins,
            update=update,
            validations=(
                [(v.step, v.loss) for v in window.validations]
                if window is not None and fits
                else state.validations
            ),
            marks=[(e.step, MARKS[e.kind]) for e in state.events if MARKS.get(e.kind)],
            floor=state.welcome.floor if state.welcome else None,
            baselines=[(b.name, b.loss) for b in state.baselines],
            unit=loss_unit(state),
            log=self.options.log,
            first=first,
            last=last if self.options.zoom and last < update else None,
            total=state.welcome.total_steps if state.welcome else None,
            hint="no updates were run" if state.ended else LossPlot.hint,
            at=at,
            overlay=self.options.overlay,
        )

    def point(self, direction: int) -> int | None:
        """Return the update next to the cursor, or the latest one without a cursor."""
        plot = self.plot()
        if plot.at is None:
            return plot.update or None
        to = plot.at + direction * updates_a_cell(plot, max(1, self.size.width))
        return max(1, min(plot.update, to))

    def follow(self) -> None:
        """Redraw after a snapshot with new data if the last redraw is old enough."""
        snapshot = self.state.snapshot
        now = time.monotonic()
        steady = snapshot is not None and snapshot.state == "training" and snapshot.step > 20
        if snapshot and snapshot.step == self._drawn_update and steady:
            return
        if steady and now - self._drawn_at < PERIOD * self.state.calm:
            return
        self.redraw()

    def redraw(self) -> None:
        """Redraw now."""
        self._drawn_at = time.monotonic()
        self._drawn_update = self.state.snapshot.step if self.state.snapshot else -1
        super().redraw()

    def on_click(self, event: events.Click) -> None:
        """Report the update under the mouse."""
        self.post_message(self.Pointed(loss_at(self.plot(), self.size.width, event.x)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Ask to zoom in."""
        event.stop()
        self.post_message(self.Zoomed(1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Ask to zoom out."""
        event.stop()
        self.post_message(self.Zoomed(-1))


def whole_plot(state: RunState, options: Display) -> LossPlot:
    """Return the loss of the whole run."""
    return LossPlot(
        bins=state.bins,
        update=state.snapshot.step if state.snapshot else 0,
        unit=loss_unit(state),
        log=options.log,
        hint="no updates were run" if state.ended else LossPlot.hint,
    )
