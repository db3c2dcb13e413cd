"""Commands of the experiments view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnntui.protocol.insight import Experiments, StartRace, StartRateTest, StopExperiments
from rnntui.tui.command import NEEDS_TRAINING_PROCESS, Command, in_training_process, live, set_lr

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


def _experiments(app: Dashboard) -> Experiments | None:
    return app.state.insight if isinstance(app.state.insight, Experiments) else None


def _experimenting(app: Dashboard) -> bool:
    found = _experiments(app)
    return live(app) and found is not None and bool(found.activity)


def _best_rate(app: Dashboard) -> float | None:
    found = _experiments(app)
    return found.rate_test.best if found and found.rate_test else None


def _suggests_a_rate(app: Dashboard) -> bool:
    return in_training_process(app) and app.state.running and bool(_best_rate(app))


def _use_rate(app: Dashboard) -> None:
    if rate := _best_rate(app):
        set_lr(app, rate)


def _meanwhile(app: Dashboard) -> str:
    return "; training is paused until it ends" if app.state.running else ""


EXPERIMENT_COMMANDS = (
    Command(
        name="race",
        keys=("R",),
        footer="race",
        help="compare seq_len 1, a quarter of the window, and the whole window",
        run=lambda app: app.send_command(StartRace(), "racing" + _meanwhile(app)),
        available=in_training_process,
        rank=1,
        unavailable=NEEDS_TRAINING_PROCESS,
    ),
    Command(
        name="rate_test",
        keys=("L",),
        footer="rate test",
        help="find a good learning rate: raise it from far too low to too high",
        run=lambda app: app.send_command(
            StartRateTest(), "testing learning rates" + _meanwhile(app)
        ),
        available=in_training_process,
        rank=1,
        unavailable=NEEDS_TRAINING_PROCESS,
    ),
    Command(
        name="use_rate",
        keys=("enter",),
        sign="enter",
        footer="use this rate",
        help="continue with the learning rate that the test suggests",
        run=_use_rate,
        available=_suggests_a_rate,
        rank=2,
        unavailable="no learning-rate test has suggested a rate, or the run has ended",
    ),
    Command(
        name="stop_experiment",
        keys=("x",),
        footer="stop",
        help="stop the experiment in progress; its results so far stay",
        run=lambda app: app.send_command(StopExperiments(), "experiment stopped"),
        available=_experimenting,
        rank=0,
        unavailable="no experiment is running",
    ),
    Command(
        name="again",
        keys=("r",),
        footer="run again",
        help="start a new run beside this one with a changed setting",
        run=lambda app: app.open_palette("again "),
        available=live,
        rank=2,
    ),
)
