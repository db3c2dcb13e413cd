"""The view of guesses for values: predictions beside the true values, errors, what is hard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnntui.numbers import Number, count, finite, fixed
from rnntui.protocol.insight import Kind, Passage, ValueGuesses
from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.draw.rows import Row, Rows, block, for_glyphs
from rnntui.tui.draw.targets import position_rows
from rnntui.tui.draw.value_curves import ValuePlot, column
from rnntui.tui.draw.values import value_at, value_plot
from rnntui.tui.draw.views.explain.guesses import guesses_below
from rnntui.tui.draw.views.guess_parts import hard_part
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import Part, allot, equal_widths, side_by_side, stacked_height
from rnntui.tui.draw.views.passage import source_of
from rnntui.tui.draw.views.prose import heading, sentences
from rnntui.tui.draw.views.value_rows import signed_rows

_BY = ("size of the value", "phase")  # what each list of kinds is sorted by
_TWO_COLUMNS, _THREE_COLUMNS = 70, 130  # cells
_LEAST_PLOT = 4  # rows with its title
_BRIEF = "Each value is predicted from those before it."
_ABOUT = (
    "Each value is predicted from the true values before it.",
    "Bars: by how much a prediction is above or below the true value.",
    "A network that only repeats the last value is always one time step late.",
)


def value_guesses_rows(
    message: ValueGuesses, passage: Passage, options: ViewOptions, width: int, height: int
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells, for the chosen column."""
    known = options.features[: _columns(passage, options)]
    feature = max(0, min(options.feature, len(known) - 1))
    at = message.at if options.at is None else options.at
    at = max(0, min(at, len(passage.rows) - 1))
    parts = _parts(message, passage, options, at, width)
    most = max((stacked_height(column) for _, column in parts), default=0)
    plan = _plan(most, width, height)
    rows = [_title(message, passage, options, width)] if plan.get("title") else []
    plot = ValuePlot(passage.rows, message.predicted, (), known, feature, selected=at)
    rows += value_plot(plot, width, plan.get("plot", 0), options.glyphs)
    if plan.get("errors"):
        off = _errors(message, passage, feature)
        rows += signed_rows(off, at, width, options.glyphs, ("above", "below"))
    if options.targets:
        rows = [*rows[:1], *position_rows(rows[1:], lambda x: value_at(plot, width, x))]
    if plan.get("parts"):
        rows += [[]] * (plan.get("gaps", 0) > 0)
        rows += side_by_side(parts, plan["parts"], options.glyphs, gap=1)
    rows += [[]] * (plan.get("gaps", 0) > 1)
    rows += sentences(_ABOUT, _BRIEF, width, plan.get("about", 0), options.glyphs)
    rows += guesses_below(message, passage, options, width, height - len(rows))
    return block(rows, width, height, options.glyphs)


