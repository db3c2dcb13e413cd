"""What is in a run's directory is known to be rnntui's own, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnntui.runs.recorder import VIEW
from rnntui.runs.store.contents import foreign_entry
from rnntui.runs.store.journal import EVENTS, METRICS, segment
from rnntui.runs.store.lock_owner import OWNER_FILE
from rnntui.runs.store.metrics_index import INDEX
from rnntui.runs.store.socket_address import ADDRESS
from rnntui.runs.store.status import STATUS
from rnntui.runs.store.stop_request import ASKED

OWN = (VIEW, INDEX, ASKED, ADDRESS, STATUS, OWNER_FILE)


@pytest.mark.parametrize("name", OWN)
def test_every_file_that_is_written_beside_a_run_is_known(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    (tmp_path / f".{name}.new").write_text("x")  # a process was killed while it wrote
    for stem in (METRICS, EVENTS):
        segment(tmp_path, stem, 3).write_text("x")
    assert foreign_entry(tmp_path) is None


@pytest.mark.parametrize("name", ["view", "metrics.index.old", "stopped", "notes.txt", "VIEW.json"])
def test_any_other_file_is_not(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    assert foreign_entry(tmp_path) == tmp_path / name
