"""Views made of parts: which of them fit, how many rows each gets, and blocks side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from rnntui.dataclass import dataclass
from rnntui.text import cell_width
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, merged, spelled

WIDE = 150  # cells from which blocks stand side by side
_ROOMY = 16  # rows from which an empty row separates parts
_EXPLAINED = 8  # rows from which the last one explains the view
BETWEEN = 3  # cells between blocks


@dataclass(frozen=True)
class Part:
    """A part of a view: `draw(n)` returns up to `n` rows, for `least` <= n <= `most`.

    Parts are dropped from the highest `rank` on, and grow from the lowest on. Rows that are left
    when all have grown go to parts with more `ample` sizes.
    """

    rank: int
    least: int
    most: int
    draw: Callable[[int], Rows]
    spaced: bool = True  # separated from the part above
    ample: int = 0


def stacked(
    parts: Sequence[Part], width: int, height: int, glyphs: Glyphs, gap: int | None = None
) -> Rows:
    """Return the parts that fit, in their order, in exactly `height` rows of `width` cells.

    `gap`: free rows between them; None: one if there is room.
    """
    gap = int(height >= _ROOMY) if gap is None else gap
    sizes = _sizes(parts, height, gap)
    rows: Rows = []
    for n in sorted(sizes):
        if rows and parts[n].spaced:
            rows += [[]] * gap
        rows += parts[n].draw(sizes[n])[: sizes[n]]
    return block(rows, width, height, glyphs)


def _sizes(parts: Sequence[Part], height: int, gap: int) -> Mapping[int, int]:
    """Divide rows among the parts that fit, by their number."""
    ranked = sorted(range(len(parts)), key=lambda n: parts[n].rank)
    sizes: dict[int, int] = {}
    free = height
    for n in ranked:
        least = min(parts[n].least, height)
        needed = least + (gap if sizes and parts[n].spaced else 0)
        if 0 < needed <= free:
            sizes[n] = least
            free -= needed
    for n, most in [(n, parts[n].most) for n in ranked] + [(n, parts[n].ample) for n in ranked]:
        if n in sizes:
            more = max(0, min(most - sizes[n], free))
            sizes[n] += more
            free -= more
    return sizes


def stacked_height(parts: Sequence[Part]) -> int:
    """Return the number of rows that `stacked` parts can use, a free row between them."""
    return sum(part.most for part in parts) + max(0, len(parts) - 1)


def with_room(parts: Sequence[Part], more: Sequence[Part], height: int) -> list[Part]:
    """Return the parts, and those of `more` that take no row from them."""
    kept = list(parts)
    for part in more:
        if sum(p.most + 1 for p in kept) + part.least <= height:
            kept.append(part)
    return kept


def allot(wishes: Iterable[tuple[str, int]], height: int) -> Mapping[str, int]:
    """Divide rows among parts: grant each (part, rows) in turn if it still fits."""
    given: Counter[str] = Counter()
    for name, rows in wishes:
        if 0 < rows <= height:
            given[name] += rows
            height -= rows
    return given


def beside(blocks: Sequence[tuple[int, Rows]], glyphs: Glyphs) -> Rows:
    """Return (width, rows) blocks next to each other, a little apart, as high as the highest."""
    height = max((len(rows) for _, rows in blocks), default=0)
    shaped = [block(rows, width, height, glyphs) for width, rows in blocks]
    joined: Rows = []
    for lines in zip(*shaped, strict=True):
        row: Row = list(lines[0])
        for line in lines[1:]:
            row += [(" " * BETWEEN, ""), *line]
        joined.append(merged(row))
    return joined


def side_by_side(
    columns: Sequence[tuple[int, Sequence[Part]]],
    height: int,
    glyphs: Glyphs,
    gap: int | None = None,
) -> Rows:
    """Return columns of `stacked` parts, each with its width, next to each other."""
    drawn = [(width, stacked(parts, width, height, glyphs, gap)) for width, parts in columns]
    return beside(drawn, glyphs)


def halves(width: int, left: int) -> tuple[int, int]:
    """Return the widths of two blocks side by side, the first of `left` cells."""
    return left, max(1, width - left - BETWEEN)


def equal_widths(width: int, number: int) -> list[int]:
    """Return the widths of so many blocks side by side."""
    share, over = divmod(max(0, width - BETWEEN * (number - 1)), max(1, number))
    return [share + (n < over) for n in range(number)]


def explained(
    body: Callable[[int], Rows], texts: Sequence[str], width: int, height: int, glyphs: Glyphs
) -> Rows:
    """Return a body with the longest of `texts` that fits in the last row; small ones go without.

    `body(n)` returns exactly n rows.
    """
    if height < _EXPLAINED:
        return block(body(height), width, height, glyphs)
    text = next((t for t in texts if cell_width(t) + 2 <= width), texts[-1])
    gap = int(height >= _ROOMY)
    last: Rows = [*([[]] * gap), [(" " + spelled(text, glyphs), "muted")]]
    return block([*body(height - len(last)), *last], width, height, glyphs)
