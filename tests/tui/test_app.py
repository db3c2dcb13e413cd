"""What the keys of the dashboard do, on a scripted run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rnntui.engine.ending import Ending
from rnntui.protocol import messages as p
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.tui.look import Look
from rnntui.tui.report import report
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.widgets.top import Banner
from tests.conftest import quick_first, quick_where
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales", about="One.\n\nTwo."))


async def test_the_dashboard_shows_the_run_and_its_panels(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        text = shown(app)
        for word in (
            "tales",
            "training",
            "loss",
            "validation",
            "time steps",
            "generated text",
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
        assert app.state.status == "paused" and "resume" in shown(app)
        assert engine.snapshot.state == "training"
        assert len(engine.requests(p.Pause)) == 1


async def test_the_engine_overrules_the_expected_status(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: not app.state.pending)
        engine.change(state="training")
        await until(pilot, lambda: app.state.status == "training")
        await pilot.press("space", "space")
        await until(pilot, lambda: len(engine.requests(p.Pause)) == 2)
        await until(pilot, lambda: len(engine.requests(p.Resume)) == 1)


@pytest.mark.slow
async def test_updates_are_merged_into_one_command_while_the_engine_is_busy(
    engine: Scripted,
) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("n", "N")
        await until(pilot, lambda: sum(r.count for r in engine.requests(p.Step)) == 11)
        await until(pilot, lambda: app.state.snapshot is engine.snapshot or not app.state.pending)
        engine.silent = True
        await pilot.press("n", "n", "n", "N")
        app.poller.send(p.Step(2))
        waiting = [command.request for command in app.poller._queue]
        assert waiting == [p.Step(14)]


@pytest.mark.slow
async def test_the_pace_follows_its_presets_down_and_back_to_full_speed(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for _ in range(3):
            await pilot.press("minus")
        await until(pilot, lambda: engine.snapshot.pace == 100.0)
        for _ in range(3):
            await pilot.press("equals_sign")
        await until(pilot, lambda: engine.snapshot.pace == 1000.0 and not app.state.pending)
        await pilot.press("plus")
        await until(pilot, lambda: engine.snapshot.pace is None)


async def test_learning_rate_and_temperature(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("right_square_bracket", "right_square_bracket", "left_square_bracket")
        await until(pilot, lambda: engine.snapshot.lr == pytest.approx(0.0025))
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: engine.snapshot.sampling.temperature == pytest.approx(0.9))


@pytest.mark.slow
async def test_a_finished_text_keeps_the_settings_it_was_made_with(engine: Scripted) -> None:
    engine.write("once more", finished=True, sampling=SamplingSettings(0.9))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "temperature 0.9 · next: temperature 0.8" in shown(app))
        engine.change(sampling=SamplingSettings(0.9))
        await until(pilot, lambda: "temperature 0.9" in shown(app) and "next:" not in shown(app))
        engine.change(sampling=SamplingSettings(0.9, greedy=True))
        await until(pilot, lambda: "temperature 0.9 · next: greedy" in shown(app))


async def test_keys_change_the_sampling_settings(engine: Scripted) -> None:
    engine.write("once more")
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("k", "k", "p", "right_parenthesis", "right_parenthesis")

        def settings() -> tuple[float, ...]:
            now = engine.snapshot.sampling
            return now.top_k, now.top_p, now.samples

        await until(pilot, lambda: settings() == (40, 0.98, 3))
        how = "temperature 0.8 · top-k 40 · top-p 0.98"
        await until(pilot, lambda: how in shown(app))
        await pilot.press("K", "K", "P", "left_parenthesis", "left_parenthesis")
        await until(pilot, lambda: settings() == (0, 1, 1))
        await pilot.press("G")
        await until(pilot, lambda: bool(engine.snapshot.sampling.greedy))
        await until(pilot, lambda: "greedy: on" in shown(app))
        asked = len(engine.requests(p.SetSampling))
        await pilot.press("k")
        assert len(engine.requests(p.SetSampling)) == asked


@pytest.mark.slow
async def test_several_samples_are_stacked_or_shown_one_at_a_time(engine: Scripted) -> None:
    engine.write("first text", others=("second text", "third\ntext"))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "3 samples" in shown(app))
        assert "1 first text" in shown(app) and "3 third↵text" in shown(app)
        await pilot.press("c")
        assert "sample 1 of 3" in shown(app) and "second text" not in shown(app)
        await pilot.press("c")
        assert "sample 2 of 3" in shown(app) and "hello second text" in shown(app)
        await pilot.press("c", "c")
        assert "3 samples" in shown(app)
        await pilot.resize_terminal(80, 24)
        engine.write("first text", id=2, others=tuple(f"text {n}" for n in range(2, 9)))
        await until(pilot, lambda: "3 of 8 samples" in shown(app))


async def test_a_prompt_is_continued(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g", *"so q?", "enter")
        await until(pilot, lambda: bool(engine.requests(p.Generate)))
        request = engine.requests(p.Generate)[0]
        assert request == p.Generate("so q?", app.state.recipe.sample.sample_length)
        engine.write("and so it continues", prompt="so q?", warning="unknown: q?")
        await until(pilot, lambda: "and so it continues" in shown(app))
        assert "unknown: q?" in shown(app)
        await pilot.press("ctrl+g", "escape", "x")
        assert not app.prompting
        await until(pilot, lambda: bool(engine.snapshot.sampling.greedy))
        await until(pilot, lambda: bool(engine.requests(p.StopGenerating)))


async def test_pasted_text_is_shown_as_one_safe_line_and_sent_unchanged(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g")
        from textual.events import Paste

        app.main.prompt.post_message(Paste("a\r\nb\tc\\ \x1b[2J"))
        await until(pilot, lambda: bool(app.main.prompt.value))
        assert app.main.prompt.value == "a\\nb\\tc\\\\ ␛[2J"
        await pilot.press("enter")
        await until(pilot, lambda: bool(engine.requests(p.Generate)))
        assert engine.requests(p.Generate)[0].prompt == "a\nb\tc\\ ␛[2J"


async def test_a_refusal_is_shown(engine: Scripted) -> None:
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


async def test_an_alert_is_shown_and_fixed(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("m")
        assert not engine.requests(p.Fix)
        engine.alarm()
        await until(pilot, lambda: "the loss is not finite" in shown(app))
        assert "halve the rate" in shown(app) and "m fix" in shown(app)
        await pilot.press("m")
        await until(pilot, lambda: bool(engine.requests(p.Fix)))
        await until(pilot, lambda: not app.main.panel(Banner).display)


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
        await until(pilot, lambda: "no command or setting is called 'xyz'" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "met"),
    quick_first(
        [
            ("top-k 25", lambda now: now.sampling.top_k == 25),
            ("temp 0.65", lambda now: now.sampling.temperature == 0.65),
            ("lea 3e-3", lambda now: now.lr == 0.003),
        ]
    ),
)
async def test_the_palette_sets_a_number_typed_after_a_name(
    typed: str, met: Callable[[p.Snapshot], bool], engine: Scripted
) -> None:
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: not isinstance(app.screen, MainScreen))
        await pilot.press(*typed)
        await until(pilot, lambda: "set it to" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: met(engine.snapshot))
        await pilot.press("ctrl+p", *"top-k inf")
        await until(pilot, lambda: "top-k inf" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: shown(app).count("takes a whole number from 0") == 2)


async def test_a_finished_run_can_still_generate(engine: Scripted) -> None:
    engine.change(state="finished", remaining=None)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert "finished" in shown(app) and "pause" not in shown(app)
        await pilot.press("g", "h", "enter")
        await until(pilot, lambda: bool(engine.requests(p.Generate)))
        await pilot.press("escape", "q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0
    assert "finished after 3,000 updates" in report(app.state)


async def test_a_lost_engine_is_shown_and_sets_the_exit_code(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.gone = True
        await until(pilot, lambda: "the training process is gone" in shown(app))
        await pilot.press("space", "right_square_bracket", "g")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 70 and app.failure == "the training process is gone"


async def test_a_run_stopped_from_elsewhere_is_not_a_failure(engine: Scripted) -> None:
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
    assert "stopped after 3,000 updates" in report(app.state)


async def test_a_run_that_cannot_start_ends_with_its_error_and_exit_code(engine: Scripted) -> None:
    engine.welcome = p.Failed("notes.txt: no such \x1b[31mfile", 65)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 65 and app.failure == "notes.txt: no such ␛[31mfile"


@pytest.mark.parametrize(
    ("key", "code"),
    quick_where([("q", 0), ("ctrl+q", 0), ("ctrl+c", 130)], lambda key, _: key != "ctrl+q"),
)
async def test_quitting_stops_the_engine(engine: Scripted, key: str, code: int) -> None:
    stopped: list[bool] = []
    app = dashboard(engine, stop_engine=lambda: stopped.append(True))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g" if key != "q" else "l", key)
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == code and stopped


async def test_what_is_chosen_is_remembered_together_and_before_the_end(engine: Scripted) -> None:
    stored: list[dict[str, str | bool | None]] = []
    app = dashboard(engine, look=Look(view="memory", remember=lambda new: stored.append({**new})))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.state.snapshot is not None)
        assert app.view.name == "memory" == app.state.insight_look.view
        app.remember.rest_seconds = 1000.0
        await pilot.press("t", "b", "5")
        assert not stored
        app.remember.store()
        app.remember.store()
        assert stored == [{"theme": "light", "glyphs": "blocks", "view": "health"}]
        app.remember.rest_seconds = 0.01
        await pilot.press("escape")
        await until(pilot, lambda: stored[1:] == [{"view": None}])


async def test_a_run_that_has_reached_its_end_can_still_be_fixed() -> None:
    engine = Scripted(Recipe(name="hello-world"))
    engine.alarm()
    engine.change(state="finished", remaining=None)
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "m  restore update 2,950's weights" in shown(app))
        await pilot.press("m")
        await until(pilot, lambda: app.state.status == "training")
    assert len(engine.requests(p.Fix)) == 1
