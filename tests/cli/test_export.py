"""`rnntui export` and `import`: one line and the right exit code, whatever is wrong."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.export import all_formats
from tests.conftest import Ended, command, environment
from tests.runs.test_evaluation import QUICK
from tests.support.patience import PATIENCE

Rnntui = Callable[..., Ended]
TRAIN = ("train", "text:abcabcabcabcabcabc", "--steps", "2", "--hidden", "4", *QUICK)
TRAIN += ("--batch", "1", "--seq-len", "4")


@pytest.fixture
def run(rnntui: Rnntui, runs: Path, in_folder: Path) -> str:
    """A run, and an empty working directory."""
    assert rnntui(*TRAIN, "--name", "fox").code == 0
    return "fox"


def test_an_export_is_named_after_the_run_and_says_where_it_is(
    rnntui: Rnntui, run: str, in_folder: Path
):
    ended = rnntui("export", run, "--to", "toml")
    assert (ended.code, ended.out, ended.err) == (0, "fox.toml\n", "")
    assert rnntui("train", "fox.toml", "--plain").code == 0


WRONG = [
    ((), "--to is missing"),
    (("--to", "tomll"), "did you mean 'toml'"),
    (("--to", "toml", "--size", "80x24"), "--size has no effect on toml"),
    (("--to", "svg", "--size", "80"), "use COLUMNSxROWS"),
    (("--to", "svg", "--size", "9999x9"), "from 20x5 to 500x200"),
    (("--to", "svg", "--view", "loses"), "did you mean 'loss'"),
    (("--to", "torch", "--checkpoint", "99"), "no checkpoint at update 99"),
    (("--to", "toml", "--out", "missing/a"), "no directory"),
    (("--to", "toml", "--out", "."), "name a file or folder"),
    (("--to", "toml", "--out", ""), "name a file or folder"),
    (("--to", "toml", "--out", "mine"), "already exists"),
]


def test_what_is_wrong_takes_one_line(rnntui: Rnntui, run: str, in_folder: Path):
    (in_folder / "mine").write_text("mine")
    before = sorted(in_folder.iterdir())
    for args, why in WRONG:
        ended = rnntui("export", run, *args)
        assert ended.code == 2 and why in ended.err, args
        assert ended.err.count("\n") == 1 and ended.out == "", args
        assert sorted(in_folder.iterdir()) == before, args
    assert (in_folder / "mine").read_text() == "mine"


def test_the_list_explains_every_format(rnntui: Rnntui):
    lines = rnntui("export", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == list(all_formats())
    assert any("pip install 'rnntui[onnx]'" in line for line in lines)


def test_a_full_disk_takes_one_line(rnntui: Rnntui, run: str, in_folder: Path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    ended = rnntui("export", run, "--to", "toml")
    assert (ended.code, ended.err) == (
        74,
        "rnntui: cannot write fox.toml: No space left on device\n",
    )


@pytest.mark.slow
def test_a_signal_leaves_nothing_behind(run: str, in_folder: Path):
    code = (
        "import time, rnntui.export.writing as writing; from rnntui.cli import run;"
        "old = writing.write_table;"
        "writing.write_table = lambda *a: (old(*a), print('begun', flush=True), time.sleep(60));"
        "raise SystemExit(run(['export', 'fox', '--to', 'csv']))"
    )
    argv = [command()[0], "-c", code]
    with subprocess.Popen(argv, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert sorted(path.name for path in in_folder.iterdir()) == ["runs"]


def test_a_bundle_comes_back_under_another_name(rnntui: Rnntui, run: str, in_folder: Path):
    assert rnntui("export", run, "--to", "bundle").out == "fox.tar.gz\n"
    taken = rnntui("import", "fox.tar.gz")
    assert taken.code == 2 and "choose another name with --name" in taken.err
    ended = rnntui("import", "fox.tar.gz", "--name", "vixen")
    assert (ended.code, ended.out) == (0, "imported: rnntui attach vixen\n")
    texts = [rnntui("generate", name, "--length", "9").out for name in ("fox", "vixen")]
    assert texts[0] == texts[1]
    damaged = in_folder / "damaged.tar.gz"
    damaged.write_bytes((in_folder / "fox.tar.gz").read_bytes()[:-100])
    refused = rnntui("import", "damaged.tar.gz", "--name", "other")
    assert refused.code == 65 and refused.err.count("\n") == 1
    assert sorted(path.name for path in (in_folder / "runs").iterdir()) == ["fox", "vixen"]
