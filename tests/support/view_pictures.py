"""The views drawn from the examples, as text and as pictures.

`python -m tests.support.view_pictures` writes the texts that the tests compare with, to be read
before they are committed; `python -m tests.support.view_pictures FOLDER [light]` draws pictures
there to be looked at, which needs `rsvg-convert`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import Finding, Guesses, Memory, Neurons, Passage, ValueGuesses
from rnntui.tui.draw.rows import Glyphs, Rows
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values_grid import value_plots
from rnntui.tui.draw.views.experiments import experiments_rows
from rnntui.tui.draw.views.explain import (
    explain_experiments,
    explain_guesses,
    explain_health,
    explain_memory,
    explain_neurons,
)
from rnntui.tui.draw.views.guesses import guesses_rows
from rnntui.tui.draw.views.health import health_rows
from rnntui.tui.draw.views.memory import memory_rows
from rnntui.tui.draw.views.neurons import neurons_rows
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.themes import role_style
from tests.support.drawing import picture
from tests.support.examples import experiments, forecasts, guesses, health, memory, neurons
from tests.support.pictures import RECORDINGS, to_png

FOLDER = RECORDINGS / "views"

Draw = Callable[[ViewOptions, int, int], Rows]
_VALUES = ViewOptions(features=guesses.FEATURES)
_WORDS = ViewOptions(unit="word")


@dataclass(frozen=True)
class Example:
    """A message: how its view is drawn, how it is explained, and its options."""

    rows: Draw
    explain: Callable[[ViewOptions, int], Rows]
    options: ViewOptions = field(default_factory=ViewOptions)


def _guesses(message: Guesses | ValueGuesses, passage: Passage, options: ViewOptions) -> Example:
    return Example(
        lambda options, width, height: guesses_rows(message, passage, options, width, height),
        lambda options, width: explain_guesses(message, passage, options, width),
        options,
    )


def _memory(message: Memory, passage: Passage, options: ViewOptions) -> Example:
    return Example(
        lambda options, width, height: memory_rows(message, passage, options, width, height),
        lambda options, width: explain_memory(message, passage, options, width),
        options,
    )


def _neurons(message: Neurons, passage: Passage, options: ViewOptions) -> Example:
    return Example(
        lambda options, width, height: neurons_rows(message, passage, options, width, height),
        lambda options, width: explain_neurons(message, passage, options, width),
        options,
    )


def _health(
    message: health.Health,
    findings: tuple[Finding, ...],
    selected: int = 0,
    backtest: Backtested | None = None,
) -> Example:
    return Example(
        lambda options, width, height: health_rows(
            message, findings, options, width, height, backtest
        ),
        lambda options, width: explain_health(
            message, findings, options, width, backtest is not None
        ),
        ViewOptions(finding=selected, method="auto"),
    )


def _experiments(message: experiments.Experiments | None) -> Example:
    return Example(
        lambda options, width, height: experiments_rows(message, options, width, height),
        lambda options, width: explain_experiments(message, options, width),
    )


def _forecast(plot: ValuePlot) -> Example:
    return Example(
        lambda options, width, height: value_plots(plot, width, height, options.glyphs),
        lambda options, width: [],
    )


_RUNNING = replace(
    experiments.EXPERIMENTS,
    race=replace(
        experiments.RACE,
        running=True,
        lanes=tuple(replace(lane, loss=lane.loss[:4], tokens=lane.tokens[:4], correct=())
                    for lane in experiments.RACE.lanes[:2]),
    ),
    rate_test=None,
    runs=(),
    activity="race: seq_len = 8",
)  # fmt: skip
EXAMPLES = {
    "guesses": _guesses(
        guesses.GUESSES, guesses.PASSAGE, ViewOptions(sampling="temperature 0.8, top-p 0.9")
    ),
    "guesses-words": _guesses(guesses.WORD_GUESSES, guesses.WORD_PASSAGE, _WORDS),
    "guesses-values": _guesses(guesses.VALUE_GUESSES, guesses.VALUE_PASSAGE, _VALUES),
    "memory": _memory(memory.MEMORY, memory.MEMORY_PASSAGE, ViewOptions()),
    "memory-layers": _memory(memory.TWO_LAYERS, memory.MEMORY_PASSAGE, ViewOptions()),
    "memory-values": _memory(memory.VALUE_MEMORY, guesses.VALUE_PASSAGE, _VALUES),
    "neurons": _neurons(neurons.NEURONS, neurons.PASSAGE, ViewOptions(at=57)),
    "neurons-words": _neurons(
        neurons.WORD_NEURONS, neurons.WORD_PASSAGE, replace(_WORDS, at=3, layer=1)
    ),
    "neurons-values": _neurons(neurons.VALUE_NEURONS, neurons.VALUE_PASSAGE, ViewOptions(at=3)),
    "health": _health(health.HEALTH, health.FINDINGS),
    "health-second": _health(health.HEALTH, health.FINDINGS, 1),
    "health-nothing": _health(replace(health.HEALTH, check=health.CHECKED), ()),
    "health-wins": _health(health.HEALTH, (), backtest=forecasts.WINS),
    "health-loses": _health(health.HEALTH, health.FINDINGS[1:2], backtest=forecasts.LOSES),
    "forecast": _forecast(forecasts.PLOT),
    "forecast-columns": _forecast(replace(forecasts.PLOT, feature=None)),
    "experiments": _experiments(experiments.EXPERIMENTS),
    "experiments-running": _experiments(_RUNNING),
    "experiments-none": _experiments(None),
}


@dataclass(frozen=True)
class Kept:
    """A drawing whose text is kept; of height 0: the page that explains it."""

    name: str
    width: int
    height: int = 0
    glyphs: Glyphs = "braille"

    @property
    def path(self) -> Path:
        """The file with its text."""
        size = f"{self.width}x{self.height}" if self.height else f"explained-{self.width}"
        return FOLDER / f"{self.name}-{size}-{self.glyphs}.txt"

    def rows(self) -> Rows:
        """Draw it."""
        return drawn(self.name, self.width, self.height, self.glyphs)

    def lines(self) -> list[str]:
        """Its text, as it is drawn now."""
        return picture(self.rows())

    def recorded(self) -> list[str]:
        """Its text, as it was recorded."""
        return self.path.read_text("utf-8").splitlines()


def drawn(name: str, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Draw an example; with a height of 0, the page that explains it."""
    example = EXAMPLES[name]
    options = replace(example.options, glyphs=glyphs)
    return example.rows(options, width, height) if height else example.explain(options, width)


