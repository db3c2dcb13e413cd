"""Work that is done a slice at a time, so that nothing else waits long for it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Slices = Generator[None, None, Result]  # yields after each slice and returns the result


def result_of(work: Slices[Result]) -> Result:
    """Do all of the work at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Result = end.value
            return found
