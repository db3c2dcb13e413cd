"""What the dashboard shows as a picture: the screen now, or any view of a stored run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from rich.style import Style
from textual.pilot import Pilot

from rnntui.errors import EngineError
from rnntui.export.picture import Run, Screen
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.loss import loss_plot
from rnntui.tui.draw.rows import Rows
from rnntui.tui.look import Look
from rnntui.tui.painter import DiffingLayout
from rnntui.tui.poller import Engine
from rnntui.tui.themes import find_theme, role_style
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.loss import LossPanel

LOSS = "loss"  # the loss plot alone
PICTURES = (LOSS, *(view.name for view in VIEWS))
SECONDS = 60.0  # for a view to be measured
_POLL = 0.02


class Source(Engine, Protocol):
    """A run in this process; `settled` once there is nothing left to measure."""

    @property
    def settled(self) -> bool:
        """Whether everything that was asked for has been measured."""
        ...


def screen_of(app: Dashboard) -> Screen:
    """Return what a dashboard shows now."""
    update = app.screen._compositor.render_full_update()
    assert isinstance(update, DiffingLayout)
    ground, text = _colours(app.theme)
    rows = []
    for strips in update.strips:
        segments = [segment for strip in strips for segment in strip if not segment.control]
        rows.append(tuple(_run(s.text, s.style or Style.null(), text, ground) for s in segments))
    return Screen(tuple(rows), app.size.width, ground)


def _colours(theme: str) -> tuple[str, str]:
    style = role_style(theme, "")
    return _hex(style.bgcolor, "#000000"), _hex(style.color, "#ffffff")


def _hex(colour: object, otherwise: str) -> str:
    triplet = getattr(colour, "triplet", None)
    return triplet.hex if triplet is not None else otherwise


def _run(text: str, style: Style, colour: str, ground: str) -> Run:
    front, back = _hex(style.color, colour), _hex(style.bgcolor, ground)
    if style.reverse:
        front, back = back, front
    return Run(text, front, back, bool(style.bold), bool(style.underline))


def _screen_of_rows(rows: Rows, theme: str, width: int) -> Screen:
    """Return drawn rows in a theme."""
    ground, text = _colours(theme)
    runs = (
        tuple(_run(run, role_style(theme, role), text, ground) for run, role in row) for row in rows
    )
    return Screen(tuple(runs), width, ground)


def take_picture(
    recipe: Recipe, source: Source, view: str, theme: str, size: tuple[int, int]
) -> Screen:
    """Return a view of a run, or the loss plot alone, in `size` columns and rows.

    Raises EngineError if it cannot be measured.
    """
    find_theme(theme)
    return asyncio.run(_take(recipe, source, view, theme, size))


async def _take(
    recipe: Recipe, source: Source, view: str, theme: str, size: tuple[int, int]
) -> Screen:
    async def connect() -> Engine:
        return source

    shown = "watch" if view == LOSS else view
    look = Look(glyphs="braille", theme=theme, view=shown)  # type: ignore[arg-type]
    app = Dashboard(recipe, connect, look=look, read_only=True)
    app.display_options.news_dismissed = True
    async with app.run_test(size=size) as pilot:
        await _until(pilot, app, lambda: app.state.snapshot is not None)
        await _until(pilot, app, lambda: _is_complete(app, source))
        await pilot.pause()
        app.show_notice("")
        await pilot.pause()
        if view != LOSS:
            return screen_of(app)
        rows = loss_plot(app.main.panel(LossPanel).plot(), *size)
        return _screen_of_rows(rows, theme, size[0])


def _is_complete(app: Dashboard, source: Source) -> bool:
    if app.view is VIEWS[0]:
        return source.settled
    snapshot = app.state.snapshot
    failed = snapshot is not None and bool(snapshot.insight_problem)
    return failed or (app.state.insight is not None and source.settled)


async def _until(pilot: Pilot[int], app: Dashboard, met: Callable[[], bool]) -> None:
    """Wait for a condition. Raises EngineError if it is not met in time."""
    end = asyncio.get_running_loop().time() + SECONDS
    while not met():
        if app.state.connection == "gone" or asyncio.get_running_loop().time() > end:
            why = app.state.ending.text if app.state.ending else ""
            raise EngineError(f"the picture cannot be drawn{why and f': {why}'}")
        app.poller.wake.set()
        await pilot.pause(_POLL)
