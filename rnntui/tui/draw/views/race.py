"""A race between networks: their losses over the tokens read, and correct closings by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnntui.numbers import Number, count, finite, fixed, percent, short
from rnntui.protocol.insight import Lane, Race
from rnntui.text import cell_width, pad
from rnntui.tui.draw.axis import LIMIT, Scale, linear, ticks
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import layout, sides, spread, x_axis
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, exactly, row_width, spelled
from rnntui.tui.draw.tokens import level
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.prose import heading, paragraph
from rnntui.tui.draw.y_axis import y_axis

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROLES = ("line", "strong", "muted", "p1")  # of the lanes; their letters tell them apart
_LEAST_BLOCK, _MOST_BLOCK, _TALL_BLOCK = 8, 13, 40  # rows of title, curves and table
_LEAST_CURVES = 24  # cells
_UPDATES = 17  # cells of the updates and seconds in the table
_CELL, _ROOMY = 8, 100  # cells of a distance, less on a narrower screen
_NEAR_CHANCE = 0.1  # a share of correct closings this close to chance is a guess


def race_parts(
    race: Race,
    width: int,
    rank: int,
    glyphs: Glyphs,
    name: str = "race",
    detail: str = "",
    gone: bool = False,
) -> list[Part]:
    """Return the parts of a race: the losses as curves and in a table, and correct closings."""
    least = max(_LEAST_BLOCK, len(race.lanes) + 3)
    detail = detail or f"same seed, same {short(race.total)} tokens, only {race.key} differs"

    def draw(rows: int) -> Rows:
        table = _table(race, width, glyphs)
        wide = max(map(row_width, table), default=0) + 1
        head = heading(name, [detail], width, glyphs, right=_status(race, gone))
        if width - wide < _LEAST_CURVES:
            return [head, *table][:rows]
        words: Rows = [[], *_conclusion(race, wide, glyphs)]
        table += words if len(table) + len(words) < rows else []
        curves = _plot(race, width - wide - 3, rows - 1, glyphs)
        size = max(len(curves), len(table))
        left, right = (block(part, w, size) for part, w in ((curves, width - wide), (table, wide)))
        return [head, *([*a, *b] for a, b in zip(left, right, strict=True))]

    parts = [Part(rank, least, max(least, _MOST_BLOCK), draw, ample=_TALL_BLOCK)]
    if race.distances and any(lane.correct for lane in race.lanes):
        size = len(race.lanes) + 1
        parts.append(Part(rank + 1, size, size, lambda n: _correct(race, width, glyphs)[:n]))
    return parts


def _status(race: Race, gone: bool) -> str:
    """Return how far a race has come; `gone`: its process has ended."""
    if is_over(race):
        return "finished"
    read = sum(_last(lane.tokens) or 0.0 for lane in race.lanes)
    share = read / (race.total * len(race.lanes)) if race.total and race.lanes else 0.0
    word = "stopped at"
    if race.running:
        word = "interrupted at" if gone else "running,"
    return f"{word} {percent(share)}"


def is_over(race: Race) -> bool:
    """Return whether every lane has read all its tokens: a race that was stopped shows nothing."""
    read = [_last(lane.tokens) or 0.0 for lane in race.lanes]
    return not race.running and race.total > 0 and min(read, default=0.0) >= race.total


def lane_role(number: int) -> str:
    """Return the role of a lane's curve and letter."""
    return _ROLES[number % len(_ROLES)]


def _last(values: Sequence[Number]) -> Number:
    return next((v for v in reversed(values) if finite(v)), None)


def _table(race: Race, width: int, glyphs: Glyphs) -> Rows:
    """Return a row per lane: its setting, loss, updates and time; and the floor."""
    names = [spelled(f"{race.key} = {lane.name}", glyphs) for lane in race.lanes]
    name = min(20, max([5, *map(cell_width, names)]))
    full = 3 + name + 9 + _UPDATES + _LEAST_CURVES + 2 <= width
    head = f"{'':3}{'':{name}}{'loss':>9}" + (f"{'updates':>9}{'seconds':>8}" if full else "")
    best = _lowest(race)
    rows: Rows = [[(head, "muted")]]
    for n, lane in enumerate(race.lanes):
        row: Row = [
            (f"{LETTERS[n % 26]}  ", lane_role(n)),
            (pad(names[n], name), ""),
            (f"{fixed(_last(lane.loss)):>9}", "accent" if n == best else "strong"),
        ]
        if full:
            row.append((f"{count(lane.updates):>9}{lane.seconds:>8.1f}", "muted"))
        rows.append(row)
    if finite(race.floor):
        sign = "-" if glyphs == "ascii" else "┄"
        rows.append([(f"{sign}  {pad('floor', name)}{fixed(race.floor):>9}", "floor")])
    return rows


def _lowest(race: Race) -> int:
    """Return the number of the lane with the lowest loss, or -1."""
    losses = [(loss, n) for n, lane in enumerate(race.lanes) if finite(loss := _last(lane.loss))]
    return min(losses)[1] if losses else -1


