"""Runs written by version 0.1.0 can be viewed, resumed, replayed, evaluated and generated from."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ended, quick_first, quick_where
from tests.support.real_runs import dashboard

OLD = Path(__file__).parent / "old_runs"
NAMES = sorted(path.name for path in OLD.iterdir() if path.is_dir())
STATES = {"killed": "crashed", "restored": "diverged"}
UPDATES = {
    "byte": 40, "character": 60, "edited": 400, "finished": 30, "killed": 1300, "reset": 40,
    "restored": 145, "values": 60, "word": 40,
}  # fmt: skip
Rnntui = Callable[..., Ended]


@pytest.fixture
def old(runs: Path) -> Path:
    """A copy of the old runs, with the modes a run directory has."""
    shutil.copytree(OLD, runs, ignore=shutil.ignore_patterns("README.md"))
    for path in (runs, *runs.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return runs


def metrics(run: Path) -> dict[int, dict[str, Any]]:
    """The last line about each update."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return {line["step"]: line for line in map(json.loads, lines) if "step" in line}


def test_all_are_listed(old: Path, rnntui: Rnntui) -> None:
    ended = rnntui("runs", "--json")
    assert ended.code == 0, ended.err
    found = {row["name"]: row["state"] for row in ended.events}
    assert found == {name: STATES.get(name, "finished") for name in NAMES}
    best = {row["name"]: (row["best"], row["best_step"]) for row in ended.events}
    assert best["character"] == (3.84386, 60) and best["finished"] == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_it_continues(old: Path, rnntui: Rnntui, name: str) -> None:
    last = UPDATES[name]
    ended = rnntui("resume", name, "--steps", str(last + 5), "--json", "--every", "1")
    assert ended.code == 0, ended.err
    assert [event["step"] for event in ended.of("step")] == list(range(last + 1, last + 6))
    assert all(math.isfinite(event["loss"]) for event in ended.of("step"))


@pytest.mark.parametrize("name", NAMES)
def test_it_generates(old: Path, rnntui: Rnntui, name: str) -> None:
    ended = rnntui("generate", name, "--length", "20", "--greedy")
    assert ended.code == 0 and ended.out.strip(), ended.err


@pytest.mark.parametrize("name", [name for name in NAMES if name != "values"])
def test_text_is_evaluated(old: Path, rnntui: Rnntui, name: str, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the dog sees a cat . ()[] hello world 01234\n" * 20)
    ended = rnntui("eval", name, str(text), "--json")
    assert ended.code == 0 and math.isfinite(ended.events[0]["loss"]), ended.err


def test_values_are_evaluated(old: Path, rnntui: Rnntui, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("sunspots\n" + "".join(f"{50 + n % 11}\n" for n in range(60)))
    ended = rnntui("eval", "values", str(table), "--json")
    assert ended.code == 0 and math.isfinite(ended.events[0]["loss"]), ended.err


@pytest.mark.parametrize("name", quick_first(["edited", "values", "character", "reset", "word"], 2))
def test_its_replay_makes_the_same_updates(old: Path, rnntui: Rnntui, name: str) -> None:
    ended = rnntui("train", "--replay", name, "--json", "--every", "1", "--no-save")
    assert ended.code == 0, ended.err
    before = metrics(old / name)
    rates = {event["step"]: event["lr"] for event in ended.of("step")}
    assert ended.of("done")[0]["steps"] == UPDATES[name]
    assert all(rates[step] == pytest.approx(line["lr"], rel=1e-9) for step, line in before.items())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pseudo-terminals")
@pytest.mark.parametrize("name", quick_where(NAMES, lambda name: name == "killed"))
def test_it_is_viewed(old: Path, name: str) -> None:
    with dashboard(old, "attach", name) as terminal:
        assert terminal.wait_for(STATES.get(name, "finished")), terminal.text()
        terminal.write("q")
        assert terminal.exit_code() == 0, terminal.text()
