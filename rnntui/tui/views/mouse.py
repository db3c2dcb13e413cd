"""What the mouse does in the views that explain why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rnntui.tui.views.passage import choose_position

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard
    from rnntui.tui.draw.targets import Target


def pick(app: Dashboard, target: Target) -> None:
    """Select what was clicked."""
    if target.kind == "position":
        choose_position(app, target.number)
    elif target.kind == "unit":
        app.ask_insight(replace(app.state.insight_look, layer=target.layer, unit=target.number))
    else:
        app.display_options.finding = target.number
        app.main.redraw_panels(app.view.name, "footer")


def scroll(app: Dashboard, direction: int) -> None:
    """Select what comes after (1) or before (-1): a finding or unit, otherwise a position."""
    keys = ("down", "right") if direction > 0 else ("up", "left")
    of_view = [c for key in keys for c in app.view.commands if key in c.keys and app.offers(c)]
    if of_view:
        app.run_command(of_view[0])
