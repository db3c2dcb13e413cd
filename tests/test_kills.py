"""Runs that are killed again and again end as one that was left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment

if sys.platform == "win32":
    pytest.skip("kills need Unix", allow_module_level=True)


def kills(count: int, seed: int, *more: str) -> str:
    """In a process of its own: forks want no threads about."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.long.kills",
            "--kills",
            str(count),
            "--seed",
            str(seed),
            *more,
        ],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_few_kills() -> None:
    assert " 0 different, 0 resumptions refused, " in kills(2, 1, "--steps", "150")


@pytest.mark.slow
def test_many_kills() -> None:
    told = kills(40, seed=2)
    assert "40 kills" in told and " 0 different, 0 resumptions refused, " in told
    assert int(told.partition("inside a save (")[2].partition("%")[0]) >= 20
