"""Our own themes, and the style of each role of drawn text in them, without Textual.

"dark" and "light" use only colours of the 256-colour palette, so they look the same on terminals
limited to it, and a colour takes half the bytes.

The colour-blind themes tell things apart by blue against orange and by brightness, which people
with any kind of colour blindness see. Their hues are those of the palette by Masataka Okabe and Kei
Ito, "Color Universal Design" (2002, https://jfly.uni-koeln.de/color/): sky blue and orange on dark;
blue and vermilion on light, where vermilion is darker than theirs, to be readable as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rich.style import Style

from rnntui.dataclass import dataclass


@dataclass(frozen=True)
class OwnTheme:
    """Colours as in Textual's themes, all of them given; `variables` has those of roles."""

    name: str
    primary: str
    accent: str
    warning: str
    error: str
    success: str
    foreground: str
    background: str
    surface: str
    panel: str
    dark: bool
    variables: Mapping[str, str]


DARK = OwnTheme(
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
        "role-selected": "#444444",
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

LIGHT = OwnTheme(
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
        "role-selected": "#c6c6c6",
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

COLOUR_BLIND_DARK = OwnTheme(
    name="colour-blind-dark",
    primary="#56b4e9",
    accent="#56b4e9",
    warning="#e69f00",
    error="#e69f00",
    success="#56b4e9",
    foreground="#dadada",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "role-muted": "#a8a8a8",
        "role-strong": "#ffffff",
        "role-raw": "#626262",
        "role-selected": "#303030",
        "role-floor": "#8a8a8a",
        "role-validation": "#ffffff",
        "role-p0": "#9e9e9e",
        "role-p1": "#86a9bf",
        "role-p2": "#56b4e9",
        "role-p3": "#8fd0f7",
        "role-p4": "#d7f0ff",
        "input-cursor-background": "#56b4e9",
        "input-cursor-foreground": "#121212",
        "input-selection-background": "#005f87",
    },
)

COLOUR_BLIND_LIGHT = OwnTheme(
    name="colour-blind-light",
    primary="#0072b2",
    accent="#0072b2",
    warning="#a84a00",
    error="#a84a00",
    success="#0072b2",
    foreground="#262626",
    background="#ffffff",
    surface="#f4f4f4",
    panel="#e4e4e4",
    dark=False,
    variables={
        "role-muted": "#5f5f5f",
        "role-strong": "#000000",
        "role-raw": "#a8a8a8",
        "role-selected": "#e4e4e4",
        "role-floor": "#767676",
        "role-validation": "#000000",
        "role-p0": "#626262",
        "role-p1": "#4f6272",
        "role-p2": "#3f5c80",
        "role-p3": "#004f7c",
        "role-p4": "#002c46",
        "input-cursor-background": "#0072b2",
        "input-cursor-foreground": "#ffffff",
        "input-selection-background": "#afd7ff",
    },
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT, COLOUR_BLIND_DARK, COLOUR_BLIND_LIGHT)}

