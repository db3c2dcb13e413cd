"""Curves are kept: the next reader continues where the last one stopped, if it is the same run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rnntui.cache_folder import VARIABLE
from rnntui.runs import curve_cache
from rnntui.runs.curve_cache import KeptRun, drop_oldest, recall


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "curves"


def run(path: Path, updates: int = 1000, loss: float = 1.0) -> Path:
    path.mkdir(exist_ok=True)
    lines = (f'{{"step":{n},"updates":1,"loss":{loss},"seconds":{n}}}' for n in range(1, updates))
    (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    for name in ("run.json", "recipe.toml"):
        (path / name).write_text("x")
    return path


def kept(path: Path) -> KeptRun:
    found = recall(path)
    while found.reader.advance():
        pass
    found.facts = {"lr": 0.1}
    assert found.keep()
    return found


def position(path: Path) -> tuple[int, int]:
    return recall(path).reader.position


def test_a_kept_curve_is_continued(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    before, found = kept(path).reader, recall(path)
    assert found.reader.position == before.position != (0, 0)
    assert found.reader.curve().training == before.curve().training
    assert not found.reader.advance() and not found.due
    assert found.facts == {"lr": 0.1}


def test_facts_are_read_again_if_their_files_were_written_again(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    (path / "recipe.toml").write_text("other")
    assert recall(path).facts is None
    assert position(path) != (0, 0)


def test_much_that_is_new_is_worth_keeping(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    found = kept(path)
    assert not found.due
    with (path / "metrics.jsonl").open("a") as file:
        file.writelines(f'{{"step":{n},"loss":1}}\n' for n in range(1000, 4000))
    while found.reader.advance():
        pass
    assert found.due and found.keep() and not found.due


@pytest.mark.parametrize("damage", [b"", b"{", b"00000000\n{}", b"7b5ae7d1\n[]"])
def test_a_damaged_file_is_not_used(tmp_path: Path, folder: Path, damage: bytes):
    path = run(tmp_path / "run")
    kept(path)
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert position(path) == (0, 0)


def test_a_file_with_any_changed_byte_is_not_used(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    (file,) = folder.iterdir()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert position(path) == (0, 0) and recall(path).facts is None


def test_another_run_of_the_same_name_is_read_from_its_start(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    shutil.rmtree(path)
    run(path, 2000, loss=2.0)
    assert position(path) == (0, 0)


def test_a_journal_that_became_shorter_is_read_from_its_start(tmp_path: Path, folder: Path):
    path = run(tmp_path / "run")
    kept(path)
    with (path / "metrics.jsonl").open("r+") as file:
        file.truncate(100)
    assert position(path) == (0, 0)


def test_a_folder_that_cannot_be_used_only_costs_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    found = recall(run(tmp_path / "run"))
    while found.reader.advance():
        pass
    assert found.reader.curve().update == 999
    assert not found.keep()
    drop_oldest()


def test_only_the_newest_files_stay(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(curve_cache, "MOST_KEPT", 2)
    for n in range(4):
        kept(run(tmp_path / f"run{n}"))
    drop_oldest()
    assert len(list(folder.iterdir())) == 2
