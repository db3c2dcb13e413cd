"""What the experiments do, at length, with the numbers of those that have been run."""

from __future__ import annotations

from rnntui.numbers import count, figure, finite, percent, rate
from rnntui.protocol.insight import Experiments, Race, RateTest
from rnntui.tui.draw.rows import Rows
from rnntui.tui.draw.views.explain.page import definitions, page, section
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.prose import terms
from rnntui.tui.draw.views.race import LETTERS, guesses_from

TAUGHT = (
    "Backpropagation through time carries an error back through the steps of a chunk; seq_len is "
    "the number of steps. With seq_len = 1 an error never reaches an earlier step: the network "
    "still has a memory, but is never taught to use it.",
    "Short chunks have an advantage that has nothing to do with memory: the same text gives more "
    "updates. So compare two things: the loss, and what the network gets right far back. In texts "
    "with brackets, a closing bracket is right if the bracket that fits its partner is the most "
    "likely of the closing ones.",
)
_RATE = (
    "The test starts from the current weights and raises the rate by the same factor with every "
    "update. At first nothing happens, then the loss falls, then it rises steeply. A good rate is "
    "where the loss falls fastest: there is still a margin up to where it diverges.",
    "The weights, the optimizer and the random numbers are then put back: the run continues as if "
    "the test had not happened.",
)
_AGAIN = (
    "A change is only known to help if two runs are compared that differ in nothing else. Such a "
    "run is started here: same seed, same data, one change. It is an ordinary run with a name of "
    "its own.",
)
FORMULAS = (
    ("rate of update n", "least × (most ÷ least)^(n ÷ N), for n from 0 to N"),
    (
        "falls fastest",
        "the rate where the loss, over the logarithm of the rate, falls most steeply",
    ),
    ("updates", "tokens ÷ (seq_len × batch)"),
    ("chance", "1 ÷ number of kinds of closing brackets"),
)


def explain_experiments(message: Experiments | None, options: ViewOptions, width: int) -> Rows:
    """Explain the view in rows of exactly `width` cells, as many as it takes."""
    glyphs = options.glyphs
    race_key, test_key = options.key_of("race", "R"), options.key_of("rate_test", "L")
    again_key = options.key_of("again", "r")
    race = message.race if message else None
    test = message.rate_test if message else None
    rows = section(f"{race_key}  race: how far back must the gradient go?", TAUGHT, width, glyphs)
    if race is not None and race.lanes:
        rows += [*terms(_lanes(race), width, glyphs), []]
    rows += section(f"{test_key}  learning-rate test", [*_RATE, *_result(test)], width, glyphs)
    rows += section(f"{again_key}  again with a change", _AGAIN, width, glyphs)
    rows += definitions("formulas", FORMULAS, width, glyphs)
    return page(rows, width, glyphs)


def _lanes(race: Race) -> list[tuple[str, str]]:
    """Describe the result of each lane."""
    entries = []
    for n, lane in enumerate(race.lanes):
        losses = [loss for loss in lane.loss if finite(loss)]
        loss = f"validation {figure(losses[-1])}" if losses else "no validation yet"
        text = f"{loss} after {count(lane.updates)} updates in {lane.seconds:.1f} s"
        first = guesses_from(race, lane)
        if first is not None and finite(race.chance):
            text += f"; no better than chance ({percent(race.chance)}) from {race.distances[first]}"
            text += " back on"
        entries.append((f"{LETTERS[n % 26]}  {race.key} = {lane.name}", text))
    return entries


def _result(test: RateTest | None) -> list[str]:
    if test is None or test.best is None:
        return []
    text = f"Here the loss falls fastest at {rate(test.best)}; the run's rate is {rate(test.now)}."
    if test.least_diverging is not None:
        text += f" It rises from {rate(test.least_diverging)} on."
    return [text]
