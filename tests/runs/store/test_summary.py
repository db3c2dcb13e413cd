"""One bad entry among the runs is told in its own row, and costs the others nothing."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnntui.cli.run_table import run_lines, runs_as_json
from rnntui.errors import RunError, UsageError
from rnntui.runs.listing import read_runs
from rnntui.runs.store import summary
from rnntui.runs.store.create import create_run
from rnntui.runs.store.files import FILES
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.find import find_run
from rnntui.runs.store.journal import METRICS, segment, to_line
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.labels import LABELS
from rnntui.runs.store.lock_owner import OWNER_FILE, read_lock_owner
from rnntui.runs.store.status import STATUS, Status
from rnntui.runs.store.summary import list_runs, summarize
from rnntui.text import cell_width
from tests.conftest import Ended, examples, quick_where
from tests.support.new_run import NEW

GOOD = Status("finished", 7, 9, 0.5, 1.25, None, 1.5, 1e4, 1, 2.0, 3.0, 7)
HUGE = "1" + "0" * 400
Rnntui = Callable[..., Ended]


def make(root: Path, name: str) -> Path:
    run, lock = create_run(root, NEW, name)
    lock.release()
    replace_file(FILES, run.path / STATUS, to_bytes(GOOD))
    return run.path


def change(path: Path, key: str, value: str) -> None:
    """Put a JSON text in place of a field's value."""
    table = json.loads(path.read_text())
    table[key] = "@"
    path.write_text(json.dumps(table).replace('"@"', value))


