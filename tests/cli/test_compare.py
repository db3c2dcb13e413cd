"""`rnntui compare` without a screen: a table, CSV, the contract of --json, and wrong input."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ended
from tests.support.compared import make_run, some_runs

Rnntui = Callable[..., Ended]


def test_without_a_terminal_a_table_is_printed(rnntui: Rnntui, runs: Path) -> None:
    some_runs(runs)
    ended = rnntui("compare")
    head, *rows = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert head.split()[:2] == ["run", "validation"] and "hidden" in head and "lr" in head
    assert [row.split()[0] for row in rows] == [
        "tales-64-0.01", "tales-32-0.01", "tales-64-0.001", "tales-32-0.001",
    ]  # fmt: skip
    assert ended.out == rnntui("compare", "--plain", *sorted(p.name for p in runs.iterdir())).out


@pytest.mark.parametrize("columns", [None, 80, 40])
def test_rows_are_as_wide_as_can_be_read_and_nothing_is_lost(
    rnntui: Rnntui, runs: Path, monkeypatch: pytest.MonkeyPatch, columns: int | None
) -> None:
    """Settings have a column each as long as there is room, else lines below their run."""
    other = {
        "cell": "lstm", "layers": 3, "dropout": 0.25, "lr": 0.0125, "batch": 7, "seq_len": 31,
        "optimizer": "adamw", "schedule": "cosine", "warmup": 17, "clip": 2.5, "seed": 123,
        "eval_every": 77, "sample_every": 91, "temperature": 0.75, "init_scale": 0.125,
    }  # fmt: skip
    make_run(runs, "one", batch=4, seq_len=8)
    make_run(runs, "two", **other)
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(columns))
    lines = rnntui("compare", "--plain").out.splitlines()
    assert max(map(len, lines)) <= (columns or 160)
    of_two = lines[next(n for n, line in enumerate(lines) if line.startswith("two")) :]
    words = " ".join(of_two).split()
    assert {f"{key}={value}" for key, value in other.items()} <= {*words}
    assert {"finished", "00:08", "1.20k"} <= {*words}


def test_few_settings_have_columns_in_a_pipe(rnntui: Rnntui, runs: Path) -> None:
    some_runs(runs)
    lines = rnntui("compare", "--plain").out.splitlines()
    assert len(lines) == 5 and {"hidden", "lr"} <= {*lines[0].split()}


def test_json_is_one_object_as_scripts_expect_it(rnntui: Rnntui, runs: Path) -> None:
    some_runs(runs)
    ended = rnntui("compare", "--where", "lr=0.01", "--json")
    table = json.loads(ended.out)
    assert ended.code == 0 and table["differing"] == ["hidden"] and "reason" not in table
    assert [run["settings"]["hidden"] for run in table["runs"]] == [64, 32]
    for run in table["runs"]:
        assert isinstance(run["best"], float) and run["best_step"] == 400
        assert run["parameters"] == 1200 and run["settings"]["lr"] == 0.01


def test_losses_on_different_data_end_with_a_reason(rnntui: Rnntui, runs: Path) -> None:
    make_run(runs, "one")
    make_run(runs, "two", source="corpus:python", sha256="b" * 64)
    ended = rnntui("compare", "one", "two", "--json")
    table = json.loads(ended.out)
    assert ended.code == 2 and table["reason"] == "different sources: tales, python"
    assert [run["name"] for run in table["runs"]] == ["one", "two"]
    ended = rnntui("compare", "one", "two")
    assert ended.code == 0 and ended.out.endswith("not ranked: different sources: tales, python\n")
    ended = rnntui("compare", "--csv")
    assert ended.code == 0 and "not ranked: different sources" in ended.err
    assert len(list(csv.DictReader(io.StringIO(ended.out)))) == 2


def test_a_damaged_run_is_named_and_the_others_are_compared(rnntui: Rnntui, runs: Path) -> None:
    some_runs(runs)
    bad = make_run(runs, "bad").rename(runs / "bad\x1b[2J")
    (bad / "run.json").write_text("{")
    ended = rnntui("compare")
    assert ended.code == 0 and "damaged: run.json" in ended.out and "\x1b" not in ended.out
    found = json.loads(rnntui("compare", "--json").out)["runs"]
    assert [run["problem"] is not None for run in found] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "no run 'nope'"),
        (["one", "--where", "lr=1"], "by name or with --where, not both"),
        (["--where", "lr=1"], "no runs that match 'lr=1'"),
        (["--where", "lr>x"], "takes a number"),
        (["--where", "zzz=1"], "unknown key 'zzz'"),
        (["--where", "'"], "not closed"),
        (["--plain", "--csv"], "--plain, --csv and --json cannot be combined"),
    ],
)
def test_wrong_input_is_one_line(
    rnntui: Rnntui, runs: Path, arguments: list[str], message: str
) -> None:
    make_run(runs, "one")
    ended = rnntui("compare", *arguments)
    assert (ended.code, ended.out) == (2, "") and message in ended.err
    assert ended.err.count("\n") == 1 and ended.err.startswith("rnntui: ")


def test_an_empty_directory_has_nothing_to_compare(rnntui: Rnntui, runs: Path) -> None:
    ended = rnntui("compare")
    assert ended.code == 2 and "no runs in " in ended.err
