"""`labels.json`: the tags and the note that the user gave to a run."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.files import FILES, Files, failed, read_file, replace
from rnntui.runs.store.json_record import MOST_BYTES, salvage, to_bytes
from rnntui.suggestions import nearest
from rnntui.text import fit, safe_text

LABELS = "labels.json"
MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 32, 32, 500
_TAG = re.compile(r"[^\W_][\w.-]*")  # letters of any script, digits, '.', '_' and '-'


@dataclass(frozen=True)
class Labels:
    """The tags of a run, sorted, and its note in one line."""

    tags: tuple[str, ...] = ()
    note: str = ""

    @property
    def line(self) -> str:
        """The tags and the note in one safe line: "#keep  “as before”"."""
        tags = " ".join(f"#{safe_text(tag)}" for tag in self.tags)
        note = f"“{safe_text(self.note)}”" if self.note else ""
        return "  ".join(text for text in (tags, note) if text)


def read_labels(run: Path) -> tuple[Labels, tuple[str, ...]]:
    """Read the labels as far as possible; return them and the unreadable fields.

    Raises OSError or DataError.
    """
    try:
        data = read_file(run / LABELS, MOST_BYTES)
    except FileNotFoundError:
        return Labels(), ()
    found, wrong = salvage(Labels, data, run / LABELS)
    tags = tuple(tag[:LONGEST_TAG] for tag in found.tags[:MOST_TAGS])
    return Labels(tags, found.note[:LONGEST_NOTE]), wrong


def write_labels(run: Path, labels: Labels, files: Files = FILES) -> None:
    """Replace the labels of a run. Raises UsageError, DataError for no valid run, or RunError."""
    for tag in labels.tags:
        check_tag(tag)
    if len(labels.tags) > MOST_TAGS:
        raise UsageError(f"{len(labels.tags)} tags: a run can have {MOST_TAGS}")
    if len(labels.note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(labels.note)} characters: use up to {LONGEST_NOTE}")
    open_run(run)
    try:
        replace(files, run / LABELS, to_bytes(labels))
    except OSError as error:
        raise failed("write", run / LABELS, error) from None


def changed_labels(
    run: Path, add: Collection[str], remove: Collection[str], note: str | None
) -> Labels:
    """Change the labels of a run if anything is given, and return them.

    Raises UsageError, DataError or RunError.
    """
    try:
        labels, _ = read_labels(run)
    except OSError as error:
        raise failed("read", run / LABELS, error) from None
    for tag in remove:
        if tag not in labels.tags:
            hint = nearest(tag, labels.tags) if labels.tags else ": it has none"
            raise UsageError(f"{safe_text(run.name)} has no tag '{fit(safe_text(tag), 40)}'{hint}")
    if not add and not remove and note is None:
        return labels
    tags = tuple(sorted({*labels.tags, *add} - {*remove}))
    changed = Labels(tags, labels.note if note is None else note)
    write_labels(run, changed)
    return changed


def check_tag(tag: str) -> str:
    """Return a tag if it is valid. Raises UsageError."""
    if len(tag) <= LONGEST_TAG and _TAG.fullmatch(tag):
        return tag
    shown = fit(safe_text(tag), 40)
    raise UsageError(
        f"tag '{shown}': use up to {LONGEST_TAG} letters, digits, '.', '_' or '-', starting with "
        "a letter or digit"
    )
