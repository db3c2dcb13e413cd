"""Messages of the view of health: a text that is memorised."""

from __future__ import annotations

from rnntui.protocol.insight import (
    Evidence,
    Finding,
    GradientCheck,
    Health,
    Setting,
    Sign,
    Tensor,
)

# A text of 4,050 characters, read 43 times.
OVERFITTING = Finding(
    id="overfitting",
    since=811,
    title="The text is being memorised",
    short="Validation was 2.192 at update 400 and is 3.116 now, above it 19 times in a row; "
    "training fell from 1.61 to 0.30.",
    evidence=(
        Evidence("best validation", 2.192),
        Evidence("validation now", 3.116),
        Evidence("training then", 1.61),
        Evidence("training now", 0.30),
        Evidence("weights per character", 12.9),
    ),
    advice="Restore the weights of update 400, the best so far, and stop there.",
    fix=(Setting("dropout", "0.3"), Setting("layers", "2")),
    key="m",
)
SATURATED = Finding(
    id="saturated",
    since=205,
    title="Units are saturated",
    short="94 % of hidden values in layer 1 are near ±1, where the slope is almost 0.",
    evidence=(Evidence("saturated", 0.94),),
    advice="Start again with smaller weights.",
    fix=(Setting("init_scale", "0"),),
)
BOUNCING = Finding(
    id="bouncing",
    since=236,
    title="Updates are too large",
    short="An update moves the weights by 4.1 % and the loss no longer falls.",
    evidence=(Evidence("update", 0.041), Evidence("loss", 13.6)),
    advice="Halve the learning rate.",
    key="[",
)
FINDINGS = (OVERFITTING, SATURATED, BOUNCING)


def _curve(heights: str) -> tuple[float, ...]:
    return tuple(float("▁▂▃▄▅▆▇█".index(c)) for c in heights)


SIGNS = (
    Sign(
        "reach",
        "reach",
        "32 of 32",
        _curve("▁▂▂▁▁▂▂▃▃▃▄▄▄▅▅▆▆▇▇████████████"),
        "-",
        "steps back that one error is felt",
    ),
    Sign(
        "update",
        "update / weight",
        "0.3 %",
        _curve("█▇▅▅▄▄▄▃▃▃▃▃▃▃▃▃▃▃▃▃▂▂▂▂▂▂▂▂▂▂▂"),
        "0.001 … 10 %",
        "how far an update moves weights",
    ),
    Sign(
        "saturated",
        "saturated",
        "12 %",
        _curve("▁▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂"),
        "below 80 %",
        "hidden values near ±1: slope 0",
    ),
    Sign(
        "constant",
        "constant units",
        "0 of 100",
        _curve("▅▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁"),
        "below half",
        "the same whatever is read",
    ),
    Sign(
        "clipped",
        "clipped",
        "0 %",
        _curve("▂▁▁▁▁▁▁▁▁▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁"),
        "any with adam",
        "updates shortened by the clip",
    ),
    Sign(
        "gap",
        "validation − training",
        "+2.82",
        _curve("▁▁▁▁▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▆▇▇▇▇████"),
        "below 0.3",
        "what it knows of this text only",
        True,
    ),
    Sign(
        "beyond",
        "training − 5-gram",
        "-1.89",
        _curve("▆▅▄▄▃▃▃▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁"),
        "below 0",
        "what it knows beyond n-grams",
    ),
)
HEALTH = Health(
    step=1359,
    signs=SIGNS,
    tensors=(
        Tensor("Wx", "input to gates", 0.21, 0.0012),
        Tensor("Wh", "hidden to gates", 0.49, 0.0026),
        Tensor("Wy", "hidden to output", 0.30, 0.0010),
    ),
    absent=(
        "bad start",
        "diverging",
        "bouncing",
        "rate too low",
        "frequencies only",
        "vanishing gradients",
        "exploding gradients",
        "saturated units",
        "dead units",
        "clip too tight",
        "window too short",
        "network too small",
    ),
    dismissed=(),
)
CHECKED = GradientCheck(1300, True, "largest relative difference 3.1e-7 over 40 weights")
