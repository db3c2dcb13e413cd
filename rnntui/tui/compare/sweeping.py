"""The commands of a sweep's leaderboard, beside those of every comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.errors import RnntuiError
from rnntui.sweep.spawn import ask_to_stop
from rnntui.sweep.wishes import Wish, ask
from rnntui.tui.command import Group
from rnntui.tui.compare.commands import sweep_commands

if TYPE_CHECKING:
    from rnntui.sweep.leaderboard import SweepList
    from rnntui.tui.compare.app import CompareApp

SAID = {"cut": "{run} will be cut", "continue": "{run} will continue to its end"}


def sweep_group(board: SweepList) -> Group:
    """Return the commands for the sweep that a leaderboard shows."""

    def selected(app: CompareApp) -> int | None:
        """Return the number of the selected trial."""
        run = app.state.selected
        trial = run.name.removeprefix(f"{board.sweep.name}-") if run is not None else ""
        return int(trial) if trial.isdecimal() else None

    def wish(app: CompareApp, what: Wish) -> None:
        trial = selected(app)
        if trial is None:
            return
        try:
            ask(board.sweep.directory, trial, what)
        except RnntuiError as error:
            app.say(str(error), "warning")
            return
        text = SAID[what].format(run=board.sweep.run_name(trial))
        again = f" after rnntui sweep resume {board.sweep.name}"
        app.say(text if board.sweep.held else text + again)

    def stop(app: CompareApp) -> None:
        try:
            ask_to_stop(board.sweep)
        except RnntuiError as error:
            app.say(str(error), "warning")
            return
        app.say("the sweep stops once its trials are saved")

    return sweep_commands(
        cut=lambda app: wish(app, "cut"),
        train_on=lambda app: wish(app, "continue"),
        stop=stop,
        has_trial=lambda app: selected(app) is not None,
        is_running=lambda _app: board.sweep.held,
    )
