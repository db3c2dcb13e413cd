"""What the screen that compares runs shows: the runs, and the user's choices about them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import cached_property
from itertools import compress
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.runs.compared.columns import Column, columns
from rnntui.runs.compared.comparable import why_not
from rnntui.runs.compared.following import FollowedRuns
from rnntui.runs.compared.ordering import (
    MEASURES,
    RANKING,
    Group,
    grouped,
    groupings,
    measures,
    ordered,
)
from rnntui.runs.compared.results import differing_of
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.compared.selecting import asks_size, compared_facts
from rnntui.runs.filtering.language import Filter, parse_filter
from rnntui.runs.store.curve import Curve
from rnntui.text import safe_text
from rnntui.tui.draw.compare.lines import Heading
from rnntui.tui.draw.compare.plot import AXES, SHOWN, Axis, ComparePlot, Line, Shown
from rnntui.tui.draw.compare.table import CompareTable, GroupRow, RunRow

DIFFERENCE = "difference"  # the column of differences to the pinned run
FEW = 8  # runs of which both losses are shown, unless the user chooses


@dataclass
class Choices:
    """What the user has chosen; it outlives the screen while a run's dashboard is open."""

    axis: Axis = "updates"
    shown: Shown | None = None  # None: both losses of a few runs, validation of many
    log: bool = False
    by: str = ""  # what runs are ordered by; empty: the best first, if they can be ranked
    reverse: bool = False
    group: tuple[str, ...] = ()
    filter: str = ""
    hidden: set[Path] = field(default_factory=set)  # directories of runs, here and below
    pinned: Path | None = None
    selected: Path | None = None
    shift: int = 0  # settings out of view on the left
    first: int = 0  # row of the table at the top


@dataclass(frozen=True, eq=False)
class Matching:
    """The runs that match the filter, whatever their order, with the texts of their table."""

    runs: tuple[ComparedRun, ...]
    marks: tuple[str, ...]  # the letters that name each run
    columns: tuple[Column, ...]
    differing: tuple[str, ...]
    reason: str  # why they cannot be ranked

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The line of each run in the plot."""
        return tuple(Line(mark, run.curve) for mark, run in zip(self.marks, self.runs, strict=True))

    @cached_property
    def places(self) -> dict[ComparedRun, int]:
        """The place of each run in `runs`."""
        return {run: place for place, run in enumerate(self.runs)}

    @cached_property
    def by_path(self) -> dict[Path, ComparedRun]:
        """The runs by their directories."""
        return {run.path: run for run in self.runs}

    @cached_property
    def best(self) -> ComparedRun | None:
        """The best of several runs that can be ranked."""
        known = [run for run in self.runs if run.best_loss is not None]
        several = len(known) > 1 and not self.reason
        return min(known, key=lambda run: run.best_loss or 0.0) if several else None


@dataclass(frozen=True, eq=False)
class DrawnRuns:
    """The runs that match and are not hidden, with their lines in the plot."""

    runs: tuple[ComparedRun, ...]
    lines: tuple[Line, ...]

    @cached_property
    def baseline(self) -> float | None:
        """The baseline that they have in common."""
        found = {run.baseline for run in self.runs if run.baseline and run.curve.validated}
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def reading(self) -> bool:
        """Whether losses of some are still to be read."""
        return any(run.reading for run in self.runs)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The runs that match, in order and in groups, with the texts of their table."""

    runs: tuple[ComparedRun, ...]  # as they stand in the table
    groups: tuple[Group, ...]
    columns: tuple[Column, ...]  # of the runs as they match, whatever their order
    differing: tuple[str, ...]
    reason: str  # why they cannot be ranked
    by: str

    @cached_property
    def places(self) -> dict[Path, int]:
        """The place of each run in `runs`, by its directory."""
        return {run.path: n for n, run in enumerate(self.runs)}


