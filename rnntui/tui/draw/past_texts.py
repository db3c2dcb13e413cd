"""Texts generated earlier: a list of them, and the chosen one alone or beside another."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import count, plural
from rnntui.protocol.messages import PastText
from rnntui.text import fit, pad, safe_text
from rnntui.tui.draw.generated import text_lines
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, for_glyphs
from rnntui.tui.draw.sampling import sampling_note

BESIDE_FROM = 80  # cells; from this width on, two texts stand side by side
LEAST_LIST, LEAST_TEXT = 3, 4  # rows
LIST_SHARE = 3  # the list has a third of the rows at most
GAP = 3  # cells between two texts


@dataclass(frozen=True)
class PastPage:
    """What is shown: the texts, oldest first; the one chosen, the one it is compared with."""

    texts: Sequence[PastText]
    chosen: int = 0
    other: int | None = None
    top: int = 0  # row of the texts at the top of their part
    unit: str = "character"


def past_rows(page: PastPage, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Draw the list, newest first, and the chosen text below it; exactly `height` rows."""
    listed = list_height(page, height)
    rows = [
        *list_rows(page, width, listed, glyphs),
        _out_of_view(page, listed),
        *_texts(page, width, max(0, height - listed - 1), glyphs),
    ]
    return block(rows, width, height, glyphs)


def list_height(page: PastPage, height: int) -> int:
    """Return the rows of the list."""
    most = max(LEAST_LIST, height // LIST_SHARE)
    return max(1, min(len(page.texts), most, height - LEAST_TEXT - 1))


def list_first(page: PastPage, height: int) -> int:
    """Return which text, counted from the newest, is at the top of the list."""
    return _first(page, list_height(page, height))


def _first(page: PastPage, rows: int) -> int:
    at = len(page.texts) - 1 - page.chosen
    return max(0, min(at - rows // 2, len(page.texts) - rows))


def _out_of_view(page: PastPage, rows: int) -> Row:
    """Return how many texts the list has above and below what is in view; empty if none."""
    above = _first(page, rows)
    below = len(page.texts) - rows - above
    said = [f"{above} newer above"] * (above > 0) + [f"{below} older below"] * (below > 0)
    return [("   " + " · ".join(said), "muted")] if said else []


def list_rows(page: PastPage, width: int, rows: int, glyphs: Glyphs) -> Rows:
    """Return a row per text: update, origin, settings, and how it begins."""
    first = _first(page, rows)
    found: Rows = []
    for number in range(first, min(first + rows, len(page.texts))):
        index = len(page.texts) - 1 - number
        mark = "!" if index == page.chosen else ""
        found.append(_line(page, index, width, mark, glyphs))
    return found


def _line(page: PastPage, index: int, width: int, mark: str, glyphs: Glyphs) -> Row:
    past = page.texts[index]
    sign = "=" if index == page.other else " "
    origin = "sample" if past.source == "sample" else "prompt"
    settings = pad(fit(_settings(past), 22), 22) if width >= BESIDE_FROM else ""
    head = f" {sign} update {count(past.step):>9}  {origin}  "
    begins = for_glyphs(safe_text(past.prompt + past.texts[0][: 2 * width]), glyphs)
    room = max(0, width - len(head) - len(settings) - 1)
    return [
        (head, f"strong{mark}"),
        (settings, f"muted{mark}"),
        (pad(fit(begins, room), room), f"{mark}" if mark else ""),
    ]


def _settings(past: PastText) -> str:
    return sampling_note(past.sampling, " ")


def _texts(page: PastPage, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Return the chosen text, and the other one beside or below it."""
    if not page.texts or height < 1:
        return []
    chosen = page.texts[page.chosen]
    if page.other is None or page.other == page.chosen:
        return _scrolled(_one(chosen, page.unit, width, glyphs), page.top, height)
    earlier, later = sorted((page.other, page.chosen))
    pair = [page.texts[earlier], page.texts[later]]
    if width < BESIDE_FROM:
        first, second = (_one(past, page.unit, width, glyphs) for past in pair)
        return _scrolled([*first, [], *second], page.top, height)
    half = (width - GAP) // 2
    left, right = (_one(past, page.unit, half, glyphs) for past in pair)
    longest = max(len(left), len(right))
    left, right = (rows + [[]] * (longest - len(rows)) for rows in (left, right))
    beside: Rows = [
        [*exactly(one, half), (" " * GAP, ""), *two] for one, two in zip(left, right, strict=True)
    ]
    return _scrolled(beside, page.top, height)


def text_height(page: PastPage, width: int, glyphs: Glyphs = "braille") -> int:
    """Return the rows that the texts have below the list, in view or not."""
    return len(_texts(page, width, 1_000_000, glyphs)) if page.texts else 0


def _scrolled(rows: Rows, top: int, height: int) -> Rows:
    """Return the rows in view; the first one, which says what they are, always is."""
    top = max(0, min(top, len(rows) - height))
    return [rows[0], *rows[1 + top : height + top]]


def _one(past: PastText, unit: str, width: int, glyphs: Glyphs) -> Rows:
    """Return a heading, the prompt and the text, or the texts one after the other."""
    origin = "sample" if past.source == "sample" else "from a prompt"
    length = plural(len(past.texts[0]), unit) if len(past.texts) == 1 else ""
    said = ", ".join(filter(None, (origin, sampling_note(past.sampling, ", "), length)))
    rows: Rows = [[(f" update {count(past.step)}", "title"), (fit(f"  {said}", width), "muted")]]
    for number, text in enumerate(past.texts, 1):
        body = text_lines(text, width - 2, glyphs=glyphs)
        if past.prompt.strip():
            body = [*_muted(text_lines(past.prompt, width - 2, glyphs=glyphs)), *body]
        if len(past.texts) > 1:
            rows.append([(f" {number} of {len(past.texts)}", "muted")])
        rows += [[(" ", ""), *row] for row in body]
    return [exactly(row, width) for row in rows]


def _muted(rows: Rows) -> Rows:
    return [[(text, "muted") for text, _ in row] for row in rows]
