"""Words of panels that depend on the run only."""

from __future__ import annotations

from rnntui.tui.display import Display
from rnntui.tui.state import RunState


def loss_unit(state: RunState) -> str:
    """Return the unit of the loss."""
    if state.values:
        return "½ squared error per time step"
    return f"nats per {state.unit}"


def generation_hint(state: RunState, display: Display) -> str:
    """Return how to generate something, or why nothing is shown."""
    what = "forecast" if state.values else "text"
    if display.read_only or state.connection == "gone":
        return f"no {what} yet" if not state.ended else f"no {what} was generated"
    key = display.key_of("prompt", "g")
    while_training = " (works while training)" if state.running else ""
    if state.values:
        return f"Press {key} and Enter to forecast from the last values{while_training}"
    return f"Press {key}, type a prompt and press Enter{while_training}"
