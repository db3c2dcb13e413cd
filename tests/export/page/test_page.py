"""The page: complete, self-contained, and shown by a real browser."""

from __future__ import annotations

import base64
import dataclasses
import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rnntui.export.format import Export
from rnntui.export.formats.html import create
from rnntui.export.page.content import RunPage, _command, _spread, read_page
from rnntui.export.page.document import to_html
from rnntui.protocol.insight import Evidence, Finding
from rnntui.protocol.messages import PastText, TokenSteps
from rnntui.recipe import Recipe, from_toml, load_recipe
from rnntui.runs.edits import Edit
from tests.support.hostile import HIDDEN, SEQUENCES
from tests.support.patience import PATIENCE
from tests.support.scripted import HOSTILE

SECTIONS = ("Training", "The last update, time step by time step", "Findings", "Settings")


class Outline(HTMLParser):
    """The headings, the elements, and whatever a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self._heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._heading = tag in ("h1", "h2")
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "srcset", "poster") and value:
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings.append(data)
            self._heading = False


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


@pytest.fixture(scope="module")
def text_page(text_run: Path) -> RunPage:
    return read_page(text_run)


def test_the_page_has_every_section_and_fetches_nothing(text_page: RunPage, series_run: Path):
    for page, more in (
        (text_page, ("What it generated", "Train it again")),
        (read_page(series_run), ("Held-out rows", "Train it again")),
    ):
        text = to_html(page)
        found = outline(text)
        assert found.headings[0] == page.run
        assert set(found.headings) >= {*SECTIONS, *more}
        assert all(link.startswith("data:application/toml;base64,") for link in found.fetched)
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
        assert "default-src 'none'" in text


def test_the_recipe_on_the_page_is_a_recipe(text_page: RunPage):
    (link,) = outline(to_html(text_page)).fetched
    recipe = from_toml(base64.b64decode(link.partition("base64,")[2]).decode(), "again")
    assert recipe.train == text_page.recipe.train


def test_the_command_names_what_differs_from_the_bundled_recipe():
    base = load_recipe("tales")
    changed = base.replace(hidden=7, prompt="a 'b'", workers=3)
    found = _command("fox", changed, base)
    assert found == """rnntui train tales --set hidden=7 --set prompt='a '"'"'b'"'"''"""
    assert _command("fox", Recipe(), None) == "rnntui train fox.toml"


def test_samples_are_spread_over_the_run():
    past = tuple(PastText(n, "sample", "", (str(n),)) for n in range(100))
    chosen = [one.step for one in _spread(past)]
    assert len(chosen) == 12 and chosen[0] == 0 and chosen[-1] == 99
    assert _spread(past[:3]) == past[:3]


def test_hostile_text_is_text(text_page: RunPage):
    """Whatever stands in a run's files, the page has the same elements."""
    plain = outline(to_html(_with_text(text_page, "x"))).tags
    steering = "".join((*HOSTILE, *SEQUENCES, *HIDDEN))
    for text in (steering, "</pre></title><script>alert(1)</script>", "'\"&\ud800"):
        page = to_html(_with_text(text_page, text))
        assert outline(page).tags == plain, text
        page.encode("utf-8", "replace")


def _with_text(page: RunPage, text: str) -> RunPage:
    finding = Finding("slow", 3, text, text, (Evidence("a", text),), text)
    steps = TokenSteps(3, (text,), (text,), ("y",), (0.5,))
    snapshot = dataclasses.replace(page.snapshot, steps=steps, findings=(finding,))
    return dataclasses.replace(
        page,
        run=text,
        recipe=dataclasses.replace(page.recipe, title=text).replace(prompt=text),
        welcome=dataclasses.replace(page.welcome, unit=text),
        snapshot=snapshot,
        samples=(PastText(3, "sample", text, (text,)),),
        findings=((3, text, text, text, text, text),),
        edits=(Edit(3, "lr", 0.1),),
        command=text,
    )


def test_a_finding_and_a_change_by_hand_are_on_the_page(text_page: RunPage):
    page = to_html(_with_text(text_page, "a finding"))
    assert "<b>a finding</b> since update 3" in page
    assert "Changed by hand" in page and "rnntui train --replay" in page


# Points at the first curve, and reports what a reader then sees.
PROBE = """<!doctype html><body>
<iframe id=f src=page.html style="border:0;height:3000px;width:WIDTHpx"></iframe><pre id=out></pre>
<script>onload = () => {
  const w = f.contentWindow, d = w.document, plots = [...d.querySelectorAll(".plot")];
  const box = plots[0].getBoundingClientRect(), tip = plots[0].querySelector("output");
  const at = {clientX: box.left + box.width * 0.9};
  plots[0].dispatchEvent(new w.PointerEvent("pointermove", at));
  out.textContent = JSON.stringify({
    tip: tip.textContent, shown: tip.style.display, wide: d.documentElement.scrollWidth,
    charts: plots.every((plot) => plot.clientHeight > 100 && plot.clientWidth > 200)});
};</script>"""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser (Debian: chromium)")
@pytest.mark.parametrize("width", [390, 1000])
def test_a_browser_shows_it_without_errors(series_run: Path, tmp_path: Path, width: int):
    """Pointing at a curve shows its numbers, and nothing is wider than the window."""
    create(Export(series_run), tmp_path / "page.html")
    (tmp_path / "probe.html").write_text(PROBE.replace("WIDTH", str(width)))
    ended = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            "--allow-file-access-from-files", "--virtual-time-budget=5000",
            "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width + 20},3000", f"file://{tmp_path / 'probe.html'}",
        ],
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    (found,) = re.findall(r'<pre id="out">(.*?)</pre>', html.unescape(ended.stdout), re.DOTALL)
    assert '"shown":"block"' in found and '"charts":true' in found, found
    assert re.search(r'"tip":"update \d\\ntraining [\d.]+', found), found
    assert all(int(wide) <= width for wide in re.findall(r'"wide":(\d+)', found)), found
    console = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
    assert not console, console
