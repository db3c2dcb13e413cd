"""An exported torch folder computes what rnntui does, without rnntui. Skipped without PyTorch."""

from __future__ import annotations

import itertools
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnntui.export.format import Export
from rnntui.export.formats.torch import create
from rnntui.runs.forecasting import forecast
from rnntui.runs.trained_model import generate, load_model
from tests.export.conftest import SERIES, cell
from tests.support.patience import PATIENCE

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

CELLS = ("tanh", "relu", "gru", "lstm")
TOLERANCE = 1e-5
NETWORK = {"method": "network"}  # alone, without the methods that a backtest prefers


@pytest.fixture
def run_program(capsys, monkeypatch):
    """Run the folder's program in this process, which has PyTorch loaded; return its output."""

    def run(folder: Path, *args: str) -> str:
        (program,) = folder.glob("*.py")
        monkeypatch.setattr(sys, "argv", [str(program), *args])
        capsys.readouterr()
        runpy.run_path(str(program), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_a_program_needs_neither_rnntui_nor_numpy(text_run: Path, tmp_path: Path):
    create(Export(text_run), tmp_path / "out")
    guard = "import sys; sys.modules['rnntui'] = sys.modules['numpy'] = None; del sys.argv[0]; "
    code = guard + "import runpy; runpy.run_path('generate.py', run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, "generate.py", "Once", "--length", "9"],
        cwd=tmp_path / "out", capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ended.stdout.startswith("Once") and len(ended.stdout) == 4 + 9 + 1


TOKENS = list(itertools.product(zip(CELLS, (1, 2, 2, 3), strict=True), ("char", "byte", "word")))


@pytest.mark.parametrize(("kind", "unit"), TOKENS)
def test_300_greedy_tokens_are_equal(make_run, run_program, tmp_path: Path, kind, unit):
    run = make_run(*cell(kind[0]), f"layers={kind[1]}", f"tokenizer={unit}")
    create(Export(run), tmp_path / "out")
    model = load_model(run, sampling={"greedy": "true"})
    ours = "".join(generate(model, "Once upon a café", 300).pieces)
    ours = ours.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    greedy = ("Once upon a café", "--length", "300", "--temperature", "0")
    assert run_program(tmp_path / "out", *greedy).removesuffix("\n") == ours


@pytest.mark.parametrize("unit", ["char", "byte"])
def test_greedy_tokens_with_a_suffix_table_are_equal(make_run, run_program, tmp_path: Path, unit):
    settings = "cell=gru", "suffix=4", f"tokenizer={unit}", "repeat=20", "lr=0.02"
    run = make_run(*settings)
    create(Export(run), tmp_path / "out")
    model = load_model(run, sampling={"greedy": "true"})
    assert model.parameters.tensors["S"].any()
    ours = "".join(generate(model, "Once upon a café", 300).pieces)
    ours = ours.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    greedy = ("Once upon a café", "--length", "300", "--temperature", "0")
    assert run_program(tmp_path / "out", *greedy).removesuffix("\n") == ours


@pytest.mark.parametrize(("kind", "change"), list(itertools.product(CELLS, ("true", "false"))))
def test_forecasts_are_equal(make_run, run_program, tmp_path: Path, kind, change):
    run = make_run(*cell(kind), "layers=2", f"difference={change}", source=SERIES)
    create(Export(run), tmp_path / "out")
    lines = "".join(forecast(load_model(run, sampling=NETWORK), "", 30).pieces).splitlines()
    ours = [line.split(",")[0] for line in lines]  # without the bounds of the intervals
    theirs = run_program(tmp_path / "out", "--length", "30").splitlines()
    assert theirs[0] == ours[0]
    found, expected = (np.array([float(row) for row in rows[1:]]) for rows in (theirs, ours))
    assert len(found) == 30
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.parametrize(("skip", "change"), [("last", "false"), ("linear", "true")])
def test_forecasts_with_a_skip_connection_are_equal(
    make_run, run_program, tmp_path: Path, skip, change
):
    settings = (f"skip={skip}", f"difference={change}", "average=0.9", "select=horizon")
    run = make_run("cell=gru", *settings, source=SERIES)
    create(Export(run), tmp_path / "out")
    lines = "".join(forecast(load_model(run, sampling=NETWORK), "", 30).pieces).splitlines()
    ours = [float(line.split(",")[0]) for line in lines[1:]]
    theirs = run_program(tmp_path / "out", "--length", "30").splitlines()
    found = [float(line) for line in theirs[1:]]
    assert np.abs(np.array(found) - ours).max() <= TOLERANCE * np.abs(ours).max()


def test_greedy_tokens_of_an_adaptive_output_are_equal(make_run, run_program, tmp_path: Path):
    run = make_run("output=adaptive", "tokenizer=char", "cell=lstm", "hidden=20")
    create(Export(run), tmp_path / "out")
    assert '"cutoffs"' in (tmp_path / "out" / "config.json").read_text()
    model = load_model(run, sampling={"greedy": "true"})
    ours = "".join(generate(model, "Once upon", 300).pieces)
    theirs = run_program(tmp_path / "out", "Once upon", "--length", "300", "--temperature", "0")
    assert theirs.removesuffix("\n") == ours