# The colours that roles have in Textual's themes, for what is drawn before Textual is there.
_ROLES = ("muted", "raw", "floor", "p0", "p1", "p2", "p3", "p4", "selected", "warning")
# Primary, warning, foreground, background, surface; then those of _ROLES.
TEXTUAL = {
    "nord": "88c0d0 ebcb8b d8dee9 2e3440 3b4252 949aa5 696f7b "
    "838994 838994 5f818f 6d96a4 7aabba 88c0d0 505661 ebcb8b",
    "gruvbox": "85a598 fe8019 fbf1c7 282828 3c3836 a6a087 716e5f "
    "918c77 918c77 5b6c65 697f76 779287 85a598 525047 fe8019",
    "catppuccin-mocha": "f5c2e7 fae3b0 cdd6f4 181825 313244 848aa1 575a6d "
    "72778c 72778c 91758f b28fac d3a8c9 f5c2e7 3c3e4e fae3b0",
    "dracula": "bd93f9 ffb86c f8f8f2 282a36 2b2e3b a4a5a6 707277 "
    "909194 909194 7963a1 9073be a683db bd93f9 51535b ffb86c",
    "tokyo-night": "bb9af7 e0af68 a9b1d6 1a1b26 24283b 6f758f 4c4f63 "
    "61667e 61667e 726098 8a73b8 a286d7 bb9af7 363949 e0af68",
    "solarized-dark": "268bd2 cb4b16 839496 002b36 073642 5f787d 2d4f57 "
    "546f75 546f75 2b6f96 1a6ea3 207cba 268bd2 1a4049 cb4b16",
    "rose-pine": "c4a7e7 f6c177 e0def4 191724 1f1d2e 908ea0 5e5c6c "
    "7c7a8c 7c7a8c 77668f 907bac aa91c9 c4a7e7 403e4d f6c177",
    "monokai": "ae81ff fd971f d6d6d6 272822 2e2e2e 90908e 646461 "
    "7e7f7c 7e7f7c 71589b 8566bc 9973dd ae81ff 4a4a46 fd971f",
    "textual-dark": "0178d4 ffa62b e0e0e0 121212 1e1e1e 8d8d8d 5a5a5a "
    "797979 797979 205c89 065999 0368b6 0178d4 3b3b3b ffa62b",
    "solarized-light": "268bd2 cb4b16 586e75 fdf6e3 eee8d5 828b88 c3c6bc "
    "909792 909792 719eb8 60a2cc 469bd4 268bd2 dcdacd cb4b16",
    "catppuccin-latte": "8839ef df8e1d 4c4f69 eff1f5 e6e9ef 858798 b5b8c4 "
    "9598a6 9598a6 ac84e4 a670f0 9754ef 8839ef ced0d9 bd7818",
    "textual-light": "004578 ffa62b 1f1f1f e0e0e0 d8d8d8 6c6c6c 9c9c9c "
    "7f7f7f 7f7f7f 648aa6 437397 215c87 004578 b9b9b9 a56b1b",
}

ALIASES = {"title": "accent", "line": "accent", "wrong": "warning", "mark": "warning"}
BOLD = ("strong", "title", "warning", "validation", "jump")


def known_theme(name: str) -> OwnTheme | None:
    """Return a theme of ours, or what is known here of one of Textual's; None for others."""
    if name in THEMES or name not in TEXTUAL:
        return THEMES.get(name)
    colours = [f"#{colour}" for colour in TEXTUAL[name].split()]
    primary, warning, foreground, background, surface = colours[:5]
    roles = zip(_ROLES, colours[5:], strict=True)
    return replace(
        DARK,
        name=name,
        primary=primary,
        warning=warning,
        foreground=foreground,
        background=background,
        surface=surface,
        variables={f"role-{role}": colour for role, colour in roles},
    )


def own_style(theme: OwnTheme, role: str, surface: bool = False) -> Style:
    """Return the style of a role; `surface` selects the background of pages.

    A role that ends in "!" is selected and gets a highlighted background.
    """
    name = role.removesuffix("!")
    ground = theme.surface if surface else theme.background
    if name == "jump":
        return style(name, ground, theme.warning, False)
    if name != role:
        ground = theme.variables["role-selected"]
    return style(name, _colour(theme, name), ground, name != role)


def style(name: str, colour: str, ground: str, selected: bool) -> Style:
    """Return the style of a role with these colours."""
    return Style(
        color=colour,
        bgcolor=ground,
        bold=True if name in BOLD or selected else None,
        underline=True if name == "wrong" else None,
    )


def colourless_style(role: str) -> Style:
    """Return the style of a role on a terminal without colours; a selected one is reversed."""
    name = role.removesuffix("!")
    return Style(
        bold=True if name in BOLD else None,
        underline=True if name == "wrong" else None,
        reverse=True if name != role or name == "jump" else None,
    )


def _colour(theme: OwnTheme, role: str) -> str:
    role = ALIASES.get(role, role)
    if given := theme.variables.get(f"role-{role}"):
        return given
    return {"accent": theme.primary, "warning": theme.warning}.get(role, theme.foreground)
