"""The parts of the dashboard that can be tested without running it."""

from __future__ import annotations

import dataclasses
import gc
import math
import re
import subprocess
import sys
from weakref import WeakSet

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.strip import Strip

from rnntui.engine.ending import Ending
from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.caches import DRAWING, THEME, cache_at, forget_drawing_caches
from rnntui.tui.colours import contrast
from rnntui.tui.draw.loss import Bins
from rnntui.tui.draw.rows import ROLES, Row, exactly
from rnntui.tui.escapes import _XTERM, LEAST_CONTRAST, transition
from rnntui.tui.generated_text import GeneratedText, join_generated
from rnntui.tui.history import join_history
from rnntui.tui.painter import Diffing, DiffingChops, DiffingLayout, spans_of
from rnntui.tui.report import report, return_commands, started_runs
from rnntui.tui.sent import SentCells
from rnntui.tui.state import RunState
from rnntui.tui.themes import THEMES, role_style
from rnntui.tui.widgets.cells import CellView, changes, expand
from rnntui.tui.widgets.prompt import unescaped
from rnntui.tui.window import zoomed_from
from tests.conftest import examples
from tests.support.patience import PATIENCE
from tests.support.scripted import HOSTILE, SIZE, Scripted, dashboard, ready, until

WIDTH, HEIGHT = 12, 3
quick = settings(deadline=None, max_examples=examples(60))

# ---- zoom ---------------------------------------------------------------------------------------


@given(st.integers(0, 10**7), st.integers(0, 3))
@quick
def test_zooming_shows_the_announced_fraction(step: int, zoom: int) -> None:
    shown = step - zoomed_from(step, zoom)
    assert step >> zoom <= shown <= (step if zoom == 0 else 1.5 * (step >> zoom) + 1)


# ---- cells --------------------------------------------------------------------------------------

texts = st.text(alphabet="ab 漢é", max_size=6)
rows = st.lists(st.tuples(texts, st.sampled_from(["", "muted", "strong"])), max_size=5)


@given(rows, rows)
@quick
def test_changes_cover_every_difference_and_no_half_character(a: Row, b: Row) -> None:
    before, after = exactly(a, WIDTH), exactly(b, WIDTH)
    spans = changes(before, after)
    covered = {x for first, width in spans for x in range(first, first + width)}
    old, new = expand(before), expand(after)
    for x in range(WIDTH):
        if old[x] != new[x]:
            assert x in covered
    for first, width in spans:
        assert 0 <= first < first + width <= WIDTH
        assert new[first][0] != "" and old[first][0] != ""
        assert first + width == WIDTH or new[first + width][0] != ""
    assert spans == sorted(spans)
    assert bool(spans) == (old != new)


@given(rows, rows)
@quick
def test_the_changed_cells_make_one_row_of_another(a: Row, b: Row) -> None:
    before, after = exactly(a, WIDTH), exactly(b, WIDTH)
    spans, shown = changes(before, after), expand(before)
    for (first, width), runs in zip(spans, spans_of(after, spans), strict=True):
        cells = expand(runs)
        assert len(cells) == width
        shown[first : first + width] = cells
    assert shown == expand(after)


