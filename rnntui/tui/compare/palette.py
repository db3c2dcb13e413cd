"""The palette of the screen that compares runs: commands, and what to sort or group by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rnntui.suggestions import nearest
from rnntui.tui.command import shown_key
from rnntui.tui.screens.palette import PaletteScreen, matching
from rnntui.tui.screens.setting_choices import Choice

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp


def choices(app: CompareApp) -> list[Choice]:
    """Return every available command, and each column to sort by."""
    out = [
        Choice(
            c.name.replace("_", " "),
            shown_key(c, app.options.glyphs),
            c.help,
            cast(Any, lambda found, c=c: found.run_command(c)),
        )
        for c in app.available_commands
        if c.name != "palette"
    ]
    found = app.state.arranged
    out += [
        Choice(f"sort by {c.name}", "", f"sort the runs by {c.head}", partial(_sort, c.name))
        for c in found.columns
    ]
    return out + [
        Choice(f"group by {name}", "", f"group the runs by {name}", partial(_group, name))
        for name in found.differing
    ]


def _sort(name: str, app: Any) -> None:
    app.sort_by(name)


def _group(name: str, app: Any) -> None:
    app.state.choices.group = (name,)
    app.redraw()


class ComparePalette(PaletteScreen):
    """A search line, and the matching commands."""

    def __init__(self, app: CompareApp) -> None:
        super().__init__(choices(app), app.options)

    def _offered(self, typed: str) -> list[Choice]:
        """Return the matching commands; no setting can be changed here."""
        return matching(self._all, typed)

    def _hint(self) -> str:
        names = [choice.name for choice in self._all]
        return nearest(self.input.value.strip(), names, "delete it to see all commands")