def _plot(race: Race, width: int, rows: int, glyphs: Glyphs) -> Rows:
    """Return the validation loss of each lane over the tokens read, its letter at the end."""
    place = layout(width - 3, rows + 1, 0)  # a layout counts a row of title
    canvas = Canvas(place.width, place.plot, glyphs)
    losses = [v for lane in race.lanes for v in lane.loss if v is not None and -LIMIT < v < LIMIT]
    if not losses:
        return [[], [(" validation losses will appear here", "muted")]]
    low, high = min(losses), max(losses)
    floor = race.floor if finite(race.floor) and low - race.floor <= high - low else None
    low = low if floor is None else min(low, floor)
    axis = y_axis(linear(low, high, positive=low >= 0), canvas)
    read = [v for lane in race.lanes for v in lane.tokens if v is not None and v < LIMIT]
    total = max([1.0, float(race.total), *read])
    if floor is not None:
        line = ("-" if glyphs == "ascii" else "┄") * canvas.width
        canvas.put(0, canvas.row(axis.scale.share(floor)), line, "floor")
    ends: list[tuple[float, str, str]] = []
    for n, lane in reversed(list(enumerate(race.lanes))):
        points = _points(lane, total, axis.scale)
        canvas.line(points, lane_role(n), LETTERS[n % 26], join=True)
        ends += [(p[1], LETTERS[n % 26], lane_role(n)) for p in points[-1:] if p is not None]
    wide = replace(place, gutter=3)
    numbers = ticks(Scale(0, total), max(1, min(6, place.width // 14)))
    columns = [(canvas.column(value / total), short(value)) for value, _ in numbers]
    drawn = sides(canvas, wide, axis.labels, spread(canvas, ends))
    return drawn + x_axis(wide, columns, [], "tokens", glyphs)


def _points(lane: Lane, total: float, scale: Scale) -> list[Point | None]:
    """Return the curve of a lane; None breaks it."""
    points: list[Point | None] = []
    for tokens, y in zip(lane.tokens, scale.shares(lane.loss), strict=False):
        if tokens is None or y is None or not -LIMIT < tokens < LIMIT:
            points.append(None)
        else:
            points.append((tokens / total, y))
    return points


def _correct(race: Race, width: int, glyphs: Glyphs) -> Rows:
    """Return the share of correct closings of each lane, by distance to the opening bracket."""
    title = " correct closings, by distance to the opening bracket"
    label = len(title) + 1 if width >= 110 else 20
    cell = _CELL if width >= _ROOMY else _CELL - 1
    fits = max(1, (width - label) // cell)
    head: Row = [(pad(title if label > len(title) else " correct closings", label), "title")]
    head += [(spelled(d, glyphs).rjust(cell), "muted") for d in race.distances[:fits]]
    if finite(race.chance):
        head = _noted(head, (f"chance {percent(race.chance)}", "muted"), width)
    rows: Rows = [exactly(head, width)]
    longest = longest_memory(race)
    for n, lane in enumerate(race.lanes):
        row: Row = [(f"   {LETTERS[n % 26]}  ", lane_role(n))]
        row.append((pad(spelled(f"{race.key} = {lane.name}", glyphs), label - 6), ""))
        row += [(percent(v).rjust(cell), _level(v, race.chance)) for v in lane.correct[:fits]]
        first = guesses_from(race, lane)
        if n == longest:
            row = _noted(row, ("longest memory", "accent"), width)
        elif first is not None:
            note = f"guesses from {spelled(race.distances[first], glyphs)} on"
            row = _noted(row, (note, "muted"), width)
        rows.append(exactly(row, width))
    return rows


def _noted(row: Row, note: Run, width: int) -> Row:
    """Return a row with a note at its end if there is room."""
    longer = [*row, ("   ", ""), note]
    return longer if row_width(longer) <= width else row


def _level(share: Number, chance: Number) -> str:
    """Return the role of a share of correct closings; one near chance is muted."""
    if not finite(share) or (finite(chance) and share < chance + _NEAR_CHANCE):
        return "muted"
    return level(share)


def guesses_from(race: Race, lane: Lane) -> int | None:
    """Return the first distance from which on a lane is no better than chance, or None."""
    if not finite(race.chance):
        return None
    limit = race.chance + _NEAR_CHANCE
    known = min(len(race.distances), len(lane.correct))
    first = known
    while first > 0 and finite(share := lane.correct[first - 1]) and share < limit:
        first -= 1
    return first if first < known else None


def longest_memory(race: Race) -> int:
    """Return the number of the lane with most correct closings in the farther half, or -1."""
    means = []
    for n, lane in enumerate(race.lanes):
        far = [v for v in lane.correct[len(race.distances) // 2 :] if finite(v)]
        if far:
            means.append((sum(far) / len(far), n))
    return max(means)[1] if means and is_over(race) else -1


def _conclusion(race: Race, width: int, glyphs: Glyphs) -> Rows:
    """Return what a finished race showed, in words; nothing before."""
    best, longest = _lowest(race), longest_memory(race)
    if best < 0 or not is_over(race):
        return []
    lane = race.lanes[best]
    text = f"{LETTERS[best % 26]} has the lowest loss"
    if longest >= 0 and longest != best:
        other = race.lanes[longest]
        if lane.updates > other.updates > 0:
            ratio = lane.updates / other.updates
            text += f", having made {ratio:.3g} times as many updates as {LETTERS[longest % 26]}"
        text += f"; {LETTERS[longest % 26]} remembers longest."
    elif longest == best:
        text += " and remembers longest."
    else:
        text += "."
    return paragraph(text, width, glyphs, "", 0)
