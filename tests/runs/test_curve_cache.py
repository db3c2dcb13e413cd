"""Curves are kept: the next reader continues where the last one stopped, if it is the same run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rnntui.data.cache_folder import VARIABLE
from rnntui.runs import curve_cache
from rnntui.runs.curve_cache import cached_reader, drop_oldest, keep
from rnntui.runs.store.curve import CurveReader


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "curves"


def run(path: Path, updates: int = 1000, loss: float = 1.0) -> Path:
    path.mkdir(exist_ok=True)
    lines = (f'{{"step":{n},"updates":1,"loss":{loss},"seconds":{n}}}' for n in range(1, updates))
    (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    return path


def kept(path: Path) -> CurveReader:
    reader = CurveReader(path)
    while reader.advance():
        pass
    assert keep(path, reader, (0, 0))
    return reader


def test_a_stored_curve_is_continued(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    before = kept(path)
    found = cached_reader(path)
    assert found.position == before.position != (0, 0)
    assert found.curve().training == before.curve().training
    assert not found.advance()


def test_little_that_is_new_is_not_stored(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    reader = kept(path)
    assert not keep(path, reader, reader.position)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"curve":{}}', '{"format":1,"curve":{"a":1}}'])
def test_a_damaged_file_is_not_used(tmp_path: Path, folder: Path, damage: str):
    path = run(tmp_path / "run")
    kept(path)
    (file,) = folder.iterdir()
    file.write_text(damage)
    assert cached_reader(path).position == (0, 0)


def test_another_run_of_the_same_name_is_read_from_its_start(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    shutil.rmtree(path)
    run(path, 2000, loss=2.0)
    assert cached_reader(path).position == (0, 0)


def test_a_journal_that_became_shorter_is_read_from_its_start(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    with (path / "metrics.jsonl").open("r+") as file:
        file.truncate(100)
    assert cached_reader(path).position == (0, 0)


def test_a_folder_that_cannot_be_used_only_costs_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    path = run(tmp_path / "run")
    reader = cached_reader(path)
    while reader.advance():
        pass
    assert not keep(path, reader, (0, 0))
    drop_oldest()


def test_only_the_newest_curves_stay(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(curve_cache, "MOST_KEPT", 2)
    for n in range(4):
        kept(run(tmp_path / f"run{n}"))
    drop_oldest()
    assert len(list(folder.iterdir())) == 2
    assert all(json.loads(file.read_text())["format"] == 1 for file in folder.iterdir())
