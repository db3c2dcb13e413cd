"""The pages that explain the views at length, with their formulas and numbers: one per view."""

from rnntui.tui.draw.views.explain.experiments import explain_experiments
from rnntui.tui.draw.views.explain.guesses import explain_guesses
from rnntui.tui.draw.views.explain.health import explain_health
from rnntui.tui.draw.views.explain.memory import explain_memory
from rnntui.tui.draw.views.explain.neurons import explain_neurons

__all__ = [
    "explain_experiments",
    "explain_guesses",
    "explain_health",
    "explain_memory",
    "explain_neurons",
]
