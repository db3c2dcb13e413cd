"""Reads the compared runs and follows them, a little at a time, whatever is wrong with any."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError
from rnntui.runs.compared.run import ComparedRun, Recorded, read_recorded, tokens_per_update
from rnntui.runs.curve_cache import Stamps, drop_oldest, recall
from rnntui.runs.store.directory import INFO
from rnntui.runs.store.files import reason
from rnntui.runs.store.journal import METRICS, signature
from rnntui.runs.store.labels import LABELS
from rnntui.runs.store.lock_owner import OWNER_FILE
from rnntui.runs.store.status import STATUS
from rnntui.runs.store.summary import RunSummary, summarize
from rnntui.text import safe_text

_INFO = f"/{INFO}"
_SUMMARIZED = ("", _INFO, *(f"/{name}" for name in (STATUS, OWNER_FILE, LABELS)))  # of a directory
Stamp = list[int] | None  # what changes whenever a file does; None: there is none
BLOCKS = 8  # of a journal, read of one run before the next one has its turn


@dataclass(frozen=True)
class Listed:
    """A run to compare; `label` is shown in place of its state, if given."""

    path: Path
    label: str = ""


class RunList(Protocol):
    """Says which runs are compared; it is asked again and again, so it may change."""

    @property
    def title(self) -> str:
        """What the runs have in common, in a few safe words; empty: nothing to say."""
        ...

    def listed(self) -> Sequence[Listed]:
        """Return the runs. Raises nothing: one that cannot be read is shown as such."""
        ...

    def news(self) -> Sequence[str]:
        """Return safe lines about what happened, the newest last."""
        ...


@dataclass(frozen=True)
class FixedList:
    """Runs that the user has named."""

    paths: tuple[Path, ...]
    title: str = ""

    def listed(self) -> Sequence[Listed]:
        """Return these runs."""
        return tuple(map(Listed, self.paths))

    def news(self) -> Sequence[str]:
        """Nothing happens to a list of names."""
        return ()


class FollowedRun:
    """One run: what is known of it, and what has changed on disk since."""

    def __init__(self, listed: Listed) -> None:
        self._path = listed.path
        self._begin()
        self.refresh(listed.label)

    def _begin(self) -> None:
        """Know only what is kept of the run."""
        self._seen: Any = None
        self._info: Stamp = None  # of the file that only another run in the directory replaces
        self._kept = recall(self._path)
        self._recorded = Recorded.from_facts(self._kept.facts)
        self._due = not self._recorded.settings  # what never changes is still to be kept
        unknown = RunSummary(self._path.name, self._path, "loading", 0.0, 0.0, 0)
        self.run = ComparedRun(unknown)

    @property
    def reading(self) -> bool:
        """Whether there is more to read."""
        return self.run.reading

    def refresh(self, label: str = "") -> bool:
        """Look at the small files again; return whether anything has changed."""
        stamps = self._stamps()
        info: Stamp = stamps[_SUMMARIZED.index(_INFO)]
        if info and self._info and info != self._info:
            self._begin()
        self._info = info or self._info
        seen = (label, stamps)
        if seen == self._seen and not self.run.summary.live:
            return False
        changed, self._seen = seen != self._seen, seen
        summary = self._summary(stamps)
        problem = summary.problem if not summary.usable else ""
        if summary.usable and not self._recorded.settings:
            try:
                self._recorded = read_recorded(self._path)
            except RnntuiError as error:
                problem = safe_text(str(error))
        before = self.run
        self.run = replace(
            before,
            summary=summary,
            recorded=self._recorded,
            problem=problem,
            label=label,
            reading=before.reading or (changed and summary.usable),
        )
        return changed or summary != before.summary

    def _stamps(self) -> Stamps:
        """Return what changes whenever one of the files does that a summary is made from."""
        files = (_stamp(f"{self._path}{name}") for name in _SUMMARIZED)
        return [*files, signature(self._path, METRICS)]

    def _summary(self, stamps: Stamps) -> RunSummary:
        """Summarize the run: one whose process has ended stays as it is while its files do.

        Whether one on another host may still be alive depends on the time and on this host.
        """
        if (kept := self._kept.summary_at(stamps)) is not None:
            return kept
        found = summarize(self._path, measure=False)
        ended = found.usable and not found.live and not found.holder
        self._kept.summary, self._kept.stamps = (found, stamps) if ended else (None, [])
        self._due |= ended
        return found

    def read(self) -> None:
        """Read some more of the losses."""
        more, reader = True, self._kept.reader
        try:
            for _ in range(BLOCKS):
                if not (more := reader.advance()):
                    break
        except (OSError, DataError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            self.run = replace(self.run, reading=False, problem=safe_text(why))
            return
        settings = self._recorded.settings
        curve = reader.curve(tokens_per_update(settings), bool(settings.get("split", True)))
        self.run = replace(self.run, curve=curve, reading=more)
        if not more and (self._kept.due or self._due):
            self._kept.facts, self._due = self._recorded.facts(), False
            self._kept.keep()


def _stamp(path: str) -> Stamp:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return [found.st_ctime_ns, found.st_mtime_ns, found.st_size]


class FollowedRuns:
    """All of the runs, in the order of their list."""

    def __init__(self, listing: RunList) -> None:
        self.listing = listing
        self._followed: dict[Path, FollowedRun] = {}
        self._words: tuple[str, ...] = ()  # of the list, as they were seen last
        self.version = 0  # changes with the runs, and with what their list says
        self.refresh()
        drop_oldest()

    @property
    def runs(self) -> tuple[ComparedRun, ...]:
        """The runs as they are known now."""
        return tuple(followed.run for followed in self._followed.values())

    @property
    def reading(self) -> int:
        """The number of runs whose losses have not been read completely."""
        return sum(followed.reading for followed in self._followed.values())

    def refresh(self) -> bool:
        """Look for changes on disk; return whether there are any."""
        listed = self.listing.listed()
        words = (self.listing.title, *self.listing.news())
        changed = [one.path for one in listed] != list(self._followed) or words != self._words
        self._words = words
        before, self._followed = self._followed, {}
        for one in listed:
            if (known := before.get(one.path)) is None:
                self._followed[one.path] = FollowedRun(one)
                continue
            changed |= known.refresh(one.label)
            self._followed[one.path] = known
        self.version += changed
        return changed

    def read(self, seconds: float = float("inf")) -> bool:
        """Read losses for about so many seconds; return whether there is more to read."""
        end = time.monotonic() + seconds
        for followed in self._followed.values():
            while followed.reading:
                followed.read()
                self.version += 1
                if time.monotonic() > end:
                    return bool(self.reading)
        return False
