"""Standard streams whose reader is gone."""

from __future__ import annotations

import os

PIPE_CLOSED = 141  # as shells report a program that was killed by SIGPIPE


def discard(descriptor: int) -> None:
    """Redirect a file descriptor to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
