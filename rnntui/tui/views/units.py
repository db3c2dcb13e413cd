"""Commands that choose a hidden unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rnntui.protocol.insight import Neurons
from rnntui.tui.command import Command

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def _units(app: Dashboard) -> list[tuple[int, int]]:
    """Return layer and unit of those that can be chosen: first those that follow something."""
    shown = app.state.insight
    if not isinstance(shown, Neurons):
        return []
    found = [(one.layer, one.unit) for one in shown.follows]
    others = sorted((shown.layer, row.unit) for row in shown.heat)
    return list(dict.fromkeys([*found, *others]))


def _unit(by: int) -> Callable[[Dashboard], None]:
    def choose(app: Dashboard) -> None:
        units, shown, look = _units(app), app.state.insight, app.state.insight_look
        assert isinstance(shown, Neurons)
        here = (look.layer, look.unit)  # what was chosen last need not be shown yet
        here = here if here in units else (shown.layer, shown.unit)
        layer, unit = units[(units.index(here) + by) % len(units)] if here in units else units[0]
        app.ask_insight(replace(app.state.insight_look, layer=layer, unit=unit))

    return choose


UNITS = (
    Command(
        name="previous_unit",
        keys=("up",),
        sign="↑",
        footer="unit",
        help="choose the previous unit",
        run=_unit(-1),
        available=lambda app: bool(_units(app)),
        rank=0,
        pair="choose a unit: first those that follow something, then the others",
    ),
    Command(
        name="next_unit",
        keys=("down",),
        sign="↓",
        footer="unit",
        help="choose the next unit",
        run=_unit(1),
        available=lambda app: bool(_units(app)),
        rank=0,
    ),
)
