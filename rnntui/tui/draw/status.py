"""The header row and the two rows of numbers under it.

Every number has a width of its own, so nothing jumps sideways; what a narrow row has no room for is
decided by the width alone, never by the numbers.
"""

from __future__ import annotations

import math

from rnntui.engine.protocol import Snapshot, Welcome
from rnntui.recipe import Recipe
from rnntui.text import fit, safe_text
from rnntui.tui.draw.facts import network, training
from rnntui.tui.draw.numbers import (
    Number,
    bits,
    count,
    duration,
    finite,
    fixed,
    perplexity,
    scientific,
    short,
    si,
)
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, for_glyphs, row_width

Pair = tuple[Row, Row]  # a column of the status: what stands in the upper and in the lower row

_LEAST_GAP, _GAP = 2, 3
# What is shortened while the rows are too wide, or dropped where it has no shorter form left.
_SAVINGS = (
    "bits",
    "rate",
    "update",
    "best",
    "perplexity",
    "perplexity",
    "bits",
    "loss",
    "rate",
    "update",
)

_STATES = {
    "loading": ("○", "o", "muted"),
    "training": ("●", "*", "accent"),
    "paused": ("‖", "=", "strong"),
    "finished": ("■", "#", "accent"),
    "stopped": ("■", "#", "muted"),
    "crashed": ("▲", "!", "warning"),
    "diverged": ("▲", "!", "warning"),
    "failed": ("▲", "!", "warning"),
}


def header_row(
    recipe: Recipe,
    welcome: Welcome | None,
    snapshot: Snapshot | None,
    width: int,
    glyphs: Glyphs = "braille",
) -> Row:
    """What is trained, and how it is going: name, network, state, speed, time."""
    dot = "-" if glyphs == "ascii" else "·"
    state: Row = _state(snapshot, glyphs)
    speed: Row = [(_speed(welcome, snapshot), "")]
    left: list[Row] = [
        [(" rnntui", "title")],
        [("  " + fit(safe_text(recipe.name), 24), "strong")],
        [("  " + for_glyphs(network(recipe.model), glyphs), "muted")],
        [(_parameters(welcome, glyphs), "muted")],
        [(f" {dot} {training(recipe.train)}", "muted")],
        [(_workers(welcome, glyphs), "muted")],
    ]
    elapsed, expected = _times(snapshot)
    right: list[Row] = [state, speed, [(elapsed, "")], [(expected, "muted")]]
    # What goes first when there is no room comes first.
    drop = (left[3], left[4], left[5], right[3], right[1], left[2], left[0], right[2], left[1])
    for part in drop:
        if sum(map(row_width, left + right)) + 3 <= width:
            break
        part.clear()
    head, tail = ([run for part in side for run in part] for side in (left, right))
    space = max(2, width - row_width(head) - row_width(tail) - 1)
    return block([[*head, (" " * space, ""), *tail]], width, 1, glyphs)[0]


def _state(snapshot: Snapshot | None, glyphs: Glyphs) -> Row:
    name = snapshot.state if snapshot else "loading"
    sign, ascii_sign, role = _STATES[name]
    return [(f"{ascii_sign if glyphs == 'ascii' else sign} {name:<8}", role)]


def _parameters(welcome: Welcome | None, glyphs: Glyphs) -> str:
    dot = "-" if glyphs == "ascii" else "·"
    return f" {dot} {si(welcome.parameters)} parameters" if welcome else ""


def _workers(welcome: Welcome | None, glyphs: Glyphs) -> str:
    dot = "-" if glyphs == "ascii" else "·"
    return f" {dot} {welcome.workers} workers" if welcome and welcome.workers > 1 else ""


def _speed(welcome: Welcome | None, snapshot: Snapshot | None) -> str:
    """Tokens a second as measured; the pace where one is set."""
    unit = welcome.unit if welcome else "token"
    if welcome and welcome.ended and snapshot and not snapshot.tokens_per_second:
        return ""
    if snapshot and snapshot.pace is not None:
        return f"  {'paced at ' + short(snapshot.pace):>14} updates/s"
    return f"  {si(snapshot.tokens_per_second):>5} {unit}s/s" if snapshot else ""


def _times(snapshot: Snapshot | None) -> tuple[str, str]:
    """Elapsed, and of how long it is expected to take."""
    elapsed = f"  {duration(snapshot.elapsed if snapshot else 0.0):>7}"
    if snapshot is None or snapshot.remaining is None or snapshot.state == "finished":
        return elapsed, ""
    return elapsed, f" of about {duration(snapshot.elapsed + snapshot.remaining):<7}"


