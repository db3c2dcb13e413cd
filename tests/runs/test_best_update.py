"""The update of the best validation of a run of an older version, at a bounded cost."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.runs.best_update import with_best_update
from rnntui.runs.store.journal import METRICS, segment, to_line
from rnntui.runs.store.summary import RunSummary


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunSummary:
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "old"
    path.mkdir(mode=0o700)
    for name in ("run.json", "recipe.toml"):
        (path / name).write_text("")
    lines = [
        to_line({"step": n, "updates": 1, "loss": 2.0, "validation": 1 + abs(n - 2000) / 7e3})
        for n in range(1, 4001)
    ]
    segment(path, METRICS, 0).write_bytes(b"".join(lines))
    segment(path, METRICS, 0).chmod(0o600)
    return RunSummary("old", path, "finished", 0, 0, 0, best=1.0)


def test_it_is_found_in_the_journal(run: RunSummary):
    assert with_best_update(run, math.inf) == replace(run, best_step=2000)
    assert with_best_update(replace(run, best=1.000004), math.inf).best_step == 2000


def test_it_is_not_looked_for_where_it_is_known_or_cannot_be(run: RunSummary):
    for other in (
        replace(run, best_step=7),
        replace(run, best=None),
        replace(run, best=1.5),  # the journal has another one
        replace(run, state="damaged"),
        replace(run, path=run.path / "nothing"),
    ):
        assert with_best_update(other, math.inf) == other


def test_what_takes_long_is_continued_by_the_next_reader(run: RunSummary):
    found = [with_best_update(run, -math.inf).best_step for _ in range(8)]
    assert found[0] is None and found[-1] == 2000
