"""All themes, Textual's too, and the style of each role of drawn text in a theme."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from rnntui.tui import THEMES, own_themes
from rnntui.tui.colours import contrast

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

# Roles of text that must stand out at least as much from the background, as WCAG 2 measures it. A
# theme with soft colours, as Solarized, has too little contrast to take some away.
_LEAST_CONTRAST = {"muted": 3.0, "warning": 3.0, "accent": 3.0, "floor": 2.5} | {
    f"p{level}": 2.5 for level in range(5)
}


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
    role = own_themes.ALIASES.get(role, role)
    colour = _colour(theme, {"accent": "primary", "warning": "warning"}.get(role, "foreground"))
    if role in _BLENDS:
        target, share = _BLENDS[role]
        colour = base.blend(_colour(theme, target), share)
    return _legible(colour, _colour(theme, "background"), _LEAST_CONTRAST.get(role, 0.0))


def _legible(colour: Color, ground: Color, least: float) -> Color:
    """Return the colour, lighter or darker if its contrast to the background is too low."""
    black, white = Color(0, 0, 0), Color(255, 255, 255)
    away = max(black, white, key=lambda one: contrast(one.rgb, ground.rgb))
    shades = (colour.blend(away, share / 20) for share in range(21))
    return next((one for one in shades if contrast(one.rgb, ground.rgb) >= least), away)


def _colour(theme: Theme, name: str) -> Color:
    """Return a colour of a theme, or the one that Textual derives if the theme has none."""
    given = getattr(theme, name)
    return Color.parse(given or theme.to_color_system().generate()[name])
