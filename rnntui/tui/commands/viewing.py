"""Commands that change what the screen shows, and how."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from rnntui.tui.command import Command, Group, shows

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard
    from rnntui.tui.views.view import View


def _has_losses(app: Dashboard) -> bool:
    return app.state.snapshot is not None and app.state.snapshot.step > 0


def _has_time_steps(app: Dashboard) -> bool:
    return app.state.time_step_count > 0


def _has_columns(app: Dashboard) -> bool:
    shown = app.view.has("steps") or app.view.has("guesses")
    return shown and app.state.values and app.feature_count > 1


VIEWING = Group(
    "view",
    (
        Command(
            name="log",
            keys=("l",),
            footer="log",
            help="logarithmic / linear loss axis",
            run=lambda app: app.toggle_log(),
            available=shows("plot"),
        ),
        Command(
            name="zoom",
            keys=("z",),
            footer="zoom",
            help="zoom in on the end of the loss plot, or around the cursor",
            pair="zoom the loss plot in / out, at its end or around the cursor",
            run=lambda app: app.change_zoom(1, wrap=True),
            available=shows("plot"),
        ),
        Command(
            name="zoom_out",
            keys=("Z",),
            footer="zoom out",
            help="zoom the loss plot out, up to the whole run",
            run=lambda app: app.change_zoom(-1),
            available=shows("plot"),
            rank=10,
        ),
        Command(
            name="cursor_left",
            keys=("comma",),
            sign=",",
            footer="cursor",
            help="move the cursor to an earlier update on the loss plot",
            pair="move the cursor on the loss plot",
            run=lambda app: app.move_cursor(-1),
            available=shows("plot", _has_losses),
            rank=8,
        ),
        Command(
            name="cursor_right",
            keys=("full_stop",),
            sign=".",
            footer="cursor",
            help="move the cursor to a later update on the loss plot",
            run=lambda app: app.move_cursor(1),
            available=shows("plot", _has_losses),
            rank=8,
        ),
        Command(
            name="previous_time_step",
            keys=("left",),
            sign="←",
            footer="inspect",
            help="inspect the previous time step",
            pair="inspect a time step",
            run=lambda app: app.select(-1),
            available=shows("steps", _has_time_steps),
            rank=6,
        ),
        Command(
            name="next_time_step",
            keys=("right",),
            sign="→",
            footer="inspect",
            help="inspect the next time step",
            run=lambda app: app.select(1),
            available=shows("steps", _has_time_steps),
            rank=6,
        ),
        Command(
            name="column",
            keys=("v",),
            footer="column",
            help="show the next column, or all columns",
            run=lambda app: app.next_column(),
            available=_has_columns,
            rank=2,
        ),
        Command(
            name="glyphs",
            keys=("b",),
            footer="glyphs",
            help="draw with braille, blocks or plain ASCII",
            run=lambda app: app.next_glyphs(),
            rank=8,
        ),
        Command(
            name="theme",
            keys=("t",),
            footer="theme",
            help="switch to the next theme",
            run=lambda app: app.change_theme(),
            rank=7,
        ),
        Command(
            name="other_view",
            keys=("tab",),
            footer="other view",
            footer_now=lambda app: app.beside.name if app.beside else "other view",
            help="move between the two views of a wide terminal",
            run=lambda app: app.focus_other_view(),
            available=lambda app: app.beside is not None,
            rank=1,
            unavailable="a single view is shown",
        ),
        Command(
            name="layout",
            keys=("w",),
            footer="layout",
            footer_now=lambda app: "one view" if app.beside else "two views",
            help="one view, or two beside each other",
            run=lambda app: app.change_layout(),
            rank=8,
        ),
        Command(
            name="mouse",
            keys=("M",),
            footer="mouse",
            help="use the mouse, or leave it to the terminal to select text",
            run=lambda app: app.change_mouse(),
            rank=10,
        ),
        Command(
            name="back",
            keys=("escape",),
            sign="esc",
            footer="back",
            help="close the prompt, forecast, selection or page",
            run=lambda app: app.back(),
            available=lambda app: app.can_go_back,
            rank=3,
            in_prompt=True,
            unavailable="nothing to go back to",
        ),
    ),
)


def switches(views: Iterable[View]) -> Group:
    """Return the commands that switch between views; none if there is a single one."""
    commands = tuple(
        Command(
            name=view.name,
            keys=(view.key,),
            footer="views",
            help=f"{view.name}: {view.explanation}",
            run=partial(_switch, view),
            rank=1,
        )
        for view in views
    )
    return Group("views", commands if len(commands) > 1 else ())


def _switch(view: View, app: Dashboard) -> None:
    app.show_view(view)
