"""A run seen from its files: as the live one was shown, whatever is in them, at a bounded cost."""

from __future__ import annotations

import json
import math
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from rnntui.engine.loop import Engine
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import Failed, Look, Snapshot, TokenSteps, ValueSteps
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.runs.recorder import VIEW
from rnntui.runs.store.journal import EVENTS, METRICS, segment
from rnntui.runs.store.metrics_index import INDEX, LINES
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.runs.trained_model import load_model
from rnntui.session.recorded_losses import WORTH_KEEPING, RecordedLosses
from rnntui.session.session import Session
from rnntui.session.stored_run import StoredRun
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import plain
from rnntui.tui.state import RunState
from rnntui.tui.widgets.loss import LossPanel
from rnntui.tui.widgets.steps import NOT_STORED, StepsPanel
from rnntui.tui.window import most_zoom
from tests.conftest import quick_first
from tests.support.sessions import TOKENS, VALUES, look, run

BOTH = pytest.mark.parametrize("recipe", [TOKENS, VALUES], ids=["tokens", "values"])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def trained(directory: Path, recipe: Recipe, updates: int = 60) -> tuple[Snapshot, Path]:
    """What the dashboard showed last of a run that has ended, and its directory."""
    opened = open_job(Job(recipe=recipe, runs=str(directory / "runs"), name="run"))
    assert opened.recorder is not None
    path = opened.recorder.run.path.resolve()
    session = Session(opened)
    try:
        session._views._compute_baselines()
        assert session._views._baseline_thread is not None
        session._views._baseline_thread.join()
        run(session, updates)
        seen = look(session, steps=True)
        assert session.close("stopped") == ""
    finally:
        opened.state.close()
    return seen, path


def viewing(path: Path) -> StoredRun:
    return StoredRun(Job(recipe=stored_recipe(path), run=str(path), shown=True))


def seen(view: StoredRun, **marks: Any) -> Snapshot:
    reply = decode_reply(encode(view.snapshot(Look(**marks))))
    assert isinstance(reply, Snapshot)
    return reply


def write(path: Path, stem: str, lines: list[Any]) -> None:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    segment(path, stem, 0).write_bytes(b"".join(line + b"\n" for line in raw))


def metrics(count: int, updates: int = 3) -> list[dict[str, Any]]:
    return [
        {"step": n * updates, "updates": updates, "loss": 1 + (n * 7919 % 1000) / 1000}
        for n in range(1, count + 1)
    ]


@BOTH
def test_a_run_that_has_ended_shows_what_the_live_one_did(tmp_path: Path, recipe: Recipe) -> None:
    live, path = trained(tmp_path, recipe)
    ended = seen(viewing(path), steps=True)
    assert isinstance(live.steps, TokenSteps | ValueSteps) and ended.steps == live.steps
    assert live.baselines and ended.baselines == live.baselines
    for name in ("step", "smooth", "best", "validation", "best_validation", "lr", "validations"):
        told, known = getattr(ended, name), getattr(live, name)
        exact = not isinstance(known, float)
        assert told == (known if exact else pytest.approx(known, rel=1e-5)), name
    assert [event.text for event in live.events] == [
        event.text for event in ended.events if event.kind != "end"
    ]


def test_a_finished_series_forecasts_with_its_best_weights(tmp_path: Path) -> None:
    spoiled = VALUES.replace(lr=0.5, eval_every=1)
    _, path = trained(tmp_path, spoiled, 20)
    best = load_model(path, "best").step
    assert best < load_model(path).step == 20
    view = viewing(path)
    assert view._model is not None and view._model.step == best
    assert seen(view).saved == 20


@pytest.mark.parametrize(
    "content",
    quick_first(
        [
            b"",
            b"[]",
            b"\0" * 100,
            b'{"baselines":5,"steps":5}',
            b'{"baselines":[{"name":"x","loss":1' + b"0" * 401 + b"}]}",
            b'{"baselines":[{"name":"x","loss":NaN}]}',
            b'{"steps":{"kind":"Stop"}}',
            b'{"steps":{"kind":"TokenSteps","step":1,"input":["a"],"true":[],"predicted":[],'
            b'"probability":[]}}',
            b'{"baselines":[null]}',
            b'{"a":' * 100_000,
        ],
        5,
    ),
)
def test_a_damaged_view_is_no_view(tmp_path: Path, content: bytes) -> None:
    _, path = trained(tmp_path, TOKENS, 9)
    (path / VIEW).write_bytes(content)
    found = seen(viewing(path), steps=True)
    assert found.steps is None and found.baselines == () and found.step == 9


