"""Watches over one run: raises and takes back the alert, keeps good weights, puts them back."""

from __future__ import annotations

from rnntui.data import Dataset
from rnntui.engine.health import Circumstances, GoodWeights, Trouble, Watch, alert
from rnntui.engine.protocol import Alert
from rnntui.engine.steps import largest_value, yardstick
from rnntui.recipe import Recipe
from rnntui.trainer import Chunk, TrainState, copy_weights, restore


class Guard:
    """Trouble and its cure."""

    def __init__(self, recipe: Recipe, data: Dataset, state: TrainState) -> None:
        self.alert: Alert | None = None
        self._recipe, self._data, self._state = recipe, data, state
        self._watch = Watch(recipe.data.task, yardstick(data))
        self._good = GoodWeights(lambda: copy_weights(state))
        self._trouble: Trouble = ""
        self._raised: tuple[float, int] | None = None

    def see(self, chunk: Chunk) -> bool:
        """Look at an update, which may raise or take back the alert; whether to pause."""
        trouble = self._watch.see(chunk.loss_per_token, chunk.applied)
        if not trouble:
            if self._trouble and self._watch.healthy:
                self.alert, self._trouble = None, ""
            return False
        worse = trouble == "not finite" != self._trouble
        if worse or not self._trouble:
            self._trouble, self.alert = trouble, self._explain(trouble, chunk)
        return trouble == "not finite"

    def _explain(self, trouble: Trouble, chunk: Chunk) -> Alert:
        now = Circumstances(
            step=chunk.step,
            loss=self._watch.mean,
            lr=self._state.rate,
            gradient_norm=chunk.gradient_norm,
            predictions=chunk.tokens,
            largest_value=largest_value(self._data),
            raised=self._raised,
            good_step=self._good.good[0],
        )
        return alert(trouble, self._recipe, now, self._watch.reference)

    def keep(self, now: float) -> None:
        """Keep the weights if they are worth it and it is time; `now` in seconds."""
        if not self._trouble and self._watch.healthy:
            self._good.offer(now, self._state.step)

    def rate_changed(self, before: float, after: float) -> None:
        """The user has set another learning rate: it may be the cause of what follows."""
        if after > before:
            self._raised = (before, self._state.step)
        elif self._raised is not None and after <= self._raised[0]:
            self._raised = None

    def mend(self) -> int:
        """Put the good weights back and halve the learning rate; the update they are from."""
        step, saved = self._good.good
        restore(self._state, saved)
        self._good.went_back()
        self._watch.anew()
        self.alert, self._trouble, self._raised = None, "", None
        self._state.lr /= 2
        return step
