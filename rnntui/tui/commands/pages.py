"""Commands that open pages, and that leave the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.tui.command import Command, Group

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def _detachable(app: Dashboard) -> bool:
    return app.kept and not app.read_only and not app.state.ended


PAGES = Group(
    "pages and quitting",
    (
        Command(
            name="info",
            keys=("i",),
            footer="info",
            help="about this run: its data, model and settings",
            run=lambda app: app.open_page("info"),
            rank=6,
        ),
        Command(
            name="events",
            keys=("e",),
            footer="events",
            help="event log",
            run=lambda app: app.open_page("events"),
            rank=7,
        ),
        Command(
            name="help",
            keys=("question_mark",),
            sign="?",
            footer="help",
            help="this page: all keys, and how to read the screen",
            run=lambda app: app.open_page("help"),
            rank=1,
        ),
        Command(
            name="explain_panel",
            keys=("f1",),
            footer="this panel",
            help="explain the panel with the focus: what it shows, and its keys",
            run=lambda app: app.open_page("panel"),
            rank=9,
            in_prompt=True,
        ),
        Command(
            name="jump",
            keys=("ctrl+o",),
            footer="jump",
            help="show a letter on every panel and control; press it to go there",
            run=lambda app: app.open_jump(),
            rank=8,
            in_prompt=True,
        ),
        Command(
            name="palette",
            keys=("ctrl+p", "colon"),
            footer="commands",
            help="find a command by name, or set a value: temperature 0.7",
            run=lambda app: app.open_palette(),
            rank=8,
            in_prompt=True,
        ),
        Command(
            name="redraw",
            keys=("ctrl+l",),
            footer="redraw",
            help="draw the screen again, if another program has written onto it",
            run=lambda app: app.redraw_all(),
            rank=10,
            in_prompt=True,
        ),
        Command(
            name="suspend",
            keys=("ctrl+z",),
            footer="suspend",
            help="suspend; training continues (fg to return)",
            run=lambda app: app.suspend_now(),
            rank=10,
            in_prompt=True,
            urgent=True,
        ),
        Command(
            name="interrupt",
            keys=("ctrl+c",),
            footer="quit now",
            footer_now=lambda app: "detach" if app.attached else "quit now",
            help="stop training and quit now; when attached: only detach",
            run=lambda app: app.quit(130),
            rank=10,
            in_prompt=True,
            urgent=True,
        ),
        Command(
            name="detach",
            keys=("d",),
            footer="detach",
            help="detach; training continues (rnntui attach to return)",
            run=lambda app: app.quit(0, stop=False),
            available=_detachable,
            rank=1,
        ),
        Command(
            name="quit",
            keys=("q", "ctrl+q"),
            footer="quit",
            help="save, stop training and quit",
            run=lambda app: app.quit(0),
            rank=0,
        ),
    ),
)
