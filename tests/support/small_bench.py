"""What `rnntui bench` measures, with small networks in place of the large ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rnntui.bench import measure
from rnntui.bench.machine import this_machine
from rnntui.bench.workload import Workload

SMALL = (Workload("rnn", 2, 8, 5), Workload("lstm", 3, 16, 4, 2))


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Measure only small networks, as on two cores."""
    patch.setattr(measure, "TRAINING", SMALL)
    patch.setattr(measure, "GENERATION", (Workload("gru", 1, 8, 1),))
    patch.setattr(measure, "BATCHES", {8: (1, 4)})
    two_cores = replace(this_machine(), cores=2)
    patch.setattr(measure, "this_machine", lambda: two_cores)
