"""The views that explain why: one panel each, below the loss in one row."""

from __future__ import annotations

from rnntui.protocol.insight import View as ViewName
from rnntui.tui.command import Command
from rnntui.tui.views.arrangement import above, to
from rnntui.tui.views.experiments import EXPERIMENT_COMMANDS
from rnntui.tui.views.findings import FINDINGS
from rnntui.tui.views.frame import framed
from rnntui.tui.views.passage import layer_of, reading
from rnntui.tui.views.units import UNITS
from rnntui.tui.views.view import Place, View


def _view(name: ViewName, key: str, explanation: str, panel: str, *commands: Command) -> View:
    return View(
        name=name,
        key=key,
        explanation=explanation,
        places=framed(
            Place("loss-line", ".insight:LossLine", rows=0, alone=True),
            Place(name, f".insight:{panel}", rows=10),
        ),
        growth=(
            to("notice", 1), to("status", 2), to("loss-line", 1), above(name), above("footer"),
        ),
        rest=name,
        commands=(_explain(name), *commands),
    )  # fmt: skip


def _explain(view: str) -> Command:
    return Command(
        name=f"explain_{view}",
        keys=("h",),
        footer="explain",
        help="explain this view, with its formulas and the current numbers",
        run=lambda app: app.explain_view(),
        rank=1,
    )


GUESSES = _view(
    "guesses",
    "2",
    "what the network expects at each position of a passage",
    "GuessesPanel",
    *reading("guesses"),
)
MEMORY = _view(
    "memory",
    "3",
    "how far back it remembers, what a prediction depends on",
    "MemoryPanel",
    *reading("memory"),
    layer_of("memory"),
)
NEURONS = _view(
    "neurons",
    "4",
    "what the hidden units do, and which one follows what",
    "NeuronsPanel",
    *UNITS,
    *reading("neurons"),
    layer_of("neurons"),
)
HEALTH = _view(
    "health",
    "5",
    "what is wrong, the evidence, and a key that fixes it",
    "HealthPanel",
    *FINDINGS,
)
EXPERIMENTS = _view(
    "experiments",
    "6",
    "learning-rate test, race, a new run with a change",
    "ExperimentsPanel",
    *EXPERIMENT_COMMANDS,
)
