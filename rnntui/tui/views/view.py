"""What a view is: named panels from top to bottom, how they share the rows, and its commands."""

from __future__ import annotations

from collections.abc import Container, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnntui.dataclass import dataclass
from rnntui.protocol.insight import View as ViewName
from rnntui.tui.command import Command
from rnntui.tui.views.arrangement import Grow, Slot, arrange

if TYPE_CHECKING:
    from rnntui.tui.display import Display
    from rnntui.tui.state import RunState
    from rnntui.tui.widgets.panel import Part

WIDGETS = "rnntui.tui.widgets"


@dataclass(frozen=True)
class Place:
    """A panel's place in a view.

    `name` is the id of the widget: views that name the same panel share it. `widget` is its module
    (".name": one of ours) and class; it is imported when a view with the panel is first shown, so
    that views can be arranged before Textual is there. `rows` is the panel's height on the
    smallest screen; 0: it appears when it grows or wants rows. `alone`: it is left out where the
    view is shown beside another one, which has the same in full.
    """

    name: str
    widget: str  # "module:Class"
    rows: int = 1
    alone: bool = False

    def make(self, state: RunState, display: Display) -> Part:
        """Return a new widget."""
        module, _, name = self.widget.partition(":")
        kind: type[Any] = getattr(import_module(module, WIDGETS), name)
        made: Part = kind(state, display, self.name)
        return made


@dataclass(frozen=True, kw_only=True)
class View:
    """What the screen shows between its top rows and the footer.

    `explanation` says in one line what the view shows. The panels grow as `growth` says, or as
    `growth_values` if the task is to predict values; `rest` gets the rows that are left.
    `commands` are available in this view only, and take their keys from other commands there.
    """

    name: ViewName
    key: str
    explanation: str
    places: tuple[Place, ...]
    growth: tuple[Grow, ...]
    rest: str
    growth_values: tuple[Grow, ...] | None = None
    commands: tuple[Command, ...] = ()

    def has(self, panel: str) -> bool:
        """Return whether the view has a panel of this name."""
        return any(place.name == panel for place in self.places)

    def arranged(
        self,
        height: int,
        *,
        values: bool = False,
        wanted: Mapping[str, int] | None = None,
        useful: Mapping[str, int] | None = None,
    ) -> dict[str, Slot]:
        """Return the slot of each panel, by name, on a screen of `height` >= LEAST_HEIGHT rows."""
        least = {place.name: place.rows for place in self.places}
        return arrange(height, least, self._growth(values), self.rest, wanted, useful)

    def beside(
        self,
        height: int,
        without: Container[str],
        *,
        values: bool = False,
        wanted: Mapping[str, int] | None = None,
    ) -> dict[str, Slot]:
        """Return the slots in `height` rows beside a view that has the panels `without`."""
        places = [place for place in self.places if place.name not in without and not place.alone]
        least = {place.name: place.rows for place in places}
        growth = [
            Grow(step.panel, step.rows, step.gap if step.panel != places[0].name else 0)
            for step in self._growth(values)
            if step.panel in least
        ]
        wanted = {name: rows for name, rows in (wanted or {}).items() if name in least}
        return arrange(height, least, growth, self.rest, wanted)

    def _growth(self, values: bool) -> tuple[Grow, ...]:
        return self.growth_values if values and self.growth_values is not None else self.growth
