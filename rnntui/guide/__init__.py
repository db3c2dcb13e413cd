"""The documentation: Markdown files in this package, their order, titles and text.

`README.md` is the first page. It links to every other page; the order of its links is the order of
the guide. Importing this package is cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError

DIRECTORY = Path(__file__).parent
INDEX = "README"
_LINK = re.compile(r"\]\(([a-z0-9-]+)\.md\)")
_COMMENT = re.compile(r"<!--.*?-->\n", re.DOTALL)  # markers of the generated parts
_PARTS = re.compile(r"^#{1,4} +(.*)$")


@dataclass(frozen=True)
class Page:
    """A page of the guide. `name` is what `rnntui guide NAME` takes."""

    name: str
    title: str
    text: str

    @property
    def path(self) -> Path:
        """The Markdown file."""
        return DIRECTORY / f"{self.name}.md"


@dataclass(frozen=True)
class Match:
    """A line that matches a search, with its page and heading."""

    page: Page
    heading: str
    line: str


@cache
def pages() -> tuple[Page, ...]:
    """Return every page, in order."""
    index = _read(INDEX)
    names = dict.fromkeys(_LINK.findall(index.text))
    return (index, *map(_read, names))


def _read(name: str) -> Page:
    text = _COMMENT.sub("", (DIRECTORY / f"{name}.md").read_text("utf-8"))
    return Page(name, text.partition("\n")[0].removeprefix("# "), text)


def find_page(topic: str) -> Page:
    """Return the page of that name, or the only one whose name or title contains `topic`.

    Raises UsageError that lists the names.
    """
    wanted = topic.lower().removesuffix(".md")
    by_name = {page.name.lower(): page for page in pages()}
    if wanted in by_name:
        return by_name[wanted]
    found = [page for page in pages() if wanted in page.name or wanted in page.title.lower()]
    if wanted and len(found) == 1:
        return found[0]
    *names, last = (page.name for page in pages()[1:])
    raise UsageError(f"unknown topic '{topic[:30]}' (choose {', '.join(names)} or {last})")


def search(words: str, limit: int = 200) -> tuple[Match, ...]:
    """Return the lines that contain all of the words, in order of the guide."""
    wanted = words.lower().split()
    if not wanted:
        return ()
    return tuple(match for match in _lines() if _matches(match, wanted))[:limit]


def _matches(match: Match, wanted: list[str]) -> bool:
    text = f"{match.heading} {match.line}".lower()
    return wanted[0] in match.line.lower() and all(word in text for word in wanted)


def _lines() -> Iterator[Match]:
    for page in pages():
        heading = page.title
        for line in page.text.splitlines():
            if found := _PARTS.match(line):
                heading = found[1]
            if line.strip(" `|-"):
                yield Match(page, heading, line.strip())
