"""A folder for PyTorch: what is in it; test_equal_torch.py has what it computes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from rnntui.errors import UsageError
from rnntui.export.format import Export
from rnntui.export.formats.torch import PROGRAMS, create
from rnntui.nn.model import named_parameters
from rnntui.runs.trained_model import load_model
from tests.export.conftest import SERIES, TEXT, cell


def test_the_folder_has_weights_data_card_and_program(text_run: Path, tmp_path: Path):
    target = tmp_path / "out"
    create(Export(text_run), target)
    names = {path.name for path in target.iterdir()}
    assert names == {
        "README.md", "config.json", "generate.py", "model.safetensors", "vocabulary.json",
    }  # fmt: skip
    ours = named_parameters(load_model(text_run).parameters)
    theirs = load_file(target / "model.safetensors")
    assert {name: a.tolist() for name, a in theirs.items()} == {
        name: a.tolist() for name, a in ours.items()
    }
    vocabulary = json.loads((target / "vocabulary.json").read_text())
    assert "".join(vocabulary["symbols"]) == "".join(sorted(set(TEXT.removeprefix("text:"))))
    assert text_run.name in (target / "README.md").read_text()


def test_a_series_carries_its_scale(series_run: Path, tmp_path: Path):
    target = tmp_path / "out"
    create(Export(series_run), target)
    scale = json.loads((target / "scale.json").read_text())
    data = load_model(series_run).data
    assert scale["mean"] == data.mean.tolist() and scale["deviation"] == data.deviation.tolist()
    assert scale["rows"][-1] == pytest.approx([float(SERIES.rpartition(",")[2])])


def test_a_cell_that_pytorch_lacks_is_refused(make_run, tmp_path: Path):
    with pytest.raises(UsageError, match="sigmoid"):
        create(Export(make_run(*cell("sigmoid"))), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("program", ["generate.py", "forecast.py"])
def test_the_programs_are_short_and_need_pytorch_alone(program: str):
    lines = (PROGRAMS / program).read_text().splitlines()
    imports = {line.split()[1] for line in lines if line.startswith(("import", "from"))}
    assert len(lines) <= 70
    assert imports - set(sys.stdlib_module_names) == {"torch"}
