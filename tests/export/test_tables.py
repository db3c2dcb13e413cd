"""Tables of a journal: voided lines are dropped, and every digit is kept."""

from __future__ import annotations

import math
from pathlib import Path

from rnntui.export.tables import UPDATES, event_rows, finding_rows, finite, read_metrics
from rnntui.runs.store.journal import METRICS, Journal


def written(tmp_path: Path, *lines: dict[str, object]) -> Path:
    journal = Journal(tmp_path, METRICS, lambda *_: None)
    for line in lines:
        journal.append(line)
    journal.close()
    return tmp_path


def line(step: int, loss: float = 1.0, **more: object) -> dict[str, object]:
    return {"step": step, "updates": 2, "loss": loss, "epoch": 0.5, "time": 9.0, **more}


def test_what_a_resumed_run_voided_is_not_in_the_tables(tmp_path: Path):
    run = written(
        tmp_path,
        line(2, 0.1 + 0.2),
        line(4, validation=3.0),
        {**line(4, validation=2.5), "updates": 0, "final": True},
        {"rollback": 2},
        line(4, 7.0),
        line(6, math.nan, validation=math.inf),
    )
    found = read_metrics(run)
    steps = [row[0] for row in found.updates]
    assert steps == [2, 4, 6]
    assert found.updates[0][UPDATES.index("loss")] == 0.1 + 0.2
    assert found.updates[2][UPDATES.index("loss")] == "nan"
    assert [row[4] for row in found.validations] == ["inf"]
    losses = [(row[0], loss) for row, loss in finite(found.updates, UPDATES.index("loss"))]
    assert losses == [(2, 0.1 + 0.2), (4, 7.0)]


def test_a_validation_at_the_end_counts_only_while_it_is_the_end(tmp_path: Path):
    ended = {**line(4, validation=2.5), "updates": 0, "final": True}
    run = written(tmp_path, line(4), ended, line(6, validation=2.0))
    assert [row[4] for row in read_metrics(run).validations] == [2.0]
    assert len(read_metrics(run).updates) == 2
    again = written(tmp_path, {**ended, "step": 6})
    assert [row[4] for row in read_metrics(again).validations] == [2.0, 2.5]


def test_events_and_findings_are_separate_tables():
    lines = [
        {"step": 3, "seconds": 1.5, "kind": "lr", "text": "x", "edit": "lr", "value": 0.1},
        {"step": 4, "kind": "finding", "text": "y", "state": "found", "finding": {"id": "slow"}},
        {"step": 5, "kind": "note"},
    ]
    assert event_rows(lines) == [(3, 1.5, None, "lr", "x", None, "lr", 0.1)]
    assert finding_rows(lines) == [(4, "found", "slow", None, None, None)]