def test_steps_that_were_not_stored_are_said_to_be_missing(tmp_path: Path) -> None:
    _, path = trained(tmp_path, TOKENS, 9)
    (path / VIEW).unlink()
    view, state = viewing(path), RunState(TOKENS)
    state.welcome = view.welcome()
    state.apply(seen(view, steps=True))
    assert NOT_STORED in "\n".join(plain(StepsPanel(state, Display(), "steps").draw(100, 6)))


@pytest.mark.parametrize(
    "line",
    quick_first(
        [
            {"step": 10**401},
            {"step": 61, "updates": 10**401, "loss": 1.0},
            {"step": 61, "updates": 1, "loss": 10**401},
            {"step": 61, "updates": 1, "loss": 1.0, "lr": 10**401, "epoch": -(10**401)},
            {"step": 61, "updates": 1, "loss": 1.0, "seconds": 10**401, "gradient_norm": 10**401},
            {"step": 61, "updates": 1, "loss": 1.0, "validation": 10**401},
            {"step": 61, "updates": 1, "loss": float("nan"), "lr": float("inf")},
            {"step": 61, "updates": 1, "loss": 1e308, "low": -1e308, "high": 1e308},
            {"step": 10**12, "updates": 1, "loss": 1.0},
            {"step": [61], "loss": {}},
            {"rollback": -(10**30)},
            b"\0" * 5000,
            b"{" * 100_000,
        ],
        5,
    ),
    ids=lambda line: str(line)[:40],
)
def test_a_damaged_last_line_is_shown_as_far_as_possible(tmp_path: Path, line: Any) -> None:
    _, path = trained(tmp_path, TOKENS, 60)
    (path / INDEX).unlink(missing_ok=True)
    write(path, METRICS, [*metrics(20), line])
    write(path, EVENTS, [line, {**line, "kind": "lr", "text": "x"} if type(line) is dict else line])
    view = viewing(path)
    found = seen(view, steps=True)
    assert seen(view, window_first=20, window_last=40).window is not None
    assert found.history.mean or line == {"rollback": -(10**30)}
    assert encode(view.welcome())


