"""The dashboard: a screen on a training process. Importing this package is cheap."""

from rnntui.tui.start import Look, attach_dashboard, run_dashboard

THEMES = (
    "dark",
    "light",
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
