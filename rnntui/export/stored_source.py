"""A stored run that answers a dashboard in this process, without a training process."""

from __future__ import annotations

import math
from pathlib import Path
from time import monotonic

from rnntui.protocol.messages import Accepted, Hello, Look, Reply, Request
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.session.stored_run import StoredRun

_SLICE = 0.1  # seconds of measuring between two replies


class StoredSource:
    """Replies as the training process of an ended run does."""

    def __init__(self, run: Path) -> None:
        """Raises RnntuiError with one line if the run's files cannot be read."""
        self.recipe: Recipe = stored_recipe(run)
        self.stored = StoredRun(Job(self.recipe, run=str(run), shown=True))

    @property
    def settled(self) -> bool:
        """Whether everything has been read, and what was asked for has been measured."""
        return not self.stored.busy and math.isinf(self.stored.delay(monotonic()))

    async def ask(self, request: Request) -> Reply:
        """Return the reply to a request."""
        if isinstance(request, Hello):
            return self.stored.welcome()
        if not isinstance(request, Look):
            return Accepted()
        snapshot, end = self.stored.snapshot(request, viewer=self), monotonic() + _SLICE
        self.stored.tick(monotonic(), _SLICE)
        while not self.settled and monotonic() < end:
            self.stored.tick(monotonic(), _SLICE)
        return snapshot
