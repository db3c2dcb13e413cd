"""The views of the screen: adding one to the list adds its key, its commands and its help."""

from rnntui.tui.views.insight import EXPERIMENTS, GUESSES, HEALTH, MEMORY, NEURONS
from rnntui.tui.views.view import View
from rnntui.tui.views.watch import WATCH

# In the order of their keys; the first one is shown at the start.
VIEWS: tuple[View, ...] = (WATCH, GUESSES, MEMORY, NEURONS, HEALTH, EXPERIMENTS)
