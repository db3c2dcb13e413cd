"""The time steps of the last update: rows of tokens, or curves of true and predicted values."""

from __future__ import annotations

from textual import events
from textual.message import Message

from rnntui.numbers import count
from rnntui.protocol.messages import MOST_STREAMS, TokenSteps, ValueSteps
from rnntui.text import fit
from rnntui.tui.draw.forecast_details import forecast_details
from rnntui.tui.draw.rows import NO_STEPS, Row, Rows
from rnntui.tui.draw.tokens import room_for, strip_height, token_at, token_strip, visible
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values_grid import value_plots, value_step
from rnntui.tui.widgets.panel import Panel

NOT_STORED = "the time steps of the last update were not saved"
WIDE = 150  # cells of the terminal from which several streams are shown
NONE_MADE = "no time steps were recorded"


class StepsPanel(Panel):
    """The time steps; the details of the selected one replace the title."""

    class Selected(Message):
        """A time step was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def draw(self, width: int, height: int) -> Rows:
        """Draw the strip or curves; the details of the selected time step replace the title."""
        steps = self.state.shown_steps
        if self.state.values:
            rows = value_plots(self.values(), width, height, self.options.glyphs, self._hint)
        else:
            tokens = steps if isinstance(steps, TokenSteps) else None
            rows = token_strip(
                tokens,
                width,
                height,
                self.options.glyphs,
                unit=self.state.unit,
                selected=self._selected,
                hint=self._hint,
                streams=self.state.streams if steps is self.state.steps else (),
            )
        details = self.details(width) or self._not_kept_row(width)
        return [*self.fitted([details], width, 1), *rows[1:]] if details else rows

    given: tuple[int, int] = (0, 0)  # the newest size, which the panel may not have yet

    def take(self, width: int, height: int) -> None:
        """Ask for as many streams as there is room for."""
        self.given = width, height
        self.state.streams_shown = self._streams(width, height)

    def redraw(self) -> None:
        """Draw; the length of the time steps may have changed, too."""
        self.state.streams_shown = self._streams(*self.given)
        super().redraw()

    def useful(self, width: int) -> int:
        """Return the rows for all streams of a wide terminal; curves fill any number."""
        if self.state.values:
            return 0
        stored = self.state.ended and self.state.steps is not None
        streams = len(self.state.streams) if stored else self._most_streams
        return strip_height(streams + 1, self.state.time_step_count, width)

    @property
    def _most_streams(self) -> int:
        """How many streams beyond the first there may be: none on a terminal of usual width."""
        state, welcome = self.state, self.state.welcome
        if self.app.size.width < WIDE or welcome is None or not welcome.batch:
            return 0
        if state.steps is not None and state.steps.first > 0:  # several updates are joined
            return 0
        return min(MOST_STREAMS, welcome.batch - 1)

    def _streams(self, width: int, height: int) -> int:
        steps, welcome = self.state.steps, self.state.welcome
        if not isinstance(steps, TokenSteps):
            return 0
        if welcome is not None and welcome.batch == 1 and self.app.size.width >= WIDE:
            return 1  # instead of a further stream, earlier time steps of this one are sent
        if not self._most_streams:
            return 0
        room = room_for(steps, width, height, self.options.glyphs, self.state.unit)
        return min(self._most_streams, room - 1)

    def shows(self) -> object:
        """Return what the panel depends on: time steps, forecast and view options."""
        generated = self.state.generated
        forecast = (
            (generated.id, len(generated.values)) if self.state.values and generated else None
        )
        chosen = self.options.selected, self.options.forecast_at
        options = (chosen, self.options.feature, self.options.dismissed_forecast)
        shown = self.state.shown_steps
        steps = (id(shown), shown.step if shown else 0, self.state.not_kept)
        streams = id(self.state.streams), len(self.state.streams)
        return (steps, streams, forecast, options, self.options.glyphs, self._hint)

    def values(self) -> ValuePlot:
        """Return the values of the curves."""
        steps = self.state.shown_steps
        shown = steps if isinstance(steps, ValueSteps) else None
        features = self.state.welcome.features if self.state.welcome else ()
        if forecast := self.state.forecast(self.options):
            # It continues its prompt or the end of the source, not these time steps.
            outlook, shown_before = forecast.outlook, forecast.shown_before
            before = forecast.before[-shown_before:] if shown_before else ()
            return ValuePlot(
                true=before,
                times=outlook.times_before[-len(before) :] if outlook and before else (),
                outlook=outlook,
                selected=self.options.forecast_at,
                forecast=forecast.values,
                features=features or ("value",),
                feature=self.options.feature,
                update=forecast.update,
            )
        return ValuePlot(
            true=shown.true if shown else (),
            predicted=shown.predicted if shown else (),
            features=features or ("value",),
            feature=self.options.feature,
            update=shown.step if shown else 0,
            first=shown.first if shown else 0,
            selected=self._selected,
            times=shown.times if shown else (),
        )

    @property
    def _hint(self) -> str:
        """Why no time steps are shown."""
        if not self.state.ended:
            return NO_STEPS
        snapshot = self.state.snapshot
        return NOT_STORED if snapshot is not None and snapshot.step else NONE_MADE

    def _not_kept_row(self, width: int) -> Row:
        """Return a title that says which update is shown in place of the one pointed at."""
        steps, update = self.state.shown_steps, self.state.not_kept
        if steps is None or not update:
            return []
        words = f"  of update {count(steps.step)}; those of update {count(update)} were not kept"
        return [(" time steps", "title"), (words, "muted")]

    @property
    def _selected(self) -> int | None:
        """The index of the selected time step, or None."""
        selected, most = self.options.selected, self.state.time_step_count
        if self.state.forecast(self.options):
            return None
        return None if selected is None or not most else min(selected, most - 1)

    def details(self, width: int) -> Row:
        """Return the details of the selected time step or row of a forecast; empty without one."""
        if self.state.forecast(self.options) and self.options.forecast_at is not None:
            plot, feature = self.values(), self.options.feature or 0
            chosen, glyphs = self.options.forecast_at, self.options.glyphs
            return forecast_details(plot, chosen, feature, width, glyphs)
        steps, at = self.state.shown_steps, self._selected
        if steps is None or at is None:
            return []
        row: Row = [(" time step ", "title"), (f"{at + 1} of {len(steps.input)}", "strong")]
        if isinstance(steps, TokenSteps):
            probability = steps.probability[at]
            tokens = (steps.input[at], steps.true[at], steps.predicted[at])
            read, expected, guessed = (visible(token, self.options.glyphs) for token in tokens)
            right = steps.predicted[at] == steps.true[at]
            return [
                *row,
                ("   input ", "muted"), (read, "strong"),
                ("   true ", "muted"), (expected, "strong"),
                ("   predicted ", "muted"), (guessed, "strong" if right else "wrong"),
                ("   p(true) ", "muted"), (_number(probability, ".3f"), "strong"),
            ]  # fmt: skip
        if at < len(steps.times):
            row.append((f"  {steps.times[at]}", "strong"))
        feature = self.options.feature or 0
        features = self.state.welcome.features if self.state.welcome else ()
        if len(features) > 1:
            row.append((f"   {fit(features[feature], 16)}", "strong"))
        true, predicted = steps.true[at][feature], steps.predicted[at][feature]
        error = predicted - true if true is not None and predicted is not None else None
        return [
            *row,
            ("   input ", "muted"), (_number(steps.input[at][feature], ".5g"), "strong"),
            ("   true ", "muted"), (_number(true, ".5g"), "strong"),
            ("   predicted ", "muted"), (_number(predicted, ".5g"), "strong"),
            ("   error ", "muted"), (_number(error, "+.3g"), "strong"),
        ]  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """Report the time step under the mouse."""
        steps, width = self.state.shown_steps, self.size.width
        if isinstance(steps, TokenSteps):
            if event.y >= strip_height(1, 0, width):
                return
            step = token_at(steps, width, event.x, self.options.glyphs, self.state.unit)
        else:
            step = value_step(self.values(), width, self.size.height, event.x)
        if step is not None:
            self.post_message(self.Selected(step))


def _number(value: float | None, form: str) -> str:
    return "not finite" if value is None else format(value, form)
