"""Turn the health checks of a run into alerts and events, and restore good weights."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from rnntui.data import Dataset
from rnntui.protocol.messages import Alert, EventKind
from rnntui.recipe import Recipe
from rnntui.session.alerts import Context, alert
from rnntui.session.responses import responses
from rnntui.session.steps import largest_value
from rnntui.training.health.losses import Trouble
from rnntui.training.loop import Chunk, TrainState, go_back
from rnntui.training.usual_rate import fixed_rate

# A loss that is high for a reason that a finding names; the run does not diverge.
EXPLAINED: Mapping[Trouble, str] = {
    "above chance": "bad-start",
    "above constant": "unscaled-values",
}


class Monitor:
    """The current alert, and the events of the last update.

    The state's `stability` detects the problems; this class only reports them.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        state: TrainState,
        findings: Collection[str] = (),
    ) -> None:
        """`findings`: as for `see`."""
        self.alert: Alert | None = None
        self.events: tuple[tuple[EventKind, str], ...] = ()
        self._recipe, self._data, self._state = recipe, data, state
        self._raised: tuple[float, int] | None = None
        self._fixes, self._fixed_from = (
            0,
            -1,
        )  # without success so far, and the update restored last
        self._norm = math.nan
        self._trouble: Trouble = state.stability.trouble
        if self._trouble and not self._is_explained(findings):
            self.alert = self.explain(self._trouble)

    def see(self, chunk: Chunk, findings: Collection[str] = ()) -> bool:
        """Raise or clear the alert after an update; return whether to pause.

        `findings`: ids of those that hold. They need no alert as well.
        """
        stability = self._state.stability
        known, paused = self.alert, chunk.response == "give up"
        events = [*responses(chunk)] if chunk.fault or chunk.response else []
        self._norm = chunk.gradient_norm
        if chunk.response == "rollback":
            self._reset()
        elif stability.trouble != self._trouble or (paused and not self._paused):
            self._trouble = stability.trouble
            needed = self._trouble and (paused or not self._is_explained(findings))
            self.alert = self.explain(self._trouble, paused) if needed else None
        if self.alert is not None and self.alert is not known:
            events.append(("alert", self.alert.title))
        self.events = tuple(events)
        return paused

    def _is_explained(self, findings: Collection[str]) -> bool:
        return EXPLAINED.get(self._trouble, "") in findings

    @property
    def _paused(self) -> bool:
        return self.alert is not None and self.alert.pauses

    def give_up(self) -> None:
        """Raise an alert: the run ended while updates were being skipped."""
        self._trouble = self._state.stability.reason
        self.alert = self.explain(self._trouble, pauses=True)
        self.events = (("alert", self.alert.title),)

    def _reset(self) -> None:
        """Clear the alert: the weights have been replaced."""
        self.alert, self._trouble, self._raised = None, "", None

    def explain(self, trouble: Trouble, pauses: bool = False) -> Alert:
        """Return the alert for a problem, with the current numbers."""
        return alert(trouble, self._recipe, self.context(pauses))

    def context(self, pauses: bool = False) -> Context:
        """Return the run's current numbers."""
        state, losses = self._state, self._state.stability.losses
        return Context(
            step=state.step,
            loss=losses.mean,
            lr=state.rate,
            gradient_norm=self._norm,
            predictions=self._predictions,
            largest_value=largest_value(self._data),
            raised=self._raised,
            good_step=state.weights.good.step,
            chance=losses.chance,
            usual=losses.usual,
            constant=losses.constant,
            learned=losses.learned and losses.trouble != "above constant",
            fixes=self._failed_fixes,
            pauses=pauses,
        )

    @property
    def _predictions(self) -> int:
        """Predictions per update."""
        return self._state.stream.steps * self._state.stream.batch

    @property
    def _failed_fixes(self) -> int:
        """Fixes after which no weights stayed good for long."""
        return self._fixes if self._state.weights.good.step == self._fixed_from else 0

    def capture(self) -> dict[str, Any]:
        """Return what `stability` does not store, as plain values."""
        return {"raised": self._raised, "fixes": self._fixes, "fixed_from": self._fixed_from}

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Restore captured values; missing ones keep their defaults."""
        raised = captured.get("raised")
        self._raised = None if raised is None else (raised[0], raised[1])
        self._fixes = captured.get("fixes", self._fixes)
        self._fixed_from = captured.get("fixed_from", self._fixed_from)

    def rate_changed(self, before: float, after: float) -> None:
        """Remember that the user changed the learning rate, which may cause later problems."""
        if after > before:
            self._raised = (before, self._state.step)
        elif self._raised is not None and after <= self._raised[0]:
            self._raised = None

    def fix(self, lr: float | None = None) -> int:
        """Restore the good weights, lower the learning rate, and return the weights' update.

        `lr`: when repeating a fix, the rate that it set the first time (before the schedule's
        factor).
        """
        state = self._state
        rate = fixed_rate(self._recipe, state.rate, self._predictions, self._failed_fixes)
        self._fixes = self._failed_fixes + 1
        step = self._fixed_from = go_back(state)
        if lr is None:
            state.set_rate(rate)
        else:
            state.lr = lr
        state.stability.restart()
        self._reset()
        return step
