"""The panels of the views that explain why: each draws the newest message of its view."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TypeVar

from textual import events

from rnntui.numbers import count
from rnntui.protocol.insight import (
    Experiments,
    Guesses,
    Health,
    Memory,
    Neurons,
    Passage,
    ValueGuesses,
)
from rnntui.tui.draw.loss_line import loss_line
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.draw.sampling import sampling_note
from rnntui.tui.draw.targets import target_at
from rnntui.tui.draw.views.experiments import experiments_rows
from rnntui.tui.draw.views.explain import (
    explain_experiments,
    explain_guesses,
    explain_health,
    explain_memory,
    explain_neurons,
)
from rnntui.tui.draw.views.guesses import guesses_rows
from rnntui.tui.draw.views.health import health_rows
from rnntui.tui.draw.views.memory import memory_rows
from rnntui.tui.draw.views.neurons import neurons_rows
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.prose import marked_title
from rnntui.tui.state import RunState
from rnntui.tui.widgets.loss import whole_plot
from rnntui.tui.widgets.panel import Panel, TargetPicked, ViewScrolled

Kind = TypeVar("Kind")


def newest(state: RunState, kind: type[Kind]) -> Kind | None:
    """Return the newest message if it is of this kind."""
    return state.insight if isinstance(state.insight, kind) else None


class LossLine(Panel):
    """The loss of the whole run in one row."""

    def shows(self) -> object:
        """Return the curve."""
        return self.state.bins.smooth, self.options.glyphs, self.options.log

    def draw(self, width: int, height: int) -> Rows:
        """Draw the row."""
        glyphs = self.options.glyphs
        return block(
            [loss_line(whole_plot(self.state, self.options), width, glyphs)], width, height
        )


class InsightPanel(Panel):
    """The panel of a view, and the page that explains it at length."""

    STORED = "checkpoint at update {}"  # what a view of a stored run shows, if not its end

    def shows(self) -> object:
        """Return everything that the drawing depends on."""
        state = self.state
        look = state.insight_look, state.frozen, state.connection
        return state.insight, state.passage, look, self._other(), self.options.glyphs

    def _other(self) -> object:
        """Return what else the drawing depends on."""
        return self._problem

    def draw(self, width: int, height: int) -> Rows:
        """Draw the newest message of the view."""
        rows = self.drawn(self._view_options, width, height)
        if rows and (mark := self._mark):
            rows[0] = marked_title(rows[0], mark, width)
        return rows

    @property
    def _mark(self) -> str:
        """Say that the view shows the weights of an earlier update; empty if it does not."""
        state = self.state
        step = state.insight.step if state.insight else None
        if state.frozen:
            return "frozen" if step is None else f"frozen at update {count(step)}"
        stored = state.welcome is not None and state.welcome.ended
        if stored and step is not None and state.snapshot and step < state.snapshot.step:
            return self.STORED.format(count(step))
        return ""

    @abstractmethod
    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Return the rows of the view, drawn with these options."""

    def on_click(self, event: events.Click) -> None:
        """Report what is under the mouse."""
        rows = self.drawn(replace(self._view_options, targets=True), *self.size)
        if target := target_at(rows, event.x, event.y):
            self.post_message(TargetPicked(target))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Ask for what comes before the selected thing."""
        event.stop()
        self.post_message(ViewScrolled(-1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Ask for what comes after the selected thing."""
        event.stop()
        self.post_message(ViewScrolled(1))

    @abstractmethod
    def explained(self, width: int) -> Rows:
        """Return the rows of the page that explains the view."""

    @property
    def _problem(self) -> str:
        """Why there is nothing to measure; empty if that is not known."""
        state = self.state
        if state.connection == "gone" and state.insight is None:
            return "the training process has ended: attach to the run to see this view"
        return state.snapshot.insight_problem if state.snapshot else ""

    @property
    def _started(self) -> bool:
        return self.state.snapshot is not None and self.state.snapshot.step > 0

    @property
    def _view_options(self) -> ViewOptions:
        state, look = self.state, self.state.insight_look
        features = state.welcome.features if state.welcome else ()
        shown = state.shown
        return ViewOptions(
            glyphs=self.options.glyphs,
            unit=state.unit,
            features=features or ("value",),
            feature=self.options.feature or 0,
            layer=look.layer,
            at=look.at if look.at >= 0 else None,
            finding=self.options.finding,
            sampling=sampling_note(shown.sampling, " · ") if shown else "",
            reason=self._problem or (MEASURING if self._started else ""),
            ended=state.ended,
            restorable=state.restorable,
            gone=state.connection == "gone",
            stored=state.welcome is not None and state.welcome.ended,
            keys=self.options.keys,
            method=state.recipe.sample.method,
        )

    @property
    def _passage(self) -> Passage | None:
        return self.state.passage


class GuessesPanel(InsightPanel):
    """What the network expects at each position of a passage."""

    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Draw the newest guesses."""
        return guesses_rows(self._found, self._passage, options, width, height)

    def explained(self, width: int) -> Rows:
        """Explain the view with its numbers."""
        return explain_guesses(self._found, self._passage, self._view_options, width)

    @property
    def _found(self) -> Guesses | ValueGuesses | None:
        return newest(self.state, Guesses) or newest(self.state, ValueGuesses)

    def _other(self) -> object:
        """Return the sampling settings and the column, too."""
        shown = self.state.shown
        return self._problem, shown.sampling if shown else None, self.options.feature


class MemoryPanel(InsightPanel):
    """How far back the network remembers."""

    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Draw the newest measurement."""
        found = newest(self.state, Memory)
        return memory_rows(found, self._passage, options, width, height)

    def explained(self, width: int) -> Rows:
        """Explain the view with its numbers."""
        found = newest(self.state, Memory)
        return explain_memory(found, self._passage, self._view_options, width)


class NeuronsPanel(InsightPanel):
    """What the hidden units do over a passage."""

    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Draw the newest activations."""
        found = newest(self.state, Neurons)
        return neurons_rows(found, self._passage, options, width, height)

    def explained(self, width: int) -> Rows:
        """Explain the view with its numbers."""
        found = newest(self.state, Neurons)
        return explain_neurons(found, self._passage, self._view_options, width)


class HealthPanel(InsightPanel):
    """The findings and signs of a run."""

    STORED = "signs up to update {}"

    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Draw the findings and the newest signs."""
        found = newest(self.state, Health)
        backtest = self.state.backtest
        return health_rows(found, self.state.findings, options, width, height, backtest)

    def explained(self, width: int) -> Rows:
        """Explain the view with its numbers."""
        found = newest(self.state, Health)
        forecasts = self.state.backtest is not None
        return explain_health(found, self.state.findings, self._view_options, width, forecasts)

    def _other(self) -> object:
        """Return the findings and the backtest, too."""
        shown = self.state.backtest, self.options.feature
        return self._problem, self.state.findings, self.options.finding, shown


class ExperimentsPanel(InsightPanel):
    """Experiments and their results."""

    def drawn(self, options: ViewOptions, width: int, height: int) -> Rows:
        """Draw the results so far."""
        found = newest(self.state, Experiments)
        return experiments_rows(found, options, width, height)

    def explained(self, width: int) -> Rows:
        """Explain the view with its numbers."""
        return explain_experiments(newest(self.state, Experiments), self._view_options, width)
