"""Columns of an earlier reading, which are taken again."""

from __future__ import annotations

from collections.abc import Callable

from rnntui.data.dataset import READER
from rnntui.dataclass import dataclass


@dataclass(frozen=True)
class Known:
    """Features of an earlier reading, `targets` of them to be forecast, which are taken again.

    They were `read_by` a version of this reader: the first ones left rows as they are. `find` is
    how the columns are found in another file, from those wanted, its header and its name; it raises
    if one is missing.
    """

    features: tuple[str, ...] = ()
    targets: int = 0
    read_by: int = READER
    find: Callable[[tuple[str, ...], tuple[str, ...], str], list[int]] | None = None

    @property
    def timed(self) -> bool:
        """Whether times are read."""
        return self.read_by > 1

    @property
    def tidied(self) -> bool:
        """Whether rows that come twice are taken once, and numbers can tell series apart."""
        return self.read_by > 2

    @property
    def framed(self) -> bool:
        """Whether lines around the table are left out, and columns of times become rows."""
        return self.read_by > 3

    @property
    def discerned(self) -> bool:
        """Whether numbers that many rows share are no time, and parts of the date not learned."""
        return self.read_by > 4

    @property
    def refined(self) -> bool:
        """Whether names may be numbers, and years with decimals are dates."""
        return self.read_by > 5


NEW = Known()
