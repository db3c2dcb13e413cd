"""The findings of a run: the selected one with its evidence and fixes, the others by title."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, figure
from rnntui.protocol.insight import Finding, Setting
from rnntui.text import ELLIPSIS, cell_width
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, row_width, spelled
from rnntui.tui.draw.targets import Target, target_rows
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.prose import labelled, paragraph

_COLUMN = 14  # cells of the labels
_ROOMY = 72  # cells from which texts are in full
_NONE = (
    "No findings: nothing looks wrong now.",
    "The rules below are checked throughout the run. A problem would appear here with its evidence "
    "and, if one is known, a key that fixes it.",
)


def selected_finding(findings: Sequence[Finding], selected: int) -> Finding | None:
    """Return the finding at `selected`, or the nearest one; None without findings."""
    return findings[max(0, min(selected, len(findings) - 1))] if findings else None


def changes(fix: Sequence[Setting]) -> str:
    """Format settings as they are given on the command line: "dropout = 0.3, layers = 2"."""
    return ", ".join(f"{setting.key} = {setting.value}" for setting in fix)


def findings_part(
    findings: Sequence[Finding],
    options: ViewOptions,
    width: int,
    rank: int,
    whole: bool = False,
) -> Part:
    """Return the part of the view with the findings; with `whole`, all with their evidence."""
    glyphs = options.glyphs
    finding = selected_finding(findings, options.finding)
    if finding is None:
        rows: Rows = [[(" " + _NONE[0], "accent")]]
        rows += paragraph(_NONE[1], width, glyphs, "muted")
        return Part(rank, 1, len(rows), lambda n: rows if n >= len(rows) else rows[:1])
    rest = [n for n, other in enumerate(findings) if other is not finding]

    def picked(n: int, rows: Rows) -> Rows:
        return target_rows(rows, Target("finding", n)) if options.targets else rows

    full = [row for n in rest for row in picked(n, _whole(findings[n], options, width))]
    full = full if whole else []
    brief = [row for n in rest for row in picked(n, [_other(findings[n], width, glyphs)])]
    title = _title(finding, findings, width, options)
    evidence = labelled("  evidence", finding.short, _COLUMN, width, glyphs)
    numbers = _numbers(finding, width, glyphs)
    fixes = _fixes(finding, options, width)

    def draw(rows: int) -> Rows:
        least = 1 + sum(map(len, (evidence, fixes, brief)))
        spare = rows - least - len(full) + len(brief)
        others = full if full and spare >= 0 else brief
        # The numbers repeat the evidence, so they go first; then the other findings.
        kept = numbers[: max(0, rows - least)] if others is brief else numbers[: max(0, spare)]
        others = others[: max(0, len(others) - max(0, least - rows))]
        over = max(0, 1 + len(evidence) + len(fixes) - rows)
        return [title, *_cut(evidence, len(evidence) - over, width), *kept, *fixes, *others]

    least = 1 + min(2, len(evidence)) + min(2, len(fixes))
    most = 1 + sum(map(len, (evidence, numbers, fixes, full or brief)))
    return Part(rank, min(least, most), most, draw)


def _cut(rows: Rows, number: int, width: int) -> Rows:
    """Return the first `number` rows, the last one with an ellipsis if any are missing."""
    kept = rows[: max(0, number)]
    if kept and len(kept) < len(rows):
        text, role = kept[-1][-1]
        kept[-1] = exactly([*kept[-1][:-1], (f"{text.rstrip()} {ELLIPSIS}", role)], width)
    return kept


def _whole(finding: Finding, options: ViewOptions, width: int) -> Rows:
    """Return another finding with its evidence and fixes, below the selected one."""
    glyphs = options.glyphs
    evidence = labelled("  evidence", finding.short, _COLUMN, width, glyphs)
    return [[], _other(finding, width, glyphs), *evidence, *_fixes(finding, options, width)]


def _title(finding: Finding, findings: Sequence[Finding], width: int, options: ViewOptions) -> Row:
    glyphs = options.glyphs
    head: Row = [
        (f" {'!' if glyphs == 'ascii' else '▲'} ", "warning"),
        (spelled(finding.title, glyphs), "warning"),
    ]
    since = f"since update {count(finding.since)}"
    if len(findings) > 1:
        place = next(n for n, other in enumerate(findings, 1) if other is finding)
        first, second = options.key_of("previous_finding", "↑"), options.key_of("next_finding", "↓")
        since += f"   {place} of {len(findings)}, {options.key_pair(first, second)}"
    space = width - row_width(head) - cell_width(since) - 1
    if space < 2:
        return exactly(head, width)
    return exactly([*head, (" " * space, ""), (since, "muted")], width)


def _numbers(finding: Finding, width: int, glyphs: Glyphs) -> Rows:
    """Return the evidence as named numbers in columns."""
    if not finding.evidence:
        return []
    named = [(item.name.replace("_", " "), item.value) for item in finding.evidence]
    texts = [(spelled(name, glyphs), figure(value)) for name, value in named]
    cell = max(cell_width(name) + 1 + len(value) for name, value in texts) + 3
    a_row = max(1, (width - _COLUMN) // cell)
    rows: Rows = []
    for start in range(0, len(texts), a_row):
        row: Row = [(" " * _COLUMN, "")]
        for name, value in texts[start : start + a_row]:
            space = cell - cell_width(name) - 1 - len(value)
            row += [(f"{name} ", "muted"), (value, "strong"), (" " * space, "")]
        rows.append(row)
    return rows


def _fixes(finding: Finding, options: ViewOptions, width: int) -> Rows:
    """Return what to do: a key for this run, a new run with other settings, or advice alone.

    A run that has ended can only have earlier weights restored.
    """
    allowed = options.restorable if finding.key == "m" else not options.ended
    glyphs, applied = options.glyphs, _key(finding, options) if allowed else ""
    key, advice = applied, finding.advice
    if applied and finding.key in ("[", "]"):
        key = options.key_of("apply_finding", "enter")
        advice = f"{advice.rstrip('.')} ({applied} changes it by 1.25 only)"
    rows = _keyed(key, advice, True, width, glyphs)
    if finding.fix:
        again = "run again beside this one" if width >= _ROOMY else "run again"
        text = f"{again} with {changes(finding.fix)}"
        rows += _keyed(options.key_of("again_with_fix", "r"), text, not key, width, glyphs)
    return rows


def _key(finding: Finding, options: ViewOptions) -> str:
    """Return the key that applies the fix of a finding to this run; empty if none does."""
    if finding.key == "m":
        return options.key_of("fix", "m")
    if finding.key == "[":
        return options.key_of("rate_down", "[")
    return options.key_of("rate_up", "]") if finding.key else ""


def _keyed(key: str, text: str, first: bool, width: int, glyphs: Glyphs) -> Rows:
    mark, key = spelled("▸" if key and first else " ", glyphs), spelled(key, glyphs) or " "
    column = 7 + cell_width(key)
    body = paragraph(text, width - column, glyphs, "", 0)
    heads: list[Row] = [[(f"   {mark} ", "accent"), (f"{key}  ", "accent")]]
    heads += [[(" " * column, "")]] * (len(body) - 1)
    return [[*head, *row] for head, row in zip(heads, body, strict=True)]


def _other(finding: Finding, width: int, glyphs: Glyphs) -> Row:
    since = f"  since update {count(finding.since)}"
    return exactly(
        [("   also  ", "muted"), (spelled(finding.title, glyphs), ""), (since, "muted")], width
    )
