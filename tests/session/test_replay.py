"""Every way of running is the same driver: replays repeat, and a resumed run is the whole one."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.optim import OPTIMIZERS
from rnntui.protocol.messages import Generate
from rnntui.recipe import Recipe, SamplingSettings, load_recipe
from rnntui.runs import plan_cache, recorder
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.runs.store.checkpoint import paths, save_and_prune
from rnntui.runs.store.status import read_status
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.session.session import Session
from rnntui.training import kernel_trial, planning
from rnntui.training.state import TrainState
from rnntui.training.workers import autotune
from tests.conftest import Ended, command, environment, quick_first, quick_ones
from tests.support.patience import PATIENCE
from tests.support.runs_compared import differences, edits, last
from tests.support.sessions import TEXT

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]
Change = Callable[[Session], None]

HELLO = load_recipe("hello-world").replace(
    steps=160, sample_every=7, sample_length=9, final_length=20, workers=1, checkpoint_every=40
)


def in_a_process(runs: Path, *args: str) -> tuple[int, str]:
    """The exit code and stderr of a command that may leave a training process behind."""
    ended = subprocess.run(
        command(*args),
        env=environment(RNNTUI_RUNS=str(runs)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stderr


OPENED: list[TrainState] = []


@pytest.fixture(autouse=True)
def no_worker_left() -> Iterator[None]:
    """A session closes its run; what was opened for it, workers included, is closed here."""
    yield
    while OPENED:
        OPENED.pop().close()


def session_of(job: Job, between: Callable[[], None] | None = None) -> Session:
    opened = open_job(job)
    OPENED.append(opened.state)
    return Session(opened, between)


def start(root: Path, recipe: Recipe, name: str) -> Session:
    return session_of(Job(recipe, runs=str(root), name=name))


def resume(root: Path, recipe: Recipe, name: str, **job: Any) -> Session:
    return session_of(Job(recipe, run=str(root / name), **job))


def drive(session: Session, until: int = 10**9) -> None:
    while session.step < until and not (session.finished or session.paused):
        session.update()


def until_alert(session: Session) -> None:
    while session.alert is None:
        assert not session.finished
        session.update()


def mend_twice(session: Session) -> None:
    until_alert(session)
    session.fix()
    session.set_lr(0.1)
    until_alert(session)
    session.fix()


CHANGES: dict[str, Change] = {
    "restore": mend_twice,
    "lr": lambda s: s.set_lr(0.01),
    "pace": lambda s: (s.set_pace(5000.0), drive(s, s.step + 3), s.set_pace(None))[0],
    "temperature": lambda s: s.set_sampling("temperature", 0.4),
    "top_k": lambda s: s.set_sampling("top_k", 3),
    "top_p": lambda s: s.set_sampling("top_p", 0.7),
    "greedy": lambda s: s.set_sampling("greedy", 1),
    "samples": lambda s: s.set_sampling("samples", 3),
    "settings of a prompt": lambda s: s.generate(
        Generate("hello", 5, SamplingSettings(0.3, samples=2))
    ),
    "several after one update": lambda s: (s.set_sampling("samples", 2), s.set_lr(0.003))[1],
}  # fmt: skip


def recorded(root: Path, change: Change, at: int = 5) -> None:
    session = start(root, HELLO, "run")
    drive(session, at)
    change(session)
    drive(session)
    session.close()


@pytest.mark.parametrize("view", quick_first(["--plain", "--json"]))
@pytest.mark.parametrize("change", quick_ones(CHANGES, "restore", "several after one update"))
def test_a_replay_without_a_screen_is_the_run(
    change: Change, view: str, rnntui: Rnntui, runs: Path
) -> None:
    recorded(runs, change)
    ended = rnntui("train", "--replay", "run", view, "--name", "again", "--every", "0")
    assert ended.code == 0, ended.err
    assert edits(runs / "run") and edits(runs / "again") == edits(runs / "run")
    assert differences(runs / "run", runs / "again") == []


@pytest.mark.slow
def test_a_replay_in_the_background_is_the_run(rnntui: Rnntui, runs: Path) -> None:
    session = start(runs, HELLO, "run")
    for change in CHANGES.values():
        drive(session, session.step + 4)
        change(session)
    drive(session)
    session.close()
    assert {kind for _, kind, _ in edits(runs / "run")} == {
        "lr", "pace", "mend", "temperature", "top_k", "top_p", "greedy", "samples",
    }  # fmt: skip
    code, err = in_a_process(runs, "train", "--replay", "run", "--detach", "--name", "again")
    assert code == 0, err
    end = time.monotonic() + 60
    while (status := read_status(runs / "again")) is None or status.state != "finished":
        assert time.monotonic() < end, status
        time.sleep(0.05)
    assert rnntui("train", "--replay", "run", "--plain", "--name", "third").code == 0
    for other in ("again", "third"):
        assert edits(runs / other) == edits(runs / "run")
        assert differences(runs / "run", runs / other) == []


@pytest.mark.slow
def test_a_change_while_a_sample_is_written_holds_from_the_next_update_on(
    rnntui: Rnntui, runs: Path
) -> None:
    asked: list[int] = []

    def between() -> None:
        if session.step == 14 and not asked:
            asked.append(session.step)
            session.set_sampling("greedy", 1)
            session.generate(Generate("h", 4, SamplingSettings(greedy=True, samples=3)))

    recipe = HELLO.replace(sample_length=250)
    session = session_of(Job(recipe, runs=str(runs), name="run"), between)
    drive(session)
    session.close()
    assert asked
    assert rnntui("train", "--replay", "run", "--plain", "--name", "again").code == 0
    assert [kind for _, kind, _ in edits(runs / "run")] == ["greedy", "samples"]
    assert differences(runs / "run", runs / "again") == []


@pytest.mark.slow
def test_a_restore_at_the_end_gives_as_much_again_in_a_replay_too(
    rnntui: Rnntui, runs: Path
) -> None:
    session = start(runs, HELLO, "run")
    drive(session)
    assert session.finished and session.alert is not None
    session.fix()
    assert session.total == 320
    drive(session, 250)
    session.close("stopped")
    status = read_status(runs / "run")
    assert status is not None and (status.step, status.total) == (250, 320)
    assert rnntui("resume", "run", "--plain").code == 0, "it was given as much again"
    assert rnntui("train", "--replay", "run", "--plain", "--name", "again").code == 0
    assert differences(runs / "run", runs / "again") == []
    for name in ("run", "again"):
        status = read_status(runs / name)
        assert status is not None and (status.state, status.step) == ("finished", 320)
        assert (status.total or 0) >= status.step


@pytest.mark.slow
def test_a_replay_that_is_stopped_and_resumed_makes_the_later_changes_too(
    rnntui: Rnntui, runs: Path
) -> None:
    session = start(runs, HELLO, "run")
    drive(session, 20)
    session.set_lr(0.02)
    drive(session, 60)
    session.set_sampling("samples", 2)
    session.set_lr(0.03)
    drive(session)
    session.close()
    replay = session_of(Job(HELLO, runs=str(runs), name="b", replay=str(runs / "run")))
    drive(replay, 30)
    replay.close("stopped")
    for checkpoints in ("all", "none"):
        shutil.copytree(runs / "b", runs / checkpoints)
    for path in (runs / "none" / "checkpoints").iterdir():
        shutil.rmtree(path)  # as if it had been killed before the first one
    for name in ("all", "none"):
        assert rnntui("resume", name, "--plain").code == 0
        assert edits(runs / name) == edits(runs / "run")
        assert differences(runs / "run", runs / name) == []


@pytest.mark.slow
def test_a_change_survives_two_crashes(runs: Path) -> None:
    """The checkpoint between them is older than the change, and knows of its event."""
    recipe = HELLO.replace(checkpoint_every=0)
    session = start(runs, recipe, "run")
    drive(session, 30)
    session.save()
    drive(session, 60)
    session.set_lr(0.02)
    drive(session)
    session.close()
    shutil.copytree(runs / "run", runs / "crashed")

    def crash(keep: int) -> None:
        for path in (runs / "crashed" / "checkpoints").iterdir():
            if int(path.name.split("-")[1]) > keep:
                shutil.rmtree(path)

    crash(30)
    again = resume(runs, recipe, "crashed")
    assert again.step == 30
    drive(again, 45)
    again.save()
    drive(again, 50)
    again.close("stopped")
    crash(45)
    again = resume(runs, recipe, "crashed")
    assert again.step == 45
    drive(again)
    again.close()
    assert differences(runs / "run", runs / "crashed") == []
    assert edits(runs / "run") == edits(runs / "crashed")


@pytest.mark.parametrize("workers", quick_first([1, 2]))
def test_the_result_of_the_trial_is_repeated_at_its_update(
    workers: int, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.training.state.most_workers", lambda _: 2)
    monkeypatch.setattr(autotune, "SMALL", 0.0)
    monkeypatch.setattr(autotune, "FIRST", 0.0)  # after two updates
    monkeypatch.setattr("rnntui.training.worker_trial.autotune", lambda *_: workers)
    recipe = Recipe().replace(
        source="text:hello world. ", repeat=99, cell="gru", layers=2, dropout=0.3, hidden=10,
        batch=6, seq_len=10, steps=6, checkpoint_every=1, seed=3, workers=0,
    )  # fmt: skip
    session = start(runs, recipe, "run")
    drive(session)
    session.close()
    monkeypatch.setattr("rnntui.training.worker_trial.autotune", lambda *_: 0 / 0)
    assert edits(runs / "run") == [(2, "workers", workers)]
    for keep in (0, 1, 2, 4):
        name = f"from {keep}"
        shutil.copytree(runs / "run", runs / name)
        for path in paths(runs / name / "checkpoints"):
            if int(path.name.split("-")[1]) > keep:
                shutil.rmtree(path)
        again = resume(runs, stored_recipe(runs / name), name)
        drive(again)
        again.close()
    job = Job(stored_recipe(runs / "run"), runs=str(runs), name="again", replay=str(runs / "run"))
    replay = session_of(job)
    drive(replay)
    replay.close()
    for name in ("from 0", "from 1", "from 2", "from 4", "again"):
        assert differences(runs / "run", runs / name) == [], name
        assert edits(runs / name) == edits(runs / "run"), name


PLANNED = Recipe().replace(
    source="text:hello world. ", repeat=99, cell="lstm", layers=2, dropout=0.3, hidden=32,
    batch=8, seq_len=33, steps=6, checkpoint_every=1, seed=3, workers=1,
)  # fmt: skip
CHOSEN = "forward=plain backward=plain linear=plain sums=plain gates=exp output=exp tokens=all"


@dataclass
class Chooses:
    """A trial with a result that is known before, so that a test can repeat it."""

    kernels: Kernels

    def advance(self) -> bool:
        return False


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks are worth a trial too, after two updates."""
    monkeypatch.setattr(planning, "SMALL", 0.0)
    monkeypatch.setattr(autotune, "FIRST", 0.0)
    monkeypatch.setattr(plan_cache, "plan_folder", lambda: Path("/dev/null/nowhere"))
    monkeypatch.setattr(kernel_trial, "trial_of", lambda _: Chooses(Kernels.parse(CHOSEN)))


