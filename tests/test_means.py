"""The benchmark of means of learning: what it trains, what it keeps, what its table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import means, results

SMALL = {"hidden": 4, "layers": 1, "batch": 2, "turns": 1, "seq_len": 8}


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A short text; results go to a directory of their own, and runs have 20 updates."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(means, "UPDATES", 20)
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat. " * 100, "utf-8")
    return str(path)


def test_a_run_has_the_updates_that_its_cost_leaves(text: str) -> None:
    whole = means.measure(means.Tried("", SMALL, means.WHOLE), text, 0, 1.0)
    assert (whole["updates"], whole["cost"], list(whole["losses"])) == (20, 1.0, ["0"])
    half = means.measure(means.Tried("", SMALL), text, 3, 2.0)
    assert (half["updates"], half["against"], list(half["losses"])) == (5, means.HALF, ["3"])
    assert 0 < whole["losses"]["0"] < 4 and 0 < half["losses"]["3"] < 4


def test_settings_that_leave_the_network_alone_cost_nothing(text: str) -> None:
    assert means.cost(means.Tried("", {"lr": 0.1, "schedule": "constant"}), text) == 1.0


def test_a_cost_is_measured_in_turn_with_the_control(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(means, "CONTROL", {**means.CONTROL, **SMALL})
    for name in ("SETTLED", "TIMED", "ROUNDS"):
        monkeypatch.setattr(means, name, 3)
    assert means.cost(means.Tried("", {"seq_len": 64, "hidden": 64}), text) > 1


def test_the_losses_of_other_seeds_are_kept_with_the_cost_of_the_first(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(means, "cost", lambda case, text: 1.25)
    case = means.Tried("small", SMALL)
    means.keep(case, text, [1])
    monkeypatch.setattr(means, "cost", lambda case, text: 9.0)
    means.keep(case, text, [0, 2])
    (row,) = results.read(results.MEANS)["rows"].values()
    assert (row["cost"], row["updates"], list(row["losses"])) == (1.25, 8, ["0", "1", "2"])
    means.keep(means.Tried("small", {**SMALL, "hidden": 5}), text, [0])
    (row,) = results.read(results.MEANS)["rows"].values()
    assert (row["cost"], list(row["losses"])) == (9.0, ["0"])


def row(losses: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"against": means.WHOLE, "cost": 1.0, "updates": 10, "losses": losses, **more}


def test_the_table_compares_equal_seeds(text: str) -> None:
    rows = {
        "control": row({"0": 1.5, "1": 1.6, "2": 1.7}),
        "better": row({"1": 1.59, "2": 1.67}),
        "control, half": row({"0": 1.8}, against=means.HALF),
        "linear, cooldown 0.3, half": row({"0": 1.7}, against=means.HALF),
        "made up": row({"0": 1.9}, against=means.LINEAR, prototype=True, cost=1.25, updates=4),
    }
    earlier = {"where": "elsewhere", "rows": [{"name": "old", "loss": "2", "without": "1"}]}
    kept = {"rows": rows, "earlier": earlier, **results.circumstances()}
    results.write(results.MEANS, kept)
    shown = means.table()
    assert "| better | × 1.00 | 10 | 1.6300 (1.5900 … 1.6700, 2 seeds) | -0.0200 |" in shown
    assert "| made up * | × 1.25 | 4 | 1.9000 | +0.2000 |" in shown
    assert "| control, half | × 1.00 | 10 | 1.8000 |  |" in shown
    assert "Earlier, elsewhere:" in shown and "| old | 2 | 1 |" in shown


def test_what_was_measured_is_what_the_module_would_measure() -> None:
    kept = results.read(results.MEANS)["rows"]
    cases = {case.name: case for case in means.CASES}
    assert cases.keys() == {name for name, one in kept.items() if not one.get("prototype")}
    for name, case in cases.items():
        assert (kept[name]["settings"], kept[name]["against"]) == (case.settings, case.against)
