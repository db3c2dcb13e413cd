"""Imports point one way, and what must be light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment

PACKAGE = ROOT / "rnntui"
# A part, and what it may not import.
FORBIDDEN = {
    "nn": (
        "data",
        "parallel",
        "trainstate",
        "trainer",
        "writing",
        "run",
        "engine",
        "tui",
        "cli",
        "foreground",
    ),
    "parallel": (
        "data",
        "trainstate",
        "trainer",
        "writing",
        "run",
        "engine",
        "tui",
        "cli",
        "foreground",
    ),
    "data": (
        "nn",
        "parallel",
        "trainstate",
        "trainer",
        "writing",
        "run",
        "engine",
        "tui",
        "cli",
        "foreground",
    ),
    "trainstate": ("trainer", "run", "engine", "tui", "cli", "foreground"),
    "trainer": ("run", "engine", "tui", "cli", "foreground"),
    "rules": ("keys", "recipe", "data", "nn", "trainer", "run", "engine", "tui", "cli"),
    "keys": ("recipe", "data", "nn", "trainer", "run", "engine", "tui", "cli", "foreground"),
    "recipe": ("data", "nn", "trainer", "run", "engine", "tui", "cli", "foreground"),
    "text": ("recipe", "data", "nn", "trainer", "run", "engine", "tui", "cli", "foreground"),
    "engine": ("tui", "cli", "foreground"),
    "run": ("nn", "trainer", "writing", "engine", "tui", "cli", "foreground"),
    "foreground": ("tui", "cli"),
    "bench": ("engine", "tui", "cli"),
    "gradient_check": ("run", "engine", "tui", "cli", "foreground", "bench"),
    "tui": ("nn", "parallel", "trainstate", "trainer", "writing", "foreground", "cli"),
}
ENGINE_FOR_DASHBOARD = ("client", "codec", "ending", "process", "protocol", "spawn")


def modules(path: Path) -> Iterator[str]:
    """The modules a file imports, wherever in it; those for type checking only are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(part: str) -> list[Path]:
    """The source files of a part of the package: a module or a folder."""
    module = PACKAGE / f"{part}.py"
    return [module] if module.exists() else sorted((PACKAGE / part).rglob("*.py"))


def imports(part: str) -> Iterator[tuple[Path, str]]:
    """Each import from our own package, by file, without the package's name."""
    for path in files(part):
        for module in modules(path):
            if module.startswith("rnntui."):
                yield path, module.removeprefix("rnntui.")


@pytest.mark.parametrize("part", FORBIDDEN)
def test_imports_point_one_way(part: str):
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, module in imports(part)
        if module.partition(".")[0] in FORBIDDEN[part]
    ]
    assert wrong == []


def test_only_the_command_line_imports_the_dashboard():
    parts = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")}
    for part in sorted(parts - {"tui", "cli"}):
        named = part.removesuffix(".py")
        assert [m for _, m in imports(named) if m.partition(".")[0] == "tui"] == [], part


def test_the_dashboard_knows_the_engine_by_its_client_only():
    used = {module.split(".")[1] for _, module in imports("tui") if module.startswith("engine.")}
    assert used <= set(ENGINE_FOR_DASHBOARD)


def test_drawing_knows_nothing_of_textual():
    for path in files("tui/draw"):
        assert not [m for m in modules(path) if m.partition(".")[0] in ("textual", "rich")]


def loaded(code: str) -> set[str]:
    """The top-level packages that are loaded after some code, in a process of its own."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.skipif(sys.platform == "win32", reason="the dashboard needs a POSIX terminal")
def test_the_dashboards_process_does_not_load_numpy():
    found = loaded("import rnntui.tui.app, rnntui.tui.start, rnntui.engine.spawn")
    assert "textual" in found
    assert "numpy" not in found


def test_what_only_reads_runs_does_not_load_numpy():
    found = loaded(
        "import rnntui.run.create, rnntui.run.find, rnntui.run.journal, rnntui.run.root, "
        "rnntui.run.summary"
    )
    assert not found & {"numpy", "textual", "asyncio"}


@pytest.mark.parametrize(
    "args", [["--help"], ["train", "--help"], ["--version"], ["recipes"], ["corpora"]]
)
def test_what_only_prints_loads_neither_numpy_nor_textual(args: list[str]):
    found = loaded(f"from rnntui.cli import run\nrun({args!r})")
    assert not found & {"numpy", "textual", "rich", "asyncio"}


def test_help_does_not_even_load_recipes():
    found = loaded(
        "from rnntui.cli import run\nrun(['train', '--help'])\n"
        "import sys; assert 'rnntui.recipe' not in sys.modules"
    )
    assert not found & {"tomllib", "dataclasses"}


def test_training_without_a_screen_does_not_load_textual():
    found = loaded("import os; from rnntui.cli import run\nrun(['train', 'counting', '--plain'])")
    assert "numpy" in found
    assert not found & {"textual", "asyncio"}


def test_the_package_is_light():
    assert not loaded("import rnntui") & {"numpy", "textual", "click", "dataclasses"}
