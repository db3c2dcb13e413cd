"""Plain English in everything a user reads: phrases and home-made words that must not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rnntui
from rnntui.cli import cli
from rnntui.cli.training import RECIPE_OPTIONS
from rnntui.guide import DIRECTORY
from rnntui.recipe import bundled, from_toml
from rnntui.recipe import keys as recipe_keys
from tests.conftest import ROOT
from tests.support.readme import PARTS, README, help_of

PACKAGE = Path(rnntui.__file__).parent
STORED = ("stays up",)  # values in the files of runs, which are never shown

PHRASES = (
    # banners
    "the loss runs away",
    "knowing nothing",
    "on their mean it acts like",
    "go back to the weights of update",
    "again, at half the learning rate",
    # keys of the dashboard
    "do what its banner offers",
    "pause after the current update, or go on",
    "make one update, or ten, and pause",
    "up to flat out",
    "type a beginning",
    "likelier or bolder characters",
    "smaller or larger share together",
    "always write the likeliest",
    "of several texts written at once",
    "point at an update of the loss plot",
    "choose a step of the strip",
    "what happened to this run, with its updates",
    "leave the prompt, the forecast, what is chosen",
    "back to the shell for now",
    "leave at once, as interrupted",
    "leave with a short report",
    "leave; training goes on",
    # help on numbers
    "to store the text with this network takes as many",
    "as if it had to guess among so many",
    "what counting gives",
    "how strongly the last update pulled",
    # screens
    "nothing of that name",
    "back: not now",
    "g still lets it write",
    "the network goes on from it while it learns",
    "steps show while it trains",
    "not in the vocabulary and left out",
    "it writes:",
    # errors
    "there is rnn, gru, lstm",
    # information and recipe keys
    "begins with uniform weights",
    "with commas; empty: all",
    "share of what goes from layer to layer",
    "kept of the mean",
    "validations without a better one",
    "updates for that, of",
    "share of lr that a schedule leaves",
    "of what is written",
    "of the rate:",
    # help of commands
    "so many texts at once",
    "without it, it gets one",
    "go on with run",
    "that has fallen silent",
    "ended without a word",
    # recipes
    "gradients that are cut",
    "the line to beat",
    "forget next to nothing",
    # README and guide
    "time so far and expected",
    "says why most likely",
    "a key that mends it",
    "a loss that is not a number breaks nothing",
    "a disk that fills stops no training",
    "what there is to train on",
    "faults are injected, not imagined",
)
WORDS = {
    "mend": r"\bmend(s|ed|ing)?\b",
    "anew": r"\banew\b",
    "leaps": r"\bleap(s|ed|t|ing)?\b",
    "most probable": r"\bmost probable\b",
    "likeliest": r"\blikeli(est|er)\b",
    "goes on": r"\b(go|goes|went|going|gone) on\b",
    "is told": r"\b(is|are|was|be) told\b",
    "Who goes": r"(^|[.:;] )who [a-z]+s\b",
    "stays up": r"\bstays? up\b",
    "runs away": r"\bruns? away\b",
    "bolder": r"\bbolder\b",
    "Of every random": r"\bof every random\b",
}


def flat(text: str) -> str:
    """Text in lower case with single spaces."""
    return " ".join(text.split()).casefold()


def faults(text: str) -> list[str]:
    """The phrases and words of the lists that a text contains."""
    text = flat(text)
    words = [word for word, pattern in WORDS.items() if re.search(pattern, text)]
    return [*words, *(phrase for phrase in PHRASES if phrase in text)]


def helps() -> Iterator[str]:
    """The help of the program and of each command."""
    yield help_of(cli, "rnntui")
    for name, command in cli.commands.items():
        yield help_of(command, f"rnntui {name}")


def short_helps() -> Iterator[str]:
    """The help line of each option and recipe key."""
    for command in cli.commands.values():
        for param in command.params:
            yield getattr(param, "help", None) or ""
    yield from (leaf.rule.help for leaf in recipe_keys())
    yield from (text for _, _, text in RECIPE_OPTIONS)


def recipes() -> Iterator[str]:
    """The title and the description of each bundled recipe."""
    for name, text in bundled().items():
        recipe = from_toml(text, name)
        yield recipe.title
        yield recipe.about


def pages() -> Iterator[str]:
    """README, changelog, guide and the description of the corpora, by paragraph."""
    others = (README, ROOT / "CHANGELOG.md", ROOT / "corpora" / "README.md")
    for path in (*others, *sorted(DIRECTORY.glob("*.md"))):
        yield from path.read_text("utf-8").split("\n\n")


def dashboard_keys() -> Iterator[str]:
    """The table of the dashboard's keys."""
    yield PARTS["keys"]()


def corpora() -> Iterator[str]:
    """The list of corpora."""
    yield PARTS["corpora"]()


def strings_of(package: str) -> Callable[[], Iterator[str]]:
    """The string literals of a package, as far as they are texts: those with a space."""

    def strings() -> Iterator[str]:
        found = PACKAGE / package
        for path in [found] if found.is_file() else sorted(found.rglob("*.py")):
            yield from literals(path.read_text("utf-8"))

    return strings


def literals(source: str) -> Iterator[str]:
    """String literals with a space, except docstrings; in an f-string, values are braces."""
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # docstrings
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr) and id(node) not in skipped:
            skipped.update(map(id, node.values))
            parts = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in skipped:
            text = node.value
            if isinstance(text, str) and " " in text.strip() and text not in STORED:
                yield text


MODULES = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
)
SOURCES: dict[str, Callable[[], Iterator[str]]] = {
    "--help": helps,
    "help of options and recipe keys": short_helps,
    "recipes": recipes,
    "corpora": corpora,
    "README and guide": pages,
    "keys of the dashboard": dashboard_keys,
    **{f"strings of {name}": strings_of(name) for name in MODULES},
}


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_that_a_user_reads_has_one_of_the_phrases(source: str) -> None:
    found = [f"{faults(text)}: {flat(text)[:200]}" for text in SOURCES[source]() if faults(text)]
    assert found == []


def test_a_help_line_makes_sense_alone() -> None:
    fragments = ("of ", "its ", "that ", "so many ", "what ", "how ")
    assert [text for text in short_helps() if text.casefold().startswith(fragments)] == []


@pytest.mark.parametrize("phrase", [*PHRASES, *WORDS])
def test_each_phrase_would_be_found(phrase: str) -> None:
    on_several_lines = phrase.replace(" ", "\n    ")
    assert phrase in faults(f"A text. {on_several_lines} here")


def test_literals_are_found_without_docstrings() -> None:
    code = 'def f():\n    """A docstring here."""\n    return f"mend {x} anew" + "one two" + "id"\n'
    assert sorted(literals(code)) == ["mend {} anew", "one two"]