def _plan(parts: int, width: int, height: int) -> Mapping[str, int]:
    wishes = [("plot", _LEAST_PLOT), ("title", 1), ("about", 1), ("plot", 2), ("errors", 2)]
    wishes += [("parts", min(2, parts)), ("parts", min(2, parts - 2)), ("plot", 1)]
    wishes += [("gaps", 1), ("parts", min(2, parts - 4)), ("gaps", 1), ("plot", 1)]
    wishes += [("parts", 1)] * max(0, parts - 6) + [("about", 1)]
    wishes += [("plot", 1)] * (8 + width // 12)
    return allot(wishes, height)


def _title(message: ValueGuesses, passage: Passage, options: ViewOptions, width: int) -> Row:
    loss = f"loss {fixed(message.loss).strip()}"
    naive = f"repeating the last value: {fixed(message.naive).strip()}"
    of = source_of(passage)
    details = [
        f"{of}, read with the weights of update {count(message.step)} · {loss} ({naive})",
        f"{of}, update {count(message.step)} · {loss} ({naive})",
        f"{of} · {loss} ({naive})",
        f"{loss} ({naive})",
        loss,
    ]
    return heading("guesses", details, width, options.glyphs)


def _errors(message: ValueGuesses, passage: Passage, feature: int) -> list[Number]:
    """Return predicted - true by time step."""
    true, predicted = column(passage.rows, feature), column(message.predicted, feature)
    return [
        p - t if finite(p) and finite(t) else None for p, t in zip(predicted, true, strict=False)
    ]


def _parts(
    message: ValueGuesses, passage: Passage, options: ViewOptions, at: int, width: int
) -> list[tuple[int, list[Part]]]:
    """Return the columns of parts under the plot, each with its width."""
    lists = list(zip(_BY, kinds_by_list(message), strict=False))
    if width >= _THREE_COLUMNS:
        names = [[-1], *([n] for n in range(len(lists)))]
    elif width >= _TWO_COLUMNS and lists:
        names = [[-1], [*range(len(lists))]]
    else:
        names = [[-1, *range(len(lists))]]
    columns = []
    for size, numbers in zip(equal_widths(width, len(names)), names, strict=True):
        parts = []
        for rank, n in enumerate(numbers):
            if n < 0:
                parts.append(_here_part(message, passage, options, at, size))
            else:
                by, kinds = lists[n]
                unit = "½ squared error"
                parts.append(hard_part(kinds, by, unit, size, rank, options.glyphs))
        columns.append((size, parts))
    return columns


def kinds_by_list(message: ValueGuesses) -> list[list[Kind]]:
    """Return the kinds in their lists, each of which covers all rows."""
    lists: list[list[Kind]] = [[]]
    for kind in message.kinds:
        if sum(k.count for k in lists[-1]) >= message.measured > 0:
            lists.append([])
        lists[-1].append(kind)
    return [kinds for kinds in lists if kinds]


def _here_part(
    message: ValueGuesses, passage: Passage, options: ViewOptions, at: int, width: int
) -> Part:
    most = 1 + _columns(passage, options)
    return Part(
        0, min(2, most), most, lambda rows: _here(message, passage, options, at, width, rows)
    )


def _columns(passage: Passage, options: ViewOptions) -> int:
    """Return how many columns the passage has: of many, the first ones."""
    of_passage = len(passage.rows[0]) if passage.rows else len(options.features)
    return min(len(options.features), max(1, of_passage))


def _here(
    message: ValueGuesses,
    passage: Passage,
    options: ViewOptions,
    at: int,
    width: int,
    height: int,
) -> Rows:
    """Return the numbers of the selected time step, a row per column, the chosen one first."""
    glyphs = options.glyphs
    name = f"time step {count(at + 1)}"
    known, every = _columns(passage, options), len(options.features)
    details = ["true, predicted, error · error of the last value", "true, predicted, error"]
    baseline = cell_width(details[0]) + len(name) + 4 <= width
    if known < every:
        first = f"first {known} of {every} columns"
        details = [*(f"{detail} · {first}" for detail in details), first]
    rows = [heading(name, details, width, glyphs)]
    names = [fit(for_glyphs(safe_text(name), glyphs), 16) for name in options.features[:known]]
    label = max(map(cell_width, names), default=0)
    order = sorted(range(known), key=lambda n: (n != options.feature, n))
    for n in order[: max(0, height - 1)]:
        true, before = _of(passage.rows, at, n), _of(passage.rows, at - 1, n)
        predicted = _of(message.predicted, at, n)
        chosen = n == options.feature
        row: Row = [(f" {pad(names[n], label)} ", "strong" if chosen else "muted")]
        row += [(f" {fixed(true, 8)}", "strong"), (f" {fixed(predicted, 8)}", "line")]
        row.append((f" {_difference(predicted, true)}", ""))
        if baseline:
            row.append((f" {_difference(before, true)}", "muted"))
        rows.append(row)
    return rows


def _difference(a: Number, b: Number) -> str:
    if not (finite(a) and finite(b)):
        return "       –"
    text = fixed(a - b, 7).strip()
    return f"{text if text.startswith('-') else '+' + text:>8}"


def _of(rows: Sequence[Sequence[Number]], at: int, feature: int) -> Number:
    values = rows[at] if 0 <= at < len(rows) else ()
    return values[feature] if feature < len(values) else None