def test_a_failure_to_show_a_run_does_not_claim_that_it_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = trained(tmp_path, TOKENS, 9)

    def broken(*_: object) -> None:
        raise OverflowError("int too large")

    monkeypatch.setattr("rnntui.session.stored_run.read_shown", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where the traceback is written
    job = Job(recipe=stored_recipe(path), run=str(path), shown=True)
    engine = Engine(job, tmp_path / "socket")
    with pytest.raises(OverflowError) as caught:
        engine._load()
    failure = engine._fail(caught.value)
    engine._server.close()
    assert isinstance(failure, Failed)
    assert (
        failure.message.startswith("cannot show the files of ") and "run: Over" in failure.message
    )
    (details,) = tmp_path.glob("rnntui-*-crash-*.txt")
    assert "OverflowError" in details.read_text()


# ---- long runs ----------------------------------------------------------------------------------


def test_every_line_is_reached_from_the_dashboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where a slow machine samples the journal first, the whole plot is sent for some seconds.
    monkeypatch.setattr("rnntui.session.recorded_losses.SETTLED", 0.0)
    _, path = trained(tmp_path, TOKENS, 9)
    lines = metrics(40_000)
    write(path, METRICS, lines)
    view, display = viewing(path), Display()
    while not view._recorded.complete:
        view.tick(time.monotonic(), 1.0)
    state = RunState(TOKENS)
    state.welcome = view.welcome()
    panel = LossPanel(state, display, "plot")
    state.apply(seen(view, **vars(state.look(False))))
    assert state.bins.level > 0
    display.zoom = most_zoom(120_000)
    for n in (1, 17, 9_999, 20_000, 39_998, 40_000):
        display.cursor = 3 * n
        for _ in range(100):  # the window may take another look on a slow machine
            panel.plot()
            state.apply(seen(view, **vars(state.look(False))))
            plot = panel.plot()
            if plot.bins.level == 0:
                break
            view.tick(time.monotonic(), 1.0)
        assert plot.bins.level == 0 and plot.first < 3 * n
        shown = plot.bins.mean[3 * n - 1 - plot.bins.start]
        assert shown == pytest.approx(lines[n - 1]["loss"], rel=1e-4)
        drawn = "\n".join(plain(panel.draw(120, 20)))
        assert f"raw {shown:.3f}" in drawn


@pytest.mark.slow
def test_a_picture_does_not_wait_for_many_events(tmp_path: Path) -> None:
    """The newest ones come once all are read, and none that a rollback voids."""
    _, path = trained(tmp_path, TOKENS, 9)
    lines: list[Any] = [{"step": n, "kind": "note", "text": f"note {n}"} for n in range(120_000)]
    write(path, EVENTS, [*lines, {"rollback": 119_990}])
    view = viewing(path)
    assert not view._log.complete and view._log.count < 60_000
    assert seen(view).step == 9 and seen(view).event_count == 0
    for _ in range(1000):
        view.tick(time.monotonic(), 1.0)
    shown = seen(view)
    assert shown.event_count == 119_991 and view.delay(0.0) == math.inf
    assert [event.step for event in shown.events][-2:] == [119_989, 119_990]


def test_a_window_is_sent_once(tmp_path: Path) -> None:
    _, path = trained(tmp_path, TOKENS, 60)
    view = viewing(path)
    first = seen(view, window_first=20, window_last=40).window
    assert first is not None
    assert (first.history.level, first.history.start, len(first.history.mean)) == (0, 20, 20)
    marks = {"window_first": 20, "window_last": 40, "window": first.mark}
    assert seen(view, **marks).window is None
    assert seen(view, **{**marks, "window_last": 30}).window is not None


@pytest.mark.slow
def test_a_live_run_can_be_zoomed_too(tmp_path: Path) -> None:
    opened = open_job(Job(recipe=TOKENS, runs=str(tmp_path / "runs"), name="run"))
    session = Session(opened)
    try:
        run(session, 1500)
        known = look(session).history
        marks = {"history_level": known.level, "history_bins": len(known.mean)}
        assert known.level > 0 and opened.recorder is not None
        opened.recorder._metrics.flush()
        end, window = time.monotonic() + 30, None
        while window is None or window.history.start + len(window.history.mean) < 1400:
            assert time.monotonic() < end
            time.sleep(0.05)
            found = look(session, window_first=1200, window_last=1400, **marks)
            window = found.window or window
        assert window.history.level == 0 and window.history.start == 1200
        assert None not in window.history.mean
    finally:
        session.close("stopped")
        opened.state.close()


def test_training_leaves_an_index_that_the_first_viewer_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.runs.store.metrics.EARLY_INTERVAL", 0.0)
    _, path = trained(tmp_path, TOKENS, 5 * LINES)
    past = RecordedLosses(path)
    assert past._index.count == (5 * LINES - 1) // LINES == past._kept


@pytest.mark.slow
def test_the_first_viewer_of_an_old_run_leaves_an_index_in_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = trained(tmp_path, TOKENS, 9)
    (path / INDEX).unlink(missing_ok=True)
    write(path, METRICS, metrics((WORTH_KEEPING + 1) * LINES))
    before = sorted(path.iterdir())
    with monkeypatch.context() as impatient:
        impatient.setattr("rnntui.session.recorded_losses.FIRST_READ", 0.0)
        past = RecordedLosses(path)
    # The first picture is made of samples, and shows the whole run.
    assert not past.complete
    early = past.history(Look())
    while not past.complete:
        past.follow()
    # A viewer that has the early picture gets all of the late one.
    late = past.history(Look(history_level=early.level, history_bins=len(early.mean)))
    assert (early.level, len(early.mean)) == (late.level, len(late.mean))
    assert None not in early.mean
    again = RecordedLosses(path)
    assert again.complete and again._kept == past._index.count >= WORTH_KEEPING
    assert again.history(Look()) == late
    assert sorted(path.iterdir()) == before and list(cache.rglob(f"*{INDEX}"))


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = trained(tmp_path, TOKENS, 9)
    (path / INDEX).unlink(missing_ok=True)
    write(path, METRICS, metrics((WORTH_KEEPING + 1) * LINES))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "file"))
    past = RecordedLosses(path)
    while not past.complete:
        past.follow()
    assert past.last == 3 * (WORTH_KEEPING + 1) * LINES


@pytest.mark.slow
def test_following_a_run_takes_no_more_and_more_memory(tmp_path: Path) -> None:
    _, path = trained(tmp_path, TOKENS, 9)
    lines = [json.dumps(line).encode() + b"\n" for line in metrics(60_000)]
    event = json.dumps({"step": 1, "kind": "lr", "text": "x" * 80}).encode() + b"\n"
    write(path, METRICS, [])
    view = viewing(path)
    used = []
    tracemalloc.start()
    try:
        for tick in range(20):
            with segment(path, METRICS, 0).open("ab") as file:
                file.writelines(lines[tick * 3000 : (tick + 1) * 3000])
            with segment(path, EVENTS, 0).open("ab") as file:
                file.write(event * 500)
            view._follow(1.0)
            seen(view, window_first=tick * 100, window_last=tick * 100 + 500)
            used.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert view._recorded.last == 180_000
    assert used[-1] - used[4] < 500_000  # bytes, for 45 000 more lines and 7 500 more events
