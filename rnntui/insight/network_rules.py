"""Rules about hidden units, memory, and what the network can express."""

from __future__ import annotations

import math

from rnntui.insight.history import lasting
from rnntui.insight.rules import Found, Signs, figure, percent, rate, rule
from rnntui.recipe.rules import Value

SATURATED, CONSTANT, ZERO = 0.8, 0.5, 0.3  # shares
LEFT = 0.3  # of a gradient at the start of the window: much of it is cut off


@rule("dead-units", "Many hidden units are dead")
def dead_units(signs: Signs) -> Found | None:
    """For 200 updates or more, over 30 % of a layer's ReLU units are zero, or half of its units
    do not vary over a chunk.
    """
    facts, seen = signs.facts, signs.history.activity
    if facts.window * facts.streams < 16 or signs.step < 200:
        return None
    if lasting(seen, lambda a: a.zero > ZERO or a.constant > CONSTANT)[0] < 200:
        return None
    now, relu = seen[-1], facts.recipe.model.activation == "relu"
    is_zero = now.zero > ZERO
    share, what = (now.zero, "zero") if is_zero else (now.constant, "constant")
    fix: dict[str, Value] = {"lr": rate(signs.now.rate / 10)}
    if facts.recipe.model.cell == "rnn" and relu:
        fix["activation"] = "tanh"
    return Found(
        {"zero": now.zero, "constant": now.constant},
        f"{percent(share)} of the units of a layer are {what} over the whole window",
        "start a new run with a lower learning rate" + (" or tanh units" if relu else ""),
        fix,
    )


@rule("saturated", "Most hidden units are saturated", needs_simple=True)
def saturated(signs: Signs) -> Found | None:
    """For 150 updates or more, over 80 % of a layer's hidden values are within 3 % of a limit,
    and the loss is not low.
    """
    seen = signs.history.activity
    if signs.step < 100 or signs.well:
        return None
    if lasting(seen, lambda a: a.saturated > SATURATED)[0] < 150:
        return None
    now, recipe = seen[-1], signs.facts.recipe
    fix: dict[str, Value] = {"lr": rate(signs.now.rate / 10)}
    if recipe.model.init_scale:
        fix = {"init_scale": 0.0}
    if recipe.data.task == "values" and not recipe.data.standardize:
        fix = {"standardize": True}
    return Found(
        {"saturated": now.saturated, "layer": now.layer + 1},
        f"{percent(now.saturated)} of the hidden values of layer {now.layer + 1} are at their "
        "limits, where gradients are next to zero",
        f"start a new run with {' and '.join(f'{k} = {_text(v)}' for k, v in fix.items())}",
        fix,
    )


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


