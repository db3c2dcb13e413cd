"""What holds for every test: one BLAS thread, no animations; and how commands are run."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Before NumPy and Textual are imported, by whichever test.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

# What tests begin is kept where nobody looks for it.
RUNS = os.environ["RNNTUI_RUNS"] = tempfile.mkdtemp(prefix="rnntui-test-runs-")
atexit.register(shutil.rmtree, RUNS, ignore_errors=True)

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, strictly read: NaN is not JSON."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is not JSON")

        return [json.loads(line, parse_constant=refuse) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]


@pytest.fixture
def rnntui(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Run a command line in this process, without a terminal."""
    from rnntui.cli import run

    def rnntui(*args: str) -> Ended:
        capsys.readouterr()
        code = run(args)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    monkeypatch.delenv("TERM", raising=False)
    return rnntui


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is kept of large files does not outlast the tests, nor come from before them."""
    os.environ["RNNTUI_CACHE"] = str(tmp_path_factory.mktemp("cache") / "rnntui")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs are kept; what still trains there at the end is killed."""
    from tests.real_runs import kill_trainers

    root = tmp_path / "runs"
    monkeypatch.setenv("RNNTUI_RUNS", str(root))
    yield root
    kill_trainers(root)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    """For a process of its own: as here, with the package found from anywhere."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "", **more}


def command(*args: str) -> list[str]:
    """The argument vector of the program."""
    return [sys.executable, "-m", "rnntui", *args]


def run_process(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own to its end."""
    options = {"stdin": subprocess.DEVNULL, "env": environment(), **options}
    return subprocess.run(
        command(*args), capture_output=True, text=True, timeout=60, check=False, **options
    )
