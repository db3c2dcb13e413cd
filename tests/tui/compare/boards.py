"""Text pictures of a sweep's leaderboard: `python -m tests.tui.compare.boards` renews them.

Look at them, and at the SVG that `W` saves, before committing new ones.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rnntui.cache_folder import VARIABLE
from rnntui.runs.compared.following import FollowedRuns
from rnntui.sweep.leaderboard import SweepList
from rnntui.sweep.space import Settings
from rnntui.sweep.store import Sweep
from rnntui.tui.compare.app import CompareApp
from rnntui.tui.compare.state import CompareState
from rnntui.tui.compare.sweeping import sweep_group
from rnntui.tui.look import Look
from tests.support.compared import make_run, set_status
from tests.support.sweeps import tiny_sweep
from tests.tui.compare.pictures import HERE, SIZES, text_of

SETTINGS: tuple[Settings, ...] = tuple(
    {"lr": lr, "hidden": hidden} for lr in (0.001, 0.003, 0.01) for hidden in (32, 64)
)
BEGAN = time.mktime((2026, 11, 30, 10, 30, 0, 0, 0, -1))  # the same local time anywhere


def sweep_in(root: Path) -> Sweep:
    """A sweep with trials in every state: finished, pruned or waiting, training, failed, new."""
    sweep = tiny_sweep(root, SETTINGS, halving=(80, 160), name="tales")
    for number, updates in ((1, 80), (2, 400), (3, 160), (4, 120)):
        floor = 1.8 - number / 5
        make_run(root, f"tales-{number}", floor, updates, **SETTINGS[number - 1])
    set_status(root / "tales-1", state="stopped", step=80, total=400)
    set_status(root / "tales-3", state="stopped", step=160, total=400)
    set_status(root / "tales-4", state="diverged", step=120, total=400)
    events = [
        (1, "start", {"until": 80}),
        (2, "start", {"until": 80}),
        (1, "rung", {"step": 80, "best": 2.5, "best_step": 80}),
        (2, "rung", {"step": 80, "best": 2.3, "best_step": 80}),
        (3, "start", {"until": 80}),
        (3, "rung", {"step": 80, "best": 2.1, "best_step": 80}),
        (4, "start", {"until": 160}),
        (4, "failed", {"step": 120, "reason": "the loss has been diverging"}),
        (3, "start", {"until": 160}),
        (3, "rung", {"step": 160, "best": 1.9, "best_step": 160}),
        (2, "start", {"until": None}),
        (2, "finished", {"step": 400, "best": 1.6, "best_step": 400}),
        (3, "start", {"until": None}),
    ]
    with sweep.hold():
        for second, (trial, event, more) in enumerate(events):
            sweep.add({"trial": trial, "event": event, **more, "time": BEGAN + second})
    return sweep


def app_of(
    root: Path, glyphs: str = "braille", keys: Mapping[str, tuple[str, ...]] | None = None
) -> CompareApp:
    """The leaderboard of the sweep in a directory."""
    board = SweepList(root, "tales")
    followed = FollowedRuns(board)
    followed.read()
    look = Look(glyphs=glyphs, theme="dark", keys=keys or {})  # type: ignore[arg-type]
    return CompareApp(CompareState(followed), look, groups=(sweep_group(board),))


async def board_picture(sweep: Sweep, size: tuple[int, int]) -> str:
    """The leaderboard while the sweep is being run."""
    with sweep.hold():
        app = app_of(sweep.root)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return text_of(app)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        found = sweep_in(Path(folder) / "runs")
        for width, height in SIZES:
            text = asyncio.run(board_picture(found, (width, height)))
            (HERE / f"sweep-{width}x{height}.txt").write_text(text)
