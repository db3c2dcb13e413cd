"""Every command of the lessons runs to its end; what networks learn is tested elsewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest

from rnntui.guide import Page, pages
from tests.conftest import Ended

# Updates of a command that trains: brackets validates after 200, and those of tales take long.
MOST_UPDATES, MOST_OF_TALES = "220", "30"
LESSONS = [page for page in pages() if page.name.startswith("lesson-")]


def commands(page: Page) -> list[list[str]]:
    """The words of each command of a page, without the program's name."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    words = [shlex.split(line, comments=True) for line in lines]
    assert all(line[0] == "rnntui" for line in words)
    return [line[1:] for line in words]


def shortened(words: list[str]) -> list[str]:
    """The same command, with at most so many updates if it trains."""
    if words[0] != "train":
        return words
    return [*words, "--steps", MOST_OF_TALES if words[1] == "tales" else MOST_UPDATES]


def test_there_are_four_lessons_with_commands() -> None:
    assert len(LESSONS) == 4
    assert all(len(commands(page)) >= 4 for page in LESSONS)


@pytest.mark.slow
@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.name)
@pytest.mark.usefixtures("runs", "in_folder")
def test_the_commands_of_a_lesson_run(page: Page, rnntui: Callable[..., Ended]) -> None:
    # A command that a page gives twice, to look at other things, is run once.
    for words in dict.fromkeys(tuple(shortened(words)) for words in commands(page)):
        ended = rnntui(*words)
        assert ended.code == 0, (words, ended.err)
        assert ended.out, words


def test_the_public_names_are_in_the_guide() -> None:
    import rnntui

    (python,) = [page for page in pages() if page.name == "python"]
    assert all(f"`{name}" in python.text for name in rnntui.__all__)
