"""What a generated corpus declares, and which of its places need memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rnntui.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.random import RandomState

Row = tuple[float, ...]


class Probe(NamedTuple):
    """A character that only memory can predict: `text[at]`, which is one of `candidates`.

    The oldest character that it depends on was read `distance` characters before.
    """

    at: int
    distance: int
    candidates: str


class RowProbe(NamedTuple):
    """A number that only memory can predict: `rows[at][column]`.

    The oldest row that it depends on was read `distance` rows before. A prediction counts as right
    if its error is below `tolerance`.
    """

    at: int
    distance: int
    column: int
    tolerance: float


class Share(NamedTuple):
    """How many of the `total` probes with distances from `least` to `most` were `right`."""

    least: int
    most: int
    right: int
    total: int

    @property
    def label(self) -> str:
        """The distances, as in "4–7"."""
        return f"{self.least}" if self.least == self.most else f"{self.least}–{self.most}"


@dataclass(frozen=True)
class TextTask:
    """A text. `floor()` is its entropy rate and `characters()` its expected length.

    `text(random, length)` generates about `length` characters: whole lines where there are lines.
    The entropy rate is in nats per character; no model can have a lower loss on new text.
    `shows` is a sentence on what a network has to be able to do. `probes(text)` finds the
    characters that need memory in any part of the text, in order, except where the text does not
    follow the rules; None if this is not defined.
    """

    name: str
    description: str
    shows: str
    text: Callable[[RandomState, float], str]
    characters: Callable[[], float]
    floor: Callable[[], float]
    probes: Callable[[str], tuple[Probe, ...]] | None = None

    def corpus(self, random: RandomState) -> str:
        """Generate the text in its usual length."""
        return self.text(random, self.characters())


@dataclass(frozen=True)
class SeriesTask:
    """A table of numbers. `rows(random, length)` generates `length` rows, one number per column.

    `variances()` is the mean variance of each column's next number, given all rows before it: no
    model can have a lower mean squared error. None if there is no such limit.
    """

    name: str
    description: str
    shows: str
    columns: tuple[str, ...]
    length: int
    rows: Callable[[RandomState, int], list[Row]]
    variances: Callable[[], Row] | None = None
    probes: Callable[[Sequence[Row]], tuple[RowProbe, ...]] | None = None

    def floor(self) -> float | None:
        """The least ½ squared error of a row, summed over the columns; None if there is none."""
        return sum(self.variances()) / 2 if self.variances else None

    def table(self, random: RandomState) -> list[Row]:
        """Generate the rows in their usual number."""
        return self.rows(random, self.length)


def lines_in(length: float, mean: float) -> int:
    """The number of lines of `mean` characters that make about `length`; at least one."""
    return max(1, round(length / mean))


def complete_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines between two newlines of `text`, each with the position of its start.

    What precedes the first newline is left out: it may be the end of a longer line.
    """
    start = text.find("\n") + 1
    while start and (end := text.find("\n", start)) >= 0:
        yield start, text[start:end]
        start = end + 1


def by_distance(probes: Sequence[Probe | RowProbe], right: Sequence[bool]) -> tuple[Share, ...]:
    """Count what was right at distances of 1, 2–3, 4–7, 8–15 and so on; empty ranges are left out.

    `right` holds one entry per probe. Raises ValueError if the lengths differ.
    """
    counts: dict[int, list[int]] = {}
    for probe, correct in zip(probes, right, strict=True):
        found = counts.setdefault(probe.distance.bit_length(), [0, 0])
        found[0] += correct
        found[1] += 1
    return tuple(Share(1 << (bits - 1), (1 << bits) - 1, *counts[bits]) for bits in sorted(counts))


def chance(probes: Sequence[Probe]) -> float:
    """The share that is right by guessing among the candidates. Raises ValueError for no probes."""
    if not probes:
        raise ValueError("no probes")
    return sum(1 / len(probe.candidates) for probe in probes) / len(probes)
