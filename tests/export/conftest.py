"""Small trained runs to export, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.cli import run as run_command

QUICK = {"workers": "1", "hidden": "6", "batch": "2"}
TEXT = "text:Once upon a time the naïve café closed; once more.\n" * 6
SERIES = "values:" + ",".join(str(round(40 + 30 * (n % 11) / 10 + n % 3, 2)) for n in range(80))


def cell(name: str) -> tuple[str, ...]:
    """The settings for a cell: gru, lstm, or the activation of the plain one."""
    return (f"cell={name}",) if name in ("gru", "lstm") else ("cell=rnn", f"activation={name}")


MakeRun = Callable[..., Path]


@pytest.fixture(scope="session")
def made_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs are."""
    return tmp_path_factory.mktemp("export") / "runs"


@pytest.fixture(scope="session")
def make_run(made_runs: Path) -> MakeRun:
    """Train a small run with some settings, once; return its directory."""

    def make(*settings: str, source: str = TEXT) -> Path:
        name = f"run-{abs(hash((settings, source))):x}"
        path = made_runs / name
        if not path.exists():
            chosen = QUICK | dict(setting.split("=") for setting in settings)
            more = [word for pair in chosen.items() for word in ("--set", "=".join(pair))]
            args = ["train", source, "--plain", "--steps", "4", *more, "--name", name]
            assert run_command([*args, "--runs-dir", str(made_runs)]) == 0
        return path

    return make


@pytest.fixture(scope="session")
def text_run(make_run: MakeRun) -> Path:
    """A run on characters."""
    return make_run()


@pytest.fixture(scope="session")
def series_run(make_run: MakeRun) -> Path:
    """A run on a series."""
    return make_run(source=SERIES)