@rule("vanishing", "Gradients vanish: errors barely reach back in time", needs_simple=True)
def vanishing(signs: Signs) -> Found | None:
    """For 150 updates or more, one error is felt at most 3 time steps back (a tenth of a long
    window), and the loss is not low.
    """
    seen, recipe = signs.history.reach, signs.facts.recipe
    if not seen or seen[-1].window < 10 or signs.step < 200 or signs.well:
        return None
    bound = max(3, seen[-1].window // 10)
    if lasting(seen, lambda r: r.reach <= bound)[0] < 150:
        return None
    now = seen[-1]
    fix: dict[str, Value] = {}
    if recipe.model.cell == "rnn":
        fix["cell"] = "gru"
    if recipe.model.layers > 1:
        fix["layers"], fix["dropout"] = 1, 0.0
    return Found(
        {"reach": now.reach, "window": now.window},
        f"1 % of an error is left {now.reach} of {now.window} time steps back",
        "start a new run with gated cells or fewer layers" if fix else "wait: this may pass",
        fix,
    )


@rule("window-too-short", "The window is too short: seq_len cuts gradients that still matter")
def window_too_short(signs: Signs) -> Found | None:
    """After 600 updates, over 30 % of one error is left where the window ends, and the loss
    stays above the floor, or near that of counting n-grams. Tokens only.
    """
    facts, history, seen = signs.facts, signs.history, signs.history.reach
    if not facts.tokens or signs.step < 600 or not seen:
        return None
    if signs.now.loss >= facts.learned_below:  # something else is wrong
        return None
    known = facts.ngram
    target = 1.1 * facts.floor if facts.floor else None if known is None else 0.95 * known
    if target is None or seen[-1].end <= LEFT or history.best <= target:
        return None
    if not signs.stalled(0.95, 500):
        return None
    reference = facts.floor or known or math.nan
    return Found(
        {"end": seen[-1].end, "loss": signs.now.loss, "target": target, "seq_len": facts.window},
        f"{percent(seen[-1].end)} of an error is left where the window of {facts.window} ends; "
        f"the loss stays at {figure(signs.now.loss)} ({_name(signs)}: {figure(reference)})",
        f"start a new run with seq_len = {4 * facts.window}",
        {"seq_len": 4 * facts.window},
    )


def _name(signs: Signs) -> str:
    return "floor" if signs.facts.floor else "counting n-grams"


@rule("too-small", "The network is too small for the data", needs_simple=True)
def too_small(signs: Signs) -> Found | None:
    """After 600 updates, training and validation loss are alike and stay 10 % above counting
    n-grams, and there are fewer than 0.05 weights per token. Tokens only.
    """
    facts, history = signs.facts, signs.history
    ngram, seen, reach = facts.ngram, history.validated, history.reach
    if not facts.tokens or ngram is None or not seen or not reach or signs.step < 600:
        return None
    similar = abs(seen[-1].loss / signs.now.loss - 1) < 0.05
    small = facts.parameters < 0.05 * facts.size and history.best > 1.1 * ngram
    if not (small and similar and signs.learned and reach[-1].reach >= 4):
        return None
    if not signs.stalled(0.97, 500):
        return None
    hidden, each = facts.recipe.model.hidden, facts.parameters / facts.size
    return Found(
        {
            "parameters_per_token": each,
            "loss": signs.now.loss,
            "validation": seen[-1].loss,
            "ngram": ngram,
        },
        f"{figure(each)} weights per token; training and validation loss both stay near "
        f"{figure(seen[-1].loss)} (counting n-grams: {figure(ngram)})",
        f"start a new run with hidden = {4 * hidden}",
        {"hidden": 4 * hidden},
    )


@rule("frequencies-only", "The network has only learned how frequent each token is")
def frequencies_only(signs: Signs) -> Found | None:
    """For 250 updates or more, the loss has been within 4 % of that of token frequencies.
    Tokens only.
    """
    facts, history = signs.facts, signs.history
    if not facts.tokens or history.best <= 0.96 * facts.frequencies:
        return None
    recent = history.since(250, 5)
    near = [s for s in recent if abs(s.loss / facts.frequencies - 1) < 0.04]
    if not recent or sum(s.updates for s in near) < 0.9 * sum(s.updates for s in recent):
        return None
    since = recent[0].step - recent[0].updates
    return Found(
        {"loss": signs.now.loss, "unigram": facts.frequencies, "since": since},
        f"since update {since} the loss stays at {figure(signs.now.loss)}, that of token "
        f"frequencies alone ({figure(facts.frequencies)})",
        "wait: this often passes; other findings name what holds the network back",
    )


@rule(
    "no-better-than-last-value",
    "Predictions are no better than repeating the last value",
)
def no_better_than_last_value(signs: Signs) -> Found | None:
    """After 1,000 updates, the validation loss is above that of repeating the last value, and
    the loss has stopped falling. Values only.
    """
    facts, history = signs.facts, signs.history
    if facts.tokens or not facts.simple or not history.validated or signs.step < 1000:
        return None
    (_, last), validation = facts.simple[0], history.validated[-1].loss
    if not validation > last or not signs.stalled(0.97, signs.step // 6, 10):
        return None
    differs = facts.recipe.data.difference
    return Found(
        {"validation": validation, "last_value": last},
        f"validation loss {figure(validation)}; repeating the last value scores {figure(last)}",
        "the past may not tell which change comes next"
        if differs
        else "start a new run that predicts changes (difference = true)",
        {} if differs else {"difference": True},
    )
