"""The pictures of the README and the guide, drawn from the recordings of real runs.

`python -m tests.support.pictures record` plays the runs again and keeps what the engine reported,
`record NAME` one of them. `python -m tests.support.pictures draw` draws everything again from the
recordings, `draw NAME` only the pictures of one run; `film` draws the short animation. Without
arguments it records and draws.

Drawing needs `rsvg-convert` (Debian: librsvg2-bin, fonts-firacode, fonts-dejavu-core) and Pillow.
"""

from __future__ import annotations

import asyncio
import dataclasses
import html
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from rnntui.protocol.insight import View
from rnntui.tui.app import Dashboard
from rnntui.tui.views import VIEWS
from tests.support.scripted import dashboard, ready, shown, until
from tests.support.takes import FILM, RECORDINGS, ROOT, TAKES, Recorded, moments, record, recorded

PICTURES = ROOT / "screenshots"
COLORS = 64  # of a picture: enough for the theme's colours and their smoothed edges


@dataclass(frozen=True)
class Picture:
    """A take, drawn: the size, the view, the keys pressed after, the dashboard's options."""

    take: str
    columns: int = 120
    rows: int = 40
    view: View = "watch"
    keys: tuple[str, ...] = ()
    glyphs: str = "braille"
    theme: str = "dark"


def _each_size(name: str, take: str, view: View) -> dict[str, Picture]:
    """A view at the two sizes that pictures have."""
    return {
        f"{name}-{columns}x{rows}": Picture(take, columns, rows, view)
        for columns, rows in ((120, 40), (80, 24))
    }


PICTURES_MADE = {
    "dashboard-120x40": Picture("tales"),
    "dashboard-80x24": Picture("tales", 80, 24),
    "several-120x40": Picture("several"),
    "several-80x24": Picture("several", 80, 24),
    "values-120x40": Picture("sunspots"),
    "values-80x24": Picture("sunspots", 80, 24),
    "columns-120x40": Picture("columns"),
    "forecast-120x40": Picture("forecast"),
    "forecast-80x24": Picture("forecast", 80, 24, keys=("v", "v")),
    "paused-120x40": Picture("paused", keys=("left",) * 9),
    "diverging-120x40": Picture("hello-world"),
    "diverging-80x24": Picture("hello-world", 80, 24),
    "cured-120x40": Picture("hello-world-cured"),
    "ascii-80x24": Picture("tales", 80, 24, glyphs="ascii"),
    "light-120x40": Picture("tales", theme="light"),
    "help-120x40": Picture("tales", keys=("question_mark",)),
    **_each_size("guesses", "tales", "guesses"),
    **_each_size("memory", "brackets", "memory"),
    **_each_size("neurons", "brackets", "neurons"),
    **_each_size("health", "brackets", "health"),
    **_each_size("experiments", "experiments", "experiments"),
    **_each_size("brackets-guesses", "brackets", "guesses"),
    **_each_size("findings", "hello-world", "health"),
    **_each_size("sunspots-guesses", "sunspots", "guesses"),
    **_each_size("sunspots-memory", "sunspots", "memory"),
    "one-step-memory-120x40": Picture("one-step", view="memory"),
    "vanishing-memory-120x40": Picture("hello-world", view="memory"),
    "explained-120x40": Picture("brackets", view="memory", keys=("h",)),
}


FRAME, LAST_FRAME = 900, 3500  # milliseconds


async def frames() -> list[tuple[str, str]]:
    """The frames of the animation, as SVG and as plain text."""
    return [await draw_engine(engine, Picture(FILM, 80, 24)) for engine in moments()]


def make_film() -> None:
    """Draw the animation."""
    from PIL import Image

    images, drawn = [], asyncio.run(frames())
    (RECORDINGS / f"{FILM}.txt").write_text("\f".join(text for _, text in drawn) + "\n", "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for number, (svg, _) in enumerate(drawn):
            path = Path(folder) / f"{number}.png"
            to_png(svg, path, 800)
            images.append(Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=32))
    durations = [FRAME] * (len(images) - 1) + [LAST_FRAME]
    first, *others = images
    target = PICTURES / "learning.gif"
    first.save(
        target, save_all=True, append_images=others, duration=durations, loop=0, optimize=True
    )


TEXT = re.compile(
    r'<text class="([^"]+)" x="([^"]+)" y="([^"]+)"[^>]*?( clip-path="[^"]+")>([^<]*)</text>'
)
PIECE = re.compile(r"[!-~]+|[^ -~]")
CELL = 12.2  # width of a cell in the exported picture


def placed(svg: str) -> str:
    """The SVG with every word and every glyph at its own cell: librsvg drops leading spaces."""

    def pieces(found: re.Match[str]) -> str:
        style, x, y, clip, content = found.groups()
        text = html.unescape(content).replace("\N{NO-BREAK SPACE}", " ")
        return "".join(
            f'<text class="{style}" x="{float(x) + CELL * cell_len(text[: piece.start()]):.1f}" '
            f'y="{y}"{clip}>{html.escape(piece[0])}</text>'
            for piece in PIECE.finditer(text)
        )

    return TEXT.sub(pieces, svg)


async def draw(picture: Picture) -> tuple[str, str]:
    """A picture as SVG and as plain text."""
    return await draw_engine(recorded(picture.take), picture)


async def draw_engine(engine: Recorded, picture: Picture) -> tuple[str, str]:
    """What a dashboard shows of an engine."""
    app = dashboard(engine, glyphs=picture.glyphs, theme=picture.theme, kept=True)
    async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
        await ready(pilot, app)
        if picture.view != "watch":
            _show(app, picture.view, engine.position(picture.view))
            await until(pilot, lambda: app.state.insight is not None)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause()
        return app.export_screenshot(title="rnntui"), shown(app)


def _show(app: Dashboard, name: View, position: int) -> None:
    """Switch to a view and select a position of its passage."""
    (view,) = (view for view in VIEWS if view.name == name)
    app.show_view(view)
    if position >= 0:
        app.ask_insight(dataclasses.replace(app.state.insight_look, at=position))


def to_png(svg: str, target: Path, width: int) -> None:
    """Render an SVG, with few colours so that the file is small."""
    from PIL import Image

    with tempfile.NamedTemporaryFile("w", suffix=".svg", encoding="utf-8") as file:
        file.write(placed(svg))
        file.flush()
        size = ["-w", str(width), file.name, "-o", str(target)]
        subprocess.run(["rsvg-convert", *size], check=True)
    image = Image.open(target).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(target, optimize=True)


def draw_all(named: list[str]) -> None:
    """Draw the pictures of these takes, or all."""
    if not shutil.which("rsvg-convert"):
        sys.exit("needs rsvg-convert (Debian: librsvg2-bin)")
    for name, picture in PICTURES_MADE.items():
        if picture.take in named or not named:
            svg, text = asyncio.run(draw(picture))
            (RECORDINGS / f"{name}.txt").write_text(text + "\n", "utf-8")
            to_png(svg, PICTURES / f"{name}.png", 12 * picture.columns)


def main() -> None:
    """Record (all, or the takes named), draw, or both."""
    wanted = sys.argv[1:] or ["record", "draw"]
    named = [name for name in (*TAKES, FILM) if name in wanted]
    if "record" in wanted:
        for name in named or (*TAKES, FILM):
            record(name)
    if "draw" in wanted and named != [FILM]:
        draw_all(named)
    if FILM in wanted or ("draw" in wanted and not named):
        make_film()


if __name__ == "__main__":
    main()
