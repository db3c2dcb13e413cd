"""`rm` and `stop` act only on exactly what was named, and only on what is provably a run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.errors import RunError
from rnntui.runs.recorder import VIEW
from rnntui.runs.store import create as making
from rnntui.runs.store.create import create_run, remove_runs
from rnntui.runs.store.files import Files
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.labels import LABELS
from rnntui.runs.store.lock import RunLock
from rnntui.runs.store.lock_owner import OWNER_FILE, read_lock_owner
from rnntui.runs.store.metrics_index import INDEX
from rnntui.runs.store.socket_address import ADDRESS
from rnntui.runs.store.status import STATUS
from rnntui.runs.store.stop_request import ASKED
from tests.conftest import Ended, quick_where, run_process
from tests.support.new_run import NEW
from tests.support.real_runs import FOX, kill_trainers, until

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]
Tree = dict[str, bytes]


def make(root: Path, name: str) -> Path:
    run, lock = create_run(root, NEW, name)
    lock.release()
    return run.path


def tree(root: Path) -> Tree:
    """Every file below, without the locks that looking may take."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b""
        for path in sorted(root.rglob("*"))
    }


@pytest.fixture
def home(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with runs, other folders and a working directory."""
    for name in ("tales", "tales-calm-heron", "verse-old-heron"):
        make(runs, name)
    (runs.parent / "work").mkdir()
    monkeypatch.chdir(runs.parent)
    return runs.parent


FEW = ("", "tal", "tales-", "..", "runs/..", "runs/tales/.", "tales*", "\x1b[31m")


def refused(rnntui: Rnntui, home: Path, *names: str, code: int = 2, said: str = "") -> str:
    before = tree(home)
    for yes in ((), ("--yes",)):
        ended = rnntui("rm", *names, *yes)
        assert ended.code == code, ended.err
        assert ended.err.count("\n") == 1 and said in ended.err, ended.err
        assert tree(home) == before
    return str(ended.err)


@pytest.mark.parametrize(
    "given",
    quick_where([
        "tal", "tales-", "tales-calm", "heron", "old-heron", "Tales", "tales ", "tales*", "", ".",
        "..", "/", "runs", "./runs", "runs/", "runs/.", "runs/..", "runs/tales/..", "runs/tales/.",
        "runs/../runs/tales", "runs/tales/checkpoints", "work", "./work", "work/../runs/tales",
        "runs/tal", "~", "\0", "x" * 5000, "/x" * 5000, "\x1b[31m",
    ], lambda given: given in FEW),
)  # fmt: skip
def test_what_is_not_the_full_name_is_refused(home: Path, rnntui: Rnntui, given: str):
    if given == "runs/tales/.":  # a path normalizes to the run itself
        assert rnntui("rm", given, "--yes").code == 0
        return
    refused(rnntui, home, "--", given)


def test_exact_names_and_paths_are_removed(home: Path, rnntui: Rnntui):
    runs = home / "runs"
    for given, name in {
        "tales": "tales",
        "./runs/tales-calm-heron/": "tales-calm-heron",
        str(runs / "verse-old-heron"): "verse-old-heron",
    }.items():
        ended = rnntui("rm", given, given, "--yes")
        assert ended.code == 0, ended.err
        assert ended.err.count(name) == 1
        assert not (runs / name).exists()
    assert sorted(path.name for path in home.iterdir()) == ["runs", "work"]
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("name", [VIEW, INDEX, ASKED, STATUS, LABELS, OWNER_FILE, ADDRESS])
def test_a_run_with_any_file_that_rnntui_writes_is_removed(home: Path, rnntui: Rnntui, name: str):
    run = home / "runs" / "tales"
    (run / name).write_bytes(b"x")
    (run / f".{name}.new").write_bytes(b"x")
    ended = rnntui("rm", "tales", "--yes")
    assert ended.code == 0, ended.err
    assert not run.exists()


def test_a_run_that_was_trained_and_resumed_is_removed(runs: Path, rnntui: Rnntui):
    train = ("train", *FOX, "--set", "workers=1", "--steps", "150", "--json", "--every", "1")
    assert rnntui(*train, "--name", "tales").code == 0
    assert rnntui("resume", "tales", "--steps", "151", "--plain").code == 0
    assert (runs / "tales" / VIEW).exists()
    ended = rnntui("rm", "tales", "--yes")
    assert ended.code == 0, ended.err
    assert list(runs.iterdir()) == []


def test_a_name_is_never_a_path_of_the_working_directory(home: Path, rnntui: Rnntui, monkeypatch):
    elsewhere = make(home / "work", "mine")
    monkeypatch.chdir(home / "work")
    for given in ("mine", "./mine", str(elsewhere), f"{elsewhere}/"):
        refused(rnntui, home, given)


def test_links_are_not_followed(home: Path, rnntui: Rnntui):
    runs, elsewhere = home / "runs", make(home / "work", "mine")
    (runs / "link").symlink_to(elsewhere)
    (runs / "loop").symlink_to(runs / "loop")
    (home / "place").symlink_to(runs)
    for given in ("link", "runs/link", "runs/link/", "loop", "runs/loop", "place"):
        refused(rnntui, home, given)
    assert rnntui("rm", "place/tales", "--yes").code == 0
    assert not (runs / "tales").exists() and elsewhere.exists()


def only_run_json(run: Path) -> None:
    for path in run.iterdir():
        if path.name != "run.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def other_vocabulary(run: Path) -> None:
    (run / "vocab.json").write_text("{}\n")


def no_vocabulary(run: Path) -> None:
    (run / "vocab.json").unlink()


def incomplete(run: Path) -> None:
    info = json.loads((run / "run.json").read_text())
    del info["uuid"]
    (run / "run.json").write_text(json.dumps(info))


def torn(run: Path) -> None:
    path = run / "run.json"
    path.write_bytes(path.read_bytes()[:-20])


def no_run_json(run: Path) -> None:
    (run / "run.json").unlink()


def newer(run: Path) -> None:
    path = run / "run.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))


def notes(run: Path) -> None:
    (run / "notes.txt").write_text("mine")


def hidden(run: Path) -> None:
    (run / ".git").mkdir()


def among_checkpoints(run: Path) -> None:
    (run / "checkpoints" / "thesis").mkdir()


def in_a_checkpoint(run: Path) -> None:
    (run / "checkpoints" / "step-00000001").mkdir()
    (run / "checkpoints" / "step-00000001" / "plot.png").touch()


def linked_checkpoints(run: Path) -> None:
    (run / "checkpoints").rmdir()
    (run / "checkpoints").symlink_to(run.parent)


def a_link(run: Path) -> None:
    (run / "best").symlink_to(run / "checkpoints")


def another_run_inside(run: Path) -> None:
    make(run, "inner")


def others_may_write(run: Path) -> None:
    run.chmod(0o777)


HARMS = [
    only_run_json, other_vocabulary, no_vocabulary, incomplete, torn, no_run_json, newer, notes,
    hidden, among_checkpoints, in_a_checkpoint, linked_checkpoints, a_link, another_run_inside,
    others_may_write,
]  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_provably_a_run_and_nothing_else_stays(
    home: Path, rnntui: Rnntui, harm: Callable[[Path], None]
):
    path = home / "runs" / "tales"
    harm(path)
    for names in (("tales",), ("./runs/tales",), ("verse-old-heron", "tales")):
        said = refused(rnntui, home, *names, code=65, said="not removed: ")
        assert str(path) in said


def test_none_is_removed_if_one_name_is_wrong_or_one_is_trained(home: Path, rnntui: Rnntui):
    refused(rnntui, home, "tales", "verse-old-heron", "nope")
    _, lock = create_run(home / "runs", NEW, "busy")
    refused_names = ("tales", "busy", "verse-old-heron")
    before = tree(home)
    ended = rnntui("rm", *refused_names, "--yes")
    assert ended.code == 73 and "busy is being trained" in ended.err.splitlines()[-1]
    assert tree(home) == before
    (home / "runs" / "busy" / "lock").unlink()  # its process lives all the same
    assert rnntui("rm", "busy", "--yes").code == 73
    lock.release()
    assert rnntui("rm", *refused_names, "--yes").code == 0
    assert [path.name for path in (home / "runs").iterdir()] == ["tales-calm-heron"]


def test_hard_links_elsewhere_stay(home: Path, rnntui: Rnntui):
    run, kept = home / "runs" / "tales", home / "work" / "recipe.toml"
    os.link(run / "recipe.toml", kept)
    assert rnntui("rm", "tales", "--yes").code == 0
    assert kept.read_text() == NEW.recipe_toml


def test_a_run_can_be_removed_from_a_full_disk(tmp_path: Path):
    class Full(Files):
        def write(self, descriptor, data):
            raise OSError(28, "No space left on device")

    path = make(tmp_path, "mine")
    remove_runs([path], Full())
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_named(tmp_path: Path):
    class Stuck(Files):
        def rename(self, source, target):
            raise OSError(16, "Device or resource busy")

    path = make(tmp_path, "mine")
    before = tree(tmp_path)
    with pytest.raises(RunError, match=r"cannot remove .*mine: Device or resource busy"):
        remove_runs([path], Stuck())
    assert tree(tmp_path) == before


def test_a_directory_that_cannot_be_read_whole_stays(tmp_path: Path, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = make(tmp_path, "mine")
    monkeypatch.setattr(making, "foreign_entry", refuse)
    with pytest.raises(Exception, match=r"not removed: .*Permission denied"):
        remove_runs([path])
    assert path.exists()


# ---- stop ---------------------------------------------------------------------------------------


@pytest.fixture
def trained(runs: Path):
    """Two runs in the background and one that was only made."""
    make(runs, "idle-1")
    for name in ("busy-1", "busy-2"):
        args = (*FOX, "--set", "workers=1", "--steps", "100000000", "--detach", "--name", name)
        assert run_process("train", *args).returncode == 0
    yield runs
    kill_trainers(runs)


@pytest.mark.slow
def test_stop_takes_full_names_or_the_only_one(trained: Path, rnntui: Rnntui):
    for given in ("busy", "1", "busy-", str(trained / "busy-1" / ".."), "nope", "..", ""):
        ended = rnntui("stop", "--", given)
        assert ended.code == 2 and ended.err.count("\n") == 1, ended.err
    several = rnntui("stop")
    assert several.code == 2 and "busy-1, busy-2" in several.err
    shutil.copytree(trained / "busy-1", trained / "copy")
    for names in (("copy",), ("busy-1", "idle-1"), ("busy-1", "copy"), ("busy-1", "nope")):
        ended = rnntui("stop", *names)
        assert ended.code == 2, ended.err
    assert "busy-1, busy-2" in rnntui("stop").err  # none was stopped
    ended = rnntui("resume", "busy", "--takeover", "--plain")
    assert ended.code == 2 and "full name" in ended.err
    assert rnntui("resume", "--takeover").code == 2
    both = rnntui("stop", "busy-1", "busy-2", "busy-1")
    assert both.code == 0, both.err
    assert [line.split()[0] for line in both.out.splitlines()] == ["busy-1", "busy-2"]
    none = rnntui("stop")
    assert none.code == 2 and "is being trained" in none.err


def test_stop_without_a_name_beside_bad_entries(runs: Path, rnntui: Rnntui):
    args = (*FOX, "--set", "workers=1", "--steps", "100000000", "--detach", "--name", "one")
    assert run_process("train", *args).returncode == 0
    for name in ("bad-1", "bad-2"):
        torn(make(runs, name))
    until(lambda: (runs / "one" / "status.json").exists())
    ended = rnntui("stop")
    assert ended.code == 0 and ended.out.startswith("one "), ended.err


def test_no_process_is_signalled_for_a_made_up_lock(home: Path, rnntui: Rnntui):
    """To `kill`, 0 and negative numbers mean many processes: ours among them."""
    run, lock = create_run(home / "runs", NEW, "trap")
    assert isinstance(lock, RunLock)
    found = read_lock_owner(run.path)
    assert found is not None
    lock.release()
    for pid in (0, -1, -os.getpid()):
        (run.path / OWNER_FILE).write_bytes(to_bytes(replace(found[0], pid=pid)))
        ended = rnntui("stop", "trap")
        assert ended.code == 2, ended.err


def test_commands_that_read_say_which_run_they_chose(home: Path, rnntui: Rnntui):
    for args, name in {
        ("generate", "verse"): "verse-old-heron",
        ("eval", "verse", "x.txt"): "verse-old-heron",
        ("resume", "calm", "--plain"): "tales-calm-heron",
    }.items():
        ended = rnntui(*args)
        assert ended.err.splitlines()[0] == f"rnntui: note: using run {name}", ended.err
    assert "note: using run " in rnntui("generate").err.splitlines()[0]
    assert "using run" not in rnntui("generate", "tales").err
