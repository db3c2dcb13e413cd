"""Generated text: a prompt and its continuation, wrapped; and lines of earlier samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnntui.numbers import Number, column_texts, short
from rnntui.protocol.forecasts import Outlook
from rnntui.text import cell_width, cells, fit, pad, safe_text
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, for_glyphs, merged

MOST_PROMPT_ROWS = 3  # of a prompt that stays in view above its continuation
Unit = tuple[str, int, str]  # a character with its marks, its cells, its role
MIN_FORECAST_CELL = 9
_STEADY = 4096  # text is cut at multiples of this, so that the wrapping rarely changes


def text_rows(
    prompt: str,
    text: str,
    width: int,
    height: int,
    newlines: bool = True,
    cursor: bool = False,
    glyphs: Glyphs = "braille",
) -> Rows:
    """Wrap the prompt (role "muted") and text ("") at `width`; keep the newest rows if too many.

    Both may be untrusted: they are made safe here. Lines break between words if possible. With
    `newlines` a newline starts a new row, otherwise it is shown as ↵. `cursor` marks the end.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    parts = _tail(prompt, text, width * height)
    rows = wrapped(_units(*parts, newlines=newlines, cursor=cursor, glyphs=glyphs), width)
    return block(rows[-height:], width, height, glyphs)


def _units(
    prompt: str, text: str, *, newlines: bool = True, cursor: bool = False, glyphs: Glyphs
) -> list[Unit]:
    units: list[Unit] = []
    for part, role in ((prompt, "muted"), (text, "")):
        shown = for_glyphs(safe_text(part, newlines=newlines), glyphs)
        units += [(unit, taken, role) for unit, taken in cells(shown)]
    if cursor:
        units.append(("_" if glyphs == "ascii" else "▌", 1, "accent"))
    return units


def scrolled_text(
    prompt: str,
    text: str,
    width: int,
    height: int,
    top: int | None = None,
    cursor: bool = False,
    glyphs: Glyphs = "braille",
) -> Rows:
    """Draw a prompt that stays in view, and its continuation from row `top` on.

    None: the newest rows. What fits as a whole is not divided. A long prompt is cut to its end.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    parts = _tail(prompt, text, width * (height + 1))
    whole = wrapped(_units(*parts, cursor=cursor, glyphs=glyphs), width)
    if len(whole) <= height:
        return block(whole, width, height, glyphs)
    head = _prompt_rows(prompt, width, min(MOST_PROMPT_ROWS, height // 3), glyphs)
    room = height - len(head)
    if top is None:
        rows = text_rows("", text, width, room, cursor=cursor, glyphs=glyphs)
        return block([*head, *rows], width, height, glyphs)
    rows = text_lines(text, width, cursor, glyphs)
    top = max(0, min(top, len(rows) - room))
    return block([*head, *rows[top : top + room]], width, height, glyphs)


def text_lines(text: str, width: int, cursor: bool = False, glyphs: Glyphs = "braille") -> Rows:
    """Wrap all of a text at `width`; a newline starts a new row."""
    return wrapped(_units("", text, cursor=cursor, glyphs=glyphs), max(1, width))


def prompt_height(prompt: str, width: int, height: int, glyphs: Glyphs = "braille") -> int:
    """Return the rows of a prompt that stay in view above a text that does not fit."""
    return len(_prompt_rows(prompt, width, min(MOST_PROMPT_ROWS, height // 3), glyphs))


def _prompt_rows(prompt: str, width: int, most: int, glyphs: Glyphs) -> Rows:
    """Return the last rows of a prompt, with an ellipsis if they are not all; none if empty."""
    if not prompt.strip() or most < 1:
        return []
    shown = for_glyphs(safe_text(prompt[-4 * most * width :]), glyphs)
    rows = wrapped([(unit, taken, "muted") for unit, taken in cells(shown)], width)
    if len(rows) <= most:
        return rows
    dots = "..." if glyphs == "ascii" else "…"
    last = "".join(text for row in rows[-most:] for text, _ in row)
    cut = cells(dots + last)
    while len(rows) > most:
        rows = wrapped([(unit, taken, "muted") for unit, taken in cut], width)
        cut = [*cut[: len(dots)], *cut[len(dots) + 1 :]]
    return rows


def stacked_texts(
    texts: Sequence[str], width: int, height: int, cursor: bool = False, glyphs: Glyphs = "braille"
) -> Rows:
    """Stack several numbered texts, with the newest rows of each.

    If there are more texts than rows, only the first ones are shown. A newline is shown as ↵.
    """
    shown = texts[: max(0, height)]
    label = len(str(len(texts))) + 1
    rows: Rows = []
    for number, text in enumerate(shown, 1):
        room = height // len(shown) + (number <= height % len(shown))
        body = text_rows("", text, width - label, room, False, cursor, glyphs)
        heads = [f"{number:>{label - 1}} ", *[" " * label] * (room - 1)]
        rows += [[(head, "muted"), *row] for head, row in zip(heads, body, strict=True)]
    return block(rows, width, height, glyphs)


def _tail(prompt: str, text: str, room: int) -> tuple[str, str]:
    """Cut off a beginning of prompt and text that cannot be in the last rows."""
    cut = max(0, len(prompt) + len(text) - 4 * room) // _STEADY * _STEADY
    return prompt[cut:], text[max(0, cut - len(prompt)) :]


def wrapped(units: Iterable[Unit], width: int) -> Rows:
    """Return rows of at most `width` cells, broken between words if there is a space."""
    rows: Rows = []
    line: list[Unit] = []
    used = 0
    for char, cell_count, role in units:
        if char == "\n":
            rows.append(_row(line))
            line, used = [], 0
            continue
        unit, taken = (char, cell_count) if cell_count <= width else ("?", 1)
        if unit == " " and used + taken > width:
            rows.append(_row(line))
            line, used = [], 0
            continue
        while used + taken > width:
            done, line = _break(line)
            rows.append(_row(done))
            used = sum(size for _, size, _ in line)
        line.append((unit, taken, role))
        used += taken
    rows.append(_row(line))
    return rows


def _break(line: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Return what stays on the line, and the beginning of a word that moves to the next one."""
    spaces = [n for n, (unit, _, _) in enumerate(line) if unit == " "]
    at = spaces[-1] + 1 if spaces else len(line)
    return line[:at], line[at:]


