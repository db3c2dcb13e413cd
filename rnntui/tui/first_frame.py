"""The dashboard's first frame, drawn before Textual is imported, which takes longer than the rest.

It is what the dashboard draws while it knows nothing of the run but its recipe: the same panels in
the same places, so nothing moves when the dashboard takes over.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast

from rnntui.dataclass import dataclass
from rnntui.protocol.insight import View as ViewName
from rnntui.recipe import Recipe
from rnntui.tui.command import Command
from rnntui.tui.commands import CommandTable
from rnntui.tui.display import Display
from rnntui.tui.draw.generated import forecast_height
from rnntui.tui.draw.loss import LossPlot, loss_plot
from rnntui.tui.draw.rows import NO_STEPS, Rows, block, for_glyphs
from rnntui.tui.draw.small import fits, too_small
from rnntui.tui.draw.status import header_row, status_rows
from rnntui.tui.draw.tokens import strip_height, token_strip
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_plot
from rnntui.tui.draw.views.bar import views_bar
from rnntui.tui.frames import Part, joined, painted
from rnntui.tui.hints import generation_hint, loss_unit
from rnntui.tui.key_entries import footer_entries, footer_row
from rnntui.tui.look import Look
from rnntui.tui.state import RunState
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import Box, pairs
from rnntui.tui.views.placing import HEADS, placed
from rnntui.tui.views.view import View


@dataclass(frozen=True)
class Outset:
    """The dashboard before it is there: what commands and panels ask it for."""

    recipe: Recipe
    look: Look
    width: int
    kept: bool = False
    attached: bool = False
    read_only: bool = False

    prompting = has_news = False
    text_count = feature_count = 0

    @cached_property
    def state(self) -> RunState:
        """The run: its recipe, and nothing else yet."""
        return RunState(self.recipe)

    @property
    def unit(self) -> str:
        """The name of a token."""
        return self.state.unit

    @cached_property
    def table(self) -> CommandTable:
        """The commands, with the user's keys."""
        return CommandTable.with_keys(self.look.keys)[0]

    @cached_property
    def display_options(self) -> Display:
        """The view options."""
        usual = CommandTable().by_name
        return Display(
            glyphs=self.look.glyphs or "braille",
            read_only=self.read_only,
            layout=self.look.layout,
            view=self.view.name,
            beside=self.beside.name if self.beside else None,
            keys={
                command.name: command.shown
                for command in self.table.commands
                if command.shown != usual[command.name].shown
            },
        )

    @property
    def view(self) -> View:
        """The view with the focus."""
        return next((view for view in VIEWS if view.name == self.look.view), VIEWS[0])

    @property
    def views(self) -> tuple[View, ...]:
        """The views shown, from left to right."""
        alone = self.view is VIEWS[0] and self.look.view is not None
        if alone or not pairs(self.width, self.look.layout):
            return (self.view,)
        return VIEWS[0], VIEWS[1] if self.view is VIEWS[0] else self.view

    @property
    def beside(self) -> View | None:
        """The view shown without the focus, if any."""
        return next((view for view in self.views if view is not self.view), None)

    @property
    def can_go_back(self) -> bool:
        """Whether there is a view to close."""
        return self.views != VIEWS[:1]

    @property
    def available_commands(self) -> list[Command]:
        """The commands that can be run now."""
        app = cast(Any, self)
        return [c for c in self.table.offered(self.view) if c.available(app)]


def first_rows(outset: Outset, height: int) -> Rows:
    """Return the rows of the screen."""
    width, state = outset.width, outset.state
    if not fits(width, height):
        return too_small(width, height, outset.display_options.key_of("quit", "q", "ctrl+c"))
    useful = (
        {"generated": forecast_height(1)} if state.values else {"steps": strip_height(1, 0, width)}
    )
    boxes = placed(
        outset.views, width, height, values=state.values, useful=_known(useful, outset.views)
    )
    parts: list[list[Part]] = [[] for _ in range(height)]
    for name, box in boxes.items():
        for y, row in enumerate(_panel(name, outset, box), box.y):
            parts[y].append((box.x, box.width, row))
    return [joined(row, width) for row in parts]


def _known(useful: Mapping[str, int], views: tuple[View, ...]) -> dict[str, int]:
    return {name: rows for name, rows in useful.items() if any(view.has(name) for view in views)}


