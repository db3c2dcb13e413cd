"""What holds for every test: one BLAS thread, no animations; and how commands are run."""

from __future__ import annotations

import atexit
import gc
import importlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.patience import PATIENCE

settings.register_profile("quick", max_examples=25)
settings.register_profile("thorough", max_examples=100)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
settings.load_profile(PROFILE)

# Before NumPy and Textual are imported, by whichever test.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# What a user has set to choose colours, widths, signs or places of files is not meant for tests;
# those about such a variable set it themselves.
CHOICES = {
    "TERM",
    "COLORTERM",
    "COLORFGBG",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "LANGUAGE",
}
for name in list(os.environ):
    if name in CHOICES or name.startswith(("RNNTUI_", "LC_", "TEXTUAL_", "SLURM_")):
        del os.environ[name]
os.environ["LANG"] = "C.UTF-8"
os.environ["TEXTUAL_ANIMATIONS"] = "none"

# What this process ignores, because it runs under nohup or in a shell's background, the programs
# that it starts would ignore as well; what it handles they do not.
for number in {signal.SIGINT, getattr(signal, "SIGQUIT", 0), getattr(signal, "SIGHUP", 0)} - {0}:
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

# Where no byte code may be kept beside the sources, each of the many processes that tests start
# would compile them again. The processes of pytest-xdist inherit this.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", "") and "PYTHONPYCACHEPREFIX" not in os.environ:
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="rnntui-test-bytecode-")
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)

# Sockets are made in the tests' own folders, and a socket's path has 103 bytes at most.
if len(tempfile.gettempdir()) > 15 and os.access("/tmp", os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/tmp")

# What tests begin is kept where nobody looks for it.
RUNS = os.environ["RNNTUI_RUNS"] = tempfile.mkdtemp(prefix="rnntui-test-runs-")
atexit.register(shutil.rmtree, RUNS, ignore_errors=True)

# Nor do tests read or change the user's own settings.
SETTINGS = tempfile.mkdtemp(prefix="rnntui-test-settings-")
Path(SETTINGS).chmod(0o755)  # some tests run the program as another user
atexit.register(shutil.rmtree, SETTINGS, ignore_errors=True)
os.environ["RNNTUI_CONFIG"] = str(Path(SETTINGS) / "config.toml")

ROOT = Path(__file__).resolve().parents[1]
_TURN = itertools.count()


def _import_from_the_end(config: pytest.Config) -> None:
    """Import the tests from the last to the first, in the second of several processes.

    Where no byte code is kept yet, rewriting the assertions takes most of the time until the first
    test: so each process rewrites one half, and reads what the other has kept of its own.
    """
    if getattr(config, "workerinput", {}).get("workerid") != "gw1":
        return
    if {Path(arg).resolve() for arg in config.args} != {ROOT / "tests"}:
        return
    for path in sorted((ROOT / "tests").rglob("test_*.py"), reverse=True):
        with suppress(Exception, pytest.skip.Exception):  # the collection tells of it
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Spare the garbage collector what is collected, which all stays: now and in every test."""
    gc.disable()
    try:
        _import_from_the_end(session.config)
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)  # the applications of many tests make many objects
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Let an idle process take over tests of another, which are handed out in two halves."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None


def examples(most: int) -> int:
    """How many examples a property is tried with, up to `most` where time does not matter."""
    return most if PROFILE == "thorough" else max(8, most // 6)


def quick_ones(cases: Mapping[str, Any], *quick: str) -> list[Any]:
    """Parameters with their names as ids; all but the named ones are for the slow tests."""
    missing = set(quick) - set(cases)
    assert not missing, missing
    return [
        pytest.param(case, id=name, marks=() if name in quick else pytest.mark.slow)
        for name, case in cases.items()
    ]


def quick_first(cases: Iterable[Any], count: int = 1) -> list[Any]:
    """Parameters of which all but the first ones are for the slow tests."""
    turn = itertools.count()
    return quick_where(cases, lambda *_: next(turn) < count)


def quick_where(cases: Iterable[Any], is_quick: Callable[..., bool]) -> list[Any]:
    """Parameters; those that are not quick are for the slow tests."""
    several = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*case, marks=() if is_quick(*case) else pytest.mark.slow) for case in several
    ]


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
    # A second process would be started for each larger network, only to be timed and ended.
    monkeypatch.setattr("rnntui.training.workers.prestart.usable_cores", lambda: 1)
    return rnntui


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is kept of large files does not outlast the tests, nor come from before them."""
    os.environ["RNNTUI_CACHE"] = str(tmp_path_factory.mktemp("cache") / "rnntui")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test chooses in a dashboard is not remembered in the next."""
    monkeypatch.setenv("RNNTUI_CONFIG", str(Path(SETTINGS) / f"{next(_TURN)}.toml"))


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """No test leaves a process that would be in the way of another, or be counted there."""
    from tests.support.processes import children, command_line, gone

    before = set(children())
    yield
    if left := set(children()) - before:
        gc.collect()  # the workers of a training state end with it
        assert gone(left), [command_line(pid) for pid in left]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs are kept; what still trains there at the end is killed."""
    from tests.support.real_runs import kill_trainers

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
    options = {"stdin": subprocess.DEVNULL, "env": environment(), "timeout": PATIENCE, **options}
    return subprocess.run(command(*args), capture_output=True, text=True, check=False, **options)
