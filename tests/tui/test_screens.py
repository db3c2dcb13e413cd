"""What the dashboard shows: curves, cursor, pages, banners."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.protocol import messages as p
from rnntui.protocol.forecasts import Outlook
from rnntui.recipe import Recipe
from rnntui.tui.command import set_lr
from rnntui.tui.draw.loss_point import clock
from rnntui.tui.draw.rows import plain
from rnntui.tui.report import report
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.generated import GeneratedPanel
from rnntui.tui.widgets.loss import LossPanel
from rnntui.tui.widgets.top import Banner, Notice
from tests.conftest import quick_first
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales", about="One.\n\nTwo."))


async def test_a_selected_time_step_shows_its_details(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.time_step_count == 50)
        await pilot.press("left", "left", "left", "right")
        assert app.display_options.selected == 48 and "time step 49 of 50" in shown(app)
        await pilot.press("escape")
        assert app.display_options.selected is None and "time step 49" not in shown(app)
        await pilot.click("#steps", offset=(16, 2))
        assert app.display_options.selected == 4 and "p(true) 0.120" in shown(app)


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
        footer = plain(app.main.panel(Footer).rows)[0]
        await pilot.click("#footer", offset=(footer.index("zoom"), 0))
        assert app.display_options.zoom == 1
        from textual.events import MouseScrollDown, MouseScrollUp

        def wheel(kind: type[MouseScrollUp] | type[MouseScrollDown]) -> None:
            app.main.panel(LossPanel).post_message(
                kind(app.main.panel(LossPanel), 5, 5, 0, 0, 0, False, False, False)  # type: ignore[arg-type]
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
            for key_again in ("down", *["pagedown"] * 4, "end"):
                await pilot.press(key_again)
                seen += shown(app)
            await pilot.press("home", "up")
            assert app.screen.text.first == 0
            assert word in seen
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_the_information_page_says_which_streams_take_turns() -> None:
    """Also where the data determined how many."""
    engine = Scripted(Recipe(name="tales").replace(batch=16, turns=300))
    engine.welcome = dataclasses.replace(engine.welcome, turns=30)
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, PageScreen))
        assert "480: 30 sets of 16 that take turns" in shown(app)


async def test_values_have_curves_and_a_forecast() -> None:
    engine = Scripted(Recipe(name="sun").replace(task="values", source="corpus:sunspots"))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "predicted" in shown(app))
        await pilot.press("left")
        assert "time step 50 of 50" in shown(app) and "error" in shown(app)
        await pilot.press("g", *"1 2.5", "enter")
        await until(pilot, lambda: bool(engine.requests(p.Generate)))
        assert engine.requests(p.Generate)[0].length == 0  # the usual one
        engine.write("", prompt="1 2.5", values=((3.25,), (None,)))
        await until(pilot, lambda: "3.25" in shown(app))
        assert "forecast" in report(app.state)


@pytest.mark.slow
async def test_several_columns_are_shown_together_and_one_at_a_time() -> None:
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
        assert "time step 50 of 50   sold" in shown(app)
        rows = tuple((n / 7, 100.0 * n, n / 1000) for n in range(9))
        engine.write("", prompt="", values=rows, before=true[:4], finished=True)
        await until(pilot, lambda: "after the end of the source" in shown(app))
        assert "800" in shown(app) and "forecast  sold, 2 of 3" in shown(app)
        told = Outlook("network", "", False, (), (), (), (), best=True)
        engine.write("", id=2, prompt="", values=rows, before=true[:4], finished=True, outlook=told)
        await until(pilot, lambda: "source · best update 3,000 · network" in shown(app))
        await pilot.press("v", "v")
        assert "price" in shown(app) and "1.143" in shown(app)


async def test_a_tall_screen_has_the_forecast_of_every_column_in_numbers() -> None:
    engine = Scripted(Recipe(name="x").replace(task="values"))
    names = ("price", "sold", "rms")
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, features=names)
    rows = tuple((n / 7, 100.0 * n, n / 1000) for n in range(9))
    told = Outlook("network", "the network forecasts best", False, (), (), (), ())
    engine.write("", prompt="", values=rows, finished=True, outlook=told)
    app = dashboard(engine)
    async with app.run_test(size=(120, 60)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "The network forecasts best" in shown(app))
        numbers = plain(app.main.panel(GeneratedPanel).rows)
        assert [row.split()[0] for row in numbers[2:]] == [*names]


@pytest.mark.parametrize("size", [(80, 24), (80, 17), (60, 16)])
async def test_a_forecast_with_a_warning_has_its_numbers_at_every_size(
    size: tuple[int, int],
) -> None:
    engine = Scripted(Recipe(name="x").replace(task="values"))
    rows = tuple((n / 7,) for n in range(9))
    told = Outlook("network", "simple methods are better", True, (), (), (), ())
    engine.write("", prompt="", values=rows, finished=True, outlook=told)
    app = dashboard(engine)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "Simple methods are better" in shown(app))
        panel = app.main.panel(GeneratedPanel)
        assert plain(panel.rows)[-1].split()[:2] == ["0.000", "0.143"]
        for height in (2, 3):  # with a banner of several rows, the title is the warning's place
            drawn = plain(panel.draw(size[0], height))
            assert "▲ Simple methods are better" in drawn[height - 2]
            assert drawn[-1].split()[:2] == ["0.000", "0.143"]


async def test_a_run_that_is_not_saved_though_it_was_to_be_says_so() -> None:
    engine = Scripted(Recipe(name="fox"))
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, unsaved="cannot create /ro: read-only")
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "▲ This run isn't saved: cannot create /ro" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "isn't saved" not in shown(app))


async def test_the_cursor_of_the_loss_plot_shows_losses_and_events(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("comma")
        assert app.display_options.cursor == 3000
        assert "update 3,000" in shown(app) and "smoothed" in shown(app)
        await pilot.press("comma", "comma")
        at = app.display_options.cursor
        assert at is not None and at < 3000
        await pilot.press("full_stop", "full_stop", "full_stop")
        assert app.display_options.cursor == 3000
        await pilot.click(app.main.panel(LossPanel), offset=(40, 5))
        await until(pilot, lambda: app.display_options.cursor not in (None, 3000))
        at = app.display_options.cursor
        assert at is not None and 1 <= at < 3000 and "raw" in shown(app)
        engine.change(events=(p.Event(at, 1.0, "lr", "learning rate halved", 9e8, "ann@tty1"),))
        engine.change(event_count=2, step=3001)
        await until(pilot, lambda: "learning rate halved, by ann@tty1" in shown(app))
        await pilot.press("escape")
        assert app.display_options.cursor is None and "raw" in shown(app)


async def test_news_uses_the_whole_width_above_the_keys_that_dismiss_it(
    engine: Scripted,
) -> None:
    assert isinstance(engine.welcome, p.Welcome)
    news = (
        "crashed 5 hours ago, after update 1,320: rnntui resume killed continues from the "
        "checkpoint at update 864"
    )
    engine.welcome = dataclasses.replace(engine.welcome, news=news)
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        text = " ".join(shown(app).split())
        assert "continues from the checkpoint at update 864 esc dismiss" in text


@pytest.mark.parametrize(("width", "height"), quick_first([(120, 40), (80, 24), (60, 16)]))
async def test_what_happened_while_the_user_was_away_comes_first(
    engine: Scripted, width: int, height: int
) -> None:
    assert isinstance(engine.welcome, p.Welcome)
    news = "while you were away: at 03:12 the loss diverged; restored update 2,950"
    engine.welcome = dataclasses.replace(engine.welcome, news=news)
    app = dashboard(engine)
    async with app.run_test(size=(width, height)) as pilot:
        await ready(pilot, app)
        assert "while you were away: at 03:12" in shown(app) and "esc dismiss" in shown(app)
        engine.alarm()
        await until(pilot, lambda: "the loss is not finite" in shown(app))
        rows = shown(app).splitlines()
        assert [n for n, row in enumerate(rows) if "you were away" in row] < [
            n for n, row in enumerate(rows) if "not finite" in row
        ]
        await pilot.press("escape")
        await until(pilot, lambda: "you were away" not in shown(app))
        assert "the loss is not finite" in shown(app)


async def test_a_long_cause_is_cut_with_an_ellipsis(engine: Scripted) -> None:
    engine.alarm(cause="word " * 200)
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.main.panel(Banner).display)
        rows = [row.rstrip() for row in plain(app.main.panel(Banner).rows)]
        assert len(rows) == 5 and rows[3].endswith("…") and rows[4].startswith("   m ")


async def test_events_have_an_author_and_a_time(engine: Scripted) -> None:
    events = (
        p.Event(1200, 15.0, "lr", "learning rate 0.004 → 0.002", 9e8, "ann@tty1"),
        p.Event(1300, 16.0, "rollback", "restored update 1,250's weights", 9e8 + 60),
    )
    engine.change(events=events, event_count=2)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: "by ann@tty1" in shown(app))
        assert clock(9e8) in shown(app) and "rollback" in shown(app)


async def test_a_terminal_that_is_too_small_names_a_key_that_quits(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.resize_terminal(40, 8)
        await until(pilot, lambda: " q quits" in shown(app))
        app.display_options.keys = {"quit": ""}  # the user gave q to another command
        await pilot.resize_terminal(41, 8)
        await until(pilot, lambda: "ctrl+c quits" in shown(app))


async def test_a_small_rate_is_written_as_everywhere_else(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        set_lr(app, 3.2e-05)
        assert app.main.panel(Notice).text == "learning rate 3.2e-5 from the next update on"