def whole(root: Path, recipe: Recipe, name: str, **job: Any) -> list[float]:
    """Train to the end; return the losses."""
    session = session_of(Job(recipe, runs=str(root), name=name, **job))
    losses = []
    while not session.finished:
        if (chunk := session.update()) is not None:
            losses.append(chunk.loss)
    session.close()
    return losses


@pytest.mark.slow
@pytest.mark.parametrize("workers", quick_first([1, 2]))
def test_the_kernels_that_a_trial_chose_are_repeated_at_their_update(
    workers: int, runs: Path, planned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(runs, PLANNED.replace(workers=workers), "run")
    monkeypatch.setattr(kernel_trial, "trial_of", lambda _: 0 / 0)
    assert edits(runs / "run") == [(2, "kernels", CHOSEN)]
    for keep in (0, 2, 4):
        name = f"from {keep}"
        shutil.copytree(runs / "run", runs / name)
        for path in paths(runs / name / "checkpoints"):
            if int(path.name.split("-")[1]) > keep:
                shutil.rmtree(path)
        again = resume(runs, stored_recipe(runs / name), name)
        drive(again)
        again.close()
    whole(runs, stored_recipe(runs / "run"), "again", replay=str(runs / "run"))
    for name in ("from 0", "from 2", "from 4", "again"):
        assert differences(runs / "run", runs / name) == [], name
        assert edits(runs / name) == edits(runs / "run"), name


@pytest.mark.slow
def test_a_fresh_a_cached_and_the_reference_plan_give_equal_losses(
    runs: Path, planned: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_cache, "plan_folder", lambda: tmp_path / "plans")
    fresh = whole(runs, PLANNED, "fresh")
    monkeypatch.setattr(kernel_trial, "trial_of", lambda _: 0 / 0)
    cached = whole(runs, PLANNED, "cached")
    reference = whole(runs, PLANNED.replace(plan="reference"), "reference")
    assert edits(runs / "cached") == [(0, "kernels", CHOSEN)]
    assert edits(runs / "reference") == []
    assert fresh[:2] == reference[:2]
    for one, other in itertools.combinations(("fresh", "cached", "reference"), 2):
        assert differences(runs / one, runs / other) != [], (one, other)
    assert fresh == pytest.approx(reference, rel=1e-5)
    assert cached == pytest.approx(reference, rel=1e-5)
    replay = whole(runs, stored_recipe(runs / "cached"), "again", replay=str(runs / "cached"))
    assert replay == cached and differences(runs / "cached", runs / "again") == []


def test_a_replay_of_a_run_without_a_trial_holds_none(
    runs: Path, planned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_trial, "trial_of", lambda _: 0 / 0)
    reference = whole(runs, PLANNED.replace(plan="reference"), "reference")
    recipe = stored_recipe(runs / "reference").replace(plan="auto")
    assert whole(runs, recipe, "again", replay=str(runs / "reference")) == reference


def test_a_run_from_before_there_were_plans_is_resumed_with_the_reference(
    runs: Path, planned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = whole(runs, PLANNED.replace(plan="reference", steps=3), "old")
    file = runs / "old" / "recipe.toml"
    file.write_text(file.read_text().replace('plan = "reference"\n', ""))
    recipe = stored_recipe(runs / "old")
    assert recipe.train.plan == "reference" and len(reference) == 3
    monkeypatch.setattr(kernel_trial, "trial_of", lambda _: 0 / 0)
    again = resume(runs, recipe.replace(steps=6), "old", new_bounds=True)
    drive(again)
    again.close()
    whole(runs, PLANNED.replace(plan="reference"), "whole")
    assert differences(runs / "old", runs / "whole") == []


@pytest.mark.parametrize("asked", quick_first([45, 80]))
def test_a_checkpoint_the_user_asked_for_is_saved_however_slow_the_disk(
    asked: int, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is one that was due anyway, and is waiting already."""
    begun, answers = threading.Event(), threading.Event()

    def slow(*args: Any) -> Path:
        begun.set()
        assert answers.wait(PATIENCE)
        return save_and_prune(*args)

    monkeypatch.setattr(recorder, "save_and_prune", slow)
    session = start(runs, HELLO, "run")
    drive(session, 40)
    assert begun.wait(PATIENCE)
    drive(session, asked)
    session.save()
    drive(session)
    answers.set()
    session.close()
    saved = [int(path.name.split("-")[1]) for path in paths(runs / "run" / "checkpoints")]
    assert asked in saved and saved[-1] == 160


# ---- stop and resume ----------------------------------------------------------------------------

FOX = Recipe(name="fox").replace(
    source=TEXT,
    repeat=12,
    hidden=6,
    batch=2,
    seq_len=8,
    lr=0.05,
    steps=60,
    eval_every=7,
    sample_every=9,
    sample_length=12,
    final_length=15,
    workers=1,
)
EXTENDED = {
    **{name: FOX.replace(optimizer=name) for name in OPTIMIZERS},
    "plateau": FOX.replace(schedule="plateau", patience=1, optimizer="momentum"),
    "plateau, slow": FOX.replace(schedule="plateau", patience=3, eval_every=4),
    "step": FOX.replace(schedule="step", decay_every=11, decay=0.7),
    "exponential, warm-up": FOX.replace(schedule="exponential", warmup=25),
    "one step, summed, shared": FOX.replace(
        seq_len=1, repeat=1, batch=1, reduction="sum", sample_random="shared"
    ),
    "dropout, several samples, greedy": FOX.replace(layers=2, dropout=0.3, samples=2),
    "carried samples": FOX.replace(sample_start="carried", sample_random="shared", cell="lstm"),
    "no validation": FOX.replace(split=0.0, eval_every=0),
    "turns": FOX.replace(turns=3, cell="gru", batch=2),
    "values": FOX.replace(
        task="values", source="values:" + ",".join(str(n * n % 11) for n in range(90))
    ),
}
EXACT = ("step", "epoch", "eval", "sample")
UNTOLD = ("tokens_per_s", "seconds")


def told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a run reports of its updates, without times."""
    return [
        {key: value for key, value in event.items() if key not in UNTOLD}
        for event in events
        if event["event"] in EXACT
    ]


def recipe_file(folder: Path, recipe: Recipe) -> str:
    from rnntui.recipe import to_toml

    path = folder / "mine.toml"
    path.write_text(to_toml(recipe))
    return str(path)


@pytest.mark.parametrize(
    "recipe",
    quick_ones(EXTENDED, "plateau"),
)
def test_a_finished_run_that_is_extended_is_one_that_had_the_bound_from_the_start(
    recipe: Recipe, rnntui: Rnntui, runs: Path, tmp_path: Path
) -> None:
    file = recipe_file(tmp_path, recipe)
    json_lines = ("--json", "--every", "1")
    straight = rnntui("train", file, "--name", "straight", *json_lines)
    bounds = ("10", "25", "41", "60")  # none where a validation is due
    parts = [rnntui("train", file, "--steps", bounds[0], "--name", "parts", *json_lines)]
    parts += [rnntui("resume", "parts", "--steps", bound, *json_lines) for bound in bounds[1:]]
    assert [ended.code for ended in parts] == [0] * 4, [ended.err for ended in parts]
    assert differences(runs / "straight", runs / "parts") == []
    ends = [int(bound) for bound in bounds[:-1]]
    by_end = {event["step"] for event in told(straight.events) if event["event"] == "eval"}
    found = [event for ended in parts for event in told(ended.events)]
    found = [
        event
        for event in found
        if not (event["event"] == "eval" and event["step"] in ends and event["step"] not in by_end)
    ]
    assert found == told(straight.events)
    done, expected = parts[-1].events[-1], straight.events[-1]
    assert {**done, "seconds": 0} == {**expected, "seconds": 0}
    statuses = [read_status(runs / run) for run in ("straight", "parts")]
    keys = ("state", "step", "total", "epoch", "loss", "validation", "best", "last", "lowest")
    one, other = ([getattr(status, key) for key in keys] for status in statuses)
    assert one == other


@pytest.mark.parametrize("stops", quick_first([[13, 14, 29, 59], [7, 8], [1]]))
@pytest.mark.parametrize("schedule", quick_first(["plateau", "cosine", "constant"]))
def test_a_run_that_is_stopped_reports_what_the_whole_one_does(
    stops: list[int], schedule: str, rnntui: Rnntui, runs: Path, tmp_path: Path
) -> None:
    recipe = FOX.replace(schedule=schedule, patience=1)
    whole = rnntui("train", recipe_file(tmp_path, recipe), "--name", "whole", "--json")
    session = start(runs, recipe, "parts")
    for stop in stops:
        drive(session, stop)
        session.close("stopped")
        session = resume(runs, recipe, "parts")
    session.close("stopped")
    ended = rnntui("resume", "parts", "--json", "--every", "100")
    assert differences(runs / "whole", runs / "parts") == []
    assert ended.of("eval") == [event for event in whole.of("eval") if event["step"] > stops[-1]]
    assert {**ended.events[-1], "seconds": 0} == {**whole.events[-1], "seconds": 0}


def test_a_run_killed_after_its_last_update_reports_its_end(rnntui: Rnntui, runs: Path) -> None:
    first = rnntui("train", "counting", "--json", "--name", "c", "--set", "split=0.0")
    status = runs / "c" / "status.json"
    status.write_text(status.read_text().replace('"finished"', '"training"'))
    again = rnntui("resume", "c", "--json")
    assert again.code == 0, again.err
    for key in ("steps", "loss", "best", "predicted"):
        assert again.events[-1][key] == first.events[-1][key]


@pytest.mark.slow
def test_an_alert_is_raised_once_however_often_a_run_is_stopped(runs: Path) -> None:
    whole = start(runs, HELLO, "whole")
    drive(whole)
    whole.close()
    parts = start(runs, HELLO, "parts")
    while parts.step < HELLO.train.steps:
        before = parts.step
        drive(parts, before + 13)
        assert parts.step > before
        parts.close("stopped")
        parts = resume(runs, HELLO, "parts", new_bounds=parts.step < HELLO.train.steps)
    drive(parts)
    parts.close()

    def alerts(name: str) -> list[tuple[int, str]]:
        lines = (runs / name / "events.jsonl").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        return [(e["step"], e["text"]) for e in events if e["kind"] == "alert"]

    assert alerts("whole") and alerts("parts") == alerts("whole")
    assert differences(runs / "whole", runs / "parts") == []


# ---- bounds -------------------------------------------------------------------------------------


PASSED = [("--steps", "10"), ("--steps", "39"), ("--epochs", "1"), ("--seconds", "1e-6")]


@pytest.mark.parametrize(
    "views", [["--plain", "--json"], pytest.param(["--detach"], marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    ("state", "bounds"), [("finished", PASSED), ("stopped", [*PASSED, ("--steps", "40")])]
)
def test_a_bound_that_is_passed_is_refused_and_changes_nothing(
    state: str, bounds: list[tuple[str, str]], views: list[str], rnntui: Rnntui, runs: Path
) -> None:
    session = start(runs, FOX.replace(epochs=0, steps=40 if state == "finished" else 90), "c")
    drive(session, 40)
    drive(session, 41 if state == "finished" else 40)
    session.close("stopped by me")

    def files() -> dict[str, bytes]:
        kept = [path for path in (runs / "c").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in kept if path.name != "lock"}

    before = files()
    for bound, view in itertools.product(bounds, views):
        if view == "--detach":
            code, err = in_a_process(runs, "resume", "c", *bound, view)
        else:
            ended = rnntui("resume", "c", *bound, view)
            code, err = ended.code, ended.err
        assert code == 2, err
        (said,) = [line for line in err.splitlines() if "starting the training process" not in line]
        assert "give a larger bound" in said
        if bound[0] == "--steps":
            assert "already at update 40" in err
        assert files() == before
    assert rnntui("resume", "c", "--steps", "45", "--plain").code == 0


@pytest.mark.parametrize("bound", [("--steps", "20"), ("--epochs", "1"), ("--seconds", "0.05")])
def test_the_bound_with_which_a_run_finished_is_accepted_and_trains_no_further(
    bound: tuple[str, str], rnntui: Rnntui, runs: Path, tmp_path: Path
) -> None:
    file = recipe_file(tmp_path, FOX.replace(workers=1))
    first = rnntui("train", file, "--name", "c", *bound, "--json").of("done")[-1]
    for _ in range(2):
        again = rnntui("resume", "c", *bound, "--json")
        assert again.code == 0, again.err
        (done,) = again.of("done")
        assert (done["steps"], done["best"]) == (first["steps"], first["best"])


def test_a_new_bound_that_changes_the_rate_is_announced_once(
    rnntui: Rnntui, runs: Path, tmp_path: Path
) -> None:
    file = recipe_file(tmp_path, FOX.replace(schedule="cosine", workers=1))
    assert rnntui("train", file, "--name", "a", "--plain").code == 0
    for steps in ("120", "90"):  # a lower bound too, while it is still ahead
        shutil.copytree(runs / "a", runs / steps)
        ended = rnntui("resume", steps, "--steps", "70", "--json", "--every", "1")
        rates = [event["lr"] for event in ended.of("step")]
        notes = [n["text"] for n in ended.of("note") if "learning rate" in n["text"]]
        assert len(notes) == 1, notes
        old, new = notes[0].rpartition(": ")[2].split(" → ")
        assert float(new) == pytest.approx(rates[0], rel=1e-3)
        assert float(old) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("schedule", quick_first(["step", "plateau", "exponential", "constant"]))
def test_a_new_bound_that_changes_no_rate_is_not_announced(
    schedule: str, rnntui: Rnntui, runs: Path, tmp_path: Path
) -> None:
    file = recipe_file(tmp_path, FOX.replace(schedule=schedule))
    assert rnntui("train", file, "--name", "a", "--plain").code == 0
    ended = rnntui("resume", "a", "--steps", "70", "--plain")
    assert "learning rate" not in ended.err


def test_a_bound_of_time_ends_with_a_validation(rnntui: Rnntui, runs: Path, tmp_path: Path) -> None:
    recipe = FOX.replace(steps=0, seconds=0.1, eval_every=10**6, lr=0.01)
    file = recipe_file(tmp_path, recipe)
    ended = rnntui("train", file, "--name", "a", "--json", "--every", "0")
    (validation,) = ended.of("eval")
    done = ended.events[-1]
    assert validation["step"] == done["steps"] > 0
    assert done["best"] == validation["loss"]
    status = read_status(runs / "a")
    assert status is not None and status.best == status.validation == validation["loss"]
    text = tmp_path / "held.txt"
    text.write_text(TEXT.removeprefix("text:") * 12)
    best = rnntui("eval", "a", str(text), "--json", "--checkpoint", "best")
    assert best.code == 0, best.err
    before = last(runs / "a")
    more = rnntui("resume", "a", "--steps", str(done["steps"] + 5), "--json", "--every", "1")
    assert more.code == 0, more.err
    assert last(runs / "a").state["plateau"] == before.state["plateau"], "it was not observed"
    straight = rnntui(
        "train", file, "--name", "b", "--json", "--steps", str(done["steps"] + 5), "--seconds", "0"
    )
    assert straight.code == 0, straight.err
    assert differences(runs / "a", runs / "b") == []


# ---- what is recorded ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("view", quick_first(["--plain", "--json"]))
def test_output_that_cannot_be_written_is_no_divergence(view: str, runs: Path) -> None:
    args = ("train", "hello-world-cured", view, "--name", "a", "--steps", "100000")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command(*args), env=environment(RNNTUI_RUNS=str(runs)), stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert ended.returncode == 74, ended.stderr
    status = read_status(runs / "a")
    assert status is not None and (status.state, status.exit_code) == ("stopped", 74)
    assert "cannot write to stdout" in (status.reason or "")


@pytest.mark.parametrize("view", quick_first(["--json", "--plain"]))
def test_a_reader_that_leaves_has_stopped_the_run(view: str, runs: Path) -> None:
    args = ("train", "hello-world-cured", view, "--every", "1", "--name", "a", "--steps", "100000")
    with subprocess.Popen(
        command(*args), env=environment(RNNTUI_RUNS=str(runs)), stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        for _ in range(20):
            program.stdout.readline()
        program.stdout.close()
        assert program.wait(PATIENCE) == 141
    status = read_status(runs / "a")
    assert status is not None and (status.state, status.exit_code) == ("stopped", 141)
    assert status.reason == "the output was closed"
    assert status.checkpoint == status.step > 0


@pytest.mark.parametrize(
    ("recipe", "steps"),
    quick_first(
        [
            ("counting", 50),
            ("i-love-ai", 80),
            ("successor", 50),
            ("ramp", 40),
            ("hello-world-cured", 50),
        ],
        2,
    ),
)
def test_a_short_recipe_ends_with_its_true_last_loss(
    recipe: str, steps: int, rnntui: Rnntui, runs: Path
) -> None:
    ended = rnntui("train", recipe, "--name", "a", "--steps", str(steps), "--json", "--every", "1")
    status = read_status(runs / "a")
    losses = [event["loss"] for event in ended.of("step")]
    tokens = 4 if recipe in ("counting", "successor") else 1  # that the loss is summed over
    assert status is not None and status.last == pytest.approx(losses[-1] / tokens, rel=1e-12)
    assert status.averaged is not None and 1 <= status.averaged <= 20
    recent = losses[-status.averaged :]
    assert status.loss == pytest.approx(math.fsum(recent) / len(recent) / tokens, rel=1e-9)
    if recipe in ("counting", "successor"):
        assert status.loss == pytest.approx(status.last, rel=1e-12), "each update reads all of it"
