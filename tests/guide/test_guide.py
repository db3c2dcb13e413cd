"""The guide: its pages are complete, linked, printed, shown and searched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.widgets import Input, Markdown, OptionList

from rnntui.errors import UsageError
from rnntui.guide import DIRECTORY, find_page, pages, search
from rnntui.insight.findings import RULES
from rnntui.tui.guide import GuideApp, anchor
from rnntui.tui.views import VIEWS, View
from tests.conftest import quick_where

LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_every_file_is_a_page_of_the_guide() -> None:
    assert {page.path for page in pages()} == set(DIRECTORY.glob("*.md"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_has_one_title_and_links_that_lead_somewhere(page) -> None:
    prose = re.sub(r"```.*?```", "", page.text, flags=re.DOTALL)
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1
    assert page.text.startswith("# ") and "<!--" not in page.text
    for href in LINK.findall(prose):
        assert "://" not in href, href
        name, _, heading = href.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.is_file(), href
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in map(anchor, headings), href


def test_a_topic_is_found_by_name_and_by_a_part_of_its_title() -> None:
    for page in pages():
        assert find_page(page.name) is find_page(page.name.upper()) is page
    assert find_page("first").name == "first-steps"


@pytest.mark.parametrize("topic", ["nonsense", "", "e", "\x1b[31m"])
def test_an_unknown_topic_names_those_there_are(topic: str) -> None:
    with pytest.raises(UsageError, match="first-steps"):
        find_page(topic)


def test_without_a_terminal_it_is_printed(rnntui) -> None:
    ended = rnntui("guide", "first-steps")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("# First steps\n")
    assert "first-steps" in rnntui("guide").out
    ended = rnntui("guide", "nonsense")
    assert ended.code == 2 and ended.err.count("\n") == 1


def test_a_search_needs_every_word() -> None:
    assert search("") == ()
    assert any(match.page.name == "first-steps" for match in search("first steps"))
    assert search("first zzzzz") == ()


async def test_the_viewer_turns_searches_and_jumps() -> None:
    app = GuideApp(find_page("first-steps"))
    async with app.run_test(size=(100, 30)) as pilot:
        shown = app.query_one(Markdown)
        assert shown.source.startswith("# First steps")
        await pilot.press("p")
        assert shown.source.startswith("# The guide")
        await pilot.press("slash", *"five minutes")
        found = app.query_one("#found", OptionList)
        assert found.option_count and found.display
        await pilot.press("enter", "enter")
        assert not app.query_one(Input).display
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.parametrize(
    ("width", "height"),
    quick_where([(20, 5), (60, 16), (80, 24), (200, 60)], lambda width, _: width == 20),
)
async def test_it_opens_at_any_size(width: int, height: int) -> None:
    app = GuideApp(pages()[0])
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        assert app.query_one("#topics").display == (width >= 70)


def test_the_files_are_small_enough_to_read() -> None:
    assert all(Path(page.path).stat().st_size < 40_000 for page in pages())


@pytest.mark.parametrize("view", VIEWS[1:], ids=lambda view: view.name)
def test_every_view_has_a_page_that_says_how_to_read_it(view: View) -> None:
    page = find_page(view.name)
    assert page.name == view.name
    parts = re.findall(r"^## (.*)$", page.text, re.MULTILINE)
    wanted = {"Keys", "The formulas", "What it does not show", "What it costs"}
    assert wanted <= set(parts)
    assert f"Press `{view.key}`" in page.text
    assert all(f"`{command.shown}`" in page.text for command in view.commands)


def test_every_rule_is_listed_with_when_it_speaks() -> None:
    text = find_page("findings").text
    for rule in RULES.values():
        assert f"**{rule.title}** `{rule.id}`" in text
        assert len((rule.check.__doc__ or "").split()) >= 8, rule.id
