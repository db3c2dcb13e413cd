"""The guide in the terminal: pages, and a search over all of them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Markdown, MarkdownViewer, OptionList
from textual.widgets.option_list import Option

from rnntui.guide import Match, Page, pages, search
from rnntui.text import fit

LIST_WIDTH = 26
NARROW = 70  # columns; on a narrower screen the list of topics is hidden


class GuideApp(App[None]):
    """Topics on the left, the page on the right; `/` searches all pages."""

    TITLE = "rnntui guide"
    CSS = f"""
    #topics {{ width: {LIST_WIDTH}; height: 1fr; border: none; padding: 1 1; }}
    #topics.narrow {{ display: none; }}
    #found {{ height: 1fr; border: none; padding: 0 1; display: none; }}
    #found.searching {{ display: block; }}
    #page.searching {{ display: none; }}
    #search {{ display: none; border: none; height: 1; padding: 0 1; margin: 1 0 0 0; }}
    #search.searching {{ display: block; }}
    MarkdownViewer {{ height: 1fr; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("slash", "search", "search", key_display="/"),
        Binding("escape", "close_search", "back", show=False),
        Binding("n", "turn(1)", "next topic"),
        Binding("p", "turn(-1)", "previous topic"),
        Binding("c", "contents", "contents"),
        Binding("tab", "app.focus_next", "topics / page", show=False),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._first = page
        self._matches: tuple[Match, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out the list, the search and the page."""
        topics = [Option(page.title, id=page.name) for page in pages()]
        with Horizontal():
            yield OptionList(*topics, id="topics", markup=False)
            with Vertical():
                yield Input(placeholder="search the guide", id="search")
                yield OptionList(id="found", markup=False)
                yield MarkdownViewer(id="page", show_table_of_contents=False, open_links=False)
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Open the requested page."""
        self._fit()
        await self._open(self._first)
        self.viewer.focus()

    def on_resize(self) -> None:
        """Hide the list on a narrow terminal."""
        self._fit()

    def _fit(self) -> None:
        self.query_one("#topics").set_class(self.size.width < NARROW, "narrow")

    @property
    def viewer(self) -> MarkdownViewer:
        """The Markdown viewer."""
        return self.query_one(MarkdownViewer)

    async def _open(self, page: Page, heading: str = "") -> None:
        self._current = page
        await self.viewer.document.update(page.text)
        self.viewer.scroll_home(animate=False)
        topics = self.query_one("#topics", OptionList)
        topics.highlighted = topics.get_option_index(page.name)
        if heading and heading != page.title:
            self.call_after_refresh(self.viewer.document.goto_anchor, anchor(heading))

    async def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Follow a link to another page; show the address of any other."""
        name, _, heading = Path(event.href).name.partition("#")
        page = next((page for page in pages() if page.path.name == name), None)
        if page is not None:
            await self._open(page, heading)
        elif heading:
            self.viewer.document.goto_anchor(heading)
        else:
            self.notify(event.href, title="link", markup=False)

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the selected topic or match."""
        if event.option_list.id == "topics":
            await self._open(next(page for page in pages() if page.name == event.option.id))
        else:
            match = self._matches[event.option_index]
            self._search(False)
            await self._open(match.page, match.heading)
        self.viewer.focus()

    async def action_turn(self, by: int) -> None:
        """Open the next or previous topic."""
        known = pages()
        await self._open(known[(known.index(self._current) + by) % len(known)])

    def action_contents(self) -> None:
        """Show or hide the headings of the page."""
        self.viewer.show_table_of_contents = not self.viewer.show_table_of_contents

    def action_search(self) -> None:
        """Open the search."""
        self._search(True)
        self.query_one(Input).focus()

    def action_close_search(self) -> None:
        """Close the search."""
        self._search(False)
        self.viewer.focus()

    def _search(self, on: bool) -> None:
        for name in ("#search", "#found", "#page"):
            self.query_one(name).set_class(on, "searching")

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the matches."""
        self._matches = search(event.value)
        found = self.query_one("#found", OptionList)
        found.clear_options()
        width = max(20, self.size.width - LIST_WIDTH - 6)
        found.add_options(
            Option(fit(f"{match.page.title} · {match.line}", width)) for match in self._matches
        )

    def on_input_submitted(self) -> None:
        """Move the focus to the matches."""
        if self._matches:
            found = self.query_one("#found", OptionList)
            found.highlighted = 0
            found.focus()


def anchor(heading: str) -> str:
    """Return the anchor that Markdown viewers and repository pages give a heading."""
    kept = "".join(c for c in heading.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def read_guide(page: Page) -> None:
    """Show the guide, starting at a page, until the reader quits."""
    GuideApp(page).run(mouse=True)
