"""Help and lists: what they say is there, and every example of the help runs."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import click
import pytest

from rnntui import __version__
from rnntui.cli.group import HelpContext, cli
from tests.conftest import environment, quick_where, run_process
from tests.support.patience import PATIENCE

# They need a terminal, or a run that goes on, or end one, or minutes: they have tests of their own.
ELSEWHERE = (
    "rnntui attach", "rnntui train --detach", "rnntui stop", "rnntui rm", "rnntui bench",
    "rnntui sweep",
)  # fmt: skip
SILENT = ("config set", "config unset")  # commands that print nothing if all is well
QUICK = "rnntui train hello-world"
SHELL = f"""
rnntui() {{
  case "$*" in
    *--replay*) STEPS="" ;;
  esac
  case "$1" in
    train | "") "{sys.executable}" -m rnntui "$@" $STEPS ;;
    resume) "{sys.executable}" -m rnntui "$@" --steps 6 ;;
    *) "{sys.executable}" -m rnntui "$@" ;;
  esac
}}
set -e
STEPS="--steps 3"
"""


def examples() -> list[str]:
    """The lines under "Examples:" in every help text, without their explanation."""
    from rnntui.cli import cli

    found = []
    for command in (cli, *cli.commands.values()):
        _, _, block = (command.help or "").partition("Examples:\n")
        lines = [line.strip() for line in block.split("\n\n")[0].splitlines()]
        found += [line.partition("  ")[0] for line in lines if line]
    return [example for example in found if not example.startswith(ELSEWHERE)]


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where runs of the names that the examples use are kept."""
    root = str(tmp_path_factory.mktemp("runs"))
    settings = ("--steps", "3", "--set", "hidden=8", "--runs-dir", root)
    for name in ("tales-1", "tales-calm-heron", "tales-bright-panda"):
        ended = run_process("train", "tales", *settings, "--name", name)
        assert ended.returncode == 0, ended.stderr
    ended = run_process(
        "train", "brackets", *settings, "--set", "hidden=64", "--name", "brackets-1"
    )
    assert ended.returncode == 0, ended.stderr
    return root


def daily(days: int) -> str:
    """A table of so many days from 2024 on."""
    start = date(2024, 1, 1)
    rows = (f"{start + timedelta(n)},{n % 7 + n % 3}" for n in range(days))
    return "\n".join(["date,close", *rows])


@pytest.fixture(scope="module")
def a_series(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the newest run is of a series, and has the name that the examples use."""
    root = str(tmp_path_factory.mktemp("series"))
    source = str(tmp_path_factory.mktemp("table") / "prices.csv")
    Path(source).write_text(daily(300), "utf-8")
    settings = ("--steps", "3", "--set", "hidden=8", "--runs-dir", root)
    ended = run_process("train", source, *settings, "--name", "prices")
    assert ended.returncode == 0, ended.stderr
    return root


def bundle(runs: str, folder: Path) -> None:
    """Export a run to the file that an example imports."""
    ended = run_process(
        "export", "tales-calm-heron", "--to", "bundle", "--runs-dir", runs,
        "--out", str(folder / "tales-calm-heron.tar.gz"),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


def test_every_command_has_examples():
    from rnntui.cli import cli

    assert len(examples()) >= 12
    for command in cli.commands.values():
        assert "Examples:" in (command.help or ""), command.name


@pytest.mark.skipif(sys.platform == "win32", reason="examples are for a POSIX shell")
@pytest.mark.parametrize(
    "example", quick_where(examples(), lambda example: example == "rnntui train hello-world")
)
def test_an_example_of_the_help_runs(
    example: str, in_folder: Path, request: pytest.FixtureRequest
) -> None:
    from rnntui.recipe import load_recipe, to_toml

    words = "a few words that a network may learn to write again\n"
    (in_folder / "notes.txt").write_text(words * 100, "utf-8")
    (in_folder / "other.txt").write_text(words, "utf-8")
    rows = "\n".join(f"{n % 11},{n % 7}" for n in range(200))
    (in_folder / "newer.csv").write_text(daily(400), "utf-8")
    (in_folder / "prices.csv").write_text("open,close\n" + rows, "utf-8")
    # Only an example that names no run of before does without them.
    new = example.startswith("rnntui train") and "--replay" not in example
    of_series = "backtest" in example or "prices " in example
    root = str(in_folder / "runs")
    if not new:
        root = request.getfixturevalue("a_series" if of_series else "a_run")
    if example.startswith("rnntui import"):
        bundle(root, in_folder)
        root = str(in_folder / "runs")
    (in_folder / "mine.toml").write_text(to_toml(load_recipe("ramp")), "utf-8")
    ended = subprocess.run(
        ["sh", "-c", SHELL + example],
        cwd=in_folder,
        env=environment(RNNTUI_RUNS=root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert all(line.startswith("rnntui: note: ") for line in ended.stderr.splitlines())
    assert ended.stdout or ">" in example or any(word in example for word in SILENT)


def test_version(rnntui):
    assert rnntui("--version").out == f"rnntui {__version__}\n"


@pytest.mark.parametrize("args", [("--help",), ("-h",), ("train", "-h"), ("recipes", "--help")])
def test_help(rnntui, args):
    ended = rnntui(*args)
    assert ended.code == 0
    assert ended.out.startswith("Usage: rnntui")
    assert max(map(len, ended.out.splitlines())) <= 100


def test_recipes_are_listed_a_line_each(rnntui):
    from rnntui.recipe import bundled

    lines = rnntui("recipes").out.splitlines()
    assert {line.split()[0] for line in lines} == set(bundled())
    assert all(len(line.split()) > 3 for line in lines)


def test_a_recipe_is_printed_so_that_it_can_be_read_back(rnntui):
    from rnntui.recipe import from_toml, load_recipe

    printed = rnntui("recipes", "hello-world").out
    assert from_toml(printed, "hello-world") == load_recipe("hello-world")


def test_corpora_are_listed_a_line_each(rnntui):
    from rnntui.data import catalogue

    out = rnntui("corpora").out
    assert [line.split()[0] for line in out.splitlines()] == [c.name for c in catalogue()]
    assert "nats per character" in out


@pytest.mark.parametrize("columns", ["", "0", "60", "90", "300"])
def test_help_is_as_wide_as_click_makes_it(columns: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", columns)
    ours = HelpContext(cli, max_content_width=100).make_formatter()
    assert ours.width == click.Context(cli, max_content_width=100).make_formatter().width
