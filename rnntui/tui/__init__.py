"""The dashboard: a view of a training process. Importing this package is cheap."""

from rnntui.tui.look import Look
from rnntui.tui.start import attach_dashboard, run_dashboard

THEMES = (
    "dark",
    "light",
    "colour-blind-dark",
    "colour-blind-light",
    "nord",
    "gruvbox",
    "catppuccin-mocha",
    "dracula",
    "tokyo-night",
    "solarized-dark",
    "rose-pine",
    "monokai",
    "textual-dark",
    "solarized-light",
    "catppuccin-latte",
    "textual-light",
)

__all__ = ["THEMES", "Look", "attach_dashboard", "run_dashboard"]
