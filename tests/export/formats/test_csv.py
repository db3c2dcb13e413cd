"""Tables as CSV files, readable by csv with every digit."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rnntui.export.format import Export
from rnntui.export.formats.csv import create


def test_a_series_has_all_tables(series_run: Path, tmp_path: Path):
    target = tmp_path / "tables"
    create(Export(series_run), target)
    names = {path.name for path in target.iterdir()}
    assert names == {
        f"{n}.csv" for n in ("updates", "validations", "events", "findings", "backtest")
    }
    with (target / "updates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    line = (series_run / "metrics.jsonl").read_text().splitlines()[0]
    assert f'"loss":{rows[0]["loss"]},' in line and rows[-1]["step"] == "4"


@pytest.mark.slow
def test_without_the_source_the_other_tables_are_written(make_run, tmp_path: Path):
    source = tmp_path / "rows.csv"
    source.write_text("a\n" + "\n".join(str(n % 7) for n in range(60)))
    run, notes = make_run(source=str(source)), list[str]()
    source.unlink()
    create(Export(run, note=notes.append), tmp_path / "tables")
    assert len(list((tmp_path / "tables").iterdir())) == 4
    assert len(notes) == 1 and notes[0].startswith("no backtest.csv: ")
