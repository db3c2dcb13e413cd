"""Sweeps on disk: damaged files, and names that two processes want."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rnntui.errors import DataError, RunError, UsageError
from rnntui.sweep.store import INFO, RECIPE, Sweep, create, free_name, open_sweep
from tests.support.sweeps import RATES, TINY, tiny_sweep

TRIALS = "trials.jsonl"


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    return tiny_sweep(tmp_path, RATES)


@pytest.mark.parametrize("bytes_", [b"", b"\0" * 3000, b"\xff\xfe{]" * 99, b"[1, 2]\n", b"{}\n"])
@pytest.mark.parametrize("name", [INFO, RECIPE, TRIALS])
def test_a_damaged_file_of_a_sweep_is_named(sweep: Sweep, name: str, bytes_: bytes):
    (sweep.directory / name).write_bytes(bytes_)
    with pytest.raises(DataError) as found:
        open_sweep(sweep.root, sweep.name)
    where = "/.sweeps/s: damaged" if name == TRIALS else f"/.sweeps/s/{name}: "
    assert where in str(found.value) and "tiny.toml" not in str(found.value)


@pytest.mark.parametrize(("name", "why"), [(RECIPE, "is missing"), (TRIALS, "0 of 4 trials")])
def test_a_missing_file_of_a_sweep_is_named(sweep: Sweep, name: str, why: str):
    (sweep.directory / name).unlink()
    with pytest.raises(DataError, match=why):
        open_sweep(sweep.root, sweep.name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jobs", 0), ("jobs", -1), ("trials", -1), ("halving", [0]), ("halving", [9, 3]),
        ("halving", [3, 3]), ("sampler", "evil"),
    ],
)  # fmt: skip
def test_a_field_with_which_no_sweep_can_go_on_is_named(sweep: Sweep, name: str, value: object):
    path = sweep.directory / INFO
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(DataError, match=f"sweep.json: {name} has a wrong value"):
        open_sweep(sweep.root, sweep.name)


def test_a_journal_that_was_cut_is_not_taken_for_a_smaller_sweep(sweep: Sweep):
    path = sweep.directory / TRIALS
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DataError, match=r"damaged, \d of 4 trials are left: rnntui compare"):
        open_sweep(sweep.root, sweep.name)


def test_the_slower_of_two_processes_with_one_name_is_told_so(sweep: Sweep):
    with pytest.raises(UsageError, match=f"sweep '{sweep.name}' already exists"):
        create(sweep.root, sweep.info, TINY, sweep.trials)


def test_a_folder_that_cannot_be_searched_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(RunError, match=r"cannot look for .*Permission denied"):
        free_name(tmp_path, "tales", 2)
