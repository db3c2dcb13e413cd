"""How long tests wait for what must come."""

from __future__ import annotations

import time
from collections.abc import Iterator

# Seconds. Only a test that fails waits for so long, so nothing is gained where they are fewer, and
# a machine that is busy enough makes any number too small that only looks long enough.
PATIENCE = 300.0


def patiently() -> Iterator[None]:
    """The turns of a loop that waits for what must come, until it has not come in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        yield
