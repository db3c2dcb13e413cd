"""The share of the time that requests may take, with clocks that only move when told to."""

from __future__ import annotations

import pytest

from rnntui.engine import budget as budget_module
from rnntui.engine.budget import Budget


class Clocks:
    """Wall time and this thread's CPU time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = self.cpu = 0.0
        patch.setattr(budget_module, "monotonic", lambda: self.now)
        patch.setattr(budget_module, "thread_time", lambda: self.cpu)

    def work(self, budget: Budget, cpu: float, wall: float | None = None) -> float:
        """Spend this much on requests; return how long the next ones have to wait."""
        budget.begin()
        self.cpu += cpu
        self.now += cpu if wall is None else wall
        return budget.end()


def test_a_flood_gets_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    budget, answering = Budget(0.1, 0.05), 0.0
    while clocks.now < 100.0:
        answering += 0.003
        clocks.now += clocks.work(budget, 0.003)
    assert answering == pytest.approx(0.1 * clocks.now + 0.05, rel=0.01)


def test_only_so_much_is_saved_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    budget = Budget(0.1, 0.05)
    clocks.now += 1000.0
    assert clocks.work(budget, 0.0) == 0.0
    assert clocks.work(budget, 0.06, wall=0.0) == pytest.approx(0.1)


def test_time_without_cpu_is_not_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    budget = Budget(0.1, 0.05)
    assert clocks.work(budget, 0.0, wall=60.0) == 0.0  # waiting for a request
    assert clocks.work(budget, 0.05) == 0.0
