"""What is said about a file that a run cannot read: advice that holds for a run as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import load
from rnntui.data.again import read_again
from rnntui.data.dataset import Dataset
from rnntui.errors import RnntuiError
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.session.session import Session

ROWS = [f"{n},{n * n % 11},{n * n % 7}" for n in range(60)]
TABLE = "t,a,b\n" + "\n".join(ROWS) + "\n"
SHAPE: dict[str, int] = {"hidden": 4, "batch": 2, "seq_len": 5, "steps": 2, "workers": 1}
KEYS = ("--set", "set ", "see columns", "missing_values", "tokenizer=")

Write = Callable[[Path], str]


def file(content: str | bytes) -> Write:
    def write(where: Path) -> str:
        path = where / "other.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def array(where: Path) -> str:
    np.save(where / "x.npy", np.arange(20.0).reshape(10, 2))
    return str(where / "x.npy")


def with_cells(*cells: str) -> Write:
    """The table with other cells in column a, from row 5 on."""
    rows = list(ROWS)
    for place, cell in enumerate(cells, 5):
        rows[place] = f"{place},{cell},{place}"
    return file("t,a,b\n" + "\n".join(rows) + "\n")


OTHERS: dict[str, tuple[str, Write]] = {
    "infinite": ("values", with_cells("inf", "inf")),
    "a word": ("values", with_cells("hello")),
    "prose": ("values", file("A text with words.\nIt has several lines.\n" * 9)),
    "only a header": ("values", file("t,a,b\n")),
    "latin-1": ("values", file(TABLE.encode() + "70,é,1\n".encode("latin-1"))),
    "inline text": ("values", lambda _: "text:abcabc"),
    "a corpus of text": ("values", lambda _: "corpus:tales"),
    "numbers": ("tokens", lambda _: "values:1,2,3"),
    "a corpus of numbers": ("tokens", lambda _: "corpus:elnino"),
    "an array": ("tokens", array),
    "bytes": ("tokens", file(b"ab\0cd" * 9)),
}


def recipe(task: str, where: Path) -> Recipe:
    source = where / "own.csv"
    source.write_text(TABLE if task == "values" else "the fox jumps over the dog. " * 20)
    return Recipe(name="own").replace(task=task, source=str(source), **SHAPE)


@pytest.mark.parametrize(("task", "write"), OTHERS.values(), ids=OTHERS)
def test_a_command_that_reads_a_file_as_the_run_does_advises_no_setting(
    task: str, write: Write, tmp_path: Path
) -> None:
    own = load(recipe(task, tmp_path))
    line = error_of(lambda: read_again(own, write(tmp_path), None, 10_000))
    assert not any(key in line for key in KEYS), line
    assert len(line) <= 200


@pytest.mark.parametrize(("task", "write"), OTHERS.values(), ids=OTHERS)
def test_a_run_that_is_resumed_with_another_source_says_that_it_is_another_one(
    task: str, write: Write, tmp_path: Path
) -> None:
    own = recipe(task, tmp_path)
    Session(open_job(Job(own, runs=str(tmp_path), name="own"))).close("stopped", complete=False)
    job = Job(own.replace(source=write(tmp_path)), run=str(tmp_path / "own"))
    line = error_of(lambda: open_job(job))
    assert not any(key in line for key in KEYS), line
    assert "restore its source, or start a new run" in line and len(line) <= 200


def test_notes_on_a_file_that_a_run_reads_advise_no_setting(tmp_path: Path) -> None:
    dated = [f"{n % 12 + 1:02}/{n % 12 + 1:02}/20{n:02},{n % 5}" for n in range(1, 40)]
    source = tmp_path / "dated.csv"
    source.write_text("when,a\n" + "\n".join(dated) + "\n")
    own: Dataset = load(Recipe(name="own").replace(task="values", source=str(source), **SHAPE))
    found = read_again(own, str(source), None, 10_000)
    assert not any(key in note for note in found.notes for key in KEYS), found.notes


def error_of(work: Callable[[], object]) -> str:
    with pytest.raises(RnntuiError) as caught:
        work()
    return str(caught.value)
