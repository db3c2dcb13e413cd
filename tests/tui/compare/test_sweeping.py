"""The leaderboard of a sweep: pictures at three sizes, and keys to cut, continue and stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rnntui.cache_folder import VARIABLE
from rnntui.sweep.leaderboard import SweepList, label_of
from rnntui.sweep.progress import Progress
from rnntui.sweep.wishes import Wishes
from tests.tui.compare.boards import app_of, board_picture, sweep_in
from tests.tui.compare.pictures import HERE, SIZES, text_of


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    found = await board_picture(sweep_in(tmp_path), size)
    assert found == (HERE / f"sweep-{size[0]}x{size[1]}.txt").read_text(), found


@pytest.mark.parametrize(
    ("progress", "over", "live", "label"),
    [
        (Progress("training", True, until=80), False, True, "next rung 80:"),
        (Progress("training", True), False, True, "training"),
        (Progress("training", True, until=80), False, False, ""),
        (Progress("paused", True, until=1600), False, True, "waits at 1,600"),
        (Progress("paused", True, until=80), True, False, "cut at 80"),
        (Progress("failed", True), False, True, "failed"),
        (Progress("finished", True), False, True, ""),
    ],
)
def test_the_state_of_a_trial(progress: Progress, over: bool, live: bool, label: str) -> None:
    assert label_of(progress, over, live) == label


def test_news_and_title_follow_the_journal(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path)
    board = SweepList(tmp_path, "tales")
    assert board.title.startswith("sweep tales: 6 trials, 1 failed, 1 finished")
    assert board.title.endswith("not running")
    assert "10:30:07  4 failed  lr=0.003 hidden=64: the loss has been diverging" in board.news()
    with sweep.hold():
        sweep.add({"trial": 1, "event": "again", "through": True, "time": 1.0})
        board.listed()
        assert "1 is to continue to its end" in board.news()[-1]
        assert "not running" not in board.title


async def test_trials_are_cut_and_continued(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path)
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("end", "r")
        await pilot.pause()
        assert "will continue to its end after rnntui sweep resume tales" in text_of(app)
        selected = app.state.selected
        await pilot.press("home", "c")
        await pilot.pause()
        assert "will be cut" in text_of(app)
        first = app.state.selected
    assert selected is not None and first is not None
    wished = [(int(selected.name[-1]), "continue"), (int(first.name[-1]), "cut")]
    assert Wishes(sweep.directory, []).read() == wished


async def test_the_users_keys_cut_a_trial(tmp_path: Path) -> None:
    sweep = sweep_in(tmp_path)
    app = app_of(tmp_path, keys={"cut_trial": ("f2",), "stop_sweep": ("c",)})
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("home", "f2")
        await pilot.pause()
        app._end_notice()
        assert "f2 cut" in text_of(app)
        await pilot.press("c")
        await pilot.pause()
        assert "the sweep is not running" in text_of(app)
    assert [what for _, what in Wishes(sweep.directory, []).read()] == ["cut"]


async def test_the_sweep_is_stopped_on_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr("rnntui.sweep.spawn.os.kill", lambda *what: killed.append(what))
    sweep = sweep_in(tmp_path)
    app = app_of(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("Q")
        await pilot.pause()
        assert "the sweep is not running" in text_of(app) and not killed
        with sweep.hold():
            await pilot.press("Q")
            await pilot.pause()
            assert "stops once its trials are saved" in text_of(app)
    assert killed == [(os.getpid(), signal.SIGTERM)]
