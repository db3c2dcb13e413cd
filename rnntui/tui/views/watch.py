"""The view of a run while it trains: the loss, the last update's time steps, generated text."""

from __future__ import annotations

from rnntui.tui.views.arrangement import above, to
from rnntui.tui.views.frame import framed
from rnntui.tui.views.view import Place, View

# What arrow keys do while a panel has the focus, if it is not what they do in the view.
ARROWS = {
    "plot": {"left": "cursor_left", "right": "cursor_right"},
    "generated": {"up": "scroll_text_up", "down": "scroll_text_down"},
}
WATCH = View(
    name="watch",
    key="1",
    explanation="the loss, the last update's time steps, generated text",
    places=framed(
        Place("plot", ".loss:LossPanel", rows=4),
        Place("steps", ".steps:StepsPanel", rows=3),
        Place("generated", ".generated:GeneratedPanel", rows=2),
        Place("prompt", ".prompt:PromptLine"),
    ),
    growth=(
        to("plot", 6), to("steps", 6), to("generated", 4), to("status", 2), to("notice", 1),
        to("plot", 8), above("steps"), above("generated"), to("plot", 12), to("generated", 7),
        to("plot", 15), above("footer"), to("generated", 9), to("plot", 18), to("generated", 14),
        to("plot", 24), to("steps", 12), to("plot", 36), to("steps", 18),
    ),
    growth_values=(
        to("plot", 5), to("steps", 6), to("status", 2), to("notice", 1), to("steps", 8),
        to("plot", 7), above("steps"), above("generated"), to("steps", 11), to("plot", 10),
        to("generated", 3), to("steps", 14), above("footer"), to("plot", 13), to("steps", 18),
        to("plot", 16), to("generated", 6), to("plot", 20), to("steps", 24), to("generated", 10),
        to("plot", 28), to("steps", 36),
    ),
    rest="plot",
)  # fmt: skip
