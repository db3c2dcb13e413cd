"""The training process's loop inside this process: graces, failures, what it imports."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rnntui.engine import loop as loop_module
from rnntui.engine.loop import Engine
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.session import session as session_module

RECIPE = Recipe().replace(
    source="text:hello world\n", repeat=50, hidden=10, batch=2, seq_len=10, split=0.0
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the engine needs Unix sockets")


def test_it_ends_if_nobody_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "FIRST_GRACE", 0.2)
    before = signal.getsignal(signal.SIGTERM)
    assert Engine(Job(RECIPE), tmp_path / "door").run() == 0
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_failure_nobody_hears_of_ends_it_with_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "FIRST_GRACE", 0.2)
    assert Engine(Job(RECIPE.replace(repeat=1)), tmp_path / "door").run() == 65


@pytest.mark.parametrize("where", ["update", "snapshot"])
def test_an_unexpected_error_is_one_line_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug \x1b[2J")

    monkeypatch.setattr(loop_module, "FIRST_GRACE", 60.0)
    monkeypatch.setattr(session_module.Session, where, broken)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", ASKER, str(tmp_path / "door")], stdout=subprocess.PIPE
    ) as asker:
        assert Engine(Job(RECIPE), tmp_path / "door").run() == 70
        assert asker.stdout is not None
        said = asker.stdout.read().decode()
    assert "KeyError" in said and "\x1b" not in said and "exit_code=70" in said
    (log,) = tmp_path.iterdir()
    assert str(log) in said
    assert "Traceback" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


ASKER = """
import asyncio, sys
from pathlib import Path
from rnntui.engine.client import EngineClient
from rnntui.protocol.messages import Look
async def main():
    client = await EngineClient.connect(Path(sys.argv[1]))
    print(await client.ask(Look()), flush=True)
    client.close()
asyncio.run(main())
"""


def test_the_viewers_side_needs_no_numpy() -> None:
    code = (
        "import sys, rnntui.engine.client, rnntui.engine.spawn, rnntui.protocol.codec; "
        "sys.exit(any(m.split('.')[0] in ('numpy', 'textual') for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_engine_needs_no_textual() -> None:
    code = (
        "import sys, rnntui.engine.__main__, rnntui.session.session; "
        "sys.exit(any(m.split('.')[0] == 'textual' for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
