"""The views of a run seen from its files: its last checkpoint, its journal and its own source."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from rnntui.errors import UsageError
from rnntui.protocol.insight import (
    Experiments,
    Health,
    InsightLook,
    NextPassage,
    StartRace,
    View,
)
from rnntui.protocol.messages import Snapshot
from rnntui.recipe import Recipe
from rnntui.session.stored_run import StoredRun
from tests.conftest import quick_first, quick_where
from tests.session.test_stored_run import seen, trained, viewing
from tests.support.sessions import TOKENS, VALUES
from tests.test_old_runs import NAMES, OLD

READING: tuple[View, ...] = ("guesses", "memory", "neurons")


def measured(view: StoredRun, name: View, ticks: int = 40) -> Snapshot:
    now, look = time.monotonic(), InsightLook(view=name, details=True)
    found = seen(view, insight=look)
    for _ in range(ticks):
        now += 0.2
        view.tick(now, 1.0)
        found = seen(view, insight=look)
    return found


@pytest.mark.parametrize("recipe", quick_first([TOKENS, VALUES]), ids=["tokens", "values"])
def test_every_view_of_a_run_that_has_ended(tmp_path: Path, recipe: Recipe) -> None:
    live, path = trained(tmp_path, recipe)
    view = viewing(path)
    for name in READING:
        found = measured(view, name)
        assert found.insight_problem == "" and found.insight is not None, name
        assert found.insight.step == live.step and found.passage is not None
    health = measured(view, "health", 2)
    assert isinstance(health.insight, Health) and health.insight.signs and health.passage is None
    assert isinstance(measured(view, "experiments", 1).insight, Experiments)
    before = measured(view, "guesses", 2).passage
    view.handle(NextPassage())
    after = measured(view, "guesses").passage
    assert before and after and before.id != after.id
    with pytest.raises(UsageError, match="has ended"):
        view.handle(StartRace())


@pytest.mark.parametrize("change", ["changed", "missing"])
def test_without_its_source_there_is_one_line(tmp_path: Path, change: str) -> None:
    source = tmp_path / "own.txt"
    source.write_text("the cat sat on the mat\n" * 30)
    _, path = trained(tmp_path, TOKENS.replace(source=str(source), repeat=1))
    if change == "changed":
        source.write_text("the cat sat on the hat\n" * 30)
    else:
        source.unlink()
    view = viewing(path)
    found = measured(view, "guesses", 3)
    assert found.insight is None
    assert found.insight_problem.startswith("the views cannot read the source: ")
    assert "\n" not in found.insight_problem
    assert isinstance(measured(view, "health", 2).insight, Health)
    view.handle(NextPassage("the hat"))
    typed = measured(view, "guesses")
    assert typed.passage is not None and "".join(typed.passage.tokens) == "the hat"


@pytest.mark.parametrize("name", quick_where(NAMES, lambda name: name == "values"))
def test_a_run_of_an_older_version_opens_in_every_view(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copytree(OLD / name, path)
    for each in (tmp_path, path, *path.rglob("*")):
        each.chmod(0o700 if each.is_dir() else 0o600)
    view = viewing(path)
    for reading in READING:
        found = measured(view, reading, 20)
        assert (found.insight is not None) != bool(found.insight_problem), found.insight_problem
    assert isinstance(measured(view, "health", 2).insight, Health)
    assert isinstance(measured(view, "experiments", 1).insight, Experiments)
