"""A second run on the loss plot: chosen in the palette, followed, refused if not comparable."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.cache_folder import VARIABLE
from rnntui.protocol.messages import Welcome
from rnntui.recipe import load_recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.loss import loss_plot
from rnntui.tui.draw.loss_overlay import LossOverlay
from rnntui.tui.draw.rows import Glyphs
from rnntui.tui.overlay import overlay_choices
from tests.conftest import examples
from tests.support.compared import add_lines, losses, make_run, set_status
from tests.support.drawing import check, floats, glyph_sets, heights, picture, widths
from tests.support.scripted import Scripted, dashboard, ready, shown, until
from tests.tui.draw.test_loss import PLOT

OTHER = LossOverlay("other-run-of-mine", [(10, 4.0), (128, 3.2), (250, 2.9)], [(100, 3.5)])


def test_picture_with_a_second_run() -> None:
    plot = dataclasses.replace(PLOT, overlay=OTHER)
    rows = picture(loss_plot(plot, 100, 12))
    assert rows[0].endswith(
        "⣀⠤⠒ smoothed  ⣀⠤⠒ other-run-of-mine  ● validation  ⠌⢂⠡ raw  ┄ floor 0.970"
    )
    assert any(row.endswith("other… 2.900") for row in rows)
    assert sum(row.count("○") for row in rows) == 1
    assert picture(loss_plot(plot, 100, 12, "ascii"))[0].isascii()


@settings(max_examples=examples(60))
@given(
    losses=st.lists(st.tuples(st.integers(0, 400), floats), max_size=20),
    checks=st.lists(st.tuples(st.integers(0, 400), floats), max_size=5),
    width=widths,
    height=heights,
    glyphs=glyph_sets,
)
def test_any_second_run_can_be_drawn(
    losses: list, checks: list, width: int, height: int, glyphs: Glyphs
) -> None:
    plot = dataclasses.replace(PLOT, overlay=LossOverlay("\x1b[2J☃" * 9, losses, checks))
    check(loss_plot(plot, width, height, glyphs), width, height)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    runs = tmp_path / "runs"
    make_run(runs, "own")
    make_run(runs, "other", updates=200, floor=1.3)
    make_run(runs, "python", source="corpus:python", sha256="b" * 64)
    (make_run(runs, "broken") / "run.json").write_text("{")
    engine = Scripted(load_recipe("tales"))
    assert isinstance(engine.welcome, Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, run="own")
    return dashboard(engine, runs=runs)


async def test_the_palette_overlays_another_run(app: Dashboard) -> None:
    async with app.run_test(size=(140, 40)) as pilot:
        await ready(pilot, app)
        names = [choice.name for choice in overlay_choices(app)]
        assert names == ["overlay broken", "overlay other", "overlay python"]
        overlay_choices(app)[1].run(app)
        await until(pilot, lambda: "⣀⠤⠒ other" in shown(app))
        assert app.overlaid is not None and app.display_options.overlay is not None
        assert app.display_options.overlay.validations[-1][0] == 200
        add_lines(app.overlaid.path, losses(400, 1.3)[20:])
        set_status(app.overlaid.path, step=400)
        await until(pilot, lambda: app.display_options.overlay.validations[-1][0] == 400)  # type: ignore[union-attr]
        choice = overlay_choices(app)[0]
        assert choice.name == "overlay none"
        choice.run(app)
        await until(pilot, lambda: "⣀⠤⠒ other" not in shown(app))
        assert app.overlaid is None


@pytest.mark.parametrize(
    ("name", "why"), [("python", "different sources: tales, python"), ("broken", "run.json")]
)
async def test_a_run_that_cannot_be_compared_is_refused(
    app: Dashboard, name: str, why: str
) -> None:
    async with app.run_test(size=(140, 40)) as pilot:
        await ready(pilot, app)
        next(c for c in overlay_choices(app) if c.name == f"overlay {name}").run(app)
        await until(pilot, lambda: "not comparable: " in shown(app))
        assert why in shown(app) and app.overlaid is None


async def test_a_run_that_is_not_saved_or_whose_directory_is_gone_offers_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    for runs in (None, tmp_path / "file", tmp_path / "gone"):
        app = dashboard(Scripted(load_recipe("tales")), runs=runs)
        async with app.run_test(size=(100, 30)) as pilot:
            await ready(pilot, app)
            assert overlay_choices(app) == []
