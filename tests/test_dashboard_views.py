"""What the dashboard shows when it is looked at: curves, points, pages, banners."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.engine import protocol as p
from rnntui.recipe import Recipe
from rnntui.tui.draw import plain
from rnntui.tui.draw.loss_point import clock
from rnntui.tui.report import report
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.screens.pages import PageScreen
from tests.scripted import SIZE, Scripted, dashboard, ready, shown, until


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales", about="One.\n\nTwo."))


async def test_a_step_is_chosen_and_told(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.step_count == 50)
        await pilot.press("left", "left", "left", "right")
        assert app.display_options.chosen == 48 and "step 49 of 50" in shown(app)
        await pilot.press("escape")
        assert app.display_options.chosen is None and "step 49" not in shown(app)
        await pilot.click("#steps", offset=(16, 2))
        assert app.display_options.chosen == 4 and "p(true) 0.120" in shown(app)


async def test_view_keys_change_the_view_only(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("l", "z", "b", "t")
        assert app.display_options.log and app.display_options.zoom == 1
        assert app.display_options.glyphs == "blocks" and app.theme == "light"
        await pilot.press("b")
        assert "log scale" in shown(app)
        assert not [r for r in engine.asked if not isinstance(r, p.Hello)]


async def test_the_mouse_works_too(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        footer = plain(app.main.footer.rows)[0]
        await pilot.click("#footer", offset=(footer.index("zoom"), 0))
        assert app.display_options.zoom == 1
        from textual.events import MouseScrollDown, MouseScrollUp

        def wheel(kind: type[MouseScrollUp] | type[MouseScrollDown]) -> None:
            app.main.plot.post_message(
                kind(app.main.plot, 5, 5, 0, 0, 0, False, False, False)  # type: ignore[arg-type]
            )

        wheel(MouseScrollUp)
        await until(pilot, lambda: app.display_options.zoom == 2)
        for _ in range(4):
            wheel(MouseScrollDown)
        await until(pilot, lambda: app.display_options.zoom == 0)
        await pilot.click("#footer", offset=(footer.index("help"), 0))
        await until(pilot, lambda: isinstance(app.screen, PageScreen))


async def test_pages_open_scroll_and_close(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        for key, word in (("question_mark", "perplexity"), ("i", "vocabulary"), ("e", "0.004")):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, PageScreen))
            seen = shown(app)
            for step in ("down", *["pagedown"] * 4, "end"):
                await pilot.press(step)
                seen += shown(app)
            await pilot.press("home", "up")
            assert app.screen.text.first == 0
            assert word in seen
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_values_have_curves_and_a_forecast() -> None:
    engine = Scripted(Recipe(name="sun").replace(task="values", source="corpus:sunspots"))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "predicted" in shown(app))
        await pilot.press("left")
        assert "step 50 of 50" in shown(app) and "error" in shown(app)
        await pilot.press("g", *"1 2.5", "enter")
        await until(pilot, lambda: bool(engine.wanted(p.Generate)))
        assert engine.wanted(p.Generate)[0].length == 50
        engine.write("", prompt="1 2.5", values=((3.25,), (None,)))
        await until(pilot, lambda: "3.25" in shown(app))
        assert "forecast" in report(app.state)


async def test_several_columns_are_seen_together_and_one_by_one() -> None:
    engine = Scripted(Recipe(name="shop").replace(task="values", source="values:1,2"))
    names = ("price", "sold", "share")
    assert isinstance(engine.welcome, p.Welcome) and isinstance(engine.snapshot.steps, p.ValueSteps)
    engine.welcome = dataclasses.replace(engine.welcome, features=names)
    true = tuple((v, 100 * v, v / 1000) for (v,) in engine.snapshot.steps.true)
    engine.change(steps=p.ValueSteps(3000, true, true, true))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: all(f" {name} " in shown(app) for name in names))
        assert "rms 0.000" in shown(app) and "3 of 3" not in shown(app)
        await pilot.press("v", "v")
        assert "sold, 2 of 3" in shown(app) and "price" not in shown(app)
        await pilot.press("left")
        assert "step 50 of 50   sold" in shown(app)
        rows = tuple((n / 7, 100.0 * n, n / 1000) for n in range(9))
        engine.write("", prompt="", values=rows, before=true[:4], finished=True)
        await until(pilot, lambda: "after the end of the source" in shown(app))
        assert "800" in shown(app) and "forecast  sold, 2 of 3" in shown(app)
        await pilot.press("v", "v")
        assert "price" in shown(app) and "1.143" in shown(app)


async def test_a_point_of_the_loss_plot_is_told(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("comma")
        assert app.display_options.at == 3000
        assert "update 3 000" in shown(app) and "smoothed" in shown(app)
        await pilot.press("comma", "comma")
        at = app.display_options.at
        assert at is not None and at < 3000
        await pilot.press("full_stop", "full_stop", "full_stop")
        assert app.display_options.at == 3000
        await pilot.click(app.main.plot, offset=(40, 5))
        await until(pilot, lambda: app.display_options.at not in (None, 3000))
        at = app.display_options.at
        assert at is not None and 1 <= at < 3000 and "raw" in shown(app)
        engine.change(events=(p.Event(at, 1.0, "lr", "learning rate halved", 9e8, "ann@tty1"),))
        engine.change(event_count=2, step=3001)
        await until(pilot, lambda: "learning rate halved, by ann@tty1" in shown(app))
        await pilot.press("escape")
        assert app.display_options.at is None and "raw" in shown(app)


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 16)])
async def test_what_happened_while_nobody_looked_comes_first(
    engine: Scripted, width: int, height: int
) -> None:
    assert isinstance(engine.welcome, p.Welcome)
    news = "while nobody looked: at 03:12 the loss ran away; update 2 950 is back"
    engine.welcome = dataclasses.replace(engine.welcome, news=news)
    app = dashboard(engine)
    async with app.run_test(size=(width, height)) as pilot:
        await ready(pilot, app)
        assert "while nobody looked: at 03:12" in shown(app) and "esc dismiss" in shown(app)
        engine.alarm()
        await until(pilot, lambda: "the loss is not finite" in shown(app))
        rows = shown(app).splitlines()
        assert [n for n, row in enumerate(rows) if "nobody" in row] < [
            n for n, row in enumerate(rows) if "not finite" in row
        ]
        await pilot.press("escape")
        await until(pilot, lambda: "nobody looked" not in shown(app))
        assert "the loss is not finite" in shown(app)


async def test_a_long_cause_is_cut_with_a_sign(engine: Scripted) -> None:
    engine.alarm(cause="word " * 200)
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.main.banner.display)
        rows = [row.rstrip() for row in plain(app.main.banner.rows)]
        assert len(rows) == 5 and rows[3].endswith("…") and rows[4].startswith("   m ")


async def test_events_say_who_and_when(engine: Scripted) -> None:
    events = (
        p.Event(1200, 15.0, "lr", "learning rate 0.004 → 0.002", 9e8, "ann@tty1"),
        p.Event(1300, 16.0, "rollback", "weights of update 1 250 again", 9e8 + 60),
    )
    engine.change(events=events, event_count=2)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: "by ann@tty1" in shown(app))
        assert clock(9e8) in shown(app) and "rollback" in shown(app)
