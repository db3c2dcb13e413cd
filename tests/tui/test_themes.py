"""Themes can be read, also by people who see fewer colours."""

from __future__ import annotations

import itertools

import pytest
from rich.color import Color, ColorSystem

from rnntui.tui import THEMES
from rnntui.tui.draw.rows import ROLES
from rnntui.tui.own_themes import known_theme, own_style
from rnntui.tui.themes import find_theme, next_theme, role_style

BLIND = ("colour-blind-dark", "colour-blind-light")
TEXT = ("", "muted", "strong", "accent", "title", "warning", "wrong", "line", "validation")
PROBABILITIES = ("p0", "p1", "p2", "p3", "p4")
SELECTED = ("!", "muted!", "strong!", "wrong!", *(f"{role}!" for role in PROBABILITIES))
RGB = tuple[float, float, float]
# Simulation of full colour blindness in linear RGB: Machado, Oliveira & Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.0.
SEEN = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: Color | None) -> RGB:
    assert colour is not None
    red, green, blue = (
        share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in colour.get_truecolor())
    )
    return red, green, blue


def luminance(rgb: RGB) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(theme: str, role: str, surface: bool = False) -> float:
    """The contrast of text as WCAG 2 defines it."""
    style = role_style(theme, role, surface)
    light, dark = sorted((luminance(linear(c)) for c in (style.color, style.bgcolor)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: RGB) -> RGB:
    """CIE L*a*b* of a linear sRGB colour, whose distances are about those that are seen."""
    r, g, b = (min(1.0, max(0.0, part)) for part in rgb)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen_apart(theme: str, one: str, other: str, matrix: tuple[RGB, ...]) -> float:
    pair = []
    for role in (one, other):
        rgb = linear(role_style(theme, role).color)
        red, green, blue = (sum(a * b for a, b in zip(row, rgb, strict=True)) for row in matrix)
        pair.append(lab((red, green, blue)))
    return float(sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5)


@pytest.mark.parametrize("theme", BLIND)
def test_text_of_the_colour_blind_themes_has_enough_contrast(theme: str) -> None:
    for role, surface in itertools.product((*TEXT, *PROBABILITIES), (False, True)):
        assert contrast(theme, role, surface) >= 4.5, (role, surface)
    for role in SELECTED:
        assert contrast(theme, role) >= 4.5, role


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_of_the_main_themes_have_enough_contrast(theme: str) -> None:
    for role in ("", "muted", "strong", "accent", "title", "line", "validation"):
        assert contrast(theme, role) >= 4.5, role


@pytest.mark.parametrize("theme", BLIND)
@pytest.mark.parametrize("kind", SEEN)
def test_meanings_stay_apart_for_the_colour_blind(theme: str, kind: str) -> None:
    for one, other in itertools.combinations(("line", "warning", "", "raw"), 2):
        assert seen_apart(theme, one, other, SEEN[kind]) > 20, (one, other)


@pytest.mark.parametrize("theme", BLIND)
def test_a_higher_probability_stands_out_more(theme: str) -> None:
    steps = [contrast(theme, role) for role in PROBABILITIES]
    assert steps == sorted(steps) and len(set(steps)) == len(steps)


@pytest.mark.parametrize("theme", BLIND)
@pytest.mark.parametrize("roles", [PROBABILITIES, ("line", "warning", "muted", "strong")])
def test_256_colours_tell_them_apart_too(theme: str, roles: tuple[str, ...]) -> None:
    colours = [role_style(theme, role).color for role in roles]
    sent = {c.downgrade(ColorSystem.EIGHT_BIT).number for c in colours if c is not None}
    assert len(sent) == len(roles)


def test_every_theme_is_reached_by_its_key() -> None:
    name, seen = "dark", []
    for _ in THEMES:
        seen.append(find_theme(name).name)
        name = next_theme(name)
    assert (name, sorted(seen)) == ("dark", sorted(THEMES))


@pytest.mark.parametrize("name", THEMES)
def test_what_is_drawn_before_textual_has_the_colours_of_the_theme(name: str) -> None:
    known = known_theme(name)
    assert known is not None
    for role in (*ROLES, "muted!", "wrong!"):
        assert own_style(known, role) == role_style(name, role), role


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_in_every_theme(theme: str) -> None:
    assert all(contrast(theme, role) >= 3.0 for role in TEXT)
    assert all(contrast(theme, role) >= 2.3 for role in PROBABILITIES)


# Background, text, blue or frost, and what warns, as the authors of the themes publish them.
PUBLISHED = {
    "nord": ("#2e3440", "#d8dee9", "#88c0d0", "#ebcb8b"),
    "solarized-dark": ("#002b36", "#839496", "#268bd2", "#cb4b16"),
    "solarized-light": ("#fdf6e3", "#586e75", "#268bd2", "#cb4b16"),
    "gruvbox": ("#282828", "#fbf1c7", "#83a598", "#fe8019"),
    "dracula": ("#282a36", "#f8f8f2", "#bd93f9", "#ffb86c"),
}


@pytest.mark.parametrize("theme", PUBLISHED)
def test_named_themes_have_their_published_colours(theme: str) -> None:
    seen = [
        role_style(theme, "").bgcolor,
        *(role_style(theme, r).color for r in ("", "line", "warning")),
    ]
    for colour, published in zip(seen, PUBLISHED[theme], strict=True):
        assert colour is not None and colour.triplet is not None
        wanted = Color.parse(published).get_truecolor()
        # Textual's Gruvbox has a blue of its own, two steps from the published one.
        assert max(abs(a - b) for a, b in zip(colour.triplet, wanted, strict=True)) <= 2
