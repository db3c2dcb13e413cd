"""While a large file is being read: everyone waiting sees the progress and can stop waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui.data import reading, source
from rnntui.engine.client import EngineClient, greet
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.foreground import waiting
from rnntui.numbers import size_in_words
from rnntui.protocol.messages import Accepted, Hello, Loading, Look, Pause, Stop, Welcome
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.tui.draw.progress import loading_rows
from rnntui.tui.draw.rows import plain
from tests.conftest import command, environment, quick_first
from tests.support.drawing import check
from tests.support.patience import PATIENCE, patiently
from tests.support.scripted import Scripted, dashboard, ready, shown, until

LINE = b"whoever reads this reads it again and again, word by word; it has no end in sight. \n"
SLOW = {"tokenizer": "word", "batch": 1, "seq_len": 10, "hidden": 8, "layers": 1, "dropout": 0.0}


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that takes seconds to read word by word."""
    path = tmp_path_factory.mktemp("big") / "big.txt"
    path.write_bytes(LINE * (source.LARGE // len(LINE) + 1))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache folder."""
    monkeypatch.setenv("RNNTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def handle(tmp_path: Path, big: Path, folder: Path) -> Iterator[EngineHandle]:
    """Return a training process that reads it."""
    recipe = Recipe().replace(source=str(big), **SLOW)
    started = spawn(Job(recipe), tmp_path)
    yield started
    started.kill()


async def connected(handle: EngineHandle) -> tuple[EngineClient, Loading]:
    """Return a viewer, and the first message it receives."""
    client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
    reply = await client.ask(Hello(), timeout=PATIENCE)
    assert isinstance(reply, Loading), reply
    return client, reply


def nothing_stays(handle: EngineHandle, folder: Path) -> bool:
    """Check that neither tokens nor the process's directory remain."""
    kept = list(folder.iterdir()) if folder.exists() else []
    return not kept and not handle.directory.exists()


async def test_viewers_see_the_progress(handle: EngineHandle, folder: Path) -> None:
    client, first = await connected(handle)
    assert first.text == "reading big.txt"
    fractions = [first.fraction]
    while fractions[-1] < 0.02:
        assert len(fractions) < 100_000
        reply = await client.ask(Look(), timeout=PATIENCE)
        assert isinstance(reply, Loading)
        assert reply.rate > 0
        fractions.append(reply.fraction)
    assert fractions == sorted(fractions)
    assert isinstance(await client.ask(Pause(), timeout=PATIENCE), Loading)
    assert await client.ask(Stop(), timeout=PATIENCE) == Accepted()
    assert handle.wait(PATIENCE) == 0
    assert nothing_stays(handle, folder)
    client.close()


@pytest.mark.parametrize("number", quick_first([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
async def test_a_signal_ends_it(handle: EngineHandle, folder: Path, number: int) -> None:
    client, _ = await connected(handle)
    os.kill(handle.pid, number)
    assert handle.wait(PATIENCE) == 128 + number
    assert nothing_stays(handle, folder)
    client.close()


@pytest.mark.slow
async def test_then_it_trains(tmp_path: Path, big: Path, folder: Path) -> None:
    recipe = Recipe().replace(source=str(big), **{**SLOW, "tokenizer": "byte"})
    handle = spawn(Job(recipe), tmp_path)
    try:
        client = await EngineClient.connect(handle.socket)
        welcome = await greet(client.ask, Hello(), lambda _: None)
        assert isinstance(welcome, Welcome)
        assert welcome.train_size > source.LARGE * 0.8
        assert "validation uses 131,072 of the" in " ".join(welcome.notes)
        client.close()
    finally:
        handle.kill()
    assert len(list(folder.glob("*.tokens"))) == 1


# ---- lines --------------------------------------------------------------------------------------


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path) -> Path:
    """Return a file that is read as a large one, with a note after each block."""
    monkeypatch.setattr(source, "LARGE", 100)
    monkeypatch.setattr(reading, "BLOCK", 5000)
    monkeypatch.setattr(waiting, "FIRST", 0.0)
    monkeypatch.setattr(waiting, "APART", 0.0)
    path = tmp_path / "a\x1b[31m.txt"
    path.write_bytes(LINE * 200)
    return path


@pytest.mark.slow
def test_plain_reports_it_on_stderr(rnntui, small_is_large: Path) -> None:
    ended = rnntui("train", str(small_is_large), "--plain", "--steps", "1", "--set", "eval_every=0")
    assert ended.code == 0
    assert "reading" not in ended.out
    lines = [line for line in ended.err.splitlines() if "reading" in line]
    assert lines[0].startswith("rnntui: note: reading a␛[31m.txt: 15%, ")
    assert lines[-1].startswith("rnntui: note: reading a␛[31m.txt: 100%, ")
    assert all(line.endswith("B/s") for line in lines)


def test_json_has_note_events(rnntui, small_is_large: Path) -> None:
    ended = rnntui("train", str(small_is_large), "--json", "--steps", "1")
    assert ended.code == 0
    notes = [event["text"] for event in ended.of("note") if "reading" in event["text"]]
    assert notes[0].startswith("reading a␛[31m.txt: 15%, ")
    assert notes[-1].startswith("reading a␛[31m.txt: 100%, ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_lines_end_at_a_signal(big: Path, folder: Path, number: int) -> None:
    args = ("train", str(big), "--json", "--set", "tokenizer=word")
    with subprocess.Popen(
        command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as program:
        assert program.stdout is not None
        assert "reading big.txt" in program.stdout.readline()
        program.send_signal(number)
        out, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 128 + number
    assert out.count("\n") == 1
    assert f'"stopped": "{signal.Signals(number).name}"' in out
    assert err == ""
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_starting_in_the_background_does_not_wait(big: Path, folder: Path, tmp_path: Path) -> None:
    own = {name: str(tmp_path) for name in ("TMPDIR", "XDG_RUNTIME_DIR", "RNNTUI_RUNS")}
    args = ("train", str(big), "--detach", "--set", "tokenizer=word")
    with subprocess.Popen(
        command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(**own),
    ) as program:  # fmt: skip
        assert program.stderr is not None
        first = program.stderr.readline()
        if "starting the training process" in first:  # on a slow machine
            first = program.stderr.readline()
        assert first.startswith("rnntui: note: reading big.txt: ")
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    for _ in patiently():
        if not list(tmp_path.glob("rnntui-*")):
            break
        time.sleep(0.01)
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.glob("rnntui-*"))


# ---- the dashboard ------------------------------------------------------------------------------


class Slow(Scripted):
    """An engine that reads data for a while."""

    fraction = 0.25

    async def ask(self, request):
        """Reply with Loading until `fraction` is 1."""
        if isinstance(request, Hello) and self.fraction < 1:
            return Loading("reading big.txt", self.fraction, 95e6)
        return await super().ask(request)


async def test_the_dashboard_shows_a_bar() -> None:
    engine = Slow(Recipe(name="tales"))
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "25 %" in shown(app))
        text = shown(app)
        assert "loading" in text
        assert "reading big.txt" in text
        assert "95 MB/s" in text
        assert "━━━" in text
        await pilot.press("space")  # not now
        engine.fraction = 0.5
        await until(pilot, lambda: "50 %" in shown(app))
        engine.fraction = 1.0
        await ready(pilot, app)
        await until(pilot, lambda: "reading" not in shown(app))
        assert "training" in shown(app)


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(80, 2), (120, 2), (60, 1), (20, 2), (3, 1)])
def test_the_bar_keeps_its_size(glyphs, width: int, height: int) -> None:
    for fraction in (0.0, 0.333, 1.0):
        loading = Loading("reading " + "漢字 " * 9, fraction, 1.5e9)
        check(loading_rows(loading, width, height, glyphs), width, height)


def test_the_bar() -> None:
    rows = plain(loading_rows(Loading("reading big.txt", 0.5, 95e6), 44, 2, "ascii"))
    assert rows == [
        " reading big.txt           50 %     95 MB/s ",
        " =====================..................... ",
    ]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1e3, "1 kB"), (1_234_567, "1.23 MB"), (5e18, "5,000 PB")],
)
def test_sizes(count: float, words: str) -> None:
    assert size_in_words(count) == words
