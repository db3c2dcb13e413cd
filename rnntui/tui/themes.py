"""All themes, Textual's too, and the style of each role of drawn text in a theme."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from rnntui.tui import THEMES, own_themes

OWN = {name: Theme(**vars(theme)) for name, theme in own_themes.THEMES.items()}

# Blend from the background towards a colour, for roles that a theme does not define.
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


def find_theme(name: str) -> Theme:
    """Return one of our themes, or one of Textual's."""
    return OWN.get(name) or BUILTIN_THEMES[name]


def next_theme(name: str) -> str:
    """Return the name of the theme after this one."""
    return THEMES[(THEMES.index(name) + 1) % len(THEMES)] if name in THEMES else THEMES[0]


@lru_cache(maxsize=256)
def role_style(theme: str, role: str, surface: bool = False) -> Style:
    """Return the style of a role; `surface` selects the background of pages.

    A role that ends in "!" is selected and gets a highlighted background.
    """
    if own := own_themes.THEMES.get(theme):
        return own_themes.own_style(own, role, surface)
    name = role.removesuffix("!")
    colours = find_theme(theme)
    base = _colour(colours, "surface" if surface else "background")
    if name == "jump":
        return own_themes.style(name, base.hex6, _colour(colours, "warning").hex6, False)
    ground = base
    if name != role:
        given = colours.variables.get("role-selected")
        ground = Color.parse(given) if given else base.blend(_colour(colours, "foreground"), 0.2)
    colour = _role_colour(colours, name, base)
    return own_themes.style(name, colour.hex6, ground.hex6, name != role)


@lru_cache(maxsize=256)
def colourless_style(role: str) -> Style:
    """Return the style of a role on a terminal without colours; a selected one is reversed."""
    return own_themes.colourless_style(role)


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
    """Return a colour of a theme, or the one that Textual derives if the theme has none."""
    given = getattr(theme, name)
    return Color.parse(given or theme.to_color_system().generate()[name])
