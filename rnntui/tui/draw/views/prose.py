"""Texts of the views: headings, paragraphs, and names with their meanings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnntui.text import cell_width, cells, fit, pad
from rnntui.tui.draw.frame import title_row
from rnntui.tui.draw.generated import wrapped
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, row_width, spelled

READABLE = 100  # cells: longer lines are hard to read
INDENT = 3
Term = tuple[str, str]  # a name or a formula, and what it means


def heading(
    name: str,
    details: Sequence[str],
    width: int,
    glyphs: Glyphs,
    legend: Sequence[tuple[str, str, str]] = (),
    right: str = "",
) -> Row:
    """Return a title with the first of the details that fits, or the last one cut.

    At the right end are a legend, (sign, role, meaning) entries, or the text `right`: it is dropped
    if no detail leaves room for it.
    """
    name = spelled(name, glyphs)
    texts = [spelled(detail, glyphs) for detail in details]
    entries = [("", "muted", spelled(right, glyphs))] if right else legend
    taken = sum(cell_width(sign + meaning) + 3 for sign, _, meaning in entries)
    room = max(0, width - cell_width(name) - 4)
    fitting = [text for text in texts if cell_width(text) <= room]
    detail = next((text for text in fitting if cell_width(text) + taken <= room), "")
    if not detail and texts:
        detail = fitting[0] if fitting else fit(texts[-1], room)
    return title_row(name, detail, entries, width, glyphs)


def marked_title(title: Row, mark: str, width: int) -> Row:
    """Return a title that says at its right end what to know about all numbers below it."""
    room = max(0, width - cell_width(mark) - 3)
    while title and not title[-1][0].strip():  # blanks at its end may be cut without a sign
        title = title[:-1]
    title = [*title[:-1], *((text.rstrip(), role) for text, role in title[-1:])]
    return exactly([*exactly(title, room), ("  ", ""), (mark, "warning")], width)


def paragraph(text: str, width: int, glyphs: Glyphs, role: str = "", indent: int = 1) -> Rows:
    """Wrap safe text between words, every row indented."""
    units = [(unit, size, role) for unit, size in cells(spelled(text, glyphs))]
    head = [(" " * indent, "")] if indent else []
    return [[*head, *row] for row in wrapped(units, max(1, width - indent - 1))]


def paragraphs(texts: Iterable[str], width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return the first paragraphs that fit into the rows as a whole, each after a free row."""
    rows: Rows = []
    for text in texts:
        more: Rows = [[], *paragraph(text, min(width, READABLE), glyphs, "muted")]
        if len(rows) + len(more) > height:
            break
        rows += more
    return rows


def sentences(texts: Sequence[str], brief: str, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return as many of the first sentences as fit into the rows, or else the brief one."""
    for number in range(len(texts), 0, -1):
        rows = paragraph(" ".join(texts[:number]), width, glyphs, "muted")
        if len(rows) <= height:
            return rows
    return [[(" " + fit(spelled(brief, glyphs), max(0, width - 2)), "muted")]][: max(0, height)]


def notice(text: str, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return a block with a quiet text in its middle, wrapped if it is long."""
    lines = paragraph(text, max(1, min(width, 72)), glyphs, "muted")
    above = max(0, (height - len(lines)) // 2)
    left = max(0, (width - max(map(row_width, lines))) // 2)
    return block([*[[]] * above, *([(" " * left, ""), *line] for line in lines)], width, height)


def labelled(
    label: str, text: str, column: int, width: int, glyphs: Glyphs, role: str = ""
) -> Rows:
    """Wrap safe text beside a label, whose column is `column` cells wide."""
    body = paragraph(text, width - column, glyphs, role, 0)
    heads = [pad(" " + spelled(label, glyphs), column), *[" " * column] * (len(body) - 1)]
    return [[(head, "muted"), *row] for head, row in zip(heads, body, strict=True)]


def terms(entries: Sequence[Term], width: int, glyphs: Glyphs) -> Rows:
    """Return names with their meanings beside them, or below where there is too little room."""
    names = [spelled(name, glyphs) for name, _ in entries]
    column = max(map(cell_width, names), default=0) + 2
    width = min(width, READABLE + INDENT)
    rows: Rows = []
    for name, (_, text) in zip(names, entries, strict=True):
        shown: Row = [(" " * INDENT, ""), (name, "strong")]
        if column > width // 2:
            rows += [shown, *paragraph(text, width, glyphs, "muted", INDENT + 2)]
            continue
        body = paragraph(text, width - column - INDENT, glyphs, "muted", 0)
        shown.append((" " * (column - cell_width(name)), ""))
        rows.append([*shown, *body[0]])
        rows += [[(" " * (INDENT + column), ""), *row] for row in body[1:]]
    return rows
