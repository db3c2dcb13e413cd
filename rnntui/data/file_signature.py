"""Detect whether a file has changed, without reading it."""

from __future__ import annotations

import os
from dataclasses import astuple
from typing import Any

from rnntui.dataclass import dataclass

LONGEST_TICK = 2_000_000_000  # ns


@dataclass(frozen=True)
class FileSignature:
    """Metadata that changes with a file: a write sets both times (in ns) to now.

    `modified` can be set back by any program, `changed` by none.
    """

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, descriptor: int) -> FileSignature:
        """Return the signature of an open file. Raises OSError."""
        s = os.fstat(descriptor)
        return cls(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)

    def settled(self, moment: int) -> bool:
        """Whether any write after that moment (ns since 1970) will move it for certain.

        The clock of a file system has ticks: of two writes in one, the second moves nothing.
        """
        return max(self.modified, self.changed) < moment - LONGEST_TICK

    def to_list(self) -> list[int]:
        """As plain numbers, for JSON."""
        return list(astuple(self))

    @classmethod
    def from_list(cls, numbers: Any) -> FileSignature | None:
        """The inverse; None for anything else."""
        if not isinstance(numbers, list) or len(numbers) != 5:
            return None
        return cls(*numbers) if all(type(n) is int for n in numbers) else None
