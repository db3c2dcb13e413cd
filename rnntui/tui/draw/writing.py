"""What the network writes: the prompt and its continuation, wrapped; and lines of past samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnntui.text import cell_width, cells, fit, pad, safe_text
from rnntui.tui.draw.numbers import Number, fixed, short
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, for_glyphs, merged

Unit = tuple[str, int, str]  # a character with its marks, its cells, its role
_STEADY = 4096  # text is cut at multiples of it, so that the wrapping seldom moves


def written_text(
    prompt: str,
    text: str,
    width: int,
    height: int,
    newlines: bool = True,
    cursor: bool = False,
    glyphs: Glyphs = "braille",
) -> Rows:
    """Prompt (role "muted") and text ("") wrapped at `width`, the newest rows where not all fit.

    Both may be foreign: they are made safe here. Lines break between words where they can. With
    `newlines` a newline begins a new row, else it is shown as ↵. `cursor` marks where it goes on.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    units: list[Unit] = []
    for part, role in zip(_tail(prompt, text, width * height), ("muted", ""), strict=True):
        shown = for_glyphs(safe_text(part, newlines=newlines), glyphs)
        units += [(unit, taken, role) for unit, taken in cells(shown)]
    if cursor:
        units.append(("_" if glyphs == "ascii" else "▌", 1, "accent"))
    rows = wrapped(units, width)
    return block(rows[-height:], width, height, glyphs)


def stacked_texts(
    texts: Sequence[str], width: int, height: int, cursor: bool = False, glyphs: Glyphs = "braille"
) -> Rows:
    """Several texts under each other, each behind its number, the newest rows of each.

    Where there are more texts than rows, the first ones are shown. A newline is shown as ↵.
    """
    shown = texts[: max(0, height)]
    label = len(str(len(texts))) + 1
    rows: Rows = []
    for number, text in enumerate(shown, 1):
        room = height // len(shown) + (number <= height % len(shown))
        body = written_text("", text, width - label, room, False, cursor, glyphs)
        heads = [f"{number:>{label - 1}} ", *[" " * label] * (room - 1)]
        rows += [[(head, "muted"), *row] for head, row in zip(heads, body, strict=True)]
    return block(rows, width, height, glyphs)


def _tail(prompt: str, text: str, room: int) -> tuple[str, str]:
    """Prompt and text without a beginning that cannot be in the last rows."""
    cut = max(0, len(prompt) + len(text) - 4 * room) // _STEADY * _STEADY
    return prompt[cut:], text[max(0, cut - len(prompt)) :]


def wrapped(units: Iterable[Unit], width: int) -> Rows:
    """Rows of at most `width` cells, broken between words where there is a space to break at."""
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
    """What stays on the line, and the beginning of a word that moves to the next one."""
    spaces = [n for n, (unit, _, _) in enumerate(line) if unit == " "]
    at = spaces[-1] + 1 if spaces else len(line)
    return line[:at], line[at:]


def _row(line: Sequence[Unit]) -> Row:
    return merged((unit, role) for unit, _, role in line)


def forecast_rows(
    values: Sequence[Sequence[Number]],
    features: Sequence[str],
    width: int,
    height: int,
    glyphs: Glyphs = "braille",
) -> Rows:
    """A forecast in numbers from its first step on: a row for each feature; one alone has all rows.

    What there is no room for is left out at the end.
    """
    cell = 9
    if len(features) == 1:
        a_row = max(1, (width - 2) // cell)
        lines = [values[n : n + a_row] for n in range(0, min(len(values), a_row * height), a_row)]
        return block(
            [[("".join(_forecast(row[0]) for row in line), "")] for line in lines],
            width, height, glyphs,
        )  # fmt: skip
    names = [fit(for_glyphs(safe_text(name), glyphs), 16) for name in features]
    column = max(map(cell_width, names))
    most = max(1, (width - column - 2) // cell)
    rows: Rows = [
        [
            (f" {pad(name, column)}", "muted"),
            ("".join(_forecast(row[n]) for row in values[:most] if n < len(row)), ""),
        ]
        for n, name in enumerate(names)
    ]
    return block(rows, width, height, glyphs)


def _forecast(value: Number) -> str:
    return "  " + fixed(value, 7)


def sample_lines(
    samples: Sequence[tuple[int, str]], width: int, height: int, glyphs: Glyphs = "braille"
) -> Rows:
    """One row per sample, (step, text), the newest last; the newest ones where not all fit."""
    rows: Rows = []
    for step, text in samples[-height:] if height > 0 else []:
        label = f" {short(step):>6}  "
        shown = for_glyphs(safe_text(text[: 4 * width]), glyphs)
        rows.append([(label, "muted"), (fit(shown, max(0, width - cell_width(label))), "")])
    return block(rows, width, height, glyphs)