def status_rows(
    recipe: Recipe,
    welcome: Welcome | None,
    snapshot: Snapshot | None,
    width: int,
    height: int = 2,
    glyphs: Glyphs = "braille",
) -> Rows:
    """Two rows of numbers with their units, train and validation under each other.

    Wide rows use words; narrower ones shorter words, then the columns that matter least go.
    """
    kept = _choose(_columns(recipe, welcome, snapshot, glyphs), width)
    needed = sum(map(_width, kept))
    gap = _GAP if needed + _GAP * (len(kept) - 1) <= width else _LEAST_GAP
    rows: Rows = [[], []]
    for pair in kept:
        for row, part in zip(rows, pair, strict=True):
            row += [(" " * gap, "")] if row else []
            row += part
            row += [(" " * (_width(pair) - row_width(part)), "")]
    return block(rows, width, height, glyphs)


def _width(pair: Pair) -> int:
    return max(map(row_width, pair))


def _choose(columns: dict[str, list[Pair]], width: int) -> list[Pair]:
    """The columns that fit, in the longest form that fits; the loss is always there."""
    forms = {name: list(pairs) for name, pairs in columns.items()}
    for name in _SAVINGS:
        shown = [pairs[0] for pairs in forms.values()]
        if sum(map(_width, shown)) + _LEAST_GAP * (len(shown) - 1) <= width:
            break
        if len(forms.get(name, [])) > 1:
            del forms[name][0]
        elif name != "loss":
            forms.pop(name, None)
    return [pairs[0] for pairs in forms.values()]


def _columns(
    recipe: Recipe, welcome: Welcome | None, snapshot: Snapshot | None, glyphs: Glyphs
) -> dict[str, list[Pair]]:
    """Every column, each with its longest form first."""
    train, validation = _losses(snapshot)
    if recipe.data.task == "values":
        squared = for_glyphs(" ½ squared error", glyphs)
        columns = {"loss": [_loss(train, validation, u) for u in (squared, "")]}
    else:
        unit = welcome.unit if welcome else "token"
        columns = {
            "loss": [_loss(train, validation, " nats")],
            "bits": [
                (_measured(bits(train), 5, text), _measured(bits(validation), 5, text))
                for text in (f" bits per {unit}", " bits")
            ],
            "perplexity": [
                (
                    _named(name, fixed(perplexity(train), 4, 3)),
                    _named(name, fixed(perplexity(validation), 4, 3)),
                )
                for name in ("perplexity", "ppl")
            ],
        }
    best = (snapshot.best, snapshot.best_validation) if snapshot else (None, None)
    columns["best"] = [(_named("best", fixed(best[0])), _named("best", fixed(best[1])))]
    lr, norm = (snapshot.lr if snapshot else None), _gradient_norm(snapshot)
    columns["rate"] = [
        (
            _named(upper, f"{scientific(lr, 2, size):>{size}}"),
            _named(lower, fixed(norm, size, 3)),
        )
        for upper, lower, size in (("learning rate", "gradient norm", 7), ("lr  ", "grad", 6))
    ]
    step = snapshot.step if snapshot else 0
    columns["update"] = [
        (
            _named("update", f"{count(step) if len(count(step)) <= size else si(step, 4):>{size}}"),
            _named("epoch ", f"{_epoch(snapshot, size):>{size}}"),
        )
        for size in (7, 6)
    ]
    return columns


def _losses(snapshot: Snapshot | None) -> tuple[Number, Number]:
    """The smoothed loss and the latest validation. A loss that is not finite reads NaN."""
    if snapshot is None or snapshot.step == 0:
        return None, None
    if snapshot.loss is None:
        return math.nan, snapshot.validation
    return (snapshot.loss if snapshot.smooth is None else snapshot.smooth), snapshot.validation


def _gradient_norm(snapshot: Snapshot | None) -> Number:
    if snapshot is None or snapshot.step == 0:
        return None
    return math.nan if snapshot.gradient_norm is None else snapshot.gradient_norm


def _epoch(snapshot: Snapshot | None, width: int) -> str:
    epoch = snapshot.epoch if snapshot else 0.0
    text = f"{epoch:.1f}" if finite(epoch) and epoch < 9999 else si(epoch)
    return text if len(text) <= width else scientific(epoch, 0, width)


def _loss(train: Number, validation: Number, unit: str) -> Pair:
    return (
        [(" train      ", "muted"), _number(train, 6, "line"), (unit, "muted")],
        [(" validation ", "muted"), _number(validation, 6, "validation"), (unit, "muted")],
    )


def _measured(value: Number, width: int, unit: str) -> Row:
    return [_number(value, width, ""), (unit, "muted")]


def _named(name: str, text: str) -> Row:
    return [(name + " ", "muted"), (text, "")]


def _number(value: Number, width: int, role: str) -> Run:
    wrong = value is not None and not finite(value)
    return fixed(value, width), "warning" if wrong else role
