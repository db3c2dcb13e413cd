"""Rules about the loss, the learning rate and the gradient."""

from __future__ import annotations

import math

from rnntui.insight.history import Sample, lasting
from rnntui.insight.rules import Found, Signs, figure, percent, rate, rule
from rnntui.recipe.rules import Value
from rnntui.training.usual_rate import fixed_rate

LARGEST = 10.0  # magnitude of values that are easy to learn
HIGH = 1.5  # times chance: more than a usual initialisation scores
RISEN = {"tokens": 1.3, "values": 3.0}  # times the first loss, or chance
NEVER_LOW = ("above chance", "above constant")  # troubles of a run that never was low
WORSE = {"tokens": 1.05, "values": 1.25}  # times the best validation loss: a series is noisier
LEAST_RISE = 0.02  # of chance
AT_ONCE = 10  # updates of a sample that needs no second one
LARGE, SMALL = 10**-1.5, 10**-2.8  # rms(Δw) / rms(w)


@rule("unscaled-values", "The values are too large: they are not standardized", at_once=True)
def unscaled_values(signs: Signs) -> Found | None:
    """The largest value of a series is above 10 and `standardize` is off; told before the first
    update.
    """
    largest, data = signs.facts.largest, signs.facts.recipe.data
    if signs.facts.tokens or data.standardize or largest <= LARGEST:
        return None
    return Found(
        {"largest": largest},
        f"values reach {figure(largest)}; networks learn best from values around 1",
        "start a new run with standardize = true",
        {"standardize": True},
    )


@rule("bad-start", "The loss started far above random guessing")
def bad_start(signs: Signs) -> Found | None:
    """The first loss was more than 1.5 times that of random guessing, and the loss still is.
    Tokens only.
    """
    chance, first, loss = signs.facts.chance, signs.history.first, signs.now.loss
    high = HIGH * chance
    if not (signs.facts.tokens and first > high and loss > high):
        return None
    return Found(
        {"first_loss": first, "loss": loss, "chance": chance},
        f"the first loss was {figure(first)}, random guessing scores {figure(chance)}",
        "start a new run with the usual initial weights (init_scale = 0)",
        {"init_scale": 0.0} if signs.facts.recipe.model.init_scale else {},
    )


@rule("diverging", "The learning rate is too high: the loss is diverging")
def diverging(signs: Signs) -> Found | None:
    """The loss is above 1.3 times the first loss or that of random guessing, whichever is
    larger (3 times for values), for two samples or ten updates, and has not come down since.
    """
    facts, history = signs.facts, signs.history
    began = history.first if math.isfinite(history.first) else facts.chance
    bound = RISEN[facts.recipe.data.task] * max(began, facts.chance)
    if not (_is_up(history.samples, bound, facts.learned_below) or _in_trouble(signs)):
        return None
    now = signs.now.rate
    lower = fixed_rate(facts.recipe, now, facts.window * facts.streams)
    return Found(
        {"loss": signs.now.loss, "bound": bound, "lr": now},
        f"the loss is {figure(signs.now.loss)}, above {figure(bound)}, at a learning rate of "
        f"{figure(now)}"
        if signs.now.loss > bound
        else f"the loss has risen to {figure(signs.now.loss)} and stays there",
        "restore earlier weights and lower the learning rate",
        {"lr": rate(lower)},
        "m",
    )


def _in_trouble(signs: Signs) -> bool:
    """Whether the training has noticed that the loss rose, or stays high for no other reason."""
    trouble = signs.now.trouble
    if trouble in NEVER_LOW:
        return bad_start(signs) is None and unscaled_values(signs) is None
    return bool(trouble)


def _is_up(samples: list[Sample], bound: float, learned_below: float) -> bool:
    """Whether the loss has risen above a bound and has not been below what it has to reach since.

    Two samples in a row count, or a long one.
    """
    for n in range(len(samples) - 1, -1, -1):
        sample = samples[n]
        if sample.loss < learned_below:
            return False
        lasts = sample.updates >= AT_ONCE or samples[n - 1].loss > bound
        if n and sample.loss > bound and lasts:
            return True
    return False


@rule("exploding", "Gradients explode", needs_simple=True)
def exploding(signs: Signs) -> Found | None:
    """In half of the last samples the gradient's norm was above 100 times the clip, at least
    above 100, and above 30 times the first norm; the loss is not low.
    """
    history, clip = signs.history, signs.facts.recipe.train.clip
    first = history.first_norm if history.first_norm < 1e3 else 1.0
    bound = max(100 * max(1.0, clip), 30 * max(first, 1.0))
    recent = history.since(60, 6)
    if signs.well or not recent or 2 * sum(s.norm_max > bound for s in recent) < len(recent):
        return None
    fix: dict[str, Value] = {"init": "orthogonal", "init_scale": 0.0}
    if not clip:
        fix = {"clip": 1.0, "clip_mode": "norm"}
    return Found(
        {"norm": signs.now.norm, "norm_max": signs.now.norm_max, "bound": bound, "clip": clip},
        f"the gradient's norm is {figure(signs.now.norm)}, at most {figure(signs.now.norm_max)}",
        "start a new run that clips the norm"
        if not clip
        else "start a new run with other initial weights",
        fix,
    )