def only_row(root: Path) -> str:
    """The row of the run `bad`; every row is of bounded width, and JSON is JSON."""
    found = read_runs(root)
    lines = run_lines(found, root)
    assert len(lines) == len(found) + 1
    assert all(len(line) <= 400 and line.isprintable() for line in lines), lines
    for line in run_lines(found, root, 80):
        assert cell_width(line) <= 80 and line.isprintable(), line
    for line in runs_as_json(found):
        json.loads(line, parse_constant=pytest.fail)
        assert len(line) < 5000
    good = next(run.summary for run in found if run.summary.name == "good")
    assert (good.state, good.step, good.loss, good.problem) == ("finished", 7, 1.25, "")
    assert find_run(root, "goo") == root / "good"
    return next(line for line in lines if line.startswith("bad"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make(tmp_path / "runs", "good")
    make(tmp_path / "runs", "bad")
    return tmp_path / "runs"


NUMBERS = (HUGE, "-" + HUGE, "9" * 5000, "1e999", "-1e999", "NaN", "-Infinity", '"x"', "[]", "true")


@pytest.mark.parametrize(
    "value",
    quick_where(NUMBERS, lambda value: value in (HUGE, "NaN", "[]")),
    ids=lambda text: text[:6],
)
@pytest.mark.parametrize("key", ["step", "loss", "best", "updated", "since", "total", "epoch"])
def test_a_wrong_number_is_named_and_the_rest_is_read(root: Path, key: str, value: str):
    change(root / "bad" / STATUS, key, value)
    row = only_row(root)
    assert f"damaged: status.json: {key}" in row
    assert "finished" in row


@pytest.mark.parametrize("value", ["-1e308", "-5", "1e308", "0", "-" + "9" * 15])
@pytest.mark.parametrize(
    "key", ["updated", "since", "step", "total", "tokens_per_second", "best_step", "baseline"]
)
def test_an_absurd_number_takes_no_room(root: Path, key: str, value: str):
    change(root / "bad" / STATUS, key, value if "e" not in value or key != "step" else "0")
    assert len(only_row(root)) < 120


@pytest.mark.parametrize("value", NUMBERS, ids=lambda text: text[:6])
@pytest.mark.parametrize("key", ["started", "parameters", "source_size"])
def test_what_is_not_essential_in_run_json_may_be_wrong(root: Path, key: str, value: str):
    change(root / "bad" / "run.json", key, value)
    assert "damaged: run.json: " + key in only_row(root)


def test_a_loss_beyond_all_measure_takes_no_room(root: Path):
    change(root / "bad" / STATUS, "loss", "1e300")
    assert "1e300" in only_row(root)


def test_an_unknown_state_and_unknown_keys_of_a_newer_version(root: Path):
    change(root / "bad" / STATUS, "state", '"dreaming"')
    assert "unknown" in only_row(root)
    change(root / "bad" / STATUS, "state", '"stopped"')
    change(root / "bad" / STATUS, "colour", '{"a": [1]}')
    assert only_row(root).split()[1] == "stopped" and "damaged" not in only_row(root)
    change(root / "bad" / "run.json", "format", "2")
    assert "written by a newer version of rnntui (format 2)" in only_row(root)
    (root / "bad" / "run.json").write_text('{"format": 3, "what": "else"}')
    assert "written by a newer version of rnntui (format 3)" in only_row(root)


@pytest.mark.parametrize(
    ("state", "reason", "trouble", "faults"),
    [
        ("stopped", "stopped by rnntui stop", None, ""),
        ("stopped", "stopped by SIGINT", "the disk is full", "the disk is full"),
        ("finished", None, None, ""),
        ("failed", "worker 2 of 2 was killed", "update 7 was not finished",
         "worker 2 of 2 was killed; update 7 was not finished"),
        ("failed", "out of memory", None, "out of memory"),
    ],
)  # fmt: skip
def test_an_intended_stop_is_no_fault(
    root: Path, state: str, reason: str | None, trouble: str | None, faults: str
):
    status = replace(GOOD, state=state, reason=reason, trouble=trouble)  # type: ignore[arg-type]
    replace_file(FILES, root / "bad" / STATUS, to_bytes(status))
    (found,) = (one for one in list_runs(root) if one.name == "bad")
    assert found.faults == faults
    assert found.reason == (reason if state == "stopped" else "")
    assert found.problem == (faults or reason or "")  # as `runs --json` has had it


def test_text_in_a_status_cannot_steer_the_terminal(root: Path):
    change(root / "bad" / STATUS, "reason", json.dumps("\x1b[31m" * 500))
    assert "\x1b" not in only_row(root)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def nested(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def large(path: Path) -> None:
    os.truncate(path, 1 << 30)


def others_may_write(path: Path) -> None:
    path.chmod(0o666)


@pytest.mark.parametrize(
    "harm", [fifo, directory, loop, empty, nested, large, others_may_write, Path.unlink]
)
@pytest.mark.parametrize("name", ["run.json", STATUS, "lock.json", LABELS])
def test_a_file_that_is_no_such_file(root: Path, harm: Callable[[Path], None], name: str):
    for optional in ("lock.json", LABELS):
        (root / "bad" / optional).write_text("{}")
    harm(root / "bad" / name)
    row = only_row(root)
    if harm is not Path.unlink:
        assert name in row
    elif name == "run.json":
        assert "run.json is missing" in row


@pytest.mark.parametrize(
    "harm", [fifo, directory, loop, nested, large, others_may_write, Path.unlink]
)
def test_a_recipe_that_cannot_be_read_leaves_the_run_without_settings(
    root: Path, harm: Callable[[Path], None]
):
    harm(root / "bad" / "recipe.toml")
    row = only_row(root)
    assert row.split()[1] == "finished" and "recipe.toml: " in row
    by_name = {run.summary.name: run for run in read_runs(root)}
    assert by_name["bad"].settings is None and by_name["good"].settings is not None


@pytest.mark.parametrize(
    "value",
    ["0x" + "f" * 9000, "9" * 9000, "1979-05-27", "[1, 2]", "{a = 1}", "nan", "-inf", "1e999",
     '"\\u001b[2J"', "true", '""'],
)  # fmt: skip
@pytest.mark.parametrize("key", ["model.hidden", "model.cell", "train.lr", "train.later"])
def test_a_wrong_value_in_a_recipe_is_named_or_ignored(root: Path, key: str, value: str):
    section, _, name = key.partition(".")
    recipe = root / "bad" / "recipe.toml"
    recipe.write_text(f"[{section}]\n{name} = {value}\n")
    only_row(root)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    """`bad` may not be looked into, as for a user who is not root."""
    bad = str(root / "bad")

    def guard(call: Callable[..., object]) -> Callable[..., object]:
        def guarded(path: object = ".", *args: object, **kwargs: object) -> object:
            if isinstance(path, str | Path) and str(path).startswith(f"{bad}{os.sep}"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            if call is os.scandir and str(path) == bad:
                raise PermissionError(errno.EACCES, "Permission denied", bad)
            return call(path, *args, **kwargs)

        return guarded

    for name in ("open", "stat", "lstat", "scandir"):
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
    with pytest.raises(PermissionError):
        (root / "bad" / "run.json").lstat()
    with pytest.raises(PermissionError):
        (root / "bad" / "run.json").exists()
    return root


def test_a_directory_that_may_not_be_read(refused: Path):
    row = only_row(refused)
    assert row.split()[1] == "unreadable" and "Permission denied" in row
    assert find_run(refused, None).name == "good"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give files away")
def test_a_run_of_another_user_is_called_that(root: Path, rnntui: Rnntui):
    os.chown(root / "bad", 12345, 12345)
    row = only_row(root)
    assert "another user's (id 12345)" in row and "damaged" not in row
    for args in (("generate", "bad"), ("resume", "bad"), ("rm", "bad", "--yes")):
        ended = rnntui(*args, "--runs-dir", str(root))
        assert ended.code == 65 and "another user" in ended.err, ended.err
    assert (root / "bad" / "run.json").exists()


def test_only_a_run_of_which_nothing_is_known_is_not_listed(root: Path):
    for name in ("photos", "empty"):
        (root / name).mkdir()
    (root / "photos" / "run.txt").touch()
    (root / "gone").symlink_to(root / "gone")
    (root / "file").touch()
    assert {run.name for run in list_runs(root)} == {"good", "bad"}


@pytest.mark.parametrize("kind", ["file", "loop", "long"])
def test_a_place_for_runs_that_is_none_is_named(tmp_path: Path, kind: str, rnntui: Rnntui):
    place = tmp_path / ("x" * 300 if kind == "long" else kind)
    if kind == "file":
        place.touch()
    elif kind == "loop":
        place.symlink_to(place)
    for args in (
        ("runs",),
        ("runs", "--json"),
        ("stop",),
        ("generate",),
        ("rm", "x"),
        ("stop", "x"),
    ):
        ended = rnntui(*args, "--runs-dir", str(place))
        assert ended.code == 74 and ended.err.count("\n") == 1, ended.err
        assert "cannot read" in ended.err and place.name[-20:] in ended.err


def test_an_unreadable_place_for_runs_is_named(tmp_path: Path, monkeypatch, rnntui: Rnntui):
    def scandir(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(summary.os, "scandir", scandir)
    ended = rnntui("runs", "--runs-dir", str(tmp_path))
    assert ended.code == 74
    assert ended.err.startswith("rnntui: cannot read ") and "Permission denied" in ended.err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [*vars(GOOD), "uuid", "started", "recipe", "argv", "machine", "format", "tags", "note"]
)


@settings(
    deadline=None,
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(["run.json", STATUS, "lock.json", LABELS]), st.dictionaries(FIELDS, JSON))
def test_whatever_stands_there_a_row_is_made(root: Path, name: str, fields: dict[str, object]):
    path = root / "bad" / name
    before = path.read_bytes() if path.exists() else b"{}"
    path.write_text(json.dumps({**json.loads(before), **fields}))
    only_row(root)
    path.write_bytes(before)


# ---- a run that can no longer write ------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path):
    """A run that this process trains, with a status of just now."""
    run, lock = create_run(tmp_path / "runs", NEW, "live")
    now = time.time()
    status = replace(GOOD, state="training", updated=now, since=now)
    replace_file(FILES, run.path / STATUS, to_bytes(status))
    yield run.path
    lock.release()


class Disk:
    """What statvfs says."""

    f_frsize, f_blocks, f_bavail, f_flag = 4096, 1000, 900, 0


def test_a_full_disk_is_told_though_nothing_can_be_written(live: Path, monkeypatch):
    monkeypatch.setattr(summary.os, "statvfs", lambda path: Disk)
    assert summarize(live).problem == ""
    monkeypatch.setattr(Disk, "f_bavail", 0)
    assert summarize(live).problem == "cannot write: the disk is full"
    monkeypatch.setattr(Disk, "f_flag", os.ST_RDONLY)
    assert summarize(live).problem == "cannot write: the file system is read-only"


def test_a_process_that_writes_nothing_any_more_is_told(live: Path):
    old = time.time() - 1000
    status = replace(GOOD, state="training", updated=old, since=old)
    replace_file(FILES, live / STATUS, to_bytes(status))
    assert "no status for 1000 s" in summarize(live).problem
    os.utime(live / OWNER_FILE, (old, old))
    found = summarize(live)
    assert found.live and "no heartbeat for 1000 s" in found.problem
    assert "directory was moved" in found.problem


def test_a_run_whose_updates_precede_its_first_status_is_training(live: Path):
    (live / STATUS).unlink()
    assert summarize(live).state == "loading"
    segment(live, METRICS, 0).write_bytes(to_line({"step": 7, "loss": 1.0}))
    found = summarize(live)
    assert found.state == "training" and found.step == 7


def test_a_copy_of_a_live_run_is_not_live(live: Path):
    import shutil

    copy = live.with_name("copy")
    shutil.copytree(live, copy)
    assert summarize(live).live and not summarize(copy).live
    assert summarize(copy).state == "crashed"
    moved = live.rename(live.with_name("moved"))
    assert summarize(moved).live
    moved.rename(live)


def test_a_lock_of_many_processes_is_nobodys(live: Path):
    found = read_lock_owner(live)
    assert found is not None
    for pid in (0, -1, 10**20):
        (live / OWNER_FILE).write_bytes(to_bytes(replace(found[0], pid=min(pid, 2**53))))
        assert not summarize(live).live


def test_the_newest_run_that_can_be_used_is_meant(root: Path):
    change(root / "bad" / "run.json", "format", "9")
    change(root / "bad" / STATUS, "since", "9e10")
    assert list_runs(root)[0].name == "bad"
    assert find_run(root, None).name == "good"
    make(root, "good-2")
    (root / "good-2" / "run.json").write_text("{")
    assert find_run(root, "goo").name == "good"
    make(root, "good-3")
    make(root, "good-4")
    with pytest.raises(UsageError, match="3 runs"):
        find_run(root, "good-")
    with pytest.raises(RunError):
        find_run(root / "bad" / "run.json", "x")
