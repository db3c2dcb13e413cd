"""The screen that compares runs: pictures at three sizes, and what its keys do."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rnntui.cache_folder import VARIABLE
from rnntui.runs.compared.following import FollowedRuns
from rnntui.tui.command import Group
from rnntui.tui.commands import ALL_BY_NAME, CommandTable, key_problems
from rnntui.tui.compare import screen
from rnntui.tui.compare.app import CompareApp
from rnntui.tui.compare.commands import GROUPS, SWEEP, CompareCommands, command
from rnntui.tui.compare.state import Choices, CompareState
from rnntui.tui.draw.compare.plot import _ground, _trace, forget_traces
from rnntui.tui.look import Look
from rnntui.tui.painter import DiffingPieces
from tests.conftest import quick_where
from tests.support.compared import add_lines, follow, losses, make_run, set_status, some_runs
from tests.support.scripted import until
from tests.tui.compare.pictures import HERE, KEYS, SIZES, picture, text_of, unranked

NAMES = ["tales-64-0.01", "tales-32-0.01", "tales-64-0.001", "tales-32-0.001"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def opened(
    followed: FollowedRuns, size: tuple[int, int] = (120, 40), choices: Choices | None = None
) -> AsyncIterator[tuple[CompareApp, Pilot[int]]]:
    app = CompareApp(CompareState(followed, choices), Look(glyphs="braille", theme="dark"))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def names(app: CompareApp) -> list[str]:
    return [run.name for run in app.state.arranged.runs]


async def typed(pilot: Pilot[int], text: str) -> None:
    spelled = {"=": "equals_sign", ".": "full_stop", " ": "space", ">": "greater_than_sign"}
    await pilot.press(*(spelled.get(char, char) for char in text))
    await pilot.pause()


# ---- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "rows"), quick_where(SIZES, lambda *size: size[0] == 120))
@pytest.mark.parametrize("name", [*KEYS, "unranked"])
async def test_picture(tmp_path: Path, name: str, columns: int, rows: int) -> None:
    runs = unranked(tmp_path) if name == "unranked" else some_runs(tmp_path)
    found = await picture(runs, (columns, rows), KEYS.get(name, ()))
    assert found == (HERE / f"{name}-{columns}x{rows}.txt").read_text(), found


async def test_picture_in_ascii(tmp_path: Path) -> None:
    found = await picture(some_runs(tmp_path), (80, 24), (), "ascii")
    assert found.isascii() and found == (HERE / "ascii-80x24.txt").read_text(), found


@pytest.mark.parametrize("size", [(1, 1), (59, 20), (60, 16), (300, 17), (80, 100)])
async def test_any_size_can_be_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(some_runs(tmp_path), size) as (app, pilot):
        for key in ("down", "o", "slash", "escape", "v", "x", "l", "b"):
            await pilot.press(key)
        assert text_of(app)
        if size[0] < 60:
            assert not app.main.plot.display


# ---- drawing ahead ------------------------------------------------------------------------------


async def test_what_keys_show_next_is_computed_before_they_are_pressed(tmp_path: Path) -> None:
    forget_traces()
    async with opened(some_runs(tmp_path)) as (app, pilot):
        for key in ("v", "v", "v", "x", "x", "x", "l", "b"):
            while app._ahead is not None:
                await pilot.pause(0.05)
            computed = [kept.cache_info().misses for kept in (_trace, _ground)]
            app.action_command(key)
            assert [kept.cache_info().misses for kept in (_trace, _ground)] == computed, key


async def test_only_the_lines_of_chosen_runs_are_drawn_again(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await until(pilot, lambda: app._ahead is None)
        for key in ("down", "p", "down", "p", "S", "s"):
            drawn = _ground.cache_info().misses
            app.action_command(key)
            await pilot.pause()
            assert _ground.cache_info().misses == drawn, key


async def test_a_plot_that_takes_long_is_drawn_after_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "PLOT_SECONDS", 0.0)
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await until(pilot, lambda: app._ahead is None)
        for key in ("l", "h", "x"):
            forget_traces()
            before = app.main.plot.rows
            app.action_command(key)
            assert app.main.plot_is_late and app.main.plot.rows is before
            await until(pilot, lambda: not app.main.plot_is_late)
            assert app.main.plot.rows == app.main.drawing.rows("plot", *app.main.plot.size)
            assert app.main.plot.rows != before


async def test_pinning_a_run_moves_nothing_but_columns(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path), (200, 60)) as (app, pilot):
        before = app.main.plot.region
        await pilot.press("p")
        await pilot.pause()
        assert "to D" in text_of(app) and app.main.plot.region == before


async def test_another_order_of_the_table_leaves_the_plot_as_it_is(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("down")
        plot, order = app.main.plot.rows, names(app)
        await pilot.press("S")
        assert names(app) == order[::-1] and app.main.plot.rows is plot


async def test_a_key_is_one_frame_with_all_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[object] = []
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await until(pilot, lambda: app._ahead is None)
        monkeypatch.setattr(app, "_display", lambda _screen, update: frames.append(update))
        for key in ("j", "s", "v", "p", "l"):
            await pilot.press(key)
            await pilot.pause(0.05)
            (update,) = frames
            assert isinstance(update, DiffingPieces), key
            frames.clear()


async def test_keys_wait_for_a_slow_terminal_and_become_one_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[object] = []
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await until(pilot, lambda: app._ahead is None)
        monkeypatch.setattr(app, "_display", lambda _screen, update: frames.append(update))
        app._queried = time.monotonic()  # whether it has shown the last frame
        await pilot.press("j", "j", "j")
        assert not frames
        app.on_terminal_supports_synchronized_output()
        await pilot.pause(0.05)
        assert len(frames) == 1 and f"▸{app.state.mark_of(app.state.arranged.runs[3])}" in "".join(
            text for row in app.main.table.rows for text, _ in row
        )


async def test_a_notice_stays_when_the_terminal_changes_its_size(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("l")
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert text_of(app).endswith(" loss axis: logarithmic\n")


async def test_the_selected_run_stays_in_view_when_the_terminal_shrinks(tmp_path: Path) -> None:
    paths = [make_run(tmp_path, f"run-{n}", hidden=8 + n) for n in range(12)]
    async with opened(follow(*paths), (120, 60)) as (app, pilot):
        await pilot.press("end")
        assert app.state.selected is not None
        await pilot.resize_terminal(120, 20)
        await until(pilot, lambda: app.main.table.size.height < 12)
        await until(pilot, lambda: "▸" in text_of(app))


async def test_what_changes_below_a_page_is_there_when_it_is_closed(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("question_mark")
        app.state.move(1)
        app.redraw()
        await pilot.pause()
        assert "▸" not in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert f"▸B  {NAMES[1]}" in text_of(app)


# ---- keys ---------------------------------------------------------------------------------------


async def test_runs_are_selected_hidden_and_pinned(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        assert names(app) == NAMES
        await pilot.press("down", "h")
        assert app.state.selected is not None and app.state.selected.name == NAMES[1]
        assert [run.name for run in app.state.visible] == [NAMES[0], *NAMES[2:]]
        await pilot.press("end", "p")
        assert names(app)[0] == NAMES[3] and "-0.5000" in text_of(app)
        await pilot.press("H")
        assert len(app.state.visible) == 4
        await pilot.press("escape")
        assert names(app) == NAMES


async def test_runs_are_sorted_reversed_and_grouped(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("S")
        assert names(app) == NAMES[::-1]
        await pilot.press("s", "s")
        assert app.state.arranged.by == "hidden"
        await pilot.press("o")
        assert [group.words for group in app.state.arranged.groups] == ["hidden 32", "hidden 64"]
        assert " mean " in text_of(app) and " ± " in text_of(app)
        await pilot.press("o", "o")
        assert len(app.state.arranged.groups) == 1


async def test_a_filter_is_completed_and_applied_while_it_is_typed(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("slash", "h")
        assert names(app) == NAMES, "the beginning of a key is not a name"
        await pilot.press("tab")
        assert app.main.ask.input.value == "hidden="
        await pilot.pause()
        assert "hidden=32" in text_of(app) and names(app) == NAMES
        await pilot.press("tab")
        await pilot.pause()
        assert names(app) == [NAMES[1], NAMES[3]]
        await typed(pilot, "lr>>")
        assert names(app) == [NAMES[1], NAMES[3]] and "takes a number" in text_of(app)
        await pilot.press("enter")
        assert app.prompting, "a wrong filter is not kept"
        await pilot.press("backspace", "backspace", "backspace", "backspace", "enter")
        assert not app.prompting and "2 of 4 runs" in text_of(app)
        await pilot.press("escape")
        assert names(app) == NAMES


async def test_a_filter_that_matches_nothing_says_so(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("slash")
        await typed(pilot, "zzz")
        assert names(app) == [] and "no run matches the filter" in text_of(app)
        for key in ("enter", "down", "h", "p", "enter", "s", "S", "o", "g", "w", "right"):
            await pilot.press(key)
        assert app.is_running and app.opened is None


async def test_enter_opens_the_dashboard_of_the_selected_run(tmp_path: Path) -> None:
    followed = some_runs(tmp_path)
    async with opened(followed) as (app, pilot):
        await pilot.press("down", "enter")
    assert app.opened == tmp_path / NAMES[1] and app.return_code == 0
    async with opened(followed, choices=app.state.choices) as (again, _):
        assert again.state.selected is not None and again.state.selected.name == NAMES[1]


async def test_a_run_that_cannot_be_read_is_not_opened(tmp_path: Path) -> None:
    async with opened(unranked(tmp_path)) as (app, pilot):
        assert "not ranked: different sources: tales, python" in text_of(app)
        await pilot.press("end", "enter")
        assert app.opened is None and "this run cannot be opened" in text_of(app)
        assert "damaged: run.json" in text_of(app)


async def test_runs_that_are_not_ranked_are_not_sorted_by_their_losses(tmp_path: Path) -> None:
    async with opened(unranked(tmp_path)) as (app, pilot):
        app.sort_by("best")
        await pilot.pause()
        assert "not ranked: different sources" in text_of(app) and app.state.arranged.by == ""
        for _ in range(12):
            await pilot.press("s")
            assert app.state.arranged.by not in ("best", "ratio")


async def test_a_live_run_is_followed(tmp_path: Path) -> None:
    path = make_run(tmp_path, "one", updates=200)
    followed = follow(path, make_run(tmp_path, "two", floor=1.3))
    async with opened(followed) as (app, pilot):
        assert names(app) == ["two", "one"]
        add_lines(path, losses(400, 1.0)[20:])
        set_status(path, step=400, total=400, best=1.25)
        app._refresh_runs()
        await pilot.pause()
        assert names(app) == ["one", "two"] and "at 400 of 400" in text_of(app)
        shutil.rmtree(path)
        app._refresh_runs()
        await pilot.pause()
        assert app.is_running and "one" in text_of(app)


async def test_the_table_is_written_as_csv_and_the_screen_as_a_picture(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path / "runs")) as (app, pilot):
        await pilot.press("w", "W")
        await pilot.pause()
        assert (tmp_path / "compare.csv").read_text().startswith("name,best,best_step")
        assert "<svg" in (tmp_path / "compare.svg").read_text()
        assert app.is_running


async def test_clicks_sort_select_and_open(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path)) as (app, pilot):
        head = text_of(app).splitlines()[app.main.table.region.y + 1]
        await pilot.click("#table", offset=(head.index("lr"), 1))
        await pilot.pause()
        assert app.state.arranged.by == "lr"
        await pilot.click("#table", offset=(6, 4))
        await pilot.pause()
        assert app.state.selected is not None
        assert app.state.selected.name == names(app)[2] and app.opened is None
        await pilot.click("#table", offset=(6, 4))
    assert app.opened is not None


async def test_every_command_is_in_the_palette_and_on_the_help_page(tmp_path: Path) -> None:
    async with opened(some_runs(tmp_path), (120, 80)) as (app, pilot):
        await pilot.press("question_mark")
        await pilot.pause()
        page = text_of(app)
        await pilot.press("escape", "colon")
        await pilot.pause()
        palette = text_of(app)
        for one in app.commands.commands:
            if one.name != "palette":
                assert one.name.replace("_", " ") in palette or not one.available(app)  # type: ignore[arg-type]
        for words in ("generate from all runs", "sort the runs", "reading the screen"):
            assert words in page
        await typed(pilot, "lr")  # the name of a setting, which cannot be changed here
        assert "sort the runs by lr" in text_of(app)
        await pilot.press("backspace", "backspace")
        await typed(pilot, "sort by lr")
        await pilot.press("enter")
        await pilot.pause()
        assert app.state.arranged.by == "lr"


async def test_a_prompt_generates_from_all_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.tui.compare.texts.MODULE", "tests.tui.compare.writers")
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press("down", "h", "g")
        await typed(pilot, "Once")
        await pilot.press("enter")
        await until(pilot, lambda: "cannot" in text_of(app) and " …" not in text_of(app))
        page = text_of(app)
        assert "Once upon 64-0.01" in page and "Once upon 32-0.001" in page
        assert NAMES[1] not in page, "a hidden run does not generate"
        assert "cannot be loaded" in page
        assert page.count("ignored (not in the vocabulary): O\n") == 1
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.main


# ---- user's keys, further commands --------------------------------------------------------------


async def test_the_users_keys_and_further_commands_work(tmp_path: Path) -> None:
    pressed: list[str] = []
    cut = command("cut", ("c",), "cut", "cut a trial", lambda _app: pressed.append("cut"))
    look = Look(glyphs="ascii", theme="dark", keys={"pin": ("f2",), "quit": ("c",), "zoom": ("z",)})
    app = CompareApp(CompareState(some_runs(tmp_path)), look, groups=(Group("sweep", (cut,)),))
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("f2")
        assert app.state.choices.pinned and "'c' now runs quit; cut has no key" in text_of(app)
        app._end_notice()
        await pilot.pause()
        assert "f2 pin" in text_of(app)
        app.run_command(app.commands.by_name["cut"])
        assert pressed == ["cut"]
        await pilot.press("c")
    assert app.return_code == 0


def test_wrong_keys_are_named_for_any_screen() -> None:
    assert key_problems({"pin": ("f2",), "pause": ("f3",)}) == ()
    assert "unknown command" in key_problems({"nonsense": ("f2",)})[0]
    assert "unknown key" in key_problems({"pin": ("nokey",)})[0]


def test_keys_of_a_leaderboard_are_checked_and_other_screens_ignore_them() -> None:
    mine = {"cut_trial": ("f2",)}
    assert key_problems(mine) == () == CommandTable.with_keys(mine)[1]
    assert CompareCommands.with_keys(mine)[1] == ()
    (twice,) = key_problems({"cut_trial": ("x",), "stop_sweep": ("x",), "x_axis": ("f9",)})
    assert twice == "keys.stop_sweep: 'x' is bound twice, already to cut_trial"
    (taken,) = key_problems({"cut_trial": ("p",)})
    assert taken == "keys: 'p' now runs cut_trial; pin has no key"
    assert ALL_BY_NAME.keys() >= {one.name for one in SWEEP.commands}


def test_no_key_runs_two_commands() -> None:
    keys = [key for one in CompareCommands((*GROUPS, SWEEP)).commands for key in one.keys]
    assert len(keys) == len(set(keys))


def test_letters_name_any_number_of_runs(tmp_path: Path) -> None:
    state = CompareState(follow(*(make_run(tmp_path, f"run-{n:02}") for n in range(28))), Choices())
    marks = [state.mark_of(run) for run in state.arranged.runs]
    assert marks[0] == "A" and marks[25:] == ["Z", "AA", "AB"] and state.letters == 2


def test_the_process_that_generates_reports_each_run(tmp_path: Path, capsys: Any) -> None:
    from rnntui.foreground.texts import main

    path = make_run(tmp_path, "no-checkpoint")
    asked = {"paths": [str(path), str(tmp_path / "gone")], "prompt": "x"}
    assert main(json.dumps(asked)) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["path"] for one in found] == asked["paths"]
    assert all(one["error"] for one in found)


@pytest.mark.parametrize("key", ["question_mark", "ctrl+p", "g", "slash"])
async def test_ctrl_c_quits_from_every_page(tmp_path: Path, key: str):
    async with opened(some_runs(tmp_path)) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.return_code == 130
