"""Themes, and what the roles of drawn text look like in each of them.

The two own themes use colours of the 256-colour palette only, so they look the same on a terminal
that has no more, and a colour costs half the bytes.
"""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from rnntui.tui import THEMES

DARK = Theme(
    name="dark",
    primary="#5fd7af",
    accent="#5fd7af",
    warning="#ffaf5f",
    error="#ffaf5f",
    success="#5fd7af",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "role-muted": "#8a8a8a",
        "role-strong": "#ffffff",
        "role-raw": "#585858",
        "role-chosen": "#444444",
        "role-floor": "#767676",
        "role-validation": "#ffffff",
        "role-p0": "#767676",
        "role-p1": "#5f8787",
        "role-p2": "#5faf87",
        "role-p3": "#5fd7af",
        "role-p4": "#87ffd7",
        "input-cursor-background": "#5fd7af",
        "input-cursor-foreground": "#121212",
        "input-selection-background": "#005f5f",
    },
)

LIGHT = Theme(
    name="light",
    primary="#005f5f",
    accent="#005f5f",
    warning="#af5f00",
    error="#af5f00",
    success="#005f5f",
    foreground="#303030",
    background="#ffffff",
    surface="#eeeeee",
    panel="#e4e4e4",
    dark=False,
    variables={
        "role-muted": "#6c6c6c",
        "role-strong": "#000000",
        "role-raw": "#b2b2b2",
        "role-chosen": "#c6c6c6",
        "role-floor": "#808080",
        "role-validation": "#000000",
        "role-p0": "#9e9e9e",
        "role-p1": "#87afaf",
        "role-p2": "#5f8787",
        "role-p3": "#008787",
        "role-p4": "#005f5f",
        "input-cursor-background": "#005f5f",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#afd7d7",
    },
)

OWN = {theme.name: theme for theme in (DARK, LIGHT)}

# How far from the background towards a colour a role stands, where the theme does not say.
_BLENDS = {
    "muted": ("foreground", 0.6),
    "raw": ("foreground", 0.35),
    "floor": ("foreground", 0.5),
    "p0": ("foreground", 0.5),
    "p1": ("primary", 0.55),
    "p2": ("primary", 0.7),
    "p3": ("primary", 0.85),
    "p4": ("primary", 1.0),
}
_PLAIN = {"strong": "foreground", "validation": "foreground"}
_BOLD = ("strong", "title", "warning", "validation")


def find_theme(name: str) -> Theme:
    """An own theme or one of Textual's."""
    return OWN.get(name) or BUILTIN_THEMES[name]


def next_theme(name: str) -> str:
    """The theme after this one."""
    return THEMES[(THEMES.index(name) + 1) % len(THEMES)] if name in THEMES else THEMES[0]


@lru_cache(maxsize=256)
def role_style(theme: str, role: str, surface: bool = False) -> Style:
    """How text of a role is painted; `surface` is the background of pages over the screen.

    A role that ends in "!" is the chosen one of its kind and stands on a background of its own.
    """
    name = role.removesuffix("!")
    look = find_theme(theme)
    base = _colour(look, "surface" if surface else "background")
    ground = base
    if name != role:
        given = look.variables.get("role-chosen")
        ground = Color.parse(given) if given else base.blend(_colour(look, "foreground"), 0.2)
    return Style(
        color=_hex(_role_colour(look, name, base)),
        bgcolor=_hex(ground),
        bold=True if name in _BOLD or name != role else None,
        underline=True if name == "wrong" else None,
    )


def _role_colour(theme: Theme, role: str, base: Color) -> Color:
    if given := theme.variables.get(f"role-{role}"):
        return Color.parse(given)
    if role in _BLENDS:
        target, share = _BLENDS[role]
        return base.blend(_colour(theme, target), share)
    if role in ("accent", "title", "line"):
        return _colour(theme, "primary")
    if role in ("warning", "wrong", "mark"):
        return _colour(theme, "warning")
    return _colour(theme, _PLAIN.get(role, "foreground"))


def _colour(theme: Theme, name: str) -> Color:
    """A colour of a theme, or what Textual derives where the theme gives none."""
    given = getattr(theme, name)
    return Color.parse(given or theme.to_color_system().generate()[name])


def _hex(colour: Color) -> str:
    return colour.hex6
