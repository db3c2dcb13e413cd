"""The loss plot."""

from __future__ import annotations

import time

from textual import events

from rnntui.tui.draw import LossPlot, Rows, loss_plot
from rnntui.tui.draw.loss import loss_at, updates_a_cell
from rnntui.tui.draw.loss_point import point_row
from rnntui.tui.state import Display, RunState
from rnntui.tui.widgets.panel import Panel

PERIOD = 0.5  # seconds between drawings while training: the eye needs no more, the CPU does
MOST_ZOOM = 3
MARKS = {
    "lr": "lr",
    "mend": "mend",
    "alert": "!",
    "skip": "skip",
    "rollback": "back",
    "disk": "disk",
}


class LossPanel(Panel):
    """Draws the loss; not at every snapshot, as it is the dearest panel to draw."""

    def __init__(self, state: RunState, display: Display) -> None:
        super().__init__(state, display, "plot")
        self._drawn_at = 0.0
        self._drawn_step = -1

    def draw(self, width: int, height: int) -> Rows:
        """The plot with title and legend; the title is replaced by the losses of a chosen point."""
        plot = self.plot()
        rows = loss_plot(plot, width, height, self.options.glyphs)
        if plot.at is None or height < 2:
            return rows
        near = updates_a_cell(plot, width)
        point = point_row(plot, plot.at, self.state.events, near)
        return [*self.fitted([point], width, 1), *rows[1:]]

    def plot(self) -> LossPlot:
        """What is to be plotted."""
        state = self.state
        step = state.snapshot.step if state.snapshot else 0
        return LossPlot(
            bins=state.bins,
            step=step,
            validations=state.validations,
            marks=[(e.step, MARKS[e.kind]) for e in state.events if MARKS.get(e.kind)],
            floor=state.welcome.floor if state.welcome else None,
            baselines=[(b.name, b.loss) for b in state.baselines],
            unit=loss_unit(state),
            log=self.options.log,
            first_step=zoomed_from(step, self.options.zoom),
            total=state.welcome.total_steps if state.welcome else None,
            at=min(self.options.at, step) if self.options.at and step else None,
        )

    def point(self, direction: int) -> int | None:
        """The update beside the chosen one, or the latest if none is chosen."""
        plot = self.plot()
        if plot.at is None:
            return plot.step or None
        to = plot.at + direction * updates_a_cell(plot, max(1, self.size.width))
        return max(1, plot.first_step, min(plot.step, to))

    def follow(self) -> None:
        """After a snapshot: draw if there is news and the last drawing is old enough."""
        snapshot = self.state.snapshot
        now = time.monotonic()
        calm = snapshot is not None and snapshot.state == "training" and snapshot.step > 20
        if snapshot and snapshot.step == self._drawn_step and calm:
            return
        if calm and now - self._drawn_at < PERIOD:
            return
        self.redraw()

    def redraw(self) -> None:
        """Draw now."""
        self._drawn_at = time.monotonic()
        self._drawn_step = self.state.snapshot.step if self.state.snapshot else -1
        super().redraw()

    def on_click(self, event: events.Click) -> None:
        """Point at the update under the mouse."""
        self.app.point_at(loss_at(self.plot(), self.size.width, event.x))  # type: ignore[attr-defined]

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in."""
        event.stop()
        self.app.change_zoom(1)  # type: ignore[attr-defined]

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out."""
        event.stop()
        self.app.change_zoom(-1)  # type: ignore[attr-defined]


def zoomed_from(step: int, zoom: int) -> int:
    """Where the last 1/2**zoom of the updates begin, in leaps: the picture is to stand still."""
    if zoom == 0:
        return 0
    span = step >> zoom
    leap = 1 << max(0, span.bit_length() - 3)
    return (step - span) // leap * leap


def loss_unit(state: RunState) -> str:
    """What the loss is counted in."""
    if state.values:
        return "½ squared error per step"
    return f"nats per {state.welcome.unit if state.welcome else 'character'}"