def first_frame(outset: Outset, height: int, theme: str, system: str) -> str:
    """Return the escape sequences of the frame; an unknown theme has no colours."""
    return painted(first_rows(outset, height), outset.width, theme, system)


# ---- the panels -----------------------------------------------------------------------------

Draw = Callable[[Outset, int, int], Rows]


def _panel(name: str, outset: Outset, box: Box) -> Rows:
    if name in HEADS:
        return _head(outset, HEADS.index(name), box.width, box.height)
    return _PANELS.get(name, _view)(outset, box.width, box.height)


def _header(outset: Outset, width: int, height: int) -> Rows:
    glyphs = outset.display_options.glyphs
    return block([header_row(outset.recipe, None, None, width, glyphs)], width, height)


def _status(outset: Outset, width: int, height: int) -> Rows:
    return status_rows(outset.recipe, None, None, width, height, outset.display_options.glyphs)


def _notice(outset: Outset, width: int, height: int) -> Rows:
    options = outset.display_options
    row = views_bar(options.view, (), width, options.glyphs, options.beside, options.keys)
    return block([row], width, height)


def _plot(outset: Outset, width: int, height: int) -> Rows:
    plot = LossPlot(unit=loss_unit(outset.state))
    return loss_plot(plot, width, height, outset.display_options.glyphs)


def _steps(outset: Outset, width: int, height: int) -> Rows:
    glyphs = outset.display_options.glyphs
    if outset.state.values:
        return value_plot(ValuePlot(features=("value",)), width, height, glyphs, NO_STEPS)
    return token_strip(None, width, height, glyphs, hint=NO_STEPS)


def _generated(outset: Outset, width: int, height: int) -> Rows:
    glyphs = outset.display_options.glyphs
    title = " forecast" if outset.state.values else " generated text"
    words = generation_hint(outset.state, outset.display_options)
    lines = textwrap.wrap(for_glyphs(words, glyphs), max(10, width - 2))
    rows: Rows = [[(title, "title")], *([(f" {line}", "muted")] for line in lines)]
    return block(rows, width, height, glyphs)


def _prompt(outset: Outset, width: int, height: int) -> Rows:
    sign = ">" if outset.display_options.glyphs == "ascii" else "›"
    return block([[(" prompt ", "muted"), (sign, "muted")]], width, height)


def _footer(outset: Outset, width: int, height: int) -> Rows:
    entries = footer_entries(outset, width, outset.display_options.glyphs)
    return block([footer_row(entries)], width, height)


def _head(outset: Outset, number: int, width: int, height: int) -> Rows:
    from rnntui.tui.draw.column import column_head

    view = outset.views[number]
    options = outset.display_options
    row = column_head(view.name, view is outset.view, width, options.glyphs, options.keys)
    return block([row], width, height)


def _loss_line(outset: Outset, width: int, height: int) -> Rows:
    from rnntui.tui.draw.loss_line import loss_line

    plot = LossPlot(unit=loss_unit(outset.state))
    return block([loss_line(plot, width, outset.display_options.glyphs)], width, height)


def _view(outset: Outset, width: int, height: int) -> Rows:
    """Draw the panel of the view that explains why, which has nothing to explain yet."""
    from rnntui.tui.draw.views.options import ViewOptions

    shown = outset.display_options
    options = ViewOptions(glyphs=shown.glyphs, keys=shown.keys)
    name: ViewName = next(view.name for view in outset.views if view is not VIEWS[0])
    match name:
        case "guesses":
            from rnntui.tui.draw.views.guesses import guesses_rows

            return guesses_rows(None, None, options, width, height)
        case "memory":
            from rnntui.tui.draw.views.memory import memory_rows

            return memory_rows(None, None, options, width, height)
        case "neurons":
            from rnntui.tui.draw.views.neurons import neurons_rows

            return neurons_rows(None, None, options, width, height)
        case "health":
            from rnntui.tui.draw.views.health import health_rows

            return health_rows(None, (), options, width, height)
        case _:
            from rnntui.tui.draw.views.experiments import experiments_rows

            return experiments_rows(None, options, width, height)


_PANELS: dict[str, Draw] = {
    "header": _header,
    "status": _status,
    "notice": _notice,
    "plot": _plot,
    "steps": _steps,
    "generated": _generated,
    "prompt": _prompt,
    "footer": _footer,
    "loss-line": _loss_line,
}
