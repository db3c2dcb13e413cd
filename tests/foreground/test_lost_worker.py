"""What the last line of a run in the foreground says once one of its workers is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rnntui.errors import WorkerError
from rnntui.session.session import Session

SHORT = ("--steps", "9", "--hidden", "8", "--set", "final_length=0", "--plain")
DIED = "worker 2 of 2 (pid 7) was killed by signal 9"


@pytest.fixture(autouse=True)
def _dies_in_the_third_update(monkeypatch: pytest.MonkeyPatch) -> None:
    update = Session.update

    def dying(session: Session) -> object:
        if session.step == 2:
            raise WorkerError(DIED)
        return update(session)

    monkeypatch.setattr(Session, "update", dying)


def test_a_saved_run_can_be_resumed(rnntui, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path))
    ended = rnntui("train", "hello-world", *SHORT, "--name", "lost")
    assert ended.code == 70
    last = ended.err.splitlines()[-1]
    assert last == f"rnntui: {DIED}: rnntui resume lost continues from the last checkpoint"


def test_a_run_that_is_not_saved_starts_again(rnntui) -> None:
    ended = rnntui("train", "hello-world", *SHORT, "--no-save")
    assert ended.code == 70 and ended.err.splitlines()[-1] == f"rnntui: {DIED}: start again"


def test_it_has_failed_at_the_last_checkpoint(rnntui, monkeypatch, tmp_path: Path) -> None:
    """Also if the loss is noticed between two updates: a part of the state was the worker's."""
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path))
    assert rnntui("train", "hello-world", *SHORT, "--name", "lost").code == 70
    status = json.loads((tmp_path / "lost" / "status.json").read_text())
    assert (status["state"], status["reason"], status["checkpoint"]) == ("failed", DIED, None)
