"""The losses of a second run on the loss plot of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, finite, fixed
from rnntui.text import fit, safe_text
from rnntui.tui.draw.axis import Scale
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.rows import Glyphs, for_glyphs

ROLE = "muted"
SIGNS = {"braille": ("⣀⠤⠒", "○"), "blocks": ("▄▄▀", "○"), "ascii": ("xxx", "x")}
_NAME = 20  # cells in the legend
_SHORT = 6  # cells at the end of the line


@dataclass(frozen=True, eq=False)
class LossOverlay:
    """A run's smoothed losses and its validations, each with the update; `name` is raw."""

    name: str
    losses: Sequence[tuple[int, Number]] = ()
    validations: Sequence[tuple[int, Number]] = ()

    def inside(self, first: float, end: float) -> list[float]:
        """Return the losses between two updates that are numbers."""
        both = (*self.losses, *self.validations)
        return [loss for step, loss in both if first <= step <= end and finite(loss)]

    def legend(self, glyphs: Glyphs) -> tuple[str, str, str]:
        """Return the entry of the legend: sign, role and meaning."""
        return SIGNS[glyphs][0], ROLE, self._called(_NAME, glyphs)

    def end_label(self, first: float, end: float, glyphs: Glyphs) -> tuple[float, str] | None:
        """Return the last loss in view and what to write beside it."""
        known = [loss for step, loss in self.losses if first <= step <= end and finite(loss)]
        if not known:
            return None
        return known[-1], f"{self._called(_SHORT, glyphs)} {fixed(known[-1]).strip()}"

    def _called(self, cells: int, glyphs: Glyphs) -> str:
        return for_glyphs(fit(safe_text(self.name), cells), glyphs)

    def draw(self, canvas: Canvas, x: Callable[[float], float], scale: Scale) -> None:
        """Draw the line and a circle at each validation, below what is drawn later."""
        shares = scale.shares(loss for _, loss in self.losses)
        points = [
            None if y is None else (x(step), y)
            for (step, _), y in zip(self.losses, shares, strict=True)
        ]
        canvas.line(points, ROLE, SIGNS[canvas.glyphs][0][0])
        circles = {}
        for (step, _), y in zip(
            self.validations, scale.shares(v for _, v in self.validations), strict=True
        ):
            if y is not None and 0 <= y <= 1 and 0 <= x(step) <= 1:
                circles[canvas.column(x(step)) // 4] = (canvas.column(x(step)), canvas.row(y))
        for column, row in circles.values():
            canvas.put(column, row, SIGNS[canvas.glyphs][1], ROLE)
