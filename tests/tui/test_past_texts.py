"""Reading, comparing, copying and writing what was generated earlier; scrolling what is now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.commands import GROUPS
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import plain
from rnntui.tui.screens.about import info_rows
from rnntui.tui.screens.help import help_rows
from rnntui.tui.screens.samples import SamplesScreen, plain_text, write_text
from rnntui.tui.state import RunState
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until

PAST = tuple(p.PastText(n, "sample", "", (f"words {n}",)) for n in (1, 25, 50))
LONG = " ".join(f"word{n}" for n in range(400))


@pytest.fixture
def engine() -> Scripted:
    engine = Scripted(Recipe(name="tales", about="One."))
    engine.change(past=PAST, past_count=3)
    return engine


async def test_a_page_lists_compares_copies_and_writes(
    engine: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.change(past=())
        await pilot.press("S")
        await until(pilot, lambda: "update 50 " in shown(app))
        assert isinstance(app.screen, SamplesScreen)
        await pilot.press("down")
        assert "update 25 " in shown(app)
        await pilot.press("c", "down")
        assert "update 1 " in shown(app) and "= update        25" in shown(app)
        await pilot.press("y")
        assert app.clipboard == "words 1" and "clipboard" in shown(app)
        await pilot.press("w")
        assert (tmp_path / "tales-update-1.txt").read_text() == "words 1\n"
        assert "tales-update-1.txt" in shown(app)
        await pilot.press("escape")
        assert app.screen is app.main


async def test_a_new_text_leaves_the_chosen_one_chosen(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.change(past=())
        await pilot.press("S", "down")
        screen = app.screen
        assert isinstance(screen, SamplesScreen)
        app.state.past.append(p.PastText(100, "sample", "", ("new",)))
        app.state.past_count += 1
        del app.state.past[0]  # the oldest is dropped
        assert screen.text.chosen.step == 25


async def test_without_texts_the_key_says_so() -> None:
    app = dashboard(Scripted(Recipe(name="tales")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("S")
        assert app.screen is app.main and "no text has been generated yet" in shown(app)


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    past = p.PastText(7, "prompt", "a ", ("\ud800b", "c"))
    first = write_text(past, "../x y", tmp_path)
    second = write_text(past, "../x y", tmp_path)
    assert [path.name for path in (first, second)] == ["x-y-update-7.txt", "x-y-update-7-2.txt"]
    assert first.parent == tmp_path and first.read_text() == "a ?b\n\na c\n"
    assert plain_text(past).startswith("a ")


@pytest.mark.slow
async def test_a_text_is_scrolled_with_its_prompt_in_view_while_it_grows(engine: Scripted) -> None:
    prompt = "once upon a time " * 20
    engine.write(LONG, prompt=prompt)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "word399" in shown(app))
        assert "once upon a time" in shown(app) and "word0 " not in shown(app)
        for _ in range(20):
            await pilot.press("pageup")
        assert "word0 word1 " in shown(app) and "word399" not in shown(app)
        assert "once upon a time" in shown(app)
        engine.write(" more", prompt=prompt, start=len(LONG))
        await until(pilot, lambda: app.state.generated.text.endswith("more"))  # type: ignore[union-attr]
        await pilot.pause(0.05)
        assert "word0 word1 " in shown(app) and "more" not in shown(app)
        for _ in range(20):
            await pilot.press("pagedown")
        assert "word399 more" in shown(app) and app.display_options.text_top is None
        engine.write("short", prompt="", id=2)
        await until(pilot, lambda: "short" in shown(app))
        await pilot.press("pageup")
        assert "all of the text is in view" in shown(app)


async def test_the_cursor_on_the_plot_shows_the_time_steps_of_that_update(engine: Scripted) -> None:
    app = dashboard(engine)
    last = engine.snapshot.steps
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.steps is not None)
        await pilot.press("comma", "comma")
        at = app.display_options.cursor
        assert at and app.state.look(steps=True).steps_of == at
        engine.change(steps=p.TokenSteps(at, ("q",), ("j",), ("j",), (0.5,)))
        await until(pilot, lambda: f"of update {at:,} · 1 of 1 correct" in shown(app))
        engine.change(steps=None)
        told = f"of update 3,000; those of update {at:,} were not kept"
        await until(pilot, lambda: told in shown(app))
        engine.change(steps=last)
        await pilot.press("escape")
        assert app.state.look(steps=True).steps_of == 0
        await until(pilot, lambda: "of update 3,000 · " in shown(app))


def about(engine: Scripted, **changes: object) -> str:
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, total_steps=200)
    engine.change(**changes)
    state.apply(engine.snapshot)
    return "\n".join(plain(info_rows(state, 100)))


def test_the_information_page_says_how_to_watch_a_run_that_is_over_at_once() -> None:
    engine = Scripted(Recipe(name="counting", title="counting: the smallest network"))
    words = "rnntui train counting --pace 20"
    assert words in about(engine, state="finished", elapsed=0.1, remaining=0.0)
    assert words not in about(engine, state="finished", elapsed=42.0, remaining=0.0)
    assert words not in about(engine, state="training", elapsed=0.1, remaining=60.0)
    assert words not in about(engine, state="training", elapsed=0.1, remaining=1.0, pace=20.0)


def test_the_information_page_describes_progress_gradients_and_machine() -> None:
    engine = Scripted(Recipe(name="tales").replace(seq_len=1))
    text = about(engine, plateau_since=1200, system=p.System(1.5, 90_000_000, 2))
    assert "plateau since update 1,200" in text
    assert "truncated after 1 time step; the hidden state is carried on" in text
    assert "CPU 150 % of a core, memory 90 MB, 2 workers" in text


def test_the_help_explains_a_validation_loss_below_training_with_dropout() -> None:
    def text(dropout: bool) -> str:
        return " ".join(
            "\n".join(
                plain(help_rows(lambda _: True, Display(), 80, GROUPS, False, dropout))
            ).split()
        )

    assert "it may lie below train, as dropout switches units off" in text(True)
    assert "dropout" not in text(False)