_SMALL, _MIDDLE, _LARGE = (80, 19), (120, 35), (200, 55)
_MAIN = ("guesses", "memory", "neurons", "health", "experiments")
KEPT = (
    *(
        Kept(name, *size)
        for name in EXAMPLES
        for size in (_SMALL, _MIDDLE)
        if not name.startswith("forecast")
    ),
    *(
        Kept("forecast", *size, glyphs)
        for size in ((80, 8), (120, 15))
        for glyphs in ("braille", "blocks", "ascii")
    ),
    *(Kept("forecast-columns", *size) for size in ((80, 14), (120, 15), (200, 20))),
    *(Kept(name, *_LARGE) for name in (*_MAIN, "health-loses")),
    *(Kept(name, *_SMALL, "ascii") for name in (*_MAIN, "guesses-values", "health-loses")),
    *(Kept(name, 160, 40, "blocks") for name in (*_MAIN, "health-wins")),
    *(Kept(name, 80) for name in (*_MAIN, "guesses-values", "health-loses")),
)


def kept(view: str) -> list[Kept]:
    """The drawings of a view that are kept."""
    return [one for one in KEPT if one.name.split("-")[0] == view]


def draw_png(rows: Rows, width: int, target: Path, theme: str = "dark") -> None:
    """Draw rows in the colours of a theme."""
    console = Console(
        width=width, record=True, file=io.StringIO(), color_system="truecolor", force_terminal=True
    )
    for row in rows:
        text = Text(no_wrap=True)
        for part, role in row:
            text.append(part, role_style(theme, role))
        console.print(text, soft_wrap=True)
    to_png(console.export_svg(title=""), target, 10 * width)


def main() -> None:
    """Write the texts, or draw the pictures."""
    if len(sys.argv) > 1:
        theme = sys.argv[2] if len(sys.argv) > 2 else "dark"
        for one in KEPT:
            draw_png(one.rows(), one.width, Path(sys.argv[1]) / f"{one.path.stem}.png", theme)
        return
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for one in KEPT:
        one.path.write_text("\n".join(one.lines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
