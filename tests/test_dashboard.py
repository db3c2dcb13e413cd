"""What the dashboard does when keys are pressed, on a made-up run."""

from __future__ import annotations

import pytest

from rnntui.engine import protocol as p
from rnntui.engine.ending import Ending
from rnntui.recipe import Recipe
from rnntui.tui.report import report
from rnntui.tui.screens.main import MainScreen
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


async def test_a_run_that_was_stopped_elsewhere_is_no_failure(engine: Scripted) -> None:
    async def ending() -> Ending:
        return Ending("stopped", "the training process was stopped by pts/7")

    app = dashboard(engine, ending=ending, kept=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "detach" in shown(app)
        engine.gone = True
        await until(pilot, lambda: "stopped by pts/7" in shown(app))
        screen = shown(app)
        assert "■ stopped" in screen and "● the training process" in screen
        assert "failed" not in screen and "detach" not in screen and "{ }" not in screen
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert (app.return_code, app.failure) == (0, "the training process was stopped by pts/7")
    assert "stopped after 3 000 updates" in report(app.state)


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
