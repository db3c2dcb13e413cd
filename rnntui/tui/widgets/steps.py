"""The steps of the last update: tokens under each other, or curves of true and predicted values."""

from __future__ import annotations

from textual import events

from rnntui.engine.protocol import TokenSteps, ValueSteps
from rnntui.text import fit
from rnntui.tui.draw import Row, Rows, ValuePlot, token_strip, value_plot
from rnntui.tui.draw.tokens import token_at, visible
from rnntui.tui.draw.values import value_at
from rnntui.tui.widgets.panel import Panel


class StepsPanel(Panel):
    """The newest look into the network; the details of a chosen step stand in its title."""

    def draw(self, width: int, height: int) -> Rows:
        """Strip or curves; the title is replaced by the details of the chosen step."""
        steps = self.state.steps
        if self.state.values:
            rows = value_plot(self.values(), width, height, self.options.glyphs)
        else:
            tokens = steps if isinstance(steps, TokenSteps) else None
            rows = token_strip(
                tokens, width, height, self.options.glyphs, unit=self._unit, chosen=self._chosen
            )
        details = self.details()
        return [*self.fitted([details], width, 1), *rows[1:]] if details else rows

    def shows(self) -> object:
        """The steps, or the forecast, and how to look at them."""
        written = self.state.written
        forecast = (written.id, len(written.values)) if self.state.values and written else None
        options = (self.options.chosen, self.options.feature, self.options.put_away)
        steps = (id(self.state.steps), self.state.steps.step if self.state.steps else 0)
        return (steps, forecast, options, self.options.glyphs)

    def values(self) -> ValuePlot:
        """What the curves show."""
        steps = self.state.steps
        shown = steps if isinstance(steps, ValueSteps) else None
        features = self.state.welcome.features if self.state.welcome else ()
        if forecast := self.state.forecast(self.options):
            # It goes on from its prompt, or from the end of the source: not from these steps.
            return ValuePlot(
                true=forecast.before,
                forecast=forecast.values,
                features=features or ("value",),
                feature=self.options.feature,
                step=forecast.step,
            )
        return ValuePlot(
            true=shown.true if shown else (),
            predicted=shown.predicted if shown else (),
            features=features or ("value",),
            feature=self.options.feature,
            step=shown.step if shown else 0,
            chosen=self._chosen,
        )

    @property
    def _unit(self) -> str:
        return self.state.welcome.unit if self.state.welcome else "character"

    @property
    def _chosen(self) -> int | None:
        """The chosen step, as long as there is one of that number."""
        chosen, count = self.options.chosen, self.state.step_count
        if self.state.forecast(self.options):
            return None
        return None if chosen is None or not count else min(chosen, count - 1)

    def details(self) -> Row:
        """The chosen step in words; empty if none is chosen."""
        steps, at = self.state.steps, self._chosen
        if steps is None or at is None:
            return []
        row: Row = [(" step ", "title"), (f"{at + 1} of {len(steps.input)}", "strong")]
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
        """Choose the step under the mouse."""
        steps, width = self.state.steps, self.size.width
        if isinstance(steps, TokenSteps):
            step = token_at(steps, width, event.x, self.options.glyphs, self._unit)
        else:
            step = value_at(self.values(), width, event.x)
        if step is not None:
            self.app.choose_step(step)  # type: ignore[attr-defined]


def _number(value: float | None, form: str) -> str:
    return "not finite" if value is None else format(value, form)
