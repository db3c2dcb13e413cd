"""Text pictures of the screen that compares runs: `python -m tests.tui.compare.pictures` renews.

Look at them, and at the SVG that `W` saves, before committing new ones.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from rnntui.cache_folder import VARIABLE
from rnntui.runs.compared.following import FollowedRuns
from rnntui.tui.compare.app import CompareApp
from rnntui.tui.compare.state import CompareState
from rnntui.tui.look import Look
from rnntui.tui.picture import screen_of
from tests.support.compared import follow, make_run, some_runs

HERE = Path(__file__).with_name("pictures")
SIZES = ((80, 24), (120, 40), (200, 60))
KEYS = {"runs": (), "pinned": ("down", "p", "down", "o", "x"), "filter": ("slash", *"lr=0.01")}


def text_of(app: CompareApp) -> str:
    """Return what the app shows, a line per row, without trailing spaces."""
    rows = screen_of(app).rows  # type: ignore[arg-type]
    return "\n".join("".join(run.text for run in row).rstrip() for row in rows) + "\n"


def unranked(root: Path) -> FollowedRuns:
    """Return runs whose losses cannot be compared, and one that cannot be read."""
    bad = make_run(root, "broken")
    (bad / "run.json").write_text("{")
    other = make_run(root, "other", source="corpus:python", sha256="b" * 64)
    return follow(make_run(root, "tales", hidden=64), other, bad)


async def picture(
    followed: FollowedRuns, size: tuple[int, int], keys: tuple[str, ...], glyphs: str = "braille"
) -> str:
    """Return the screen after some keys."""
    app = CompareApp(CompareState(followed), Look(glyphs=glyphs, theme="dark"))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press({"=": "equals_sign", ".": "full_stop"}.get(key, key))
        await pilot.pause()
        if not app.prompting:
            app._end_notice()
        await pilot.pause()
        return text_of(app)


def all_pictures(root: Path) -> dict[str, str]:
    """Return every picture by name."""
    found: dict[str, str] = {}
    runs, others = some_runs(root / "some"), unranked(root / "others")
    for width, height in SIZES:
        for name, keys in KEYS.items():
            found[f"{name}-{width}x{height}"] = asyncio.run(picture(runs, (width, height), keys))
        found[f"unranked-{width}x{height}"] = asyncio.run(picture(others, (width, height), ()))
    found["ascii-80x24"] = asyncio.run(picture(runs, (80, 24), (), "ascii"))
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        HERE.mkdir(exist_ok=True)
        for name, text in all_pictures(Path(folder)).items():
            (HERE / f"{name}.txt").write_text(text)
