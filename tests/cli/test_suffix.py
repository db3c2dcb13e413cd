"""A run with a suffix table, from the command line: training, continuation, and every use of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rnntui.runs.store import tensors

SOURCE = "text:the quick brown fox jumps over the lazy dog. "
SETTINGS = {
    "repeat": "60",
    "suffix": "4",
    "hidden": "8",
    "layers": "1",
    "batch": "2",
    "seq_len": "8",
    "eval_every": "10",
    "workers": "1",
}
SET = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture
def run(rnntui, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A run of 20 updates."""
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path / "runs"))
    ended = rnntui("train", SOURCE, "--name", "fox", "--steps", "20", "--plain", *SET)
    assert ended.code == 0, ended.err
    return tmp_path / "runs" / "fox"


def table_of(run: Path) -> np.ndarray:
    """The table of the last checkpoint."""
    last = sorted((run / "checkpoints").iterdir())[-1]
    return tensors.from_bytes((last / "model.safetensors").read_bytes())["suffix.weight"]


def test_it_is_trained_continued_and_used(rnntui, run: Path) -> None:
    suffixes = json.loads((run / "vocab.json").read_text())["suffixes"]
    before = table_of(run)
    assert len(before) == len(suffixes["parents"]) + 1
    assert before.any()
    assert rnntui("resume", "fox", "--steps", "40", "--plain").code == 0
    assert (table_of(run) != before).any()
    ended = rnntui("generate", "fox", "--prompt", "the q", "--greedy")
    assert ended.code == 0 and ended.out.startswith("the q")
    ended = rnntui("generate", "fox", "--prompt", "the q", "--samples", "3", "--length", "20")
    assert ended.code == 0 and "-- 3 of 3 --" in ended.out
    (run.parent / "dog.txt").write_text("the lazy dog jumps over the quick brown fox. " * 9)
    for more in ((), ("--dynamic", "0.1")):
        ended = rnntui("eval", "fox", str(run.parent / "dog.txt"), *more)
        assert ended.code == 0, ended.err
    assert rnntui("check", SOURCE, *SET).code == 0


def test_a_folder_for_torch_has_the_table_and_its_suffixes(rnntui, run: Path) -> None:
    assert rnntui("export", "fox", "--to", "torch", "--out", str(run.parent / "out")).code == 0
    about = json.loads((run.parent / "out" / "vocabulary.json").read_text())
    weights = tensors.from_bytes((run.parent / "out" / "model.safetensors").read_bytes())
    assert len(weights["suffix.weight"]) == len(about["suffixes"]) + 1
    assert np.array_equal(weights["suffix.weight"], table_of(run))
    assert "torch.nn.Embedding" in (run.parent / "out" / "README.md").read_text()


def test_onnx_refuses_it_in_one_line(rnntui, run: Path) -> None:
    pytest.importorskip("onnx", reason="the command names the missing extra first")
    ended = rnntui("export", "fox", "--to", "onnx", "--out", str(run.parent / "fox.onnx"))
    assert ended.code == 2
    assert "onnx has no place for a suffix table: export --to torch" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (("suffix=17",), "suffix = 17: takes a whole number from 0 up to 16"),
        (("suffix=2", "output=adaptive"), "suffix: only with output = full"),
    ],
)
def test_what_does_not_go_with_it_is_refused_in_one_line(
    rnntui, more: tuple[str, ...], line: str
) -> None:
    settings = [word for setting in more for word in ("--set", setting)]
    ended = rnntui("train", SOURCE, "--no-save", "--plain", "--steps", "2", *settings)
    assert ended.code == 2
    assert line in ended.err and ended.err.count("\n") == 1


def test_a_large_vocabulary_is_refused_in_one_line(rnntui) -> None:
    source = "text:" + "".join(map(chr, range(0x4E00, 0x4E00 + 1100)))
    ended = rnntui("train", source, "--no-save", "--plain", "--steps", "2", *SET)
    assert ended.code == 2
    assert "suffix needs a vocabulary of at most 1,024 tokens, and this one has 1,100" in ended.err
    assert ended.err.count("\n") == 1


def test_it_has_no_effect_on_values(rnntui) -> None:
    source = "values:" + ",".join(str(n % 7) for n in range(300))
    ended = rnntui("train", source, "--no-save", "--plain", "--steps", "2", "--set", "suffix=5")
    assert ended.code == 0, ended.err
    assert "suffix has no effect with task = values" in ended.out + ended.err
