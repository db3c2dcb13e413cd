"""The view of experiments: a race, a learning-rate test, and runs with a change."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rnntui.numbers import short
from rnntui.protocol.insight import Experiments, Lane, Numbers, Race
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, row_width, spelled
from rnntui.tui.draw.views.explain.experiments import FORMULAS, TAUGHT
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import (
    WIDE,
    Part,
    explained,
    halves,
    side_by_side,
    stacked,
    with_room,
)
from rnntui.tui.draw.views.prose import INDENT, heading, labelled, paragraph, terms
from rnntui.tui.draw.views.race import race_parts
from rnntui.tui.draw.views.rate_test import rate_test_part

_EXPLANATIONS = (
    "The run is paused while an experiment runs, and its weights are restored afterwards: training "
    "is not affected.",
    "The run is paused meanwhile; an experiment does not affect its training.",
    "An experiment does not affect the run's training.",
)


def _lane(name: str, loss: Numbers, updates: int, seconds: float, correct: Numbers) -> Lane:
    return Lane(name, (40_960.0, 163_840.0, 491_520.0), loss, updates, seconds, correct)


_EXAMPLE_FROM = 30  # rows
_NEEDS_TRAINING = "for runs that train: resume this one first"


class _Offer(NamedTuple):
    """What a command would do: in brief, or in full."""

    command: str
    usual: str  # its key
    name: str
    question: str
    brief: str
    does: str
    shows: str
    costs: str


_RACE = _Offer(
    "race",
    "R",
    "race",
    "How far back must the gradient go?",
    "Trains new networks that differ only in how far back the gradient goes, and compares their "
    "loss, updates and memory. Takes some seconds.",
    "Trains one new network per window length (1 time step, a quarter of the window, the whole "
    "window) with the same seed and settings, on the same number of tokens.",
    "The validation loss of each and the updates it made; where the text has brackets, how many "
    "closings are right by distance. Only that tells memory from a low loss.",
    "Some seconds. The run is paused meanwhile.",
)
_RATE = _Offer(
    "rate_test",
    "L",
    "learning-rate test",
    "Which learning rate is good?",
    "Raises the rate from far too small to far too large in about 100 updates, and shows where the "
    "loss falls fastest and where it rises. The weights are then restored.",
    "Raises the rate a little with every update, from far too small to far too large, starting "
    "from the current weights.",
    "The loss over the rate. Where it falls fastest is a good rate; where it rises, the rate is "
    "too high.",
    "About 100 updates. The weights are then restored.",
)
_AGAIN = _Offer(
    "again",
    "r",
    "again with a change",
    "What if one setting were different?",
    "Starts a new run beside this one with one change, such as dropout = 0.3. Both share the "
    "machine.",
    "Starts a new run beside this one: same seed and data, but with one change, such as "
    "dropout = 0.3 or cell = gru. It is named after the change.",
    "A run of its own, to open, compare and resume. The health view can start one with the change "
    "that a finding suggests.",
    "As much as this run. Both share the machine.",
)
# Recorded with the recipe brackets (rnn, 64 units, Adam at 0.002, 32 streams).
_EXAMPLE = Race(
    key="seq_len",
    total=491_520,
    lanes=(
        _lane("1", (1.443, 1.432, 1.403), 15_360, 5.1, (0.96, 0.67, 0.39, 0.36)),
        _lane("8", (1.435, 1.377, 1.254), 1_920, 1.6, (0.95, 0.90, 0.86, 0.67)),
        _lane("32", (1.724, 1.397, 1.332), 480, 1.0, (0.98, 0.94, 0.93, 0.75)),
    ),
    distances=("2–3", "4–7", "8–15", "16–31"),
    chance=1 / 3,
    floor=1.134,
    running=False,
)


def experiments_rows(
    message: Experiments | None, options: ViewOptions, width: int, height: int
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells; explain what has not been run."""
    found, glyphs = message or Experiments(0), options.glyphs
    if options.gone:
        found = _interrupted(found)

    def body(rows: int) -> Rows:
        wide, any_run = width >= WIDE, bool(found.race or found.rate_test)
        left, right = halves(width, width // 2) if wide else (width, width)
        first, second = _status(found, left, options), _others(found, options, right)
        if found.race:
            first += race_parts(found.race, left, 2, glyphs, gone=options.gone)
        elif found.rate_test:
            first.append(_offer(_RACE, left, 10, options))
            first += _example(left, 20, glyphs) if wide else []
        else:
            first += [_offer(_RACE, left, 10, options), *_others(found, options, left)]
            second = _example(right, 20, glyphs) if wide or rows >= _EXAMPLE_FROM else []
        if not wide:
            return stacked([*first, *second], width, rows, glyphs)
        if any_run:
            second = with_room(second, [_about(right, 30, glyphs)], rows)
        else:
            first = with_room(first, [_about(left, 30, glyphs)], rows)
        return side_by_side([(left, first), (right, second)], rows, glyphs)

    texts = _EXPLANATIONS[-1:] if options.ended else _EXPLANATIONS  # an ended run is not paused
    return explained(body, texts, width, height, glyphs)


def _interrupted(found: Experiments) -> Experiments:
    """Return the results with nothing running: the process that ran it has ended."""
    test = found.rate_test
    if test and test.running:
        test = replace(test, running=False, stopped=True)
    return replace(found, rate_test=test, activity="")


def _others(found: Experiments, options: ViewOptions, width: int) -> list[Part]:
    """Return everything but the race: the test of rates, and new runs."""
    parts: list[Part] = []
    if found.rate_test:
        parts.append(rate_test_part(found.rate_test, options, width, 4))
    else:
        parts.append(_offer(_RATE, width, 11, options))
    return [*parts, *_runs(found, width, options)]


def _status(found: Experiments, width: int, options: ViewOptions) -> list[Part]:
    """Return what is running, if anything is."""
    if not found.activity:
        return []
    glyphs = options.glyphs
    stop = f"   {options.key_of('stop_experiment', 'x')} stop"
    row = exactly(
        [(" running  ", "title"), (spelled(found.activity, glyphs), ""), (stop, "muted")], width
    )
    return [Part(1, 1, 1, lambda _: [row])]


def _runs(found: Experiments, width: int, options: ViewOptions) -> list[Part]:
    """Return the names of the runs that were started from here, or how to start one."""
    if not found.runs:
        return [_offer(_AGAIN, width, 12, options)]
    rows = labelled("new runs", " ".join(found.runs), 12, width, options.glyphs)
    return [Part(6, 1, len(rows), lambda n: rows[:n])]


def _offer(offer: _Offer, width: int, rank: int, options: ViewOptions) -> Part:
    """Return what a key would do, in as many words as there is room for."""
    glyphs = options.glyphs
    key = options.key_of(offer.command, offer.usual)
    head: Row = [(f" {key}  ", "accent"), (offer.name, "title"), (f"   {offer.question}", "")]
    if options.gone or (options.stored and offer is not _AGAIN):
        head = [(f" {key}  {offer.name}   ", "muted"), (_NEEDS_TRAINING, "muted")]
    if row_width(head) > width:
        head.pop()
    brief: Rows = [exactly(head, width), *paragraph(offer.brief, width, glyphs, "muted", 4)]
    full: Rows = [exactly(head, width)]
    for label, text in (("does", offer.does), ("shows", offer.shows), ("costs", offer.costs)):
        full += [[("   ", ""), *row] for row in labelled(label, text, 8, width - 3, glyphs)]

    def draw(rows: int) -> Rows:
        return full if rows >= len(full) else brief if rows >= len(brief) else brief[:1]

    return Part(rank, 1, len(brief), draw, ample=len(full))


def _about(width: int, rank: int, glyphs: Glyphs) -> Part:
    """Return what a race teaches and how the numbers are computed, for wide screens."""
    rows: Rows = [heading("about", ["what a race teaches"], width, glyphs)]
    for text in TAUGHT:
        rows += paragraph(text, width, glyphs, "muted", INDENT)
    rows += [[], heading("formulas", ["how the numbers are computed"], width, glyphs)]
    rows += terms(FORMULAS, width, glyphs)
    return Part(rank, len(rows), len(rows), lambda _: rows)


def _example(width: int, rank: int, glyphs: Glyphs) -> list[Part]:
    """Return a race that was run earlier, to show what one would see."""
    detail = f"a race on the recipe brackets, {short(_EXAMPLE.total)} characters each"
    return race_parts(_EXAMPLE, width, rank, glyphs, "example", detail)
