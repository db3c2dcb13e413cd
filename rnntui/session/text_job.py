"""Generate text in short slices, so that neither training nor requests wait for it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.protocol.forecasts import Outlook
from rnntui.protocol.messages import Generated
from rnntui.recipe import SamplingSettings

SHARE = 0.03  # of the time while training
HEAD_START = 0.002  # seconds spent immediately, so that the next reply has the first words
SLICE = 0.02  # seconds: the longest that a request waits for generation
MOST_SENT = 6000  # bytes of text or values in one reply …
MOST_BESIDE = 12_000  # … and of all further samples together
MOST_BEFORE = 200  # rows shown before a forecast
PREPARING = 3.0  # seconds that preparing a forecast may take at once, a slice per call
MOST_PROMPT = 500  # characters of the prompt in one reply
PUNCTUATION = 4  # bytes around a number: a comma, a space, brackets

Rows = tuple[tuple[float | None, ...], ...]
Part = tuple[str, ...] | tuple[float, ...]  # the next token of each sample, or a row of a forecast


@dataclass
class TextJob:
    """Samples or a forecast; the iterator makes each part with the current weights."""

    id: int
    source: Literal["prompt", "sample"]
    prompt: str
    warning: str
    parts: Iterator[Part] | None
    left: int  # parts still to make
    step: int = 0
    texts: tuple[str, ...] = ("",)
    pieces: list[tuple[str, ...]] = field(default_factory=list)
    values: list[tuple[float, ...]] = field(default_factory=list)
    before: Rows = ()
    sampling: SamplingSettings | None = None  # for the newest part
    outlook: Callable[[], Outlook | None] = lambda: None  # what is known of a forecast
    preparing: float = PREPARING  # seconds left for empty parts, which come before the first

    def join(self) -> None:
        """Append the pieces to the texts."""
        if self.pieces:
            new = ("".join(column) for column in zip(*self.pieces, strict=True))
            self.texts = tuple(map("".join, itertools.zip_longest(self.texts, new, fillvalue="")))
            self.pieces.clear()


class TextJobRunner:
    """Runs one text job at a time, within a time budget.

    `sampling` returns the current settings; each job remembers those it was made with.
    """

    def __init__(
        self,
        sampling: Callable[[], SamplingSettings | None] = lambda: None,
        ended: Callable[[TextJob], None] = lambda _job: None,
    ) -> None:
        """`ended` is called with each job of `begin` once it has ended."""
        self._sampling, self._ended = sampling, ended
        self._work: TextJob | None = None
        self._count = 0
        self._credit = 0.0  # seconds available
        self._cost = 0.0  # seconds per part, a running mean

    @property
    def busy(self) -> bool:
        """Whether a job is in progress."""
        return self._work is not None and self._work.parts is not None

    @property
    def answers_prompt(self) -> bool:
        """Whether the job in progress follows a prompt from the user."""
        return self.busy and self._work is not None and self._work.source == "prompt"

    def begin(
        self,
        source: Literal["prompt", "sample"],
        prompt: str,
        parts: Iterator[Part],
        length: int,
        warning: str = "",
        before: Iterable[Iterable[float]] = (),
        outlook: Callable[[], Outlook | None] = lambda: None,
    ) -> None:
        """Start a job of `length` parts in place of the one in progress.

        `before` are the rows that a forecast continues, `outlook` what is known of it. Parts that
        are empty do not count.
        """
        self.stop()
        self._count += 1
        self._credit = HEAD_START
        self._work = work = TextJob(self._count, source, prompt, warning, parts, length)
        work.sampling, work.outlook = self._sampling(), outlook
        rows = [tuple(map(float, row)) for row in before]
        _, work.before = _newest_values(rows[-MOST_BEFORE:], 0)

    def show(self, texts: tuple[str, ...], step: int) -> None:
        """Show samples that are already complete."""
        self.stop()
        self._count += 1
        self._work = TextJob(self._count, "sample", "", "", None, 0, step, texts)
        self._work.sampling = self._sampling()

    def stop(self) -> None:
        """Stop the job in progress."""
        if self._work is not None and self._work.parts is not None:
            self._end(self._work)

    def _end(self, work: TextJob) -> None:
        work.parts = None
        work.join()
        self._ended(work)

    def run_while_training(self, passed: float, step: int) -> None:
        """Spend a small share of the `passed` seconds since the last call on the job."""
        if self.busy and self._work is not None and self._prepares(self._work):
            self._work.preparing -= self._run(SLICE, step)
        elif self.busy:
            self._credit = min(SLICE, self._credit + SHARE * passed)
            # A part that costs more than the largest credit is made when that is reached.
            if self._credit >= min(self._cost, SLICE):
                self._credit -= self._run(self._credit, step)

    def _prepares(self, work: TextJob) -> bool:
        """Return whether a forecast has no rows yet and may be prepared at once."""
        return (
            work.source == "prompt" and bool(work.before) and not work.values and work.preparing > 0
        )

    def run_while_idle(self, spare: float, step: int) -> None:
        """Spend one slice of the `spare` seconds on the job."""
        if self.busy:
            self._run(min(SLICE, spare), step)

    def _run(self, seconds: float, step: int) -> float:
        """Make parts until the time is spent; return the seconds spent."""
        work, spent = self._work, 0.0
        assert work is not None and work.parts is not None
        sampling = self._sampling()  # it cannot change during this call
        while work.left > 0 and spent + self._cost <= max(seconds, self._cost):
            began = time.perf_counter()
            part = next(work.parts, None)
            took = time.perf_counter() - began
            spent += took
            if part == ():
                continue
            self._cost += (took - self._cost) * 0.2
            if part is None:
                work.left = 0
                break
            (work.pieces if isinstance(part[0], str) else work.values).append(part)  # type: ignore[arg-type]
            work.left -= 1
            work.step, work.sampling = step, sampling
        if work.left <= 0:
            self._end(work)
        return spent

    def since(self, id_: int, length: int) -> Generated | None:
        """Return what a viewer lacks that has `length` characters or values of job `id_`."""
        work = self._work
        if work is None:
            return None
        work.join()
        known = length if id_ == work.id else 0
        prompt = work.prompt[-MOST_PROMPT:]
        first, *beside = work.texts
        text_start, text = _newest_text(first, known)
        room = min(MOST_SENT, MOST_BESIDE // max(1, len(beside)))
        others = tuple(_newest_text(more, 0, room)[1] for more in beside)
        start, values = _newest_values(work.values, known) if work.values else (text_start, ())
        return Generated(
            id=work.id,
            source=work.source,
            step=work.step,
            prompt=prompt,
            start=start,
            text=text,
            values=values,
            finished=work.parts is None,
            warning=work.warning,
            others=others,
            before=() if known else work.before,
            sampling=work.sampling,
            outlook=None if known else work.outlook(),
        )


def _newest_text(text: str, known: int, most: int = MOST_SENT) -> tuple[int, str]:
    """Return the start of the part to send, and that part: the new text, or the end of it."""
    start = min(known, len(text))
    start = max(start, len(text) - most)
    while len(json.dumps(text[start:], ensure_ascii=False).encode("utf-8", "replace")) > most:
        start += (len(text) - start + 1) // 2
    return start, text[start:]


def _newest_values(values: list[tuple[float, ...]], known: int) -> tuple[int, Rows]:
    """Do the same for a forecast, with exact numbers, so that different rows stay different.

    A row too long for a reply is cut to its first columns.
    """
    start, room = len(values), MOST_SENT
    while start > known and (size := sum(map(_size, values[start - 1]))) <= room:
        room -= size
        start -= 1
    if known < start == len(values):
        sizes = itertools.accumulate(map(_size, values[-1]))
        fitting = sum(size <= MOST_SENT for size in sizes)
        return start - 1, (values[-1][:fitting],)
    return start, tuple(values[start:])


def _size(value: float) -> int:
    """Return the bytes of a number in a message, including punctuation."""
    return len(repr(value)) + PUNCTUATION
