"""The pictures of the README: `python -m tests.pictures record` plays real runs and keeps what the
engine said, `python -m tests.pictures draw` makes the pictures in screenshots/ from that;
`record NAME` plays one run anew.

Drawing needs `rsvg-convert` (Debian: librsvg2-bin, fonts-firacode, fonts-dejavu-core).
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from rnntui.engine.client import EngineClient
from rnntui.engine.codec import decode_reply, encode
from rnntui.engine.protocol import Generate, Hello, Look, Pause, Snapshot, Welcome
from rnntui.engine.spawn import spawn
from rnntui.order import Order
from rnntui.recipe import load_recipe
from tests.scripted import Scripted, dashboard, ready, shown

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "screenshots"
RECORDINGS = Path(__file__).parent / "recordings"
COLUMNS = str(RECORDINGS / "columns.toml")


@dataclass(frozen=True)
class Take:
    """A real run up to the moment that is kept."""

    recipe: str
    until: Callable[[Snapshot], bool]
    prompt: str = ""
    length: int = 0
    pause: bool = False
    samples: int = 1


@dataclass(frozen=True)
class Picture:
    """A take, drawn: the size, the keys pressed before, the dashboard's options."""

    take: str
    columns: int = 120
    rows: int = 40
    keys: tuple[str, ...] = ()
    glyphs: str = "braille"
    theme: str = "dark"


TAKES = {
    "tales": Take("tales", lambda s: s.elapsed > 25, '"Good morning," said ', 360),
    "several": Take("tales", lambda s: s.elapsed > 12, '"Good morning," said ', 150, samples=4),
    "paused": Take("tales", lambda s: s.elapsed > 12, pause=True),
    "sunspots": Take("sunspots", lambda s: s.validation is not None and s.elapsed > 1.2),
    "columns": Take(COLUMNS, lambda s: s.elapsed > 6),
    "forecast": Take(COLUMNS, lambda s: s.elapsed > 6, length=48),
    "hello-world": Take("hello-world", lambda s: s.alert is not None and s.step > 300),
    "hello-world-cured": Take(
        "hello-world-cured", lambda s: s.state == "finished", "hello w", length=200
    ),
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
}


async def record(take: Take) -> tuple[Welcome, Snapshot]:
    """Play a take with a real engine; what it said at its end."""
    handle = spawn(Order(load_recipe(take.recipe)), ROOT)
    try:
        client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
        welcome, snapshot = await client.ask(Hello()), None
        while not (isinstance(snapshot, Snapshot) and take.until(snapshot)):
            await asyncio.sleep(0.05)
            snapshot = await client.ask(Look())
        if take.pause:
            await client.ask(Pause())
        if take.length:
            await client.ask(Generate(take.prompt, take.length, 0.6, samples=take.samples))
            await asyncio.sleep(1.5)
        snapshot = await client.ask(Look(steps=True))
        while isinstance(snapshot, Snapshot) and snapshot.steps is None:  # during a validation
            snapshot = await client.ask(Look(steps=True))
        client.close()
    finally:
        handle.kill()
    assert isinstance(welcome, Welcome)
    assert isinstance(snapshot, Snapshot)
    return welcome, snapshot


def recorded(name: str) -> Scripted:
    """An engine that says again what was recorded."""
    welcome, snapshot = (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    engine = Scripted(load_recipe(TAKES[name].recipe))
    engine.welcome = decode_reply(welcome)
    answer = decode_reply(snapshot)
    assert isinstance(answer, Snapshot)
    engine.snapshot = answer
    return engine


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
    app = dashboard(recorded(picture.take), glyphs=picture.glyphs, theme=picture.theme, kept=True)
    async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
        await ready(pilot, app)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause()
        return app.export_screenshot(title="rnntui"), shown(app)


def main() -> None:
    """Record (all, or the takes named), draw, or both."""
    wanted = sys.argv[1:] or ["record", "draw"]
    if "record" in wanted:
        RECORDINGS.mkdir(exist_ok=True)
        named = [name for name in TAKES if name in wanted] or list(TAKES)
        for name, take in ((name, TAKES[name]) for name in named):
            lines = [encode(message) for message in asyncio.run(record(take))]
            (RECORDINGS / f"{name}.jsonl").write_bytes(b"".join(lines))
    if "draw" in wanted:
        if not shutil.which("rsvg-convert"):
            sys.exit("needs rsvg-convert (Debian: librsvg2-bin)")
        for name, picture in PICTURES_MADE.items():
            svg, text = asyncio.run(draw(picture))
            (RECORDINGS / f"{name}.txt").write_text(text + "\n", "utf-8")
            with tempfile.NamedTemporaryFile("w", suffix=".svg", encoding="utf-8") as file:
                file.write(placed(svg))
                file.flush()
                target = str(PICTURES / f"{name}.png")
                width = str(12 * picture.columns)
                subprocess.run(["rsvg-convert", "-w", width, file.name, "-o", target], check=True)


if __name__ == "__main__":
    main()
