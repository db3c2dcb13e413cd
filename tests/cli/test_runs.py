"""The commands for runs, as processes: list, stop, resume, replay, remove, generate, measure."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.runs.store.lock_owner import live_lock_owner
from tests.conftest import Ended, command, environment, quick_first, run_process
from tests.support.patience import PATIENCE
from tests.support.processes import gone
from tests.support.real_runs import FOX, until

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

SHORT = (*FOX, "--set", "eval_every=20", "--set", "workers=1")


def listed(rnntui: Callable[..., Ended]) -> dict[str, dict[str, object]]:
    ended = rnntui("runs", "--json")
    return {run["name"]: run for run in map(json.loads, ended.out.splitlines())}


def test_a_finished_run_is_listed_and_can_be_used(rnntui, runs: Path) -> None:
    assert rnntui("runs").out.startswith("no runs in ")
    ended = rnntui("train", *SHORT, "--steps", "40", "--plain", "--name", "fox")
    assert ended.code == 0
    assert [line.split("=")[0] for line in ended.err.splitlines()] == ["rnntui: note: optimizer"]
    assert "stored as fox" in ended.out
    run = listed(rnntui)["fox"]
    assert (run["state"], run["step"], run["live"]) == ("finished", 40, False)
    line = rnntui("runs").out.splitlines()[1]
    assert line.split()[:3] == ["fox", "finished", "40"]

    text = rnntui("generate", "fox", "--prompt", "the ", "--length", "30", "--seed", "3").out
    assert text.startswith("the ") and len(text) == len("the ") + 30 + 1
    again = rnntui("generate", "fo", "--prompt", "the ", "--length", "30", "--seed", "3")
    assert again.out == text
    several = rnntui("generate", "fox", "--prompt", "the ", "--length", "30", "--samples", "3")
    lines = several.out.split("\n")
    assert lines[::2] == ["-- 1 of 3 --", "-- 2 of 3 --", "-- 3 of 3 --", ""]
    assert all(len(text) == 34 and text.startswith("the ") for text in lines[1::2])
    assert len(set(lines[1::2])) > 1
    assert rnntui("generate", "fox", "--samples", "0").code == 2
    assert rnntui("generate", "fox", "--checkpoint", "39").code == 2
    assert rnntui("generate", "fox", "--greedy", "--length", "5").code == 0

    other = runs.parent / "other.txt"
    other.write_text("the dog jumps over the fox, twice!\n" * 3)
    measured = json.loads(rnntui("eval", "fox", str(other), "--json").out)
    assert measured["step"] == 40 and 0 < measured["loss"] < 10 and measured["left_out"] == 9
    assert "perplexity" in rnntui("eval", "fox", str(other)).out

    refused = rnntui("resume", "fox", "--plain")
    assert refused.code == 2 and "has finished" in refused.err
    more = rnntui("resume", "fox", "--steps", "60", "--json", "--every", "1")
    assert [event["step"] for event in more.of("step")] == list(range(41, 61))
    assert listed(rnntui)["fox"]["step"] == 60

    assert rnntui("rm", "fox").code == 2
    assert rnntui("rm", "fox", "--yes").code == 0
    assert listed(rnntui) == {}


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(rnntui, runs: Path) -> None:
    whole = rnntui("train", *SHORT, "--steps", "3000", "--json", "--every", "1", "--name", "whole")
    argv = command("train", *SHORT, "--steps", "3000", "--json", "--every", "1", "--name", "part")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment(), text=True) as program:
        assert program.stdout is not None
        for line in program.stdout:
            if '"step": 200,' in line:
                program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE) == 143
    part = listed(rnntui)["part"]
    assert part["state"] == "stopped" and part["problem"] == "stopped by SIGTERM"
    rest = rnntui("resume", "part", "--json", "--every", "1").of("step")
    same = {event["step"]: (event["loss"], event["grad_norm"]) for event in whole.of("step")}
    assert rest[0]["step"] > 200 and rest[-1]["step"] == 3000
    assert all(same[event["step"]] == (event["loss"], event["grad_norm"]) for event in rest)


def test_in_the_background_until_it_is_stopped(rnntui, runs: Path) -> None:
    ended = run_process("train", *SHORT, "--steps", "100000000", "--detach", "--name", "back")
    assert (ended.returncode, ended.stdout) == (0, "training back: rnntui attach back\n")
    until(lambda: listed(rnntui)["back"]["step"])
    taken = rnntui("resume", "back", "--plain")
    assert taken.code == 73 and "is being trained by process" in taken.err
    assert rnntui("rm", "back", "--yes").code == 73
    assert rnntui("train", *SHORT, "--plain", "--name", "back").code == 73
    assert rnntui("generate", "back", "--length", "4").code in (0, 65)  # no checkpoint yet, maybe
    stopped = rnntui("stop", "back")
    assert stopped.code == 0 and stopped.out.startswith("back stopped at update ")
    assert stopped.out.endswith("; saved\n")
    reason = json.loads((runs / "back" / "status.json").read_text())["reason"]
    assert reason.startswith("stopped by rnntui stop")
    assert listed(rnntui)["back"]["state"] == "stopped"
    assert rnntui("stop", "back").code == 2


def stopped_with(rnntui, runs: Path, harm: Callable[[Path], object]) -> Ended:
    """What `stop` says of a run in the background after something happened to its files."""
    ended = run_process("train", *SHORT, "--steps", "100000000", "--detach", "--name", "back")
    assert ended.returncode == 0, ended.stderr
    until(lambda: listed(rnntui)["back"]["step"])
    harm(runs)
    return rnntui("stop", "back")


@pytest.mark.slow
def test_a_stop_that_saved_nothing_says_so(rnntui, runs: Path) -> None:
    ended = stopped_with(rnntui, runs, lambda _: shutil.rmtree(runs / "back" / "checkpoints"))
    assert ended.code == 74 and ended.out == ""
    line = ended.err.splitlines()[-1]
    assert re.match(r"rnntui: run back stopped at update [\d,]+, but nothing .* saved: ", line)
    status = json.loads((runs / "back" / "status.json").read_text())
    assert status["exit_code"] == 74 and status["checkpoint"] is None


@pytest.mark.slow
def test_a_run_without_a_directory_ends_with_what_that_means(rnntui, runs: Path) -> None:
    def remove(_: Path) -> None:
        found = live_lock_owner(runs / "back")
        assert found is not None
        shutil.rmtree(runs / "back")
        assert gone([found[0].pid])

    assert stopped_with(rnntui, runs, remove).code == 2


@pytest.mark.slow
def test_a_run_in_the_foreground_is_stopped_by_name(rnntui, runs: Path) -> None:
    train = ("train", *SHORT, "--steps", "100000000", "--plain", "--name", "fore")
    with subprocess.Popen(command(*train), env=environment(), stdout=subprocess.DEVNULL) as program:
        until(lambda: (runs / "fore" / "status.json").exists() and listed(rnntui)["fore"]["step"])
        ended = rnntui("stop", "fore")
        assert (ended.code, program.wait(PATIENCE)) == (0, 143), ended.err
    assert re.fullmatch(r"fore stopped at update [\d,]+; saved\n", ended.out), ended.out
    reason = json.loads((runs / "fore" / "status.json").read_text())["reason"]
    assert reason.startswith("stopped by rnntui stop")


@pytest.mark.parametrize(
    "args", quick_first([["runs"], ["recipes"], ["--help"], ["recipes", "tales"]])
)
def test_output_that_cannot_be_written_is_one_line(args: list[str], runs: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command(*args), env=environment(), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 74
    assert ended.stderr == "rnntui: cannot write to stdout: No space left on device\n"


IMPATIENT = """
import rnntui.engine.detached as detached
from rnntui.__main__ import main
detached.STARTING = 0.0
main()
"""


@pytest.mark.slow
def test_a_slow_start_in_the_background_is_not_silent(runs: Path) -> None:
    train = ("train", *SHORT, "--steps", "3", "--detach", "--name", "slow")
    ended = subprocess.run(
        [sys.executable, "-c", IMPATIENT, *train], env=environment(), capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "training slow: rnntui attach slow\n")
    assert ended.stderr == "rnntui: note: starting the training process …\n"


@pytest.mark.slow
def test_what_cannot_begin_says_so_in_the_background_too(runs: Path) -> None:
    ended = run_process("train", "text:aaaa", "--detach")
    assert ended.returncode == 65
    assert not list(runs.glob("*"))


def test_a_killed_run_is_called_crashed_and_goes_on(rnntui, runs: Path) -> None:
    settings = ("--steps", "100000000", "--set", "checkpoint_every=50")
    ended = run_process("train", *SHORT, *settings, "--detach", "--name", "hit")
    assert ended.returncode == 0, ended.stderr
    until(lambda: list(runs.glob("hit/checkpoints/step-*")))
    found = live_lock_owner(runs / "hit")
    assert found is not None
    os.kill(found[0].pid, signal.SIGKILL)
    until(lambda: live_lock_owner(runs / "hit") is None)
    assert listed(rnntui)["hit"]["state"] == "crashed"
    step = int(sorted(path.name for path in runs.glob("hit/checkpoints/step-*"))[-1].split("-")[1])
    more = rnntui("resume", "hit", "--steps", str(step + 5), "--json", "--every", "1")
    assert more.code == 0, more.err
    assert [event["step"] for event in more.of("step")] == list(range(step + 1, step + 6))


def test_the_source_must_be_what_it_was(rnntui, runs: Path) -> None:
    source = runs.parent / "mine.txt"
    source.write_text("the quick brown fox\n" * 40)
    settings = ("--steps", "5", "--plain", "--name", "mine")
    assert rnntui("train", str(source), *SHORT[1:], *settings).code == 0
    source.write_text("the quick brown dog\n" * 40)
    ended = rnntui("resume", "mine", "--steps", "9", "--plain")
    assert ended.code == 65 and "has changed since the run started" in ended.err


def test_nothing_is_kept_where_that_is_asked_for_or_impossible(rnntui, runs: Path) -> None:
    assert rnntui("train", *SHORT, "--steps", "3", "--plain", "--no-save").code == 0
    assert not runs.exists()
    runs.write_text("in the way")
    ended = rnntui("train", *SHORT, "--steps", "3", "--plain")
    assert ended.code == 0 and "this run isn't saved: cannot create" in ended.err
    named = rnntui("train", *SHORT, "--steps", "3", "--plain", "--name", "fox")
    assert named.code == 74


def test_nothing_is_trained_in_the_background_that_cannot_be_saved(runs: Path) -> None:
    runs.write_text("in the way")
    ended = run_process("train", *SHORT, "--steps", "100000000", "--detach")
    assert ended.returncode == 74 and not ended.stdout
    line = ended.stderr.splitlines()[-1]
    assert line.startswith("rnntui: a run in the background must be saved: cannot create ")


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("resume",), 2, "no runs in "),
        (("resume", "nope"), 2, "no run 'nope'"),
        (("attach", "nope"), 2, "no run 'nope'"),
        (("train", "ramp", "--name", "../x"), 2, "name '../x': use up to 64"),
        (("train", "ramp", "--name", "x", "--no-save"), 2, "--no-save cannot be combined"),
        (("train", "ramp", "--detach", "--plain"), 2, "--detach and --plain cannot be combined"),
        (("train", "ramp", "--detach", "--json"), 2, "--detach and --json cannot be combined"),
        (("train", "ramp", "--detach", "--every=9"), 2, "--detach and --every cannot be combined"),
        (("resume", "r", "--plain", "--detach"), 2, "--detach and --plain cannot be combined"),
        (("resume", "r", "--every=9", "--detach"), 2, "--detach and --every cannot be combined"),
        (("train", "--replay", "nope"), 2, "no run 'nope'"),
        (("eval", "nope", "x.txt"), 2, "no run 'nope'"),
        (("rm",), 2, "name the runs to remove"),
    ],
)
def test_mistakes(args: tuple[str, ...], code: int, said: str, rnntui, runs: Path) -> None:
    ended = rnntui(*args)
    assert ended.code == code
    assert ended.err.startswith(f"rnntui: {said}"), ended.err
    assert len(ended.err) <= 220 and ended.err.count("\n") == 1


def test_a_file_whose_name_is_no_text_can_be_gone_on_with(rnntui, runs: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        (runs.parent / name).write_text("the quick brown fox jumps over the lazy dog. " * 20)
    except OSError:
        pytest.skip("names are text on this file system")
    train = ("train", str(runs.parent / name), *SHORT[1:-4], "--steps", "5", "--name", "odd")
    assert rnntui(*train).code == 0
    ended = rnntui("resume", "odd", "--steps", "8", "--json")
    assert (ended.code, ended.err) == (0, "") and ended.of("done")[0]["steps"] == 8
    assert "%E9.txt" in (runs / "odd" / "recipe.toml").read_text()
    assert rnntui("train", "path:").code == 2
