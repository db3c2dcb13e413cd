"""The row above a view that is shown beside another one."""

from __future__ import annotations

from rnntui.tui.draw.column import column_head
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.widgets.panel import Panel


class ColumnHead(Panel):
    """The name of a view and a rule, which is heavy while its keys are the active ones."""

    name_shown = ""
    focused_view = False

    def label(self, name: str, focused: bool) -> None:
        """Show the view of this name, and whether it has the focus."""
        self.name_shown, self.focused_view = name, focused
        self.redraw()

    def shows(self) -> object:
        """Return the name, the focus and the glyphs."""
        return self.name_shown, self.focused_view, self.options.glyphs

    def draw(self, width: int, height: int) -> Rows:
        """Draw the rule with the name in it."""
        row = column_head(
            self.name_shown, self.focused_view, width, self.options.glyphs, self.options.keys
        )
        return block([row], width, height)