def _row(line: Sequence[Unit]) -> Row:
    return merged((unit, role) for unit, _, role in line)


def forecast_height(features: int) -> int:
    """Return the rows for title, verdict and the numbers of so many features."""
    return 2 + max(1, features)


def forecast_rows(
    values: Sequence[Sequence[Number]],
    features: Sequence[str],
    width: int,
    height: int,
    glyphs: Glyphs = "braille",
) -> Rows:
    """Return a forecast as numbers from its first time step: a row per feature, or all for one.

    Numbers that do not fit are dropped at the end.
    """
    columns = [
        column_texts([row[n] if n < len(row) else None for row in values])
        for n in range(len(features))
    ]
    cell = max([MIN_FORECAST_CELL, *(len(text) + 2 for texts in columns for text in texts)])
    if len(features) == 1:
        a_row = max(1, (width - 2) // cell)
        texts = columns[0][: a_row * height]
        lines = [texts[n : n + a_row] for n in range(0, len(texts), a_row)]
        return block([[_cells(line, cell)] for line in lines], width, height, glyphs)
    names = [fit(for_glyphs(safe_text(name), glyphs), 16) for name in features]
    column = max(map(cell_width, names))
    most = max(1, (width - column - 2) // cell)
    rows: Rows = [
        [(f" {pad(name, column)}", "muted"), _cells(texts[:most], cell)]
        for name, texts in zip(names, columns, strict=True)
    ]
    return block(rows, width, height, glyphs)


def verdict_rows(
    outlook: Outlook | None, width: int, height: int, glyphs: Glyphs = "braille", key: str = ""
) -> Rows:
    """Say in a row how the network compares with simple methods, above the numbers of a forecast.

    If there is only a single row, only what is not in its favour. `key` would forecast by the mean
    of methods.
    """
    if outlook is None or not outlook.verdict or (height < 2 and not outlook.loses):
        return []
    text = for_glyphs(outlook.verdict[0].upper() + outlook.verdict[1:], glyphs)
    mark = ("! " if glyphs == "ascii" else "▲ ") if outlook.loses else ""
    role = "warning" if outlook.loses else "accent"
    brief = text.split("; ")[0]
    offered = [f"{brief}; {key} mixes methods"] if key and outlook.loses else []
    texts = [*offered, text, brief]
    fitting = next((t for t in texts if cell_width(mark + t) + 2 <= width), texts[-1])
    return block([[(f" {mark}{fitting}", role)]], width, min(1, height), glyphs)


def _cells(texts: Sequence[str], width: int) -> Run:
    return "".join(text.rjust(width) for text in texts), ""


def sample_lines(
    samples: Sequence[tuple[int, str]], width: int, height: int, glyphs: Glyphs = "braille"
) -> Rows:
    """Return one row per (update, text) sample, newest last; the oldest are dropped if needed."""
    rows: Rows = []
    for update, text in samples[-height:] if height > 0 else []:
        label = f" {short(update):>6}  "
        shown = for_glyphs(safe_text(text[: 4 * width]), glyphs)
        rows.append([(label, "muted"), (fit(shown, max(0, width - cell_width(label))), "")])
    return block(rows, width, height, glyphs)