class CompareState:
    """The runs, and the choices about them. Drawings are made from it."""

    def __init__(self, followed: FollowedRuns, choices: Choices | None = None) -> None:
        self.followed = followed
        self.choices = choices or Choices()
        self.filter_problem = ""  # safe: what is wrong with the filter that was typed
        self._filter = Filter()
        self._marks: dict[Path, str] = {}
        self._table: tuple[object, CompareTable] | None = None
        self._matching: tuple[object, Matching] | None = None
        self._arranged: tuple[object, Arrangement] | None = None
        self._differences: tuple[object, Column] | None = None
        self._heading: tuple[object, Heading] | None = None
        self._drawn_runs: tuple[object, DrawnRuns] | None = None
        self._plot: tuple[object, ComparePlot] | None = None
        self.set_filter(self.choices.filter)

    # ---- what is shown ----------------------------------------------------------------------

    @property
    def arranged(self) -> Arrangement:
        """The runs in order, computed again only if they or the choices have changed."""
        c = self.choices
        key = (self.followed.version, c.filter, c.by, c.reverse, c.group, c.pinned)
        if self._arranged is None or self._arranged[0] != key:
            self._arranged = key, self._arrange()
        return self._arranged[1]

    @property
    def matching(self) -> Matching:
        """The runs that match, looked for again only if they or the filter have changed."""
        key = (self.followed.version, self.choices.filter)
        if self._matching is None or self._matching[0] != key:
            self._matching = key, self._match()
        return self._matching[1]

    def _match(self) -> Matching:
        now = time.time()
        everything = self.followed.runs
        for run in everything:
            self._marks.setdefault(run.path, _letters(len(self._marks)))
        wanted, measured = self._filter, asks_size(self._filter)
        runs = tuple(
            run
            for run in everything
            if not wanted.terms or wanted.matches(compared_facts(run, now, measured))
        )
        differing = differing_of(runs)
        marks = tuple(map(self.mark_of, runs))
        return Matching(runs, marks, tuple(columns(runs, differing)), differing, why_not(runs))

    def _arrange(self) -> Arrangement:
        matching, c = self.matching, self.choices
        reason, differing = matching.reason, matching.differing
        by = c.by or ("" if reason else "best")
        if (by and by not in measures(differing)) or (reason and by in RANKING):
            by = "" if reason else "best"
        found = ordered(matching.runs, by, c.reverse) if by else [*matching.runs]
        pinned = self._pinned
        if pinned is not None:
            found.remove(pinned)
            found.insert(0, pinned)
        group = tuple(name for name in c.group if name in differing)
        groups = grouped(found, group)
        runs = tuple(run for one in groups for run in one.runs)
        texts = [*matching.columns]
        if pinned is not None and not reason:
            texts.insert(2, self._difference(matching, pinned))
        return Arrangement(runs, tuple(groups), tuple(texts), differing, reason, by)

    @property
    def _pinned(self) -> ComparedRun | None:
        path = self.choices.pinned
        return self.matching.by_path.get(path) if path else None

    def _difference(self, matching: Matching, pinned: ComparedRun) -> Column:
        """Return how much higher the best loss of each run is than that of the pinned one."""
        if self._differences is None or self._differences[0] != (matching, pinned):
            base, texts = pinned.best_loss, []
            for run in matching.runs:
                loss = run.best_loss
                away = None if loss is None or base is None else loss - base
                texts.append("" if away is None or run is pinned else f"{away:+.4f}")
            head = f"to {self.mark_of(pinned)}"
            column = Column(DIFFERENCE, head, tuple(texts), rank=2)
            self._differences = (matching, pinned), column
        return self._differences[1]

    def mark_of(self, run: ComparedRun) -> str:
        """Return the letters that name a run in plot and table."""
        return self._marks.get(run.path, "")

    @property
    def letters(self) -> int:
        """The length of the longest mark."""
        return max(map(len, self._marks.values()), default=1)

    @property
    def selected(self) -> ComparedRun | None:
        """The selected run: if it is not shown any more, the first one."""
        found, chosen = self.arranged, self.choices.selected
        place = found.places.get(chosen, 0) if chosen else 0
        return found.runs[place] if found.runs else None

    @property
    def shown(self) -> Shown:
        """The losses that are drawn."""
        few = len(self.arranged.runs) <= FEW
        return self.choices.shown or ("both" if few else "validation")

    @property
    def visible(self) -> list[ComparedRun]:
        """The runs that are drawn in the plot."""
        return [run for run in self.arranged.runs if run.path not in self.choices.hidden]

    def heading(self) -> Heading:
        """Return what the first row says, made again only if the runs have changed."""
        key = (self.followed.version, self.followed.listing.title, self.matching)
        if self._heading is None or self._heading[0] != key:
            self._heading = key, self._make_heading()
        return self._heading[1]

    def _make_heading(self) -> Heading:
        everything, matching = self.followed.runs, self.matching.runs
        sources = {run.recorded.source for run in matching if run.readable}
        title = self.followed.listing.title
        if not title and len(sources) == 1:
            title = safe_text(next(iter(sources)))
        return Heading(
            title,
            len(everything),
            len(matching),
            sum(run.summary.live and run.summary.state == "training" for run in everything),
            self.followed.reading,
        )

    def plot(self, unit: str) -> ComparePlot:
        """Return the plot of the runs that are not hidden, made again only if it has changed."""
        c = self.choices
        key = (self.matching, self.selected, c.pinned, frozenset(c.hidden), c.axis, c.shown, c.log)
        if self._plot is None or self._plot[0] != (key, unit):
            self._plot = (key, unit), self._make_plot(unit)
        return self._plot[1]

    def _make_plot(self, unit: str) -> ComparePlot:
        # Not as they are ordered in the table: another order there leaves the plot as it is.
        drawn, selected, pinned = self._drawn, self.selected, self._pinned
        return ComparePlot(
            lines=drawn.lines,
            selected=self._drawn_curve(selected),
            pinned=self._drawn_curve(pinned) if pinned is not selected else None,
            axis=self.choices.axis,
            shown=self.shown,
            log=self.choices.log,
            unit=unit,
            baseline=drawn.baseline,
            hint=self._hint(drawn),
            letters=self.letters,
        )

    @property
    def _drawn(self) -> DrawnRuns:
        """The runs that are not hidden, looked for again only if they have changed."""
        matching, hidden = self.matching, self.choices.hidden
        key = (matching, frozenset(hidden))
        if self._drawn_runs is None or self._drawn_runs[0] != key:
            found = [not hidden or run.path not in hidden for run in matching.runs]
            runs, lines = compress(matching.runs, found), compress(matching.lines, found)
            self._drawn_runs = key, DrawnRuns(tuple(runs), tuple(lines))
        return self._drawn_runs[1]

    def _drawn_curve(self, run: ComparedRun | None) -> Curve | None:
        return run.curve if run is not None and run.path not in self.choices.hidden else None

    def plots_ahead(self, unit: str) -> Iterator[ComparePlot]:
        """Yield the plots that other losses, another axis or another scale would show.

        What takes longest to draw comes first: losses that have not been smoothed.
        """
        plot = self.plot(unit)
        for shown in SHOWN:
            yield replace(plot, shown=shown)
        for axis in AXES:
            yield replace(plot, axis=axis)
        yield replace(plot, log=not plot.log)

    def _hint(self, drawn: DrawnRuns) -> str:
        if drawn.reading:
            return "reading the losses"
        if not self.followed.runs:
            return "no runs yet"
        if not self.arranged.runs:
            return "no run matches the filter"
        if not drawn.runs:
            return "all runs are hidden"
        if self.choices.axis == "tokens":
            return "the number of tokens is not known of these runs"
        return "no losses yet"

    def table(self) -> CompareTable:
        """Return the table of the runs that match, made again only if it has changed."""
        found, c = self.arranged, self.choices
        key = (found, c.selected, c.pinned, c.filter, frozenset(c.hidden))
        if self._table is None or self._table[0] != key:
            self._table = key, self._make_table()
        table = self._table[1]
        if (table.first, table.shift) != (c.first, c.shift):
            table = replace(table, first=c.first, shift=c.shift)
            self._table = key, table
        return table

    def _make_table(self) -> CompareTable:
        found, c = self.arranged, self.choices
        rows: list[RunRow | GroupRow] = []
        for group in found.groups:
            if group.words:
                rows.append(self._group_row(group))
            rows += self._run_rows(group.runs)
        measure = MEASURES.get(found.by)
        return CompareTable(
            columns=found.columns,
            rows=rows,
            detail=self._detail(),
            warning=f"not ranked: {found.reason}" if found.reason else "",
            sorted_by=found.by,
            falling=(measure is not None and measure.falling) != c.reverse,
            settings=found.differing,
            first=c.first,
            shift=c.shift,
            letters=self.letters,
            spare=self._spare(),
        )

    def _spare(self) -> list[Column]:
        """Return the column that pinning a run adds, so that it moves nothing else."""
        matching = self.matching
        some = bool(matching.runs) and not matching.reason and self._pinned is None
        return [self._difference(matching, matching.runs[-1])] if some else []

    def _group_row(self, group: Group) -> GroupRow:
        if self.arranged.reason:
            return GroupRow(group.words, len(group.runs))
        best = min(group.losses, default=None)
        return GroupRow(group.words, len(group.runs), best, group.mean, group.deviation)

    def _run_rows(self, runs: Sequence[ComparedRun]) -> list[RunRow]:
        matching, hidden = self.matching, self.choices.hidden
        selected, pinned, best = self.selected, self._pinned, matching.best
        return [
            RunRow(
                place,
                matching.marks[place],
                selected=run is selected,
                pinned=run is pinned,
                hidden=bool(hidden) and run.path in hidden,
                best=run is best,
                broken=not run.readable,
            )
            for run, place in zip(runs, map(matching.places.__getitem__, runs), strict=True)
        ]

    def _detail(self) -> str:
        found, c = self.arranged, self.choices
        parts = [f"by {found.by}{' reversed' if c.reverse else ''}"] if found.by else []
        if group := [name for name in c.group if name in found.differing]:
            parts.append(f"grouped by {', '.join(group)}")
        if c.filter:
            parts.append(f"filter {safe_text(c.filter)}")
        if hidden := len(found.runs) - len(self._drawn.runs):
            parts.append(f"{hidden} hidden")
        return "; ".join(parts)

    # ---- choices ----------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show the runs that match a filter; a wrong one only sets `filter_problem`."""
        try:
            self._filter = parse_filter(text)
        except UsageError as error:
            self.filter_problem = safe_text(str(error))
            return
        self.filter_problem = ""
        self.choices.filter = text.strip()

    def move(self, rows: int) -> None:
        """Select another run."""
        runs, selected = self.arranged.runs, self.selected
        if selected is not None:
            index = self.arranged.places[selected.path] + rows
            self.choices.selected = runs[max(0, min(len(runs) - 1, index))].path

    def keep_in_view(self, room: int) -> None:
        """Scroll the table as little as needed to show the selected run in `room` rows."""
        rows = self.table().rows
        at = next((n for n, row in enumerate(rows) if isinstance(row, RunRow) and row.selected), 0)
        before = rows[at - 1] if at else None
        top = at - 1 if isinstance(before, GroupRow) else at  # with the head of its group
        self.choices.first = max(0, min(self.choices.first, top, max(0, len(rows) - room)))
        if at >= self.choices.first + room:
            self.choices.first = at - room + 1

    def hide(self) -> None:
        """Hide the losses of the selected run, or show them again."""
        if (run := self.selected) is not None:
            self.choices.hidden ^= {run.path}

    def pin(self) -> None:
        """Pin the selected run to the top, or let it go."""
        if (run := self.selected) is not None:
            self.choices.selected = run.path
            self.choices.pinned = None if self.choices.pinned == run.path else run.path

    def sort(self, by: str) -> str:
        """Order by a measure or setting, or the other way round; return why not, or nothing."""
        found = self.arranged
        if found.reason and by in RANKING:
            return f"not ranked: {found.reason}"
        self.choices.reverse = by == found.by and not self.choices.reverse
        self.choices.by = by
        return ""

    def next_sort(self) -> str:
        """Order by what comes next of what the columns show; return its name."""
        found = self.arranged
        names = [c.name for c in found.columns if c.name in measures(found.differing)]
        names = [name for name in names if not (found.reason and name in RANKING)]
        at = names.index(found.by) + 1 if found.by in names else 0
        self.choices.by, self.choices.reverse = names[at % len(names)], False
        return self.choices.by

    def next_group(self) -> tuple[str, ...]:
        """Group by the next setting that differs, or by none; return these settings."""
        options = groupings(self.arranged.differing)
        at = options.index(self.choices.group) if self.choices.group in options else -1
        self.choices.group = options[(at + 1) % len(options)]
        return self.choices.group


def _letters(number: int) -> str:
    """Return the letters of a column of a spreadsheet: A to Z, AA, AB."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
