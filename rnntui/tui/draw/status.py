"""The header row and the two rows of numbers under it.

Every number has a fixed width, so nothing jumps sideways; which columns a narrow row drops depends
only on its width, never on the numbers.
"""

from __future__ import annotations

import math

from rnntui.numbers import (
    Number,
    bits,
    brief_count,
    duration,
    finite,
    fixed,
    percent,
    perplexity,
    rate,
    scientific,
    short,
    si,
    size_in_words,
)
from rnntui.protocol.messages import Snapshot, Welcome
from rnntui.recipe import Recipe, Train
from rnntui.text import fit, safe_text
from rnntui.tui.draw.describe import network, training
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, for_glyphs, row_width
from rnntui.units import speed_unit
from rnntui.update_numbers import DECLARED

Pair = tuple[Row, Row]  # a column of the status: its upper and lower row

_LEAST_GAP, _GAP = 2, 3
# Columns to shorten while the rows are too wide, or to drop if there is no shorter form.
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

_SINCE_FROM = 140  # cells; from this width on, the header has room for more
_WORDS = (("diverging", "diverging"), ("exploding", "diverging"), ("overfitting", "overfitting"))
_STATUSES = {
    "loading": ("○", "o", "muted"),
    "training": ("●", "*", "accent"),
    "paused": ("‖", "=", "strong"),
    "finished": ("■", "#", "accent"),
    "stopped": ("■", "#", "muted"),
    "crashed": ("▲", "!", "warning"),
    "diverged": ("▲", "!", "warning"),
    "failed": ("▲", "!", "warning"),
}
_PROGRESS = {  # words for a run that trains
    "diverging": _STATUSES["diverged"],
    "overfitting": _STATUSES["diverged"],
    "plateau": ("━", "-", "strong"),
}


def header_row(
    recipe: Recipe,
    welcome: Welcome | None,
    snapshot: Snapshot | None,
    width: int,
    glyphs: Glyphs = "braille",
) -> Row:
    """Return the header: name, network, status, speed and time."""
    dot = "-" if glyphs == "ascii" else "·"
    status: Row = _status(snapshot, width, glyphs)
    speed: Row = [(_speed(welcome, snapshot), "")]
    left: list[Row] = [
        [(" rnntui", "title")],
        [("  " + fit(safe_text(recipe.name), 24), "strong")],
        [("  " + for_glyphs(network(recipe.model), glyphs), "muted")],
        [(_parameters(welcome, glyphs), "muted")],
        [(f" {dot} {training(recipe.train)}", "muted")],
        [(f" {dot} {truncation(recipe.train)}", "muted")],
        [(_workers(welcome, snapshot, glyphs), "muted")],
    ]
    elapsed, expected = _times(snapshot)
    right: list[Row] = [
        status,
        speed,
        [(elapsed, "")],
        [(expected, "muted")],
        [(_system(snapshot, width), "muted")],
    ]
    # The parts to drop, in order, if there is no room.
    drop = (right[4], left[3], left[4], left[5], left[6], right[3], right[1], left[2], left[0],
            right[2], left[1])  # fmt: skip
    for part in drop:
        if sum(map(row_width, left + right)) + 3 <= width:
            break
        part.clear()
    head, tail = ([run for part in side for run in part] for side in (left, right))
    space = max(2, width - row_width(head) - row_width(tail) - 1)
    return block([[*head, (" " * space, ""), *tail]], width, 1, glyphs)[0]


def _status(snapshot: Snapshot | None, width: int, glyphs: Glyphs) -> Row:
    """Return the status with a fixed width for each width of the screen."""
    name = snapshot.state if snapshot else "loading"
    sign, ascii_sign, role = _STATUSES[name]
    word: str = name
    since = 0
    if snapshot is not None and name == "training":
        word, since = progress(snapshot)
        sign, ascii_sign, role = _PROGRESS.get(word, _STATUSES["training"])
    size = len("overfitting")
    if width >= _SINCE_FROM:
        word += f" since {brief_count(since, 6)}" if since else ""
        size += len(" since 123.4k")
    return [(f"{ascii_sign if glyphs == 'ascii' else sign} {word:<{size}}", role)]


def progress(snapshot: Snapshot) -> tuple[str, int]:
    """Return how training goes in a word, and since which update; 0: no update to name.

    What was found counts first, the most serious before the others.
    """
    found = {finding.id: finding.since for finding in snapshot.findings}
    if snapshot.numbers is None:
        return "training", 0
    for name, word in _WORDS:
        if name in found:
            return word, found[name]
    if snapshot.plateau_since:
        return "plateau", snapshot.plateau_since
    return "learning", 0


def truncation(train: Train) -> str:
    """Describe after how many time steps the gradient is truncated."""
    if train.seq_len == "full":
        return "full BPTT"
    return f"truncated after {train.seq_len}"