@pytest.mark.parametrize("theme", ["dark", "light", "nord"])
async def test_lines_are_those_that_textual_makes(theme: str) -> None:
    app = dashboard(Scripted(Recipe(name="x")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        app.show_theme(theme)
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not app.main)
        for widget in (*app.screen.query(CellView), *app.main.query(CellView)):
            inside = Region(0, 0, *widget.size)
            for crop in (inside, inside.shrink((1, 1, 0, 3))):
                own = StylesCache().render_widget(widget, crop)
                assert [*map(merged_runs, widget.render_lines(crop))] == [*map(merged_runs, own)]


def merged_runs(strip: Strip) -> list[tuple[str, Style]]:
    return [(part.text, part.style or Style.null()) for part in strip.simplify() if part.text]


# ---- painter ------------------------------------------------------------------------------------


def lines_in() -> st.SearchStrategy[list[tuple[str, Style]]]:
    """Return lines with styles of their own: Rich keeps the codes of the first colour system."""
    roles = ("", "muted", "wrong", "strong", "line!")
    styles = [Style.null(), *(role_style.__wrapped__("dark", role) for role in roles)]
    return st.lists(st.tuples(texts, st.sampled_from(styles)), max_size=6)


LINES = {system: lines_in() for system in ("256", "truecolor")}
lines = LINES["256"]


def strip(parts: list[tuple[str, Style]]) -> Strip:
    whole = Strip([Segment(text, style) for text, style in parts if text])
    return whole.adjust_cell_length(WIDTH, Style.null())


def shown(*sent: str) -> list[object]:
    """Return what can be seen in every cell of a terminal that received this."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    for data in sent:
        pyte.Stream(screen).feed(data)
    found = [screen.buffer[y][x] for y in range(HEIGHT) for x in range(WIDTH)]
    return [
        cell._replace(fg="default", bold=False)
        if cell.data == " " and not cell.underscore
        else cell
        for cell in found
    ]


def console(system: str = "256") -> Console:
    return Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("system", LINES)
@given(st.data())
@quick
def test_full_updates_look_as_textual_draws_them(system: str, data: st.DataObject) -> None:
    parts = data.draw(st.lists(LINES[system], min_size=HEIGHT, max_size=HEIGHT))
    strips = [[strip(line)] for line in parts]
    region = Region(0, 0, WIDTH, HEIGHT)
    own = LayoutUpdate(strips, region).render_segments(console(system)).replace("\n", "\r\n")
    sent = DiffingLayout(strips, region).render_segments(console(system))
    assert shown(sent) == shown(own)


@given(
    st.lists(lines, min_size=HEIGHT, max_size=HEIGHT),
    st.lists(
        st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH)),
        min_size=1,
        max_size=4,
    ),
)
@quick
def test_partial_updates_change_their_spans_only(
    parts: list[list[tuple[str, Style]]], wanted: list[tuple[int, int, int]]
) -> None:
    narrow = [[(text.replace("漢", "x"), style) for text, style in line] for line in parts]
    spans = sorted({(y, x, min(WIDTH, x + n)) for y, x, n in wanted})
    chops = [{0: strip(line)} for line in narrow]
    ends = [[WIDTH]] * HEIGHT
    whole = shown(ChopsUpdate(chops, [(y, 0, WIDTH) for y in range(HEIGHT)], ends)
                  .render_segments(console()).replace("\n", "\r\n"))  # fmt: skip
    got = shown(DiffingChops(chops, spans, ends).render_segments(console()))
    blank = shown("")
    inside = {y * WIDTH + x for y, first, end in spans for x in range(first, end)}
    for n, cell in enumerate(got):
        assert cell == (whole[n] if n in inside else blank[n])


frames = st.lists(
    st.tuples(
        st.lists(lines, min_size=HEIGHT, max_size=HEIGHT),
        st.none() | st.tuples(st.integers(0, WIDTH - 1), st.integers(1, WIDTH)),  # a span of rows
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("compared", [False, True])
@pytest.mark.parametrize("most_noted", [0, 50])
@given(drawn=frames)
@quick
def test_cells_that_are_shown_already_need_not_be_sent(
    compared: bool,
    most_noted: int,
    drawn: list[tuple[list[list[tuple[str, Style]]], tuple[int, int] | None]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnntui.tui.sent.MOST_NOTED", most_noted)
        check_frames(drawn, compared)


def check_frames(
    drawn: list[tuple[list[list[tuple[str, Style]]], tuple[int, int] | None]], compared: bool
) -> None:
    sent = SentCells()
    few: list[str] = []
    all_of_it: list[str] = []
    for parts, span in drawn:
        strips = [strip(line) for line in parts]
        for updates, known in ((few, sent), (all_of_it, None)):
            if span is None:
                update: Diffing = DiffingLayout([[s] for s in strips], Region(0, 0, WIDTH, HEIGHT))
            else:
                narrow = [strip([(t.replace("漢", "x"), s) for t, s in line]) for line in parts]
                spans = [(y, span[0], min(WIDTH, sum(span))) for y in range(HEIGHT)]
                update = DiffingChops([{0: s} for s in narrow], spans, [[WIDTH]] * HEIGHT)
                update.compared = compared
            update.sent = known
            updates.append(update.render_segments(console()))
    assert shown(*few) == shown(*all_of_it)


def test_a_frame_that_is_shown_already_costs_nothing_until_it_is_forgotten() -> None:
    sent = SentCells()

    def send(text: str, width: int = WIDTH) -> str:
        update = DiffingLayout([[strip([(text, Style(bold=True))])]], Region(0, 0, width, 1))
        update.sent = sent
        return update.render_segments(console())

    whole = send("loss 1.234")
    assert "loss 1.234" in whole and send("loss 1.234") == ""
    assert send("loss 1.235") == "\x1b[1;10H\x1b[1m5\x1b[0m"
    sent.forget()
    assert "loss 1.235" in send("loss 1.235")
    assert "loss 1.235" in send("loss 1.235", WIDTH - 1)  # a terminal of another size


@given(st.lists(lines, min_size=HEIGHT, max_size=HEIGHT))
@quick
def test_without_colours_only_other_attributes_are_sent(
    parts: list[list[tuple[str, Style]]],
) -> None:
    without = console()
    without._color_system = None
    sent = DiffingLayout([[strip(line)] for line in parts], Region(0, 0, WIDTH, HEIGHT))
    codes = re.findall(r"\x1b\[([0-9;]*)m", sent.render_segments(without))
    assert set(";".join(codes).split(";")) <= {"", "0", "1", "4", "22", "24"}


def test_a_colour_takes_few_bytes_and_is_sent_only_if_it_changes() -> None:
    true, few = ColorSystem.TRUECOLOR, ColorSystem.STANDARD
    line, muted = role_style("dark", "line"), role_style("dark", "muted")
    assert transition(muted, line, true) == "\x1b[38;5;79m"
    nord, other = role_style("nord", "line"), role_style("nord", "p0")
    assert re.fullmatch(r"\x1b\[38;2;\d+;\d+;\d+m", transition(other, nord, true))
    grey, greyer = Style.parse("#9e9e9e on #000000"), Style.parse("#a8a8a8 on #000000")
    assert transition(grey, greyer, few) == "" != transition(grey, greyer, true)
    assert transition(line, Style.null(), true) == "\x1b[0m"
    strong = role_style("dark", "strong")
    assert transition(strong, line, true) == "\x1b[22;38;5;79m"


NAMES = ["black", "red", "green", "brown", "blue", "magenta", "cyan", "white"]
XTERM = dict(zip([*NAMES, *(f"bright{name}" for name in NAMES)], _XTERM, strict=True))
XTERM["bfightmagenta"] = XTERM["brightmagenta"]  # as pyte spells it


# ---- colours ------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_our_main_themes_are_the_same_in_256_colours(theme: str) -> None:
    for role in ("", "muted", "strong", "accent", "warning", "line", "raw", "p0", "p2", "p4"):
        for colour in (role_style(theme, role).color, role_style(theme, role).bgcolor):
            assert colour is not None and colour.triplet is not None
            near = colour.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
            assert max(abs(a - b) for a, b in zip(near, colour.triplet, strict=True)) <= 10


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_in_16_colours(theme: str) -> None:
    for role in ROLES:
        sent = transition(Style.null(), role_style(theme, role), ColorSystem.STANDARD)
        screen = pyte.Screen(2, 1)
        pyte.Stream(screen).feed(f"{sent}x")
        cell = screen.buffer[0][0]
        text, ground = (XTERM[number] for number in (cell.fg, cell.bg))
        assert contrast(text, ground) >= LEAST_CONTRAST, role


def test_the_cleared_caches_exist_and_missing_ones_are_skipped() -> None:
    assert [place for place in (*DRAWING, *THEME) if cache_at(place) is None] == []
    assert cache_at("rich.segment:Segment.none") is cache_at("rich.none:x") is None
    assert cache_at("rich.segment:Segment") is None


def test_cut_texts_are_released() -> None:
    assert [piece.text for piece in Segment("漢字").split_cells(2)] == ["漢", "字"]
    assert Segment._split_cells.cache_info().currsize
    forget_drawing_caches()
    assert not Segment._split_cells.cache_info().currsize


@pytest.mark.slow
async def test_widgets_of_closed_pages_are_released() -> None:
    app = dashboard(Scripted(Recipe(name="x")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        seen: WeakSet[StylesCache] = WeakSet()
        for page in "ei?":
            await pilot.press(page)
            await until(pilot, lambda: app.screen is not app.main)
            seen.update(widget._styles_cache for widget in app.screen.query("*"))
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        await pilot.pause(0.1)
        gc.collect()
        assert len(seen) <= 3, list(seen)


@pytest.mark.slow
async def test_caches_of_a_theme_are_cleared_with_it() -> None:
    def kept() -> int:
        return sum(cache_at(place).cache_info().currsize for place in THEME)

    app = dashboard(Scripted(Recipe(name="x")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        sizes = []
        for _ in range(len(THEMES) + 2):
            await pilot.press("t")
            await pilot.pause(0.05)
            sizes.append(kept())
    assert max(sizes[8:]) < 1.6 * max(sizes[:4]), sizes


# ---- what is known of the run -------------------------------------------------------------------


def history(level: int, start: int, values: list[float]) -> p.History:
    column = tuple(values)
    return p.History(level, start, column, column, column, column, (0,) * len(column))


def test_history_grows_is_corrected_and_restarts_at_another_level() -> None:
    bins = join_history(Bins(), history(0, 0, [3.0, 2.0]))
    bins = join_history(bins, history(0, 1, [2.5, 2.2]))
    assert tuple(bins.mean) == (3.0, 2.5, 2.2)
    bins = join_history(bins, history(1, 0, [2.7, 2.2]))
    assert bins.level == 1 and tuple(bins.smooth) == (2.7, 2.2) and tuple(bins.bad) == (0, 0)


def writing(**fields: object) -> p.Generated:
    base = p.Generated(1, "prompt", 10, "so ", 0, "", (), False, "")
    return dataclasses.replace(base, **fields)  # type: ignore[arg-type]


def test_a_generated_text_is_assembled_from_its_parts() -> None:
    written = join_generated(None, writing(text="abc"))
    written = join_generated(written, writing(start=3, text="def", step=20))
    assert (written.text, written.end, written.update) == ("abcdef", 6, 20)
    assert join_generated(written, writing(start=4, text="XY")).text == "abcdXY"
    assert join_generated(written, writing(start=90, text="late")).text == "late"
    other = join_generated(written, writing(id=2, text="new"))
    assert other.text == "new" and other.end == 3
    values = join_generated(None, writing(values=((1.0,), (2.0,))))
    values = join_generated(values, writing(start=2, values=((3.0,),)))
    assert values.values == ((1.0,), (2.0,), (3.0,)) and values.end == 3


def test_requests_ask_only_for_what_is_new() -> None:
    engine = Scripted(Recipe(name="tales"))
    state = RunState(engine.recipe)
    assert state.look(True) == p.Look(steps=True)
    engine.write("abc")
    state.apply(engine.snapshot)
    look = state.look(False)
    assert (look.history_level, look.history_bins) == (3, len(state.bins.mean))
    assert (look.validations, look.events, look.generated, look.generated_length) == (3000, 1, 1, 3)
    state.apply(engine.snapshot)
    assert (look.validations, look.events, look.generated, look.generated_length) == (3000, 1, 1, 3)
    state.apply(engine.snapshot)
    assert len(state.events) == 1 and len(state.validations) == 12


@pytest.mark.parametrize(
    ("status", "alive", "words"),
    [
        ("training", True, "training continues: rnntui attach fox"),
        ("finished", True, "  saved       rnntui generate fox"),
        ("training", False, "  saved       rnntui resume fox  ·  rnntui generate fox"),
        ("stopped", True, "  saved       rnntui resume fox  ·  rnntui generate fox"),
        ("crashed", True, "  saved       rnntui resume fox  ·  rnntui generate fox"),
    ],
)
def test_the_report_says_how_to_return(status: p.State, alive: bool, words: str) -> None:
    engine = Scripted(Recipe(name="fox"))
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, run="fox")
    engine.change(state=status, saved=3000)
    state.apply(engine.snapshot)
    export = "\n  export      rnntui export fox --to html (--list: every format)"
    assert return_commands(state, alive) == words + export * ("saved" in words)
    engine.change(saved=None)
    state.apply(engine.snapshot)
    assert "generate" not in return_commands(state, alive)
    state.welcome = engine.welcome
    assert return_commands(state, alive) == ""


@pytest.mark.parametrize("length", range(4, 44, 8))
def test_no_command_of_the_report_is_broken_by_the_end_of_a_line(length: int) -> None:
    engine, run = Scripted(Recipe(name="fox")), "r" * length
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, run=run)
    engine.change(state="stopped", saved=3000, runs=(run,))
    state.apply(engine.snapshot)
    lines = [*return_commands(state, alive=False).splitlines(), *started_runs(state).splitlines()]
    assert all(len(line) <= 80 for line in lines if line.count("rnntui") + line.count("(") != 1)
    for command in ("resume", "generate", "export", "attach", "stop"):
        assert any(f"rnntui {command} {run}" in line for line in lines)


def test_the_report_says_why_a_run_is_not_saved_and_that_it_finished() -> None:
    engine = Scripted(Recipe(name="fox"))
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, unsaved="cannot create /ro: read-only")
    engine.change(state="finished")
    state.apply(engine.snapshot)
    assert return_commands(state, False) == "  not saved   cannot create /ro: read-only"
    state.ending = Ending("stopped", "stopped")  # with its process
    assert report(state).startswith("fox: finished after ")


def test_a_run_that_has_ended_does_not_continue_though_its_process_still_exits() -> None:
    engine = Scripted(Recipe(name="fox"))
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, run="fox")
    engine.change(state="training", saved=3000)
    state.apply(engine.snapshot)
    state.end(p.Ended("stopped", "stopped from pts/2", 3001, 3001, "", None))
    assert return_commands(state, alive=True) == (
        "  saved       rnntui resume fox  ·  rnntui generate fox\n"
        "  export      rnntui export fox --to html (--list: every format)"
    )


def test_a_run_left_before_its_first_numbers_is_named_as_far_as_known() -> None:
    state = RunState(Recipe(name="fox"))
    assert return_commands(state, True, "a") == "training continues: rnntui attach a"
    assert return_commands(state, True, "") == "training continues: rnntui attach"
    assert return_commands(state, True, None) == return_commands(state, False, "a") == ""
    killed = return_commands(state, False, "a", existed=True)  # while it was being loaded
    assert killed == "  saved       rnntui resume a"
    state.end(p.Ended("stopped", "", 0, None, "", None))
    assert report(state) == return_commands(state, True, "a") == ""  # nothing to resume
    state.end(p.Ended("stopped", "", 2, 2, "", None))
    assert report(state) == "fox: stopped after 2 updates"
    saved = (
        "  saved       rnntui resume a  ·  rnntui generate a\n"
        "  export      rnntui export a --to html (--list: every format)"
    )
    assert return_commands(state, True, "a") == saved


def test_earlier_texts_are_kept_and_the_current_one_is_not_among_them() -> None:
    engine = Scripted(Recipe(name="tales"))
    state = RunState(engine.recipe)
    for number in range(1, 4):
        engine.write("abc", prompt=f"{number} ", id=number, step=number, finished=True)
        past = (p.PastText(number, "prompt", f"{number} ", ("abc",)),)
        engine.change(past=past, past_count=number)
        assert state.look(steps=False).past == number - 1
        state.apply(engine.snapshot)
    assert [text for _, text in state.samples] == ["1 abc", "2 abc"]


@given(st.text(max_size=40))
@quick
def test_pasted_text_round_trips(text: str) -> None:
    marked = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    assert unescaped(marked) == text


def test_unknown_escapes_are_kept() -> None:
    assert unescaped("a\\x b\\") == "a\\x b\\"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_report_is_plain_lines(hostile: str) -> None:
    engine = Scripted(Recipe(name=hostile))
    state = RunState(engine.recipe)
    assert report(state) == ""
    numbers = dataclasses.replace(engine.snapshot.numbers, loss_per_token=math.nan)
    engine.change(numbers=numbers, smooth=None)
    state.apply(engine.snapshot)
    state.generated = GeneratedText(prompt=hostile, text=hostile * 200)
    text = report(state)
    assert "not finite" in text and len(text.splitlines()) <= 12
    assert all(c == "\n" or c.isprintable() for c in text)


def test_the_report_of_a_full_batch_run_has_the_exact_loss() -> None:
    engine = Scripted(Recipe(name="counting"))
    state = RunState(engine.recipe)
    numbers = dataclasses.replace(engine.snapshot.numbers, loss_per_token=0.189)
    engine.change(numbers=numbers, smooth=0.189, averaged=1, best=0.1888)
    state.apply(engine.snapshot)
    lines = report(state).splitlines()
    assert "loss        0.1890 nats per character in the last update" in lines[2]
    assert lines[3].strip() == "lowest 0.1888"
    engine.change(averaged=20, smooth=0.2)
    state.apply(engine.snapshot)
    assert "mean of the last 20 updates 0.2000, lowest 0.1888" in report(state)


# ---- signals ------------------------------------------------------------------------------------

SIGNALS = """
import os, signal, sys, time
from rnntui.tui.signals import Signals
with Signals(last_resort=lambda: print("last resort", flush=True), grace=0.2) as signals:
    if "late" in sys.argv:
        signals.quit = lambda code: print("asked", code, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
"""


@pytest.mark.parametrize(("when", "said"), [("early", ""), ("late", "asked 143\nlast resort\n")])
def test_a_signal_ends_even_a_blocked_process(when: str, said: str) -> None:
    argv = [sys.executable, "-c", SIGNALS, when]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (143, said)
