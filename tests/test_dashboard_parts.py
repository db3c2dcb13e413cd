"""The parts of the dashboard that can be tested without running it."""

from __future__ import annotations

import dataclasses
import gc
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

from rnntui.engine import protocol as p
from rnntui.recipe import Recipe
from rnntui.tui.caches import DRAWN, LOOKS, cache_at, forget_drawn
from rnntui.tui.draw import Bins, Row, exactly
from rnntui.tui.painter import ThriftyChops, ThriftyLayout
from rnntui.tui.report import report, where
from rnntui.tui.screens.arrangement import LEAST_HEIGHT, Arrangement, arrange
from rnntui.tui.splash import COLOURS, frame
from rnntui.tui.start import colour_system
from rnntui.tui.state import RunState, Written, join_history, join_writing
from rnntui.tui.themes import OWN, THEMES, role_style
from rnntui.tui.widgets.cells import changes, expand
from rnntui.tui.widgets.loss import zoomed_from
from rnntui.tui.widgets.prompt import unescaped
from tests.scripted import HOSTILE, SIZE, Scripted, dashboard, ready, until

WIDTH, HEIGHT = 12, 3
quick = settings(deadline=None, max_examples=60)

# ---- arrangement --------------------------------------------------------------------------------


@given(st.integers(LEAST_HEIGHT, 200), st.booleans(), st.integers(0, 4))
@quick
def test_the_parts_fill_the_height_and_none_is_lost(height: int, values: bool, banner: int) -> None:
    parts = arrange(height, values=values, banner=banner)
    assert parts.total == height
    least = dataclasses.asdict(Arrangement())
    assert all(rows >= least[name] for name, rows in dataclasses.asdict(parts).items())


@given(st.integers(LEAST_HEIGHT, 100), st.booleans())
@quick
def test_a_taller_screen_takes_rows_from_nobody(height: int, values: bool) -> None:
    small, tall = arrange(height, values=values), arrange(height + 1, values=values)
    grown = {n: r for n, r in dataclasses.asdict(tall).items() if r != getattr(small, n)}
    assert len(grown) == 1
    assert all(rows == getattr(small, name) + 1 for name, rows in grown.items())


@given(st.integers(0, 10**7), st.integers(0, 3))
@quick
def test_zooming_shows_the_share_it_says(step: int, zoom: int) -> None:
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


# ---- painter ------------------------------------------------------------------------------------

styles = st.sampled_from(
    [Style.null(), *(role_style("dark", r) for r in ("", "muted", "wrong", "strong", "line!"))]
)
lines = st.lists(st.tuples(texts, styles), max_size=6)


def strip(parts: list[tuple[str, Style]]) -> Strip:
    whole = Strip([Segment(text, style) for text, style in parts if text])
    return whole.adjust_cell_length(WIDTH, Style.null())


