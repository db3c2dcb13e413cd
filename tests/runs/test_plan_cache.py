"""What trials found is kept for machine, libraries and sizes; what cannot be used is ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.nn.kernels.choice import Kernels
from rnntui.recipe import Recipe
from rnntui.runs import plan_cache
from rnntui.runs.plan_cache import plan_folder, recall, remember
from rnntui.training.planning import Choice
from rnntui.training.state import TrainState, start
from rnntui.training.workers.plan import Plan
from tests.support.plain import token_data

RECIPE = Recipe().replace(cell="gru", hidden=8, batch=4, seq_len=5, workers=1)
CHOSEN = Kernels(sums="plain", gates="exp")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainState]:
    """A run with kernels of its own, and an empty cache."""
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    data = token_data([n % 7 for n in range(101)], 7, [0, 1])
    with closing(start(RECIPE, data)) as state:
        state.updater.use(CHOSEN)
        yield state


def kept() -> Path:
    """The only file."""
    (path,) = plan_folder().iterdir()
    return path


def test_a_choice_is_recalled_for_the_same_sizes_only(state: TrainState) -> None:
    plan = state.updater.plan
    assert recall(plan) is None
    remember(RECIPE, state)
    assert recall(plan) == Choice(1, CHOSEN)
    assert recall(replace(plan, workers=0)) is None  # there, the number was to be chosen too
    assert recall(replace(plan, batch=5)) is None
    assert recall(replace(plan, steps=6)) is None
    assert recall(replace(plan, shape=replace(plan.shape, hidden=9))) is None
    assert recall(replace(plan, seed=9, clip=1.0)) == Choice(1, CHOSEN)  # nothing of that matters


@pytest.mark.parametrize("fact", ["cpu", "simd", "numpy", "blas_core"])
def test_another_machine_or_library_has_choices_of_its_own(
    fact: str, state: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(RECIPE, state)
    other = plan_cache.versions() | plan_cache.this_machine() | {fact: "another"}
    monkeypatch.setattr(plan_cache, "this_machine", lambda: other)
    assert recall(state.updater.plan) is None
    foreign = kept().read_bytes()
    remember(RECIPE, state)
    (own,) = (path for path in plan_folder().iterdir() if path.read_bytes() != foreign)
    own.write_bytes(foreign)  # copied from there
    assert recall(state.updater.plan) is None


DAMAGE = {
    "empty": b"",
    "cut off": b'{"subject": {"format": 1',
    "not an object": b"[1, 2]",
    "not UTF-8": b"\xff\xfe",
    "deep": b"[" * 9000,
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_ignored(content: bytes, state: TrainState) -> None:
    remember(RECIPE, state)
    kept().write_bytes(content)
    assert recall(state.updater.plan) is None
    remember(RECIPE, state)
    assert recall(state.updater.plan) == Choice(1, CHOSEN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 0}, {"workers": 5}, {"workers": "1"}, {"workers": 2}, {"workers": True},
        {"kernels": "sums=fast"}, {"kernels": None}, {"subject": {}}, {"subject": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_choice_that_this_version_or_run_cannot_have_is_ignored(
    wrong: dict[str, object], state: TrainState
) -> None:
    remember(RECIPE, state)
    kept().write_text(json.dumps({**json.loads(kept().read_text()), **wrong}))
    assert recall(state.updater.plan) is None


def test_a_cache_that_cannot_be_written_to_is_left_alone(
    state: TrainState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "file"))
    remember(RECIPE, state)
    assert recall(state.updater.plan) is None


def test_the_oldest_choices_go(state: TrainState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_cache, "MOST_KEPT", 2)
    for seconds in range(4):
        state.updater.plan = replace(state.updater.plan, steps=5 + seconds)
        remember(RECIPE, state)
    assert len(list(plan_folder().iterdir())) == 2
    assert recall(state.updater.plan) is not None


def test_the_plan_of_a_recipe_has_its_own_workers(state: TrainState) -> None:
    plan: Plan = state.updater.plan
    remember(RECIPE.replace(workers=0), state)
    assert recall(replace(plan, workers=0)) == Choice(1, CHOSEN)
    assert recall(plan) is None
