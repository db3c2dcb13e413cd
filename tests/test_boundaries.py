"""Imports point one way, and what must be light stays light."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.conftest import ROOT, environment
from tests.support.patience import PATIENCE

PYPROJECT = ROOT / "pyproject.toml"


def contracts(*only: str) -> bool:
    """Whether the imports keep the contracts in pyproject.toml; prints those that break them."""
    return lint_imports(str(PYPROJECT), limit_to_contracts=only, no_cache=True) == 0


@pytest.mark.parametrize("contract", ["layers", "store", "drawing", "dashboard"])
def test_the_imports_keep_the_contract(contract: str, capsys: pytest.CaptureFixture[str]):
    kept = contracts(contract)
    assert kept, capsys.readouterr().out


def test_every_module_stands_in_a_layer():
    with PYPROJECT.open("rb") as file:
        linter = tomllib.load(file)["tool"]["importlinter"]
    (layers,) = [c for c in linter["contracts"] if c["id"] == "layers"]
    named = {name for layer in layers["layers"] for name in layer.split(" | ")}
    there = {
        path.stem
        for path in (ROOT / "rnntui").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert layers["exhaustive"] and named == there - {"__init__"}


def test_an_import_upwards_is_found(tmp_path: Path):
    shutil.copytree(ROOT / "rnntui", tmp_path / "rnntui")
    wrong = tmp_path / "rnntui" / "nn" / "dropout.py"
    wrong.write_text(wrong.read_text("utf-8") + "\n\nfrom rnntui.runs import edits  # noqa\n")
    ended = subprocess.run(
        [sys.executable, "-c", LINT, str(PYPROJECT)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 1 and "rnntui.nn.dropout -> rnntui.runs.edits" in ended.stdout


LINT = (
    "import sys; from importlinter.cli import lint_imports; "
    "sys.exit(lint_imports(sys.argv[1], limit_to_contracts=('layers',), no_cache=True))"
)


def loaded(code: str) -> set[str]:
    """The top-level packages that are loaded after some code, in a process of its own."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.skipif(sys.platform == "win32", reason="the dashboard needs a POSIX terminal")
def test_the_dashboards_process_does_not_load_numpy():
    found = loaded("import rnntui.tui.app, rnntui.tui.start, rnntui.engine.spawn")
    assert "textual" in found
    assert "numpy" not in found


@pytest.mark.skipif(sys.platform == "win32", reason="the dashboard needs a POSIX terminal")
def test_the_first_frame_waits_for_nothing_that_can_come_later():
    found = loaded(
        "import rnntui.tui.first_frame, rnntui.tui.splash, rnntui.engine.spawn\n"
        "import sys; assert 'rnntui.tui.draw.views.guesses' not in sys.modules"
    )
    assert "rich" in found
    assert not found & {"textual", "asyncio", "ssl", "numpy"}


def test_what_only_reads_runs_does_not_load_numpy():
    found = loaded(
        "import rnntui.runs.store.create, rnntui.runs.store.find, rnntui.runs.store.journal, "
        "rnntui.runs.store.root, rnntui.runs.store.summary"
    )
    assert not found & {"numpy", "textual", "asyncio"}


@pytest.mark.parametrize(
    "args", [["--help"], ["train", "--help"], ["--version"], ["recipes"], ["corpora"]]
)
def test_what_only_prints_loads_neither_numpy_nor_textual(args: list[str]):
    found = loaded(f"from rnntui.cli import run\nrun({args!r})")
    assert not found & {"numpy", "textual", "rich", "asyncio"}


def test_help_does_not_load_modules_that_take_long_and_are_not_needed():
    assert not loaded("from rnntui.cli import run\nrun(['--help'])") & {"pathlib", "shutil"}


def test_training_on_text_does_not_load_what_reads_and_forecasts_series():
    loaded(
        "import rnntui.engine.__main__, rnntui.runs.opening, rnntui.session.session, sys\n"
        "series = {'rnntui.data.series', 'rnntui.data.cells', 'rnntui.forecast.backtest'}\n"
        "assert not series & set(sys.modules)"
    )


@pytest.mark.parametrize("args", [["--help"], ["generate", "--help"], ["runs", "--help"]])
def test_help_that_lists_no_choices_of_a_recipe_key_does_not_even_load_recipes(args: list[str]):
    found = loaded(
        f"from rnntui.cli import run\nrun({args!r})\n"
        "import sys; assert 'rnntui.recipe' not in sys.modules"
    )
    assert not found & {"tomllib", "dataclasses"}


def test_training_without_a_screen_does_not_load_textual():
    found = loaded("import os; from rnntui.cli import run\nrun(['train', 'counting', '--plain'])")
    assert "numpy" in found
    assert not found & {"textual", "asyncio"}


def test_the_package_is_light():
    assert not loaded("import rnntui") & {"numpy", "textual", "click", "dataclasses"}
