"""A run outlives its terminal: what stays when a dashboard leaves, and how to come back."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.numbers import rounded
from rnntui.runs.store.journal import EVENTS, read_journal
from rnntui.runs.store.lock_owner import live_lock_owner
from rnntui.runs.store.summary import RunSummary, summarize
from tests.conftest import quick_first
from tests.support.real_runs import HELLO, dashboard, said, until
from tests.support.terminal import Terminal

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)

SLOW = pytest.mark.slow


def run(runs: Path) -> RunSummary:
    return summarize(runs / "run")


def resumed(runs: Path) -> None:
    """Training is under way, and without a viewer."""
    before = run(runs).step
    until(lambda: run(runs).step > before)
    now = run(runs)
    assert now.live and now.state == "training"


def test_detach_and_come_back_with_control(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as first:
        assert first.wait_for("of update"), first.text()
        first.write("d")
        assert first.exit_code() == 0
        assert "training continues: rnntui attach run" in said(first)
    resumed(runs)
    with dashboard(runs, "attach") as one, dashboard(runs, "attach", "run") as other:
        assert one.wait_for("of update") and other.wait_for("of update")
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
        assert one.wait_for("stopped from pts/"), one.text()
    until(lambda: run(runs).state == "stopped")
    assert run(runs).problem.startswith("stopped from pts/")
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
        assert terminal.wait_for("of update"), terminal.text()
        leave(terminal)
        found = terminal.exit_code()
        assert found is not None and (code is None or found == code)
    resumed(runs)


@pytest.mark.slow
def test_interrupted_it_is_saved_and_ends(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        terminal.write("\x03")
        assert terminal.exit_code() == 130
    until(lambda: run(runs).state == "stopped")


@pytest.mark.slow
@pytest.mark.parametrize("interrupt", quick_first(["key", "signal"]))
def test_an_interrupt_in_an_attached_viewer_only_detaches(interrupt: str, runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as first:
        assert first.wait_for("of update"), first.text()
        with dashboard(runs, "attach", "run") as viewer:
            assert viewer.wait_for("of update"), viewer.text()
            if interrupt == "key":
                viewer.write("\x03")
            else:
                viewer.signal(signal.SIGINT)
            assert viewer.exit_code() == 130
            assert "rnntui attach run" in said(viewer)
        resumed(runs)
        first.write("q")
        assert first.exit_code() == 0


@pytest.mark.slow
@pytest.mark.parametrize("attempt", [0, pytest.param(1, marks=SLOW), pytest.param(2, marks=SLOW)])
def test_every_viewer_learns_who_stopped_the_run_and_what_is_saved(
    attempt: int, runs: Path
) -> None:
    with dashboard(runs, "train", *HELLO) as one:
        assert one.wait_for("of update"), one.text()
        with dashboard(runs, "attach", "run") as other:
            assert other.wait_for("of update"), other.text()
            other.pump(0.1 * attempt)
            one.write("q")
            assert one.exit_code() == 0
            assert other.wait_for("stopped from pts/"), other.text()
            until(lambda: run(runs).state == "stopped")
            step = json.loads((runs / "run" / "status.json").read_text())["checkpoint"]
            assert other.wait_for(f"saved at update {step:,}"), other.text()
            assert f"stopped after {step:,}" in said(one)
            other.write("q")
            assert other.exit_code() == 0
            assert f"stopped after {step:,}" in said(other)
    assert run(runs).problem.startswith("stopped from pts/")


@pytest.mark.slow
def test_a_training_process_that_is_told_to_end_saves_first(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        found = live_lock_owner(runs / "run")
        assert found is not None
        os.kill(found[0].pid, signal.SIGTERM)
        until(lambda: run(runs).state == "stopped")
        status = json.loads((runs / "run" / "status.json").read_text())
        assert (status["exit_code"], status["reason"]) == (143, "stopped by SIGTERM")
        assert status["checkpoint"] == status["step"]
        assert terminal.wait_for("stopped by SIGTERM, saved at update"), terminal.text()
        assert terminal.wait_for("rnntui resume run continues"), terminal.text()
        terminal.write("q")
        assert terminal.exit_code() == 0
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
        assert terminal.wait_for("hello"), terminal.text()
        terminal.write("\x1b")
        terminal.pump(0.2)
        terminal.write("q")
        assert terminal.exit_code() == 0
    assert run(runs).state == "finished"


@pytest.mark.slow
def test_look_without_touching(runs: Path) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        with dashboard(runs, "attach", "--read-only") as guest:
            assert guest.wait_for("of update"), guest.text()
            assert "pause" not in guest.text().splitlines()[-1]
            guest.write(" ]q")
            assert guest.exit_code() == 0
        resumed(runs)
        assert not [
            x for x in read_journal(runs / "run", EVENTS)[0] if x["kind"] in ("lr", "pause")
        ]


@pytest.mark.slow
@pytest.mark.parametrize("attached", quick_first([False, True]))
def test_the_closing_report_has_the_numbers_that_are_saved(runs: Path, attached: bool) -> None:
    with dashboard(runs, "train", *HELLO) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        until(lambda: run(runs).step > 200)
        if not attached:
            terminal.write("q")
            assert terminal.exit_code() == 0
            report = said(terminal)
        else:
            with dashboard(runs, "attach") as other:
                assert other.wait_for("of update"), other.text()
                other.write("q")
                assert other.exit_code() == 0
                report = said(other)
    status = json.loads((runs / "run" / "status.json").read_text())
    assert status["checkpoint"] == status["step"]
    assert f"stopped after {status['step']:,} updates" in report, report
    last, mean, lowest = (rounded(status[key]) for key in ("last", "loss", "lowest"))
    assert last in report
    assert f"mean of the last {status['averaged']} updates {mean}" in report
    assert f"lowest {lowest}" in report
    if status["validation"] is not None:
        assert f"{status['validation']:.4f}, best {status['best']:.4f}" in report
