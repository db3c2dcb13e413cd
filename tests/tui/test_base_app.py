"""What the dashboard must never do: obey untrusted text, print a traceback, need NumPy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui import THEMES
from rnntui.tui.report import report
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.themes import BUILTIN_THEMES, OWN
from rnntui.tui.widgets.generated import GeneratedPanel
from tests.conftest import quick_first
from tests.support.scripted import HOSTILE, SIZE, Scripted, dashboard, ready, shown, until


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales", about="One.\n\nTwo."))


@pytest.mark.parametrize(
    "hostile", [" ".join(HOSTILE), *(pytest.param(h, marks=pytest.mark.slow) for h in HOSTILE)]
)
@pytest.mark.parametrize("size", [SIZE, pytest.param((60, 16), marks=pytest.mark.slow)])
async def test_untrusted_text_controls_nothing(hostile: str, size: tuple[int, int]) -> None:
    recipe = Recipe(name=hostile, title=hostile, about=hostile).replace(source=hostile)
    engine = Scripted(recipe)
    engine.welcome = p.Welcome(
        **{**vars(engine.welcome), "notes": (hostile,), "source": "a", "baselines": ()}
    )
    engine.write(hostile, prompt=hostile)
    engine.alarm(hostile, hostile)
    app = dashboard(engine)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        app.show_notice("x")
        app.main.prompt.value = hostile
        await pilot.press("g", "enter", "escape")
        texts = [shown(app)]
        for key in ("i", "e", "question_mark"):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, PageScreen))
            texts.append(shown(app))
            await pilot.press("escape")
        for text in [*texts, report(app.state), app.main.prompt.value]:
            assert all(c == "\n" or c.isprintable() for c in text), repr(text)
            assert not set(text) & set("\x1b\x9b\u202e\u2066\u200b")
        assert app.is_running
        panel = app.main.panel(GeneratedPanel)
        strips = [panel.render_line(y) for y in range(panel.size.height)]
        assert not any(s.style and s.style.meta for strip in strips for s in strip)


async def test_ascii_glyphs_leave_only_ascii_on_the_screen(engine: Scripted) -> None:
    engine.write("plain words", prompt="plain ")
    engine.alarm()
    app = dashboard(engine, glyphs="ascii")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.time_step_count > 0)
        await pilot.press("left")
        assert shown(app).isascii()
        for key in ("question_mark", "i", "e"):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, PageScreen))
            assert shown(app).isascii(), [c for c in shown(app) if not c.isascii()]
            await pilot.press("escape")


async def test_a_crash_ends_without_a_traceback(
    engine: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    app = dashboard(engine)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=SIZE) as pilot:
            await ready(pilot, app)
            app.main.follow = lambda: 1 // 0  # type: ignore[method-assign, assignment]
            await until(pilot, lambda: not app.is_running)
    assert isinstance(app.crash, ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err


def test_the_offered_themes_exist() -> None:
    assert set(THEMES) <= set(OWN) | set(BUILTIN_THEMES)
    assert not any(BUILTIN_THEMES[name].ansi for name in THEMES if name in BUILTIN_THEMES)


@pytest.mark.parametrize("theme", quick_first(THEMES, 4))
async def test_every_theme_draws(engine: Scripted, theme: str) -> None:
    app = dashboard(engine, theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        assert app.theme == theme


def test_the_dashboard_needs_neither_numpy_nor_the_trainer() -> None:
    program = (
        "import sys, rnntui.tui.app, rnntui.tui.screens.palette, rnntui.engine.client\n"
        "heavy = 'numpy.', 'rnntui.training.loop.', 'rnntui.nn.', 'rnntui.data.'\n"
        "bad = [m for m in sys.modules if (m + '.').startswith(heavy)]\n"
        "print(bad); sys.exit(bool(bad))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
