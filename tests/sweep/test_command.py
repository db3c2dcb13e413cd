"""`rnntui sweep`: what is typed, refused, printed and shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.sweep.board import Row
from rnntui.sweep.progress import Result
from tests.conftest import ROOT, Ended, environment
from tests.support.real_runs import until
from tests.test_boundaries import loaded

Run = Callable[..., Ended]
SMALL = (
    "text:the quick brown fox jumps over the lazy dog. ", "--set", "repeat=20", "--set", "layers=1",
    "--set", "seq_len=8", "--set", "batch=2", "--set", "eval_every=2", "--set", "hidden=4",
)  # fmt: skip


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((*SMALL, "--steps", "4"), "nothing varies: add --grid KEY=VALUES"),
        ((*SMALL, "--grid", "lr=1,2", "--plain", "--json"), "--plain, --json and --detach cannot"),
        ((*SMALL, "--random", "3"), "--random N and --draw KEY=RANGE go together"),
        ((*SMALL, "--grid", "lr=1,2", "--halving", "80;160"), "takes updates, as in 80,160"),
        ((*SMALL, "--grid", "lr=1,2", "--jobs", "0"), "0 is below 1"),
        ((*SMALL, "--grid", "lr=1,2", "--name", "../x"), "use up to 64 letters"),
        ((), "what to vary is missing"),
        (
            (*SMALL, "--grid", "lr=1,2", "--on", "moon"),
            "--on 'moon': takes local, ssh:HOST,HOST or slurm",
        ),
        ((*SMALL, "--grid", "lr=1,2", "--on", "ssh:a,-oX"), "'-oX' is not a host, as in ssh:a,b"),
        ((*SMALL, "--grid", "lr=1,2", "--on", ""), "--on '': takes local"),
        ((*SMALL, "--grid", "lr=1,2", "--jobs", "-1"), "is below 1 (see 'rnntui sweep --help')"),
        (("show", "nothing", "--plain", "--json"), "--plain and --json cannot be combined"),
        (("show", "nothing"), "no sweep 'nothing'"),
        (("resume", "nothing"), "no sweep 'nothing'"),
        (("shwo", "x"), "unexpected extra argument"),
        (("nowhere.txt", "--grid", "lr=1,2"), "nowhere.txt"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(
    rnntui: Run, runs: Path, args: tuple[str, ...], why: str
):
    ended = rnntui("sweep", *args)
    assert ended.code in (2, 65), ended.err
    assert why in ended.err and ended.err.count("\n") == 1
    assert not runs.exists()


def test_show_and_resume_are_commands_and_files_of_that_name_have_a_path(
    rnntui: Run, runs: Path, in_folder: Path
):
    (in_folder / "show").write_text("x" * 500)
    assert "no sweeps in" in rnntui("sweep", "show").err
    assert "nothing varies" in rnntui("sweep", "./show").err
    assert "nothing varies" in rnntui("sweep", "--steps", "4", "./show").err


def test_help_has_the_options_and_the_commands(rnntui: Run):
    ended = rnntui("sweep", "--help")
    assert ended.code == 0
    for part in ("--grid KEY=A,B", "--halving", "--help", "resume", "show"):
        assert part in ended.out
    assert "start" not in ended.out
    assert "--grid" not in rnntui("sweep", "show", "--help").out


def test_a_sweep_from_the_command_line(rnntui: Run, runs: Path):
    args = (*SMALL, "--grid", "lr=0.01,0.1", "--steps", "6", "--name", "s", "--jobs", "2")
    ended = rnntui("sweep", *args, "--json")
    assert ended.code == 0, ended.err
    (begun,) = ended.of("sweep")
    assert (begun["name"], begun["trials"], begun["varied"]) == ("s", 2, ["lr"])
    assert begun["expected_seconds"] > 0 and begun["expected_bytes"] > 1000
    (done,) = ended.of("done")
    assert ended.events[-1] == done
    trials = {one["run"]: one for one in done["trials"]}
    assert {run: one["settings"] for run, one in trials.items()} == {
        "s-1": {"lr": 0.01},
        "s-2": {"lr": 0.1},
    }
    for one in trials.values():
        assert one["state"] == "finished" and one["best_step"] in (2, 4, 6) and one["best"] > 0
    assert {event["state"] for event in ended.of("trial")} == {"started", "finished"}
    assert {event["run"] for event in ended.of("eval")} == {"s-1", "s-2"}
    shown = json.loads(rnntui("sweep", "show", "s", "--json").out)
    assert shown == {"name": "s", "state": "ended", "trials": done["trials"]}
    table = rnntui("sweep", "show").out
    assert "sweep s: 2 trials, 2 finished" in table and "s-1" in table
    again = rnntui("sweep", "resume", "s")
    assert again.code == 0
    assert re.search(r"done after 00:\d\d: 2 trials, 2 finished", again.out)
    taken = rnntui("sweep", *args)
    assert taken.code == 2 and "sweep 's' already exists" in taken.err


@pytest.mark.slow
def test_the_option_beats_the_place_of_a_sweep_file(rnntui: Run, runs: Path, in_folder: Path):
    lines = ('recipe = "brackets"', 'on = "ssh:nowhere"', "[grid]", "lr = [0.1]")
    (in_folder / "sweep.toml").write_text("\n".join(lines))
    refused = rnntui("sweep", "sweep.toml", "--steps", "3", "--json")
    assert refused.code != 0 and not (runs / ".sweeps").exists()
    assert "nowhere" in refused.err or "--on ssh needs Dask" in refused.err, refused.err
    ended = rnntui("sweep", "sweep.toml", "--steps", "3", "--json", "--on", "local", "--name", "s")
    assert ended.code == 0, ended.err
    assert json.loads((runs / ".sweeps" / "s" / "sweep.json").read_text())["on"] == "local"


def kills(count: int, seed: int, *more: str) -> str:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.long.sweep_kills",
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
        timeout=1200,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
def test_a_sweep_that_is_killed_and_resumed_loses_nothing():
    assert "0 trials lost, 0 different" in kills(4, seed=1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
def test_a_sweep_that_halves_is_killed_and_no_trial_is_lost_or_has_other_losses():
    assert "0 trials lost, 0 different" in kills(3, 2, "--halving", "100,200")


def test_options_and_fields_are_never_renamed(rnntui: Run):
    """Scripts rely on them; others may be added."""
    found = set(rnntui("sweep", "--help").out.split())
    options = "--draw --draw-seed --grid --halving --jobs --json --name --plain --random --recipe"
    assert {*options.split(), "--runs-dir", "--seconds", "--seeds", "--set", "--steps"} <= found
    row = Row("s-1", {"lr": 0.1}, "finished", Result(1.0, 2, 3))
    assert {"run", "settings", "best", "best_step", "state"} <= row.as_json().keys()


@pytest.mark.slow
def test_a_sweep_in_the_background_is_stopped_and_resumed(rnntui: Run, runs: Path):
    args = (*SMALL, "--grid", "lr=0.01,0.1,0.2", "--jobs", "1", "--name", "s")
    begun = rnntui("sweep", *args, "--steps", "100000000", "--detach")
    assert begun.code == 0 and "rnntui sweep show s" in begun.out
    assert rnntui("sweep", "resume", "s").code == 73
    until(lambda: json.loads(rnntui("runs", "--json").out or "{}").get("state") == "training")
    assert json.loads(rnntui("sweep", "show", "s", "--json").out)["state"] == "running"
    stopped = rnntui("sweep", "stop", "s")
    assert stopped.code == 0 and "rnntui sweep resume s continues it" in stopped.out
    shown = json.loads(rnntui("sweep", "show", "s", "--json").out)
    assert shown["state"] == "interrupted"
    assert {one["state"] for one in shown["trials"]} == {"stopped"}
    assert rnntui("sweep", "stop", "s").code == 2
    log = (runs / ".sweeps" / "s" / "log").read_text()
    assert "stopped by SIGTERM" in log and "Traceback" not in log


def test_what_shows_a_sweep_does_not_load_numpy():
    code = "import rnntui.sweep.leaderboard, rnntui.tui.compare.sweeping, rnntui.sweep.showing, "
    found = loaded(code + "rnntui.sweep.spawn, rnntui.sweep.tpe")
    assert not found & {"numpy", "textual", "asyncio", "optuna"}
