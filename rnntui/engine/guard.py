"""Watches over one run: raises and takes back the alert, puts good weights back."""

from __future__ import annotations

from rnntui.data import Dataset
from rnntui.engine.health import Circumstances, Trouble, Watch, alert
from rnntui.engine.protocol import Alert
from rnntui.engine.steps import largest_value, yardstick
from rnntui.recipe import Recipe
from rnntui.trainer import Chunk, TrainState, go_back


class Guard:
    """Trouble and its cure."""

    def __init__(self, recipe: Recipe, data: Dataset, state: TrainState) -> None:
        self.alert: Alert | None = None
        self._recipe, self._data, self._state = recipe, data, state
        self._watch = Watch(recipe.data.task, yardstick(data))
        self._trouble: Trouble = ""
        self._raised: tuple[float, int] | None = None

    def see(self, chunk: Chunk) -> bool:
        """Look at an update, which may raise or take back the alert; whether to pause."""
        if chunk.response == "give up":
            self._raise(self._state.stability.reason, chunk)
            return True
        if chunk.response == "rollback":
            self._anew()
            return False
        trouble = "" if chunk.fault else self._watch.see(chunk.loss_per_token)
        if trouble and not self._trouble:
            self._raise(trouble, chunk)
        elif not trouble and self._trouble and self._watch.healthy:
            self.alert, self._trouble = None, ""
        return False

    def _raise(self, trouble: Trouble, chunk: Chunk) -> None:
        if trouble != self._trouble:
            self._trouble, self.alert = trouble, self._explain(trouble, chunk)

    def _anew(self) -> None:
        """Other weights are in use."""
        self._watch.anew()
        self.alert, self._trouble, self._raised = None, "", None

    def _explain(self, trouble: Trouble, chunk: Chunk) -> Alert:
        now = Circumstances(
            step=chunk.step,
            loss=self._watch.mean,
            lr=self._state.rate,
            gradient_norm=chunk.gradient_norm,
            predictions=chunk.tokens,
            largest_value=largest_value(self._data),
            raised=self._raised,
            good_step=self._state.weights.good.step,
        )
        return alert(trouble, self._recipe, now, self._watch.reference)

    def rate_changed(self, before: float, after: float) -> None:
        """The user has set another learning rate: it may be the cause of what follows."""
        if after > before:
            self._raised = (before, self._state.step)
        elif self._raised is not None and after <= self._raised[0]:
            self._raised = None

    def mend(self) -> int:
        """Put the good weights back and halve the learning rate; the update they are from."""
        step = go_back(self._state)
        self._state.stability.anew()
        self._anew()
        return step
