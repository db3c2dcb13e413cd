"""A run outlives its terminal: what stays when a dashboard leaves, and how to come back."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.run.holder import living_holder
from rnntui.run.journal import EVENTS, read_journal
from rnntui.run.summary import RunSummary, summarize
from tests.real_runs import HELLO, dashboard, said, until
from tests.terminal import Terminal

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)

SLOW = pytest.mark.slow


def run(runs: Path) -> RunSummary:
    return summarize(runs / "run")


def goes_on(runs: Path) -> None:
    """Training is under way, and without a viewer."""
    before = run(runs).step
    until(lambda: run(runs).step > before)
    assert run(runs).live and run(runs).state == "training"


def test_detach_and_come_back_with_control(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as first:
        assert first.wait_for("training"), first.text()
        first.write("d")
        assert first.exit_code() == 0
        assert "training goes on: rnntui attach run" in said(first)
    goes_on(runs)
    with dashboard(runs, "attach") as one, dashboard(runs, "attach", "run") as other:
        assert one.wait_for("training") and other.wait_for("training")
        one.write("]")
        until(lambda: any(line["kind"] == "lr" for line in read_journal(runs / "run", EVENTS)[0]))
        (change,) = [x for x in read_journal(runs / "run", EVENTS)[0] if x["kind"] == "lr"]
        assert change["who"].startswith("pts/") and change["at"] > 0
        other.write("e")
        assert other.wait_for("learning rate"), other.text()
        other.write("\x1b")
        other.pump(0.3)
        other.write("q")
        assert other.exit_code() == 0
        assert "stopped after" in said(other) and "rnntui resume run" in said(other)
        assert one.wait_for("the training process was stopped by pts/"), one.text()
    until(lambda: run(runs).state == "stopped")
    assert run(runs).problem.startswith("stopped by pts/")
    assert list((runs / "run" / "checkpoints").glob("step-*"))


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (lambda terminal: terminal.hang_up(), None),
        pytest.param(lambda terminal: terminal.signal(signal.SIGKILL), -9, marks=SLOW),
        pytest.param(lambda terminal: terminal.signal(signal.SIGTERM), 143, marks=SLOW),
        pytest.param(lambda terminal: terminal.signal(signal.SIGHUP), 129, marks=SLOW),
    ],
    ids=["closed", "SIGKILL", "SIGTERM", "SIGHUP"],
)
def test_a_dashboard_that_goes_leaves_training_alone(
    leave: Callable[[Terminal], None], code: int | None, runs: Path
) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("training"), terminal.text()
        leave(terminal)
        found = terminal.exit_code()
        assert found is not None and (code is None or found == code)
    goes_on(runs)


def test_interrupted_it_is_saved_and_ends(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("training"), terminal.text()
        terminal.write("\x03")
        assert terminal.exit_code(30) == 130
    until(lambda: run(runs).state == "stopped")


def test_a_training_process_that_is_told_to_end_saves_first(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("training"), terminal.text()
        found = living_holder(runs / "run")
        assert found is not None
        os.kill(found[0].pid, signal.SIGTERM)
        until(lambda: run(runs).state == "stopped")
        status = json.loads((runs / "run" / "status.json").read_text())
        assert (status["exit_code"], status["reason"]) == (143, "stopped by SIGTERM")
        assert status["checkpoint"] == status["step"]
        assert terminal.wait_for("the training process was stopped by SIGTERM"), terminal.text()
        assert "rnntui resume run goes on" in terminal.text()
        terminal.write("q")
        terminal.exit_code()
        assert "rnntui resume run" in said(terminal)


@pytest.mark.slow
def test_a_run_that_has_ended_is_seen_from_its_files(runs: Path) -> None:
    ending = [word if word != "100000000" else "400" for word in HELLO]
    with dashboard(runs, "train", *ending) as terminal:
        assert terminal.wait_for("finished"), terminal.text()
        terminal.write("q")
        assert terminal.exit_code() == 0
    (runs / "run" / "run.json").chmod(0o600)
    with dashboard(runs, "attach") as terminal:
        assert terminal.wait_for("finished just now, after update 400"), terminal.text()
        terminal.write("ghello\r")
        assert terminal.wait_for("hello world") or "hello" in terminal.text()
        terminal.write("\x1b")
        terminal.pump(0.2)
        terminal.write("q")
        assert terminal.exit_code() == 0
    assert run(runs).state == "finished"


def test_look_without_touching(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("training"), terminal.text()
        with dashboard(runs, "attach", "--read-only") as guest:
            assert guest.wait_for("training"), guest.text()
            assert "pause" not in guest.text().splitlines()[-1]
            guest.write(" ]q")
            assert guest.exit_code() == 0
        goes_on(runs)
        assert not [
            x for x in read_journal(runs / "run", EVENTS)[0] if x["kind"] in ("lr", "pause")
        ]
