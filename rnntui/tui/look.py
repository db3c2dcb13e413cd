"""How the dashboard looks and reacts, as the user chose it. Importing this is cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Literal

from rnntui.charset import Glyphs
from rnntui.dataclass import dataclass
from rnntui.protocol.insight import View

Layout = Literal["auto", "single", "beside"]
Remember = Callable[[Mapping[str, str | bool | None]], None]


def forget(_choices: Mapping[str, str | bool | None]) -> None:
    """Remember nothing."""


@dataclass(frozen=True)
class Look:
    """The appearance of the dashboard, its keys, and what stores the user's choices.

    `usual_glyphs` are used where the terminal seems to support more than ASCII, `glyphs` always.
    `layout` says when two views are shown beside each other: on a wide terminal, never, or
    whenever both fit. `keys` are those of commands by name, in place of their own. `remember` is
    given the names and values (None: the default) of settings that the user changed in the
    dashboard, and must not raise. `problems` say what is wrong with the user's settings.
    """

    glyphs: Glyphs | None = None  # None: the best that the terminal supports
    theme: str | None = None
    mouse: bool = True
    usual_glyphs: Glyphs | None = None
    view: View | None = None  # None: the first one, with another beside it if there is room
    layout: Layout = "auto"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remember: Remember = forget
    problems: tuple[str, ...] = ()


def in_brief(problems: Sequence[str]) -> str:
    """Return the first problem with the settings, and how many more there are; "" if none."""
    if not problems:
        return ""
    more = len(problems) - 1
    return problems[0] + (f" (and {more} more: rnntui config show)" if more else "")
