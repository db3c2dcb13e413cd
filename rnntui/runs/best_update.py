"""The update of the best validation loss, from the journal: older versions did not store it."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from rnntui.errors import DataError
from rnntui.runs.curve_cache import recall
from rnntui.runs.store.summary import RunSummary

LEAST_BLOCKS = 2  # read of a journal in any case, so that short ones are complete
ROUNDED = 1e-5  # older versions stored losses with five decimals


def with_best_update(run: RunSummary, until: float) -> RunSummary:
    """Return a run with the update of its best validation loss, if the journal has it.

    What has been read at the monotonic time `until` is kept, and the next reader continues there.
    """
    if run.best is None or run.best_step is not None or not run.usable:
        return run
    kept = recall(run.path)
    more, blocks = True, 0
    try:
        while more and (blocks < LEAST_BLOCKS or monotonic() < until):
            more, blocks = kept.reader.advance(), blocks + 1
    except (OSError, DataError):
        return run
    if kept.due:
        kept.keep()
    best = kept.reader.curve().best
    if more or best is None or best.loss is None or abs(best.loss - run.best) > ROUNDED:
        return run
    return replace(run, best_step=best.update)
