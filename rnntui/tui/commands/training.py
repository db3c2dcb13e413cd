"""Commands that control training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.numbers import plural
from rnntui.protocol.messages import Fix, Pace, Pause, Resume, Save, Step
from rnntui.tui.command import Command, Group, live, running, set_lr
from rnntui.tui.presets import pace_after, rate_after

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def toggle_pause(app: Dashboard) -> None:
    """Pause after the current update, or resume."""
    if app.state.status == "paused":
        app.send_command(Resume(), "resuming", state="training")
    else:
        app.send_command(Pause(), "pausing after the current update", state="paused")


def run_updates(app: Dashboard, count: int) -> None:
    """Run some updates, then pause."""
    app.send_command(Step(count), f"{plural(count, 'update')}, then pause", state="paused")


def change_pace(app: Dashboard, direction: int) -> None:
    """Switch to the next faster or slower preset pace."""
    if shown := app.state.shown:
        pace = pace_after(shown.pace, shown.updates_per_second, direction)
        words = "full speed" if pace is None else f"at most {pace:g} updates per second"
        app.send_command(Pace(pace), f"pace: {words}", pace=pace)


def change_lr(app: Dashboard, direction: int) -> None:
    """Multiply or divide the learning rate."""
    if shown := app.state.shown:
        set_lr(app, rate_after(shown.lr, direction))


def _fixable(app: Dashboard) -> bool:
    """An alert offers a fix; in the view of findings one of them may offer the same."""
    found = app.view.name == "health" and any(one.key == "m" for one in app.state.findings)
    return live(app) and app.state.restorable and (app.state.alert is not None or found)


def _kept(app: Dashboard) -> bool:
    return app.kept and running(app)


TRAINING = Group(
    "training",
    (
        Command(
            name="fix",
            keys=("m",),
            footer="fix",
            help="apply the suggested fix",
            run=lambda app: app.send_command(Fix(), "applying the suggested fix"),
            available=_fixable,
            rank=0,
        ),
        Command(
            name="pause",
            keys=("space",),
            footer="pause",
            footer_now=lambda app: "resume" if app.state.status == "paused" else "pause",
            help="pause / resume",
            run=toggle_pause,
            available=running,
            rank=1,
        ),
        Command(
            name="1_update",
            keys=("n",),
            footer="1 update",
            help="run 1 update, then pause",
            pair="run 1 or 10 updates, then pause",
            run=lambda app: run_updates(app, 1),
            available=running,
            rank=2,
        ),
        Command(
            name="10_updates",
            keys=("N",),
            footer="10 updates",
            help="run 10 updates, then pause",
            run=lambda app: run_updates(app, 10),
            available=running,
            rank=9,
        ),
        Command(
            name="slower",
            keys=("minus",),
            sign="-",
            footer="pace",
            help="slower: fewer updates per second",
            pair="slower / faster (up to full speed)",
            run=lambda app: change_pace(app, -1),
            available=running,
            rank=4,
        ),
        Command(
            name="faster",
            keys=("equals_sign", "plus"),
            sign="=",
            footer="pace",
            help="faster: more updates per second, up to full speed",
            run=lambda app: change_pace(app, 1),
            available=running,
            rank=4,
        ),
        Command(
            name="rate_down",
            keys=("left_square_bracket",),
            sign="[",
            footer="rate",
            help="divide the learning rate by 1.25",
            pair="divide or multiply the learning rate by 1.25",
            run=lambda app: change_lr(app, -1),
            available=running,
            rank=3,
        ),
        Command(
            name="rate_up",
            keys=("right_square_bracket",),
            sign="]",
            footer="rate",
            help="multiply the learning rate by 1.25",
            run=lambda app: change_lr(app, 1),
            available=running,
            rank=3,
        ),
        Command(
            name="save",
            keys=("s",),
            footer="save",
            help="save a checkpoint now",
            run=lambda app: app.send_command(Save(), "saving a checkpoint"),
            available=_kept,
            rank=7,
        ),
    ),
)
