"""What the network writes, a slice at a time: neither training nor a request waits for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from rnntui.engine.protocol import Writing

SHARE = 0.03  # of the time, while training goes on
HEAD_START = 0.002  # seconds spent at once, so that the first words come with the next reply
SLICE = 0.02  # seconds: the longest a request waits for writing
MOST_SENT = 6000  # bytes of text or values in one reply …
MOST_BESIDE = 12_000  # … and of the texts written beside the first, together
MOST_BEFORE = 50  # rows before a forecast
MOST_PROMPT = 500  # characters of the prompt in one reply

Rows = tuple[tuple[float | None, ...], ...]
Part = tuple[str, ...] | tuple[float, ...]  # the next token of each text, or a row of a forecast


@dataclass
class _Work:
    """Texts or a forecast; the iterator writes the next part with the weights of that moment."""

    id: int
    source: Literal["prompt", "sample"]
    prompt: str
    warning: str
    parts: Iterator[Part] | None
    left: int  # parts still to write
    step: int = 0
    texts: tuple[str, ...] = ("",)
    pieces: list[tuple[str, ...]] = field(default_factory=list)
    values: list[tuple[float, ...]] = field(default_factory=list)
    before: Rows = ()

    def join(self) -> None:
        """Add the pieces to the texts."""
        if self.pieces:
            new = ("".join(column) for column in zip(*self.pieces, strict=True))
            self.texts = tuple(map("".join, zip_longest(self.texts, new, fillvalue="")))
            self.pieces.clear()


class Pen:
    """Writes one thing at a time, within a budget."""

    def __init__(self) -> None:
        self._work: _Work | None = None
        self._count = 0
        self._credit = 0.0  # seconds that may be spent
        self._cost = 0.0  # seconds of one part, a running mean

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._work is not None and self._work.parts is not None

    @property
    def writes_prompt(self) -> bool:
        """Whether what is being written follows a prompt of the user's."""
        return self.busy and self._work is not None and self._work.source == "prompt"

    def begin(
        self,
        source: Literal["prompt", "sample"],
        prompt: str,
        parts: Iterator[Part],
        length: int,
        warning: str = "",
        before: Iterable[Iterable[float]] = (),
    ) -> None:
        """Write `length` parts; what was being written is replaced.

        `before` are the rows that a forecast goes on from.
        """
        self.stop()
        self._count += 1
        self._credit = HEAD_START
        self._work = work = _Work(self._count, source, prompt, warning, parts, length)
        work.before = _newest_values([tuple(map(float, row)) for row in before][-MOST_BEFORE:], 0)[
            1
        ]

    def show(self, texts: tuple[str, ...], step: int) -> None:
        """Show samples that are already written."""
        self._count += 1
        self._work = _Work(self._count, "sample", "", "", None, 0, step, texts)

    def stop(self) -> None:
        """End what is being written."""
        if self._work is not None and self._work.parts is not None:
            self._work.parts = None

    def write_aside(self, passed: float, step: int) -> None:
        """Write while training goes on: `passed` seconds have gone by since the last call."""
        if self.busy:
            self._credit = min(SLICE, self._credit + SHARE * passed)
            # A part that costs more than the largest credit is written when that is reached.
            if self._credit >= min(self._cost, SLICE):
                self._credit -= self._write(self._credit, step)

    def write(self, spare: float, step: int) -> None:
        """Write for one slice of the `spare` seconds, which nothing else needs."""
        if self.busy:
            self._write(min(SLICE, spare), step)

    def _write(self, seconds: float, step: int) -> float:
        """Write until so much time is spent; return how much it was."""
        work, spent = self._work, 0.0
        assert work is not None and work.parts is not None
        while work.left > 0 and spent + self._cost <= max(seconds, self._cost):
            began = time.perf_counter()
            part = next(work.parts, None)
            took = time.perf_counter() - began
            spent += took
            self._cost += (took - self._cost) * 0.2
            if part is None:
                work.left = 0
                break
            (work.pieces if isinstance(part[0], str) else work.values).append(part)  # type: ignore[arg-type]
            work.left -= 1
            work.step = step
        if work.left <= 0:
            work.parts = None
        return spent

    def since(self, id_: int, written: int) -> Writing | None:
        """The writing for a viewer that has `written` characters or values of writing `id_`."""
        work = self._work
        if work is None:
            return None
        work.join()
        known = written if id_ == work.id else 0
        prompt = work.prompt[-MOST_PROMPT:]
        first, *beside = work.texts
        text_start, text = _newest_text(first, known)
        room = min(MOST_SENT, MOST_BESIDE // max(1, len(beside)))
        others = tuple(_newest_text(more, 0, room)[1] for more in beside)
        start, values = _newest_values(work.values, known) if work.values else (text_start, ())
        return Writing(
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
        )


def _newest_text(text: str, known: int, most: int = MOST_SENT) -> tuple[int, str]:
    """Where the part to send starts, and that part: what is new, or its end if that is long."""
    start = min(known, len(text))
    start = max(start, len(text) - most)
    while len(json.dumps(text[start:], ensure_ascii=False).encode("utf-8", "replace")) > most:
        start += (len(text) - start + 1) // 2
    return start, text[start:]


def _newest_values(values: list[tuple[float, ...]], known: int) -> tuple[int, Rows]:
    """Likewise for a forecast, rounded to 6 digits."""
    rows = MOST_SENT // (14 * len(values[0]) + 3) if values else 0
    start = max(min(known, len(values)), len(values) - rows)
    return start, tuple(tuple(float(f"{v:.6g}") for v in row) for row in values[start:])