def shown(sent: str) -> list[object]:
    """Every cell of a terminal that got this, with its looks."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(sent)
    return [screen.buffer[y][x] for y in range(HEIGHT) for x in range(WIDTH)]


def console() -> Console:
    return Console(color_system="256", force_terminal=True)


@given(st.lists(lines, min_size=HEIGHT, max_size=HEIGHT))
@quick
def test_full_updates_look_as_textual_draws_them(parts: list[list[tuple[str, Style]]]) -> None:
    strips = [[strip(line)] for line in parts]
    region = Region(0, 0, WIDTH, HEIGHT)
    own = LayoutUpdate(strips, region).render_segments(console()).replace("\n", "\r\n")
    sent = ThriftyLayout(strips, region).render_segments(console())
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
    got = shown(ThriftyChops(chops, spans, ends).render_segments(console()))
    blank = shown("")
    inside = {y * WIDTH + x for y, first, end in spans for x in range(first, end)}
    for n, cell in enumerate(got):
        assert cell == (whole[n] if n in inside else blank[n])


# ---- colours ------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", OWN)
def test_own_themes_are_the_same_in_256_colours(theme: str) -> None:
    for role in ("", "muted", "strong", "accent", "warning", "line", "raw", "p0", "p2", "p4"):
        for colour in (role_style(theme, role).color, role_style(theme, role).bgcolor):
            assert colour is not None and colour.triplet is not None
            near = colour.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
            assert max(abs(a - b) for a, b in zip(near, colour.triplet, strict=True)) <= 10


@pytest.mark.parametrize("theme", OWN)
def test_text_can_be_read_in_16_colours(theme: str) -> None:
    for role in ("", "muted", "strong", "accent", "warning", "line", "validation", "p0", "p4"):
        style = role_style(theme, role)
        assert style.color and style.bgcolor
        text = style.color.downgrade(ColorSystem.STANDARD)
        assert text.number != style.bgcolor.downgrade(ColorSystem.STANDARD).number, role


def test_what_is_to_be_let_go_is_there_and_what_is_not_is_passed_over() -> None:
    assert [place for place in (*DRAWN, *LOOKS) if cache_at(place) is None] == []
    assert cache_at("rich.segment:Segment.none") is cache_at("rich.none:x") is None
    assert cache_at("rich.segment:Segment") is None


def test_texts_that_were_cut_are_let_go() -> None:
    assert [piece.text for piece in Segment("漢字").split_cells(2)] == ["漢", "字"]
    assert Segment._split_cells.cache_info().currsize
    forget_drawn()
    assert not Segment._split_cells.cache_info().currsize


async def test_widgets_of_closed_pages_are_let_go() -> None:
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
        assert len(seen) > 3, "Textual lets go of them by itself: forget_drawn is needed no more"
        forget_drawn()
        gc.collect()
        assert len(seen) <= 3, list(seen)


async def test_what_was_reckoned_for_a_theme_goes_with_it() -> None:
    def kept() -> int:
        return sum(cache_at(place).cache_info().currsize for place in LOOKS)

    app = dashboard(Scripted(Recipe(name="x")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        sizes = []
        for _ in range(len(THEMES) + 2):
            await pilot.press("t")
            await pilot.pause(0.05)
            sizes.append(kept())
    assert max(sizes[8:]) < 1.6 * max(sizes[:4]), sizes


def test_the_colours_sent_fit_the_terminal() -> None:
    assert colour_system({"TERM": "xterm", "COLORTERM": "truecolor"}) == "256"
    assert colour_system({"TERM": "screen-256color"}) == "256"
    assert colour_system({"TERM": "linux"}) == "standard"


@pytest.mark.parametrize("name", ["tales", *HOSTILE])
@pytest.mark.parametrize("size", [(120, 40), (1, 1), (40, 3)])
def test_the_first_frame_is_where_the_dashboard_will_be(name: str, size: tuple[int, int]) -> None:
    columns, rows_ = size
    sent = frame(name, columns, rows_, COLOURS["dark"])
    screen = pyte.Screen(columns, rows_)
    pyte.Stream(screen).feed(sent)
    if columns >= 40:
        assert screen.display[0].startswith(" rnntui  ") and " q quit" in screen.display[-1]
    assert set(sent.replace("\x1b[", "")).isdisjoint("\x1b\x9b\u202e\x07\r\x08")


# ---- what is known of the run -------------------------------------------------------------------


def history(level: int, start: int, values: list[float]) -> p.History:
    column = tuple(values)
    return p.History(level, start, column, column, column, column, (0,) * len(column))


def test_history_grows_is_mended_and_starts_anew_on_another_level() -> None:
    bins = join_history(Bins(), history(0, 0, [3.0, 2.0]))
    bins = join_history(bins, history(0, 1, [2.5, 2.2]))
    assert tuple(bins.mean) == (3.0, 2.5, 2.2)
    bins = join_history(bins, history(1, 0, [2.7, 2.2]))
    assert bins.level == 1 and tuple(bins.smooth) == (2.7, 2.2) and tuple(bins.bad) == (0, 0)


def writing(**fields: object) -> p.Writing:
    base = p.Writing(1, "prompt", 10, "so ", 0, "", (), False, "")
    return dataclasses.replace(base, **fields)  # type: ignore[arg-type]


def test_a_writing_is_put_together_from_its_parts() -> None:
    written = join_writing(None, writing(text="abc"))
    written = join_writing(written, writing(start=3, text="def", step=20))
    assert (written.text, written.end, written.step) == ("abcdef", 6, 20)
    assert join_writing(written, writing(start=4, text="XY")).text == "abcdXY"
    assert join_writing(written, writing(start=90, text="late")).text == "late"
    other = join_writing(written, writing(id=2, text="new"))
    assert other.text == "new" and other.end == 3
    values = join_writing(None, writing(values=((1.0,), (2.0,))))
    values = join_writing(values, writing(start=2, values=((3.0,),)))
    assert values.values == ((1.0,), (2.0,), (3.0,)) and values.end == 3


def test_the_marks_ask_for_what_is_new() -> None:
    engine = Scripted(Recipe(name="tales"))
    state = RunState(engine.recipe)
    assert state.look(True) == p.Look(steps=True)
    engine.write("abc")
    state.take(engine.snapshot)
    look = state.look(False)
    assert (look.history_level, look.history_bins) == (3, len(state.bins.mean))
    assert (look.validations, look.events, look.writing, look.written) == (3000, 1, 1, 3)
    state.take(engine.snapshot)
    assert len(state.events) == 1 and len(state.validations) == 12


@pytest.mark.parametrize(
    ("standing", "alive", "told"),
    [
        ("training", True, "training goes on: rnntui attach fox"),
        ("finished", True, "  kept        rnntui generate fox"),
        ("training", False, "  kept        rnntui resume fox  ·  rnntui generate fox"),
    ],
)
def test_who_leaves_is_told_how_to_come_back(standing: p.State, alive: bool, told: str) -> None:
    engine = Scripted(Recipe(name="fox"))
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, run="fox")
    engine.change(state=standing)
    state.take(engine.snapshot)
    assert where(state, alive) == told
    state.welcome = engine.welcome
    assert where(state, alive) == ""


def test_earlier_writings_are_kept() -> None:
    engine = Scripted(Recipe(name="tales"))
    state = RunState(engine.recipe)
    for number in range(1, 4):
        engine.write("abc", prompt=f"{number} ", id=number)
        state.take(engine.snapshot)
    assert [text for _, text in state.samples] == ["1 abc", "2 abc"]


@given(st.text(max_size=40))
@quick
def test_what_is_pasted_comes_back(text: str) -> None:
    marked = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    assert unescaped(marked) == text


def test_unescaped_keeps_what_it_does_not_know() -> None:
    assert unescaped("a\\x b\\") == "a\\x b\\"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_report_is_plain_lines(hostile: str) -> None:
    engine = Scripted(Recipe(name=hostile))
    state = RunState(engine.recipe)
    assert report(state) == ""
    engine.change(loss=None, smooth=None)
    state.take(engine.snapshot)
    state.written = Written(prompt=hostile, text=hostile * 200)
    text = report(state)
    assert "not finite" in text and len(text.splitlines()) <= 12
    assert all(c == "\n" or c.isprintable() for c in text)


# ---- signals ------------------------------------------------------------------------------------

SIGNALS = """
import os, signal, sys, time
from rnntui.tui.signals import Signals
with Signals(last_resort=lambda: print("last resort", flush=True), grace=0.2) as signals:
    if "late" in sys.argv:
        signals.leave = lambda code: print("asked", code, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
"""


@pytest.mark.parametrize(("when", "said"), [("early", ""), ("late", "asked 143\nlast resort\n")])
def test_a_signal_ends_the_process_whatever_it_does(when: str, said: str) -> None:
    argv = [sys.executable, "-c", SIGNALS, when]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (143, said)
