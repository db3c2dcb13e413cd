"""A log folder for TensorBoard: what it plots. Skipped without tensorboardX."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from rnntui.export.format import Export
from rnntui.export.formats.tensorboard import FILE, create, scalars
from rnntui.export.tables import UPDATES, read_metrics

pytest.importorskip("tensorboardX", reason="writes with tensorboardX, which is not installed")


def events(path: Path) -> list[tuple[int, str, float]]:
    """Update, tag and number of every scalar in a file of records."""
    from tensorboardX.proto.event_pb2 import Event

    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (size,) = struct.unpack("<Q", data[at : at + 8])
        event = Event.FromString(data[at + 12 : at + 12 + size])
        found += [
            (event.step, v.tag, v.simple_value) for v in event.summary.value if v.simple_value
        ]
        at += 12 + size + 4
    return found


def test_the_numbers_of_the_journal_are_in_the_log(text_run: Path, tmp_path: Path):
    target = tmp_path / "log"
    create(Export(text_run), target)
    assert [path.name for path in target.iterdir()] == [FILE]
    metrics = read_metrics(text_run)
    found = events(target / FILE)
    losses = [(row[0], row[UPDATES.index("loss")]) for row in metrics.updates]
    logged = [(step, value) for step, tag, value in found if tag == "loss/train"]
    assert [step for step, _ in logged] == [step for step, _ in losses]
    assert [value for _, value in logged] == pytest.approx([loss for _, loss in losses])
    tags = {tag for _, tag, _ in found}
    assert tags == {"loss/train", "loss/validation", "learning_rate", "gradient_norm"}
    assert len(found) == len(list(scalars(metrics)))