def _system(snapshot: Snapshot | None, width: int) -> str:
    """Return CPU share and memory of the training process on a wide screen."""
    if snapshot is None or snapshot.system is None or width < _SINCE_FROM:
        return ""
    return f"  CPU {percent(snapshot.system.cpu):>5}  {size_in_words(snapshot.system.memory):>7}"


def _parameters(welcome: Welcome | None, glyphs: Glyphs) -> str:
    dot = "-" if glyphs == "ascii" else "·"
    return f" {dot} {si(welcome.parameters)} parameters" if welcome else ""


def _workers(welcome: Welcome | None, snapshot: Snapshot | None, glyphs: Glyphs) -> str:
    dot = "-" if glyphs == "ascii" else "·"
    workers = welcome.workers if welcome else 1
    if snapshot and snapshot.system:  # a trial may have changed the number since
        workers = snapshot.system.workers
    return f" {dot} {workers} workers" if workers > 1 else ""


def _speed(welcome: Welcome | None, snapshot: Snapshot | None) -> str:
    """Return the speed of training, or the pace if one is set; after the end, the mean speed.

    A paused run has none, and a blank of the same width.
    """
    if snapshot is None:
        return ""
    unit = speed_unit(welcome.unit if welcome else "token")
    if snapshot.state not in ("training", "paused"):
        mean = _mean_speed(welcome, snapshot)
        return f"  mean {si(mean)} {unit}" if mean else ""
    if snapshot.pace is not None:
        return f"  {'paced at ' + short(snapshot.pace):>14} updates/s"
    speed = f"  {si(snapshot.tokens_per_second):>5} {unit}"
    return speed if snapshot.state == "training" else " " * len(speed)


def _mean_speed(welcome: Welcome | None, snapshot: Snapshot) -> float | None:
    """Return the mean tokens per second of the whole run, if known."""
    tokens = snapshot.step * welcome.tokens_per_update if welcome else 0
    return tokens / snapshot.elapsed if tokens and snapshot.elapsed else None


def _times(snapshot: Snapshot | None) -> tuple[str, str]:
    """Return the elapsed time and the estimated total time."""
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
    """Return two rows of numbers with their units, training above validation.

    Narrow rows use shorter labels, then drop the least important columns.
    """
    free = width - 1  # the last cell stays empty, as in the header
    kept = _fitting(_columns(recipe, welcome, snapshot, glyphs), free)
    needed = sum(map(_width, kept))
    gap = _GAP if needed + _GAP * (len(kept) - 1) <= free else _LEAST_GAP
    rows: Rows = [[], []]
    for pair in kept:
        for row, part in zip(rows, pair, strict=True):
            row += [(" " * gap, "")] if row else []
            row += part
            row += [(" " * (_width(pair) - row_width(part)), "")]
    return block(rows, width, height, glyphs)


def _width(pair: Pair) -> int:
    return max(map(row_width, pair))


def _fitting(columns: dict[str, list[Pair]], width: int) -> list[Pair]:
    """Return the columns that fit, in their longest fitting form; the loss is always included."""
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
    """Return every column, each with its longest form first."""
    train, validation = _losses(snapshot)
    if recipe.data.task == "values":
        squared = for_glyphs(" ½ squared error", glyphs)
        columns = {"loss": [_loss(train, validation, u) for u in (squared, "")]}
    else:
        unit = welcome.unit if welcome else recipe.data.unit
        columns = {
            "loss": [_loss(train, validation, " nats")],
            "bits": [
                (_measured(bits(train), 6, text), _measured(bits(validation), 6, text))
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
    lr, norm = (snapshot.lr if snapshot else None), DECLARED["gradient_norm"]
    measured = _last_number(snapshot, norm.name)
    columns["rate"] = [
        (
            _named(upper, f"{rate(lr, size):>{size}}"),
            _named(lower, fixed(measured, size, norm.digits)),
        )
        for upper, lower, size in (
            (DECLARED["lr"].label, norm.label, 7),
            (DECLARED["lr"].brief.ljust(len(norm.brief)), norm.brief, 6),
        )
    ]
    update = snapshot.step if snapshot else 0
    columns["update"] = [
        (
            _named("update", f"{brief_count(update, size):>{size}}"),
            _named("epoch ", f"{_epoch(snapshot, size):>{size}}"),
        )
        for size in (7, 6)
    ]
    return columns


def _losses(snapshot: Snapshot | None) -> tuple[Number, Number]:
    """Return the mean over the last few updates and the latest validation loss.

    The mean is NaN if the last loss is not finite.
    """
    if snapshot is None or snapshot.numbers is None:
        return None, None
    loss = snapshot.numbers.loss_per_token
    if not finite(loss):
        return math.nan, snapshot.validation
    return (loss if snapshot.smooth is None else snapshot.smooth), snapshot.validation


def _last_number(snapshot: Snapshot | None, name: str) -> Number:
    """Return a number of the last update; None before the first one, or if it is unknown."""
    return getattr(snapshot.numbers, name, None) if snapshot else None


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
