"""The views that explain why: a function per view draws its newest message, another explains it.

Each takes the message, what it is about, and the options of drawing.
"""

from rnntui.tui.draw.views.experiments import experiments_rows
from rnntui.tui.draw.views.explain import (
    explain_experiments,
    explain_guesses,
    explain_health,
    explain_memory,
    explain_neurons,
)
from rnntui.tui.draw.views.guesses import guesses_rows
from rnntui.tui.draw.views.health import health_rows
from rnntui.tui.draw.views.memory import memory_rows
from rnntui.tui.draw.views.neurons import neurons_rows
from rnntui.tui.draw.views.options import ViewOptions

__all__ = [
    "ViewOptions",
    "experiments_rows",
    "explain_experiments",
    "explain_guesses",
    "explain_health",
    "explain_memory",
    "explain_neurons",
    "guesses_rows",
    "health_rows",
    "memory_rows",
    "neurons_rows",
]
