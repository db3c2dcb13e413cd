"""What the dashboard does when keys are pressed, on a made-up run."""

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


async def test_first_it_says_what_is_trained_then_how_it_goes(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        text = shown(app)
        for word in (
            "tales",
            "training",
            "loss",
            "validation",
            "steps",
            "writing",
            "prompt",
            "quit",
        ):
            assert word in text


async def test_pausing_shows_at_once_and_is_confirmed(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.silent = True
        await pilot.press("space")
        assert app.state.state == "paused" and "resume" in shown(app)
        assert engine.snapshot.state == "training"
        assert len(engine.wanted(p.Pause)) == 1


async def test_the_engine_has_the_last_word(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: not app.state.wanted)
        engine.change(state="training")
        await until(pilot, lambda: app.state.state == "training")
        await pilot.press("space", "space")
        await until(pilot, lambda: len(engine.wanted(p.Pause)) == 2)
        await until(pilot, lambda: len(engine.wanted(p.Resume)) == 1)


async def test_steps_are_made_and_joined_while_the_engine_is_busy(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("n", "N")
        await until(pilot, lambda: sum(r.count for r in engine.wanted(p.Step)) == 11)
        await until(pilot, lambda: app.state.snapshot is engine.snapshot or not app.state.wanted)
        engine.silent = True
        await pilot.press("n", "n", "n", "N")
        app.puller.send(p.Step(2))
        waiting = [order.request for order in app.puller._orders]
        assert waiting == [p.Step(14)]


async def test_pace_goes_down_a_ladder_and_back_to_flat_out(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for _ in range(3):
            await pilot.press("minus")
        await until(pilot, lambda: engine.snapshot.pace == 100.0)
        for _ in range(3):
            await pilot.press("equals_sign")
        await until(pilot, lambda: engine.snapshot.pace == 1000.0 and not app.state.wanted)
        await pilot.press("plus")
        await until(pilot, lambda: engine.snapshot.pace is None)


async def test_learning_rate_and_temperature(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("right_square_bracket", "right_square_bracket", "left_square_bracket")
        await until(pilot, lambda: engine.snapshot.lr == pytest.approx(0.0025))
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: engine.snapshot.temperature == pytest.approx(0.9))


async def test_how_tokens_are_chosen_is_steered_by_keys(engine: Scripted) -> None:
    engine.write("once more")
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("k", "k", "p", "right_parenthesis", "right_parenthesis")
        sampling = ("top_k", "top_p", "samples")
        await until(
            pilot, lambda: [getattr(engine.snapshot, key) for key in sampling] == [40, 0.98, 3]
        )
        how = "temperature 0.8 · top-k 40 · top-p 0.98"
        await until(pilot, lambda: how in shown(app))
        await pilot.press("K", "K", "P", "left_parenthesis", "left_parenthesis")
        await until(pilot, lambda: [getattr(engine.snapshot, key) for key in sampling] == [0, 1, 1])
        await pilot.press("G")
        await until(pilot, lambda: bool(engine.snapshot.greedy))
        await until(pilot, lambda: "likeliest" in shown(app))
        asked = len(engine.wanted(p.SetSampling))
        await pilot.press("k")
        assert len(engine.wanted(p.SetSampling)) == asked


async def test_several_texts_stand_under_each_other_and_one_by_one(engine: Scripted) -> None:
    engine.write("first text", others=("second text", "third\ntext"))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "3 at once" in shown(app))
        assert "1 first text" in shown(app) and "3 third↵text" in shown(app)
        await pilot.press("c")
        assert "1 of 3" in shown(app) and "second text" not in shown(app)
        await pilot.press("c")
        assert "2 of 3" in shown(app) and "hello second text" in shown(app)
        await pilot.press("c", "c")
        assert "3 at once" in shown(app)
        await pilot.resize_terminal(80, 24)
        engine.write("first text", id=2, others=tuple(f"text {n}" for n in range(2, 9)))
        await until(pilot, lambda: "3 of 8 at once" in shown(app))


async def test_a_prompt_is_written_on(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g", *"so q?", "enter")
        await until(pilot, lambda: bool(engine.wanted(p.Generate)))
        request = engine.wanted(p.Generate)[0]
        assert request == p.Generate("so q?", app.state.recipe.sample.sample_length)
        engine.write("and on it goes", prompt="so q?", warning="unknown: q?")
        await until(pilot, lambda: "and on it goes" in shown(app))
        assert "unknown: q?" in shown(app)
        await pilot.press("ctrl+g", "escape", "x")
        assert not app.prompting
        await until(pilot, lambda: bool(engine.snapshot.greedy))
        await until(pilot, lambda: bool(engine.wanted(p.StopWriting)))


async def test_what_is_pasted_is_one_safe_line_and_sent_as_it_was(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g")
        from textual.events import Paste

        app.main.input.post_message(Paste("a\r\nb\tc\\ \x1b[2J"))
        await until(pilot, lambda: bool(app.main.input.value))
        assert app.main.input.value == "a\\nb\\tc\\\\ ␛[2J"
        await pilot.press("enter")
        await until(pilot, lambda: bool(engine.wanted(p.Generate)))
        assert engine.wanted(p.Generate)[0].prompt == "a\nb\tc\\ ␛[2J"


async def test_a_refusal_is_said(engine: Scripted) -> None:
    app = dashboard(engine)
    reply = engine._reply
    engine._reply = lambda r: (  # type: ignore[method-assign]
        p.Refused("[/] not now") if isinstance(r, p.SetLearningRate) else reply(r)
    )
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "[/] not now" in shown(app))
        assert app.state.shown and app.state.shown.lr == 0.002


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


async def test_an_alert_is_told_and_mended(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("m")
        assert not engine.wanted(p.Mend)
        engine.alarm()
        await until(pilot, lambda: "the loss is not finite" in shown(app))
        assert "halve the rate" in shown(app) and "m mend" in shown(app)
        await pilot.press("m")
        await until(pilot, lambda: bool(engine.wanted(p.Mend)))
        await until(pilot, lambda: not app.main.banner.display)


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


async def test_the_palette_finds_and_runs(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p", *"me nord")
        await until(pilot, lambda: "theme nord" in shown(app) and "theme dark" not in shown(app))
        await pilot.press("pageup", "pagedown", "up", "enter")
        await until(pilot, lambda: app.theme == "nord")
        assert isinstance(app.screen, MainScreen)
        await pilot.press("ctrl+p", *"xyz", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("ctrl+p", "escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_a_number_behind_a_name_in_the_palette_is_set(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        for typed, met in (
            ("top-k 25", lambda: engine.snapshot.top_k == 25),
            ("temp 0.65", lambda: engine.snapshot.temperature == 0.65),
            ("learning 3e-3", lambda: engine.snapshot.lr == 0.003),
        ):
            await pilot.press("ctrl+p")
            await until(pilot, lambda: not isinstance(app.screen, MainScreen))
            await pilot.press(*typed)
            await until(pilot, lambda: "set it to" in shown(app))
            await pilot.press("enter")
            await until(pilot, met)
        await pilot.press("ctrl+p", *"top-k inf")
        await until(pilot, lambda: "nothing of that name" in shown(app))


async def test_finished_stays_and_can_still_write(engine: Scripted) -> None:
    engine.change(state="finished", remaining=None)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "finished" in shown(app) and "pause" not in shown(app)
        await pilot.press("g", "h", "enter")
        await until(pilot, lambda: bool(engine.wanted(p.Generate)))
        await pilot.press("escape", "q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0
    assert "finished after 3 000 updates" in report(app.state)


async def test_the_engine_gone_is_told_and_ends_with_its_code(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.gone = True
        await until(pilot, lambda: "the training process is gone" in shown(app))
        await pilot.press("space", "right_square_bracket", "g")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 70 and app.failure == "the training process is gone"


async def test_a_run_that_cannot_start_ends_with_its_line_and_code(engine: Scripted) -> None:
    engine.welcome = p.Failed("notes.txt: no such \x1b[31mfile", 65)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 65 and app.failure == "notes.txt: no such ␛[31mfile"


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+q", 0), ("ctrl+c", 130)])
async def test_leaving_asks_the_engine_to_stop(engine: Scripted, key: str, code: int) -> None:
    stopped: list[bool] = []
    app = dashboard(engine, stop_engine=lambda: stopped.append(True))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g" if key != "q" else "l", key)
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == code and stopped and engine.wanted(p.Stop)


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
    news = "at 03:12 the loss ran away; 4 updates were skipped, update 2 950 is back"
    engine.welcome = dataclasses.replace(engine.welcome, news=news)
    app = dashboard(engine)
    async with app.run_test(size=(width, height)) as pilot:
        await ready(pilot, app)
        assert "while nobody looked: at 03:12" in shown(app) and "esc away" in shown(app)
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
