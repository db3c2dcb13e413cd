"""The README says what is so: its commands, its generated parts, its files and its examples."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from rnntui.guide import DIRECTORY
from tests.conftest import ROOT
from tests.support.readme import FILES, MARKED, PARTS, README, renewed

TEXT = README.read_text("utf-8")


def marked_command(name: str) -> str:
    """The command between the markers of that name."""
    found = re.findall(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- /{name} -->", TEXT, re.DOTALL)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", ["main-command", "test-command"])
def test_there_are_two_commands_of_one_line_each(name):
    line = marked_command(name)
    assert line.count("\n") == 1
    assert line.startswith("python3 -m venv .venv && .venv/bin/pip install --quiet ")


def test_the_generated_parts_are_those_of_the_program():
    texts = {path: path.read_text("utf-8") for path in FILES}
    used = {found[2] for text in texts.values() for found in MARKED.finditer(text)}
    assert used == set(PARTS)
    stale = [path.name for path, text in texts.items() if renewed(text) != text]
    assert stale == [], "stale: run python -m tests.support.readme"


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 250


def test_the_files_it_shows_exist():
    for name in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / name).is_file(), name


def test_what_the_guide_names_in_the_tree_exists():
    text = (DIRECTORY / "internals.md").read_text("utf-8")
    tree = text.partition("\nrnntui/\n")[2].partition("```")[0]
    named = {line.split()[0].rstrip("/") for line in tree.splitlines()}
    there = {path.parent.name for path in (ROOT / "rnntui").glob("*/__init__.py")}
    assert named == there


def test_it_starts_as_a_screen_of_what_it_is():
    assert TEXT.index("<!-- main-command -->") < 1500


@pytest.mark.parametrize(
    "line",
    sorted(
        line
        for path in FILES
        for line in re.findall(
            r"^rnntui train (?:[a-z-]+|--json|--plain)\b.*", path.read_text("utf-8"), re.MULTILINE
        )
    ),
)
def test_the_options_of_its_examples_are_understood(line, in_folder):
    from rnntui.cli import cli

    words = shlex.split(line.partition("#")[0].partition("|")[0].partition(">")[0])[2:]
    names = cli.context_settings[
        "help_option_names"
    ]  # a command keeps those it is first asked with
    context = cli.commands["train"].make_context("train", words, help_option_names=names)
    assert context.params


def test_the_notebook_lines_run(capsys):
    text = (DIRECTORY / "python.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    lines = [line for line in code.splitlines() if line]
    assert len(lines) == 3
    short = code.replace('load_recipe("hello-world-cured")', 'load_recipe("ramp").replace(steps=2)')
    assert short != code
    exec(short, {})
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell script")
def test_the_check_of_everything_is_executable():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
