"""The view of health: findings with evidence and fixes, signs of the run, gradient and update."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count
from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import Finding, Health
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, plain, spelled
from rnntui.tui.draw.views.explain.health import MEASURES
from rnntui.tui.draw.views.health_findings import findings_part
from rnntui.tui.draw.views.health_signs import signs_part, tensors_part
from rnntui.tui.draw.views.horizon import horizon_part
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import (
    WIDE,
    Part,
    explained,
    halves,
    side_by_side,
    stacked,
    with_room,
)
from rnntui.tui.draw.views.prose import heading, notice, paragraph, terms

_HINT = "Signs are measured as soon as training starts."
_UNCHECKED = (
    "This run was not checked: no signs are recorded. An earlier version trained it, or it ended "
    "before the first measurement."
)
_EXPLANATIONS = (
    "A sign becomes a finding only if the loss agrees, for long enough; findings are withdrawn "
    "when they no longer hold.",
    "A sign becomes a finding only if the loss agrees, for long enough.",
    "A sign alone is no finding: the loss must agree.",
)
_LEAST_MEASURES = 4  # rows of how signs are measured
_ABSENT = "looked for, not found  "


def health_rows(
    message: Health | None,
    findings: Sequence[Finding],
    options: ViewOptions,
    width: int,
    height: int,
    backtest: Backtested | None = None,
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells.

    Findings that the user dismissed are not shown. `backtest`: how well the run forecasts.
    """
    glyphs = options.glyphs
    if message is None:
        return notice(options.reason or _HINT, width, height, glyphs)
    health = message
    if options.stored and not health.signs and not findings and backtest is None:
        return notice(_UNCHECKED, width, height, glyphs)
    shown = [finding for finding in findings if finding.id not in health.dismissed]

    def body(rows: int) -> Rows:
        wide = width >= WIDE
        left, right = halves(width, width * 9 // 20) if wide else (width, width)
        least = rows // 3 if backtest else rows // 2
        parts = [
            findings_part(shown, options, left, 1, whole=wide),
            *horizon_part(backtest, options, left, rows, 1),
            *([] if wide else signs_part(health.signs, width, least, 2, glyphs)),
            *tensors_part(health.tensors, left, 4, glyphs),
            _looked_for(health, left, 3, glyphs),
            _check(health, options, left, 5),
        ]
        parts = with_room(parts, [_measuring(left, 6, glyphs)], rows)
        if not wide:
            return stacked(parts, width, rows, glyphs)
        signs = signs_part(health.signs, right, rows, 1, glyphs)
        return side_by_side([(left, parts), (right, signs)], rows, glyphs)

    return explained(body, _EXPLANATIONS, width, height, glyphs)


# ---- what was looked for ----------------------------------------------------------------------


def _looked_for(health: Health, width: int, rank: int, glyphs: Glyphs) -> Part:
    """Return the titles of the rules that found nothing; the last ones are counted if cut."""

    def text(kept: int) -> Rows:
        rest = len(health.absent) - kept
        names = ", ".join([*health.absent[:kept], *([f"{rest} more"] if rest else [])])
        body = paragraph(_ABSENT + (names or "nothing yet"), width, glyphs, "muted")
        body[0] = [(" " + _ABSENT, "title"), (plain([body[0]])[0][1 + len(_ABSENT) :], "muted")]
        return body

    whole = text(len(health.absent))

    listed: Rows = [[(" " + _ABSENT.rstrip(), "title")]]
    listed += [[("   " + spelled(name, glyphs), "muted")] for name in health.absent]

    def draw(rows: int) -> Rows:
        if rows >= len(listed) > len(whole):
            return listed
        shorter = (text(kept) for kept in range(len(health.absent) - 1, -1, -1))
        return whole if rows >= len(whole) else next((t for t in shorter if len(t) <= rows), [])

    return Part(rank, min(2, len(whole)), len(whole), draw, ample=len(listed))


def _measuring(width: int, rank: int, glyphs: Glyphs) -> Part:
    """Return how the signs are measured, for wide screens."""
    head = heading("about", ["how signs are measured"], width, glyphs)

    def draw(rows: int) -> Rows:
        each = (terms(MEASURES[:n], width, glyphs) for n in range(len(MEASURES), 0, -1))
        return [head, *next((shown for shown in each if len(shown) < rows), [])]

    most = 1 + len(terms(MEASURES, width, glyphs))
    return Part(rank, min(_LEAST_MEASURES, most), most, draw)


def _check(health: Health, options: ViewOptions, width: int, rank: int) -> Part:
    """Return the result of comparing the gradient with finite differences, or how to do it."""
    check, glyphs = health.check, options.glyphs
    key = options.key_of("check_gradients", "c")
    row: Row = [(" gradient check  ", "title")]
    if check is None and options.stored:
        row.append(("for runs that train: resume this one first", "muted"))
    elif check is None:
        row += [("not yet in this run   ", "muted"), (key, "accent"), (" run it now", "")]
    else:
        word, role = ("passed", "strong") if check.passed else ("FAILED", "warning")
        row += [
            (word, role),
            (f" at update {count(check.step)}: {spelled(check.text, glyphs)}", "muted"),
        ]
    return Part(rank, 1, 1, lambda _: [exactly(row, width)], spaced=False)