@rule("bouncing", "The updates are too large: the loss no longer falls")
def bouncing(signs: Signs) -> Found | None:
    """Most updates after the first 100 change a weight matrix by more than 3.2 %, and the best
    loss has hardly fallen for 100 updates or more.
    """
    history, facts = signs.history, signs.facts
    count = max(6, sum(a.step > signs.step - 150 for a in history.activity))
    recent = [a for a in history.activity[-count:] if a.step > 100]
    if len(recent) < 3 or recent[-1].step - recent[0].step < 100:
        return None
    large = sum(a.update > LARGE for a in recent)
    reference = facts.frequencies if facts.tokens else facts.chance
    if 6 * large < 5 * len(recent) or not signs.stalled(0.97, 100, 6):
        return None
    if not signs.now.loss > 0.9 * reference:
        return None
    then = history.before(100, 6)
    assert then is not None
    return Found(
        {"update": recent[-1].update, "loss": signs.now.loss, "loss_before": then.loss},
        f"an update changes the weights by {percent(recent[-1].update)}, and the loss went from "
        f"{figure(then.loss)} to {figure(signs.now.loss)}",
        "halve the learning rate",
        {"lr": rate(signs.now.rate / 2)},
        "[",
    )


@rule("clip-too-tight", "Clipping limits almost every update")
def clip_too_tight(signs: Signs) -> Found | None:
    """With `sgd` or `momentum`, more than 98 % of the updates were clipped, to less than a
    fifth, for 200 updates or more.
    """
    train, history = signs.facts.recipe.train, signs.history
    clip = history.clip
    if not clip or train.optimizer not in ("sgd", "momentum") or signs.step < 200:
        return None
    if lasting(history.samples, lambda s: s.clipped > 0.98 and s.norm > 5 * clip)[0] < 200:
        return None
    now = signs.now
    return Found(
        {"norm": now.norm, "clip": clip, "clipped": now.clipped},
        f"{percent(now.clipped)} of updates are clipped: the norm is {figure(now.norm)}, "
        f"the clip {figure(clip)}",
        "start a new run with a larger clip",
        {"clip": 10 * clip},
    )


@rule("rate-too-low", "The learning rate is too low")
def rate_too_low(signs: Signs) -> Found | None:
    """After 300 updates the loss still falls, but it is far above that of token frequencies,
    and an update changes the weights by less than 0.16 %. Tokens only.
    """
    facts, history, now = signs.facts, signs.history, signs.now
    gap = facts.chance - facts.frequencies
    if not facts.tokens or signs.step < 300 + facts.recipe.train.warmup or not history.activity:
        return None
    then, update = history.before(75, 5), history.activity[-1].update
    slow = then is not None and now.loss < then.loss and update < SMALL
    far = gap > 0.05 and history.first < 1.2 * facts.chance
    if not (slow and far and history.best > facts.frequencies + 0.5 * gap):
        return None
    return Found(
        {"update": update, "loss": now.loss, "unigram": facts.frequencies, "lr": now.rate},
        f"an update changes the weights by {percent(update)}; the loss is still "
        f"{figure(now.loss)} and falls slowly",
        "raise the learning rate tenfold",
        {"lr": rate(10 * now.rate)},
        "]",
    )


@rule("overfitting", "The network is overfitting: validation loss rises as training loss falls")
def overfitting(signs: Signs) -> Found | None:
    """The last validations, four and a whole pass at least, were more than 5 % (values: 25 %) above
    the best one, while the training loss fell by 3 % or more.
    """
    facts, seen = signs.facts, signs.history.validated
    if len(seen) < 5:
        return None
    best = min(range(len(seen)), key=lambda n: seen[n].loss)
    if not math.isfinite(seen[best].loss):
        return None
    # Where the validation loss is next to nothing, a part of it is noise.
    rises = WORSE[facts.recipe.data.task] * seen[best].loss
    bound = max(rises, seen[best].loss + LEAST_RISE * facts.chance)
    after = seen[best + 1 :]
    # A whole pass: a validation also depends on which part was trained on last.
    above, first = lasting(after, lambda v: v.loss > bound)
    rows = sum(v.step >= first for v in after)
    # The first training loss that is known: the best may be from before the first lap ended.
    then = next((v.training for v in seen[best:] if v.training == v.training), math.nan)
    # Until a pass has been made with weights that were restored, the last pass before them counts.
    training = next((v.training for v in reversed(after) if v.training == v.training), math.nan)
    now = seen[-1]
    if rows < 4 or above < facts.lap or not training < 0.97 * then:
        return None
    if not training < now.loss:
        return None
    each = facts.parameters / max(1, facts.size)
    return Found(
        {
            "best_validation": seen[best].loss,
            "best_step": seen[best].step,
            "validation": now.loss,
            "training_then": then,
            "training": training,
            "parameters_per_token": each,
        },
        f"validation loss has risen from {figure(seen[best].loss)} (update {seen[best].step}) to "
        f"{figure(now.loss)}, while training loss fell to {figure(training)}",
        f"the best weights are those of update {seen[best].step}; a new run may use more data, "
        "a smaller network or dropout",
        _regularised(signs),
    )


def _regularised(signs: Signs) -> dict[str, Value]:
    model = signs.facts.recipe.model
    if model.layers > 1 and model.dropout < 0.5:
        return {"dropout": min(0.5, max(0.2, 2 * model.dropout))}
    return {"hidden": max(1, model.hidden // 2)}
