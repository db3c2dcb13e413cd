"""The view of memory: how far back the network learns, and what a prediction depends on."""

from __future__ import annotations

from collections.abc import Mapping

from rnntui.protocol.insight import Memory, Passage
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.draw.views.depends import STRONGEST, Dependence
from rnntui.tui.draw.views.explain.memory import memory_below
from rnntui.tui.draw.views.gates import gates_height, gates_rows, saturated_rows
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.parts import WIDE, allot, beside, halves
from rnntui.tui.draw.views.passage import ASCII_NEWLINE
from rnntui.tui.draw.views.prose import INDENT, heading, notice, paragraph, sentences
from rnntui.tui.draw.views.reach import LEAST_PLOT, MOST_PLOT, reach_rows

_BESIDE = 44  # cells: least width of the table beside the passage
_ABOUT = (
    "Training can only learn what the gradient still feels.",
    "If the bars fall to nothing after a few steps, try a gru or lstm.",
    "If they are still high where the window ends, try a longer seq_len.",
    "If they rise, the gradient explodes.",
)


def memory_rows(
    message: Memory | None,
    passage: Passage | None,
    options: ViewOptions,
    width: int,
    height: int,
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells, for tokens or for values.

    Without a message about this passage it says that it is being measured, or `options.reason`.
    """
    if message is None or passage is None or message.passage != passage.id or not message.layers:
        return notice(options.reason or MEASURING, width, height, options.glyphs)
    return _MemoryView(message, passage, options, width, height).rows()


class _MemoryView:
    """One drawing of a message."""

    def __init__(
        self, message: Memory, passage: Passage, options: ViewOptions, width: int, height: int
    ) -> None:
        self.message, self.passage, self.options = message, passage, options
        self.width, self.height, self.glyphs = width, height, options.glyphs
        layers = len(message.layers)
        self.chosen = min(options.layer, layers - 1) if options.layer >= 0 else layers - 1
        self.depends = Dependence(message, passage, options)
        self.two = width >= WIDE
        self.about_shown = False  # beside the reach

    def rows(self) -> Rows:
        """Return the rows; the least important ones are missing if there is little room."""
        plan = self._plan()
        gaps = plan.get("gaps", 0)
        rows = self._reach(plan)
        rows += [[]] * (gaps > 0 and bool(rows))
        rows += self._depends(plan)
        if plan.get("gates") and not self.two:
            rows += [[]] * (gaps > 1)
            rows += self._gates(self.width, plan["gates"])
        rows += [[]] * (gaps > 2)
        if not self.about_shown:
            about = [*_ABOUT, ASCII_NEWLINE] if self.glyphs == "ascii" else _ABOUT
            rows += sentences(about, _ABOUT[0], self.width, plan.get("about", 0), self.glyphs)
        rows += memory_below(
            self.message, self.passage, self.options, self.width, self.height - len(rows)
        )
        return block(rows, self.width, self.height, self.glyphs)

    def _plan(self) -> Mapping[str, int]:
        """Divide the rows among the parts, the most important first."""
        values = bool(self.passage.rows)
        curve, moved = (3, 2) if values else (1, 1)
        gates = 0 if self.two else gates_height(self.message, self.chosen)
        wishes = [("reach", 1 + LEAST_PLOT), ("passage", curve), ("moved", moved), ("about", 1)]
        wishes += [("sentence", 1), ("depends", 1), ("guess", int(not values)), ("axis", 1)]
        wishes += [("passage", values), ("gates", min(3, gates)), ("axis", 1)]
        wishes += [("gaps", 1), ("gaps", 1)]
        wishes += [("gates", 1)] * max(0, gates - 3) + [("gaps", 1)]
        wishes += [("reach", 1)]
        plan = dict(allot(wishes, self.height))
        free = self.height - sum(plan.values())
        plan["stripes"] = 1
        if not values:
            stripe = 1 + plan.get("guess", 0) + plan.get("moved", 0)
            plan["stripes"] = max(1, min(self.depends.lines(self.width), 1 + free // stripe))
            free -= (plan["stripes"] - 1) * stripe
        finer = [("moved", 1 - values), ("about", 1), ("passage", 2 * values)]
        finer += [("reach", 4), ("moved", 1 - values), ("passage", 4 * values)]
        finer += [("reach", 4), ("moved", 2 * (1 - values))]
        finer += [("passage", values)] * (self.width // 20)
        for name, rows in allot(finer, free).items():
            plan[name] = plan.get(name, 0) + rows
        return plan

    def _reach(self, plan: Mapping[str, int]) -> Rows:
        """Return the reach, with the gates beside it if the width allows it."""
        if not plan.get("reach"):
            return []
        plot, axis = min(MOST_PLOT, plan["reach"] - 1), plan.get("axis", 0)
        if not self.two:
            return reach_rows(self.message, self.chosen, self.width, plot, axis, self.glyphs)
        left, right = halves(self.width, (self.width - 3) * 3 // 5)
        reach = reach_rows(self.message, self.chosen, left, plot, axis, self.glyphs)
        return beside([(left, reach), (right, self._right(right, len(reach)))], self.glyphs)

    def _right(self, width: int, height: int) -> Rows:
        """Return the gates of as many layers as fit, the chosen one first."""
        others = [n for n in reversed(range(len(self.message.layers))) if n != self.chosen]
        rows = self._gates(width, height)
        if not self.message.layers[self.chosen].gates:
            return [*rows, *self._about_beside(width, height - len(rows))]
        if len(rows) + 2 + len(self.message.layers) <= height:
            rows += [[], *saturated_rows(self.message, self.chosen, width, height, self.glyphs)]
        for n in others:
            need = gates_height(self.message, n)
            if len(rows) + 1 + need <= height:
                cell = self.passage.cell
                rows += [[], *gates_rows(self.message, n, cell, width, need, self.glyphs)]
        return [*rows, *self._about_beside(width, height - len(rows))]

    def _about_beside(self, width: int, height: int) -> Rows:
        """Return what the reach says about the network, if it fits below the gates."""
        title = heading("about", ["what reach says"], width, self.glyphs)
        rows: Rows = [[], title, *paragraph(" ".join(_ABOUT), width, self.glyphs, "muted", INDENT)]
        self.about_shown = len(rows) <= height and self.glyphs != "ascii"
        return rows if self.about_shown else []

    def _gates(self, width: int, height: int) -> Rows:
        cell = self.passage.cell
        return gates_rows(self.message, self.chosen, cell, width, height, self.glyphs)

    def _depends(self, plan: Mapping[str, int]) -> Rows:
        """Return what the prediction depends on, with a table beside it if the width allows it."""
        part = self.depends
        needed = self.width * 2 // 3 if self.passage.rows else part.cells()
        wide = self.two and needed + 3 + _BESIDE <= self.width
        width = needed if wide else self.width
        rows = [part.title(width)] if plan.get("depends") else []
        if plan.get("passage"):
            rows += part.plot(plan, width) if self.passage.rows else part.rows(plan, width)
        if plan.get("sentence"):
            rows.append(part.sentence(width, captioned=plan.get("guess", 0) > 0))
        if not wide:
            return rows
        _, right = halves(self.width, width)
        table = part.table(right, min(len(rows), 1 + 2 * STRONGEST))
        return beside([(width, rows), (right, table)], self.glyphs)
