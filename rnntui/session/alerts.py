"""The texts of alerts: what happened, the likely cause, and what to change.

`rnntui.training.health` detects the problems. Everything here is a pure function of the recipe and
of numbers. The texts contain nothing from files, so they are safe to show.
"""

from __future__ import annotations

import math

from rnntui.dataclass import dataclass
from rnntui.nn.initialise import INITIALISATIONS
from rnntui.nn.optim import OPTIMIZERS
from rnntui.protocol.messages import Alert
from rnntui.recipe import Recipe
from rnntui.training.health.losses import Trouble
from rnntui.training.usual_rate import clips_norm, fixed_rate, usual_rate, weight

LARGE, SMALL = 10.0, 0.05  # magnitudes of values that are hard to learn
WIDE, STRONG = 2.5, 3.0  # initial weights: times 1/sqrt(hidden), and gain, that are too large
MOST_CAUSES = 2


@dataclass(frozen=True)
class Context:
    """The run's numbers when a problem occurs. Losses are running means of the last updates."""

    step: int
    loss: float
    lr: float
    gradient_norm: float
    predictions: int  # of one update
    largest_value: float  # of the training values; 0 for tokens
    raised: tuple[float, int] | None  # the rate before the user raised it, and the update
    good_step: int
    chance: float = math.nan  # loss of an untrained model on the same data
    usual: float = math.nan  # the loss of the best pass at the same positions
    constant: float = math.nan  # of a constant prediction
    learned: bool = True  # the loss has been below chance
    fixes: int = 0  # fixes made so far without lasting success
    pauses: bool = False


def alert(trouble: Trouble, recipe: Recipe, now: Context) -> Alert:
    """Return the alert for a problem."""
    return Alert(
        now.step,
        title(trouble, recipe, now),
        " ".join(causes(recipe, now)[:MOST_CAUSES]),
        f"restore update {now.good_step}'s weights and lower the learning rate "
        f"to {fixed_rate(recipe, now.lr, now.predictions, now.fixes):.4g}",
        now.pauses,
    )


def title(trouble: Trouble, recipe: Recipe, now: Context) -> str:
    """Describe the problem in one line without a full stop."""
    chance = "random guessing" if recipe.data.task == "tokens" else "always predicting zero"
    match trouble:
        case "not finite":
            return "The loss or its gradient is no longer finite"
        case "spike":
            return f"The gradient spikes again and again, now to {now.gradient_norm:.3g}"
        case "diverges":
            return f"The loss is diverging: {now.loss:.3g} ({chance}: {now.chance:.3g})"
        case "above chance":
            return f"The loss stays above chance: {now.loss:.3g} ({chance}: {now.chance:.3g})"
        case "above constant":
            return f"The loss stays at {now.loss:.3g} (predicting the mean: {now.constant:.3g})"
        case "stays up":
            usual = f" ({now.usual:.3g} on the same data before)" if now.usual == now.usual else ""
            return f"The loss isn't coming back down: {now.loss:.3g}{usual}"
        case _:
            return f"The network has forgotten what it learned: its loss is back at {now.loss:.3g}"


def advice(recipe: Recipe, tried: float, predictions: int, largest_value: float) -> str:
    """Suggest what to try after training has given up, mostly command-line options.

    `tried` is the lowest rate tried so far; only a lower one is suggested.
    """
    train, usual = recipe.train, usual_rate(recipe, predictions)
    found = []
    if tried > usual:
        found.append(f"--lr {usual:.2g}")
    if not OPTIMIZERS[train.optimizer].scale_invariant and not clips_norm(recipe):
        found.append("--clip 1 --set clip_mode=norm")
    if _ill_scaled(recipe, largest_value):
        found.append("--set standardize=true")
    if _wide_start(recipe):
        found.append("--set init_scale=0")
    if not found and recipe.model.cell == "rnn":
        found.append("--cell gru")
    if found:
        return f"try {' '.join(found)}"
    return f"lowering the rate to {tried:.2g} did not help; check the data for extreme values"


def causes(recipe: Recipe, now: Context) -> list[str]:
    """List likely causes, most likely first."""
    train, rate = recipe.train, f"{now.lr:.4g}"
    times = weight(recipe, now.predictions)
    invariant = OPTIMIZERS[train.optimizer].scale_invariant
    found = []
    if now.raised is not None:
        found.append(f"The learning rate was raised from {now.raised[0]:.4g} to {rate}.")
    if not now.learned and _wide_start(recipe):
        found.append(_start_cause(recipe))
    if times > 1 and now.lr > usual_rate(recipe, now.predictions):
        found.append(
            f"Learning rate {rate} is too high for a loss summed over {times} predictions: "
            f"equivalent to {now.lr * times:.3g} on the mean loss."
        )
    elif now.lr > 2 * usual_rate(recipe, now.predictions):
        found.append(
            f"Learning rate {rate} is high for {train.optimizer}: "
            f"about {usual_rate(recipe, now.predictions):.2g} is usual."
        )
    if _ill_scaled(recipe, now.largest_value):
        size = "large" if now.largest_value > LARGE else "small"
        found.append(
            f"Values as {size} as {now.largest_value:.3g} need standardize = true, "
            "which scales them to about 1."
        )
    if train.clip and train.clip_mode == "value" and not invariant:
        size = f", now {now.gradient_norm:.3g}" if math.isfinite(now.gradient_norm) else ""
        found.append(
            f"Clipping each value at {train.clip:g} does not bound the gradient's norm{size}."
        )
    if not train.clip and not invariant:
        found.append("The gradient isn't clipped, so one bad batch can wreck the weights.")
    if recipe.model.cell == "rnn" and recipe.model.activation == "relu":
        found.append("relu has no upper bound: the hidden state can grow from step to step.")
    if not found or (len(found) == 1 and now.raised is None and now.learned):
        low = not now.learned and now.lr < usual_rate(recipe, now.predictions) / 10
        found.append(f"Learning rate {rate} may be too {'low' if low else 'high'}.")
    return found


def _ill_scaled(recipe: Recipe, largest_value: float) -> bool:
    if recipe.data.task != "values" or recipe.data.standardize or not largest_value:
        return False
    return not SMALL <= largest_value <= LARGE


def _wide_start(recipe: Recipe) -> bool:
    """Whether the initial weights saturate the network."""
    model = recipe.model
    if INITIALISATIONS[model.init].scale_is_gain:
        return model.init_scale > STRONG
    return model.init_scale * math.sqrt(model.hidden) > WIDE


def _start_cause(recipe: Recipe) -> str:
    model = recipe.model
    usual = INITIALISATIONS[model.init].usual_scale(model.hidden)
    return (
        f"init_scale = {model.init_scale:g} is large for {model.hidden} hidden units "
        f"(usual: {usual:.2g}): a new run with --set init_scale=0 starts better."
    )
