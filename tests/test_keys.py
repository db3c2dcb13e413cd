"""Any keys, clicks, pastes and sizes: nothing of it ends the dashboard or touches the engine."""

from __future__ import annotations

import asyncio
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from rnntui.engine.client import EngineClient
from rnntui.protocol.messages import Fix, Hello, Look, Pace, Resume, SetLearningRate, Snapshot
from rnntui.recipe import Recipe
from rnntui.tui.screens.palette import PaletteScreen
from tests.long import keys
from tests.long.keys import NAMED, PLAIN, crashes, play, settle, start
from tests.support.patience import PATIENCE, patiently
from tests.support.real_runs import kill_trainers
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until
from tests.support.terminal import Terminal

RESTORED = b"\x1b[?1049l"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key saves pictures in the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with start(tmp_path) as opened:
        assert opened.wait_for("of update"), opened.text()
        yield opened
    kill_trainers(tmp_path)


async def trains_on(door: Path) -> None:
    """Whatever was pressed may have paused it or raised its rate: put back, it trains soundly."""
    client = await EngineClient.connect(door)

    async def look() -> Snapshot:
        reply = await client.ask(Look(), timeout=PATIENCE)
        assert isinstance(reply, Snapshot), reply
        return reply

    await client.ask(Hello())
    if (await look()).alert is not None:
        await client.ask(Fix())
    await client.ask(SetLearningRate(1e-3))
    await client.ask(Pace())
    await client.ask(Resume())
    before = (await look()).step
    for _ in patiently():
        now = await look()
        if now.alert is not None:  # rates that were typed may have spoiled what is left, too
            await client.ask(Fix())
            await client.ask(Resume())
        elif now.step >= before + 200:
            break
        await asyncio.sleep(0.01)
    assert now.state == "training" and now.step >= before + 200
    assert now.numbers is not None and math.isfinite(now.numbers.loss_per_token)
    client.close()


def check(terminal: Terminal, home: Path, count: int, seed: int) -> None:
    play(terminal, count, seed)
    assert settle(terminal), terminal.text()
    (door,) = home.glob("rnntui-*/door")
    asyncio.run(trains_on(door))
    (home / "over").touch()
    terminal.write(b"q")
    assert terminal.exit_code() == 0, terminal.text()
    assert crashes(home) == []
    assert RESTORED in terminal.raw()[-4000:] and b"Traceback" not in terminal.raw()


def test_any_keys_clicks_pastes_and_sizes(terminal: Terminal, tmp_path: Path) -> None:
    check(terminal, tmp_path, 100, 1)


@pytest.mark.slow
def test_thousands_of_them(terminal: Terminal, tmp_path: Path) -> None:
    check(terminal, tmp_path, 1_500, 2)


def test_events_are_the_same_for_a_seed() -> None:
    first, again, other = (list(keys.events(300, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert any(isinstance(event, tuple) for event in first)


KEYS = (
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
    "enter",
    "escape",
    "tab",
)
KEYS += ("shift+tab", "backspace", "delete", "ctrl+p", "ctrl+g", "ctrl+a", "ctrl+w", "f1", "f5")
LEAVING = "qd"


async def check_pressed(count: int, seed: int) -> None:
    """Keys and clicks without a terminal in between: an exception in a handler fails the test."""
    random_ = random.Random(seed)
    letters = [c for c in PLAIN if c.isalnum() and c not in LEAVING]
    values = seed % 2
    recipe = Recipe(name="x").replace(task="values" if values else "tokens")
    engine = Scripted(recipe)
    app = dashboard(engine)
    app.quit = lambda *_, **more: None  # type: ignore[method-assign]
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for n in range(count):
            engine.change(step=engine.snapshot.step + 1)
            if n % 40 == 0:
                engine.alarm() if n % 80 else engine.change(alert=None, state="training")
                engine.write(random_.choice(NAMED), id=n)
            if random_.random() < 0.1:
                place = (random_.randint(0, 119), random_.randint(0, 39))
                await pilot.click(offset=place, times=random_.choice((1, 2, 3)))
            if random_.random() < 0.05:
                await pilot.resize_terminal(random_.randint(1, 300), random_.randint(1, 100))
                await pilot.resize_terminal(*SIZE)
            await pilot.press(*random_.choices([*letters, *KEYS, *KEYS], k=4))
        assert app.is_running


@pytest.mark.slow
async def test_any_keys_without_a_terminal() -> None:
    await check_pressed(6, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
async def test_many_keys_without_a_terminal(seed: int) -> None:
    await check_pressed(40, seed)


async def test_a_second_click_in_the_palette_is_one_too_many() -> None:
    app = dashboard(Scripted(Recipe(name="x")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        palette = app.screen
        assert isinstance(palette, PaletteScreen)
        for _ in range(3):  # all came before the first had closed it
            palette._run(0)
            palette.action_close()
        await until(pilot, lambda: app.screen is app.main)
        assert "quit" in shown(app)
