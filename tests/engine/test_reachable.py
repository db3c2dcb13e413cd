"""A training process stays reachable whatever happens to its socket, its directory or its run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnntui.engine import address
from rnntui.runs.store.journal import EVENTS, read_journal
from rnntui.runs.store.liveness import find_trainer
from rnntui.runs.store.lock_owner import live_lock_owner
from rnntui.runs.store.socket_address import ADDRESS, listens, read_address
from rnntui.runs.store.status import read_status
from tests.conftest import quick_ones, run_process
from tests.support.real_runs import FOX, dashboard, kill_trainers, said, until

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)

FOR_EVER = (*FOX, "--set", "workers=1", "--steps", "100000000", "--name", "run")
REAPPEARS = 2.0  # seconds, promised


@pytest.fixture
def run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a run that is trained in the background, its sockets in short folders."""
    place = Path("/tmp") / f"rr{os.getpid()}-{time.monotonic_ns() % 10**6}"
    for name in ("tmp", "rt"):
        (place / name).mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "rt"))
    started = run_process("train", *FOR_EVER, "--detach")
    assert started.returncode == 0, started.stderr
    yield runs / "run"
    kill_trainers(runs)
    shutil.rmtree(place, ignore_errors=True)


def socket_of(run: Path) -> Path:
    door = read_address(run)
    assert door is not None
    return door


def loosen(run: Path) -> None:
    socket_of(run).parent.chmod(0o755)


def replace_socket(run: Path) -> None:
    path = socket_of(run)
    path.unlink()
    path.write_text("something else")


def replace_address(run: Path) -> None:
    (run / ADDRESS).unlink()
    (run / ADDRESS).mkdir()
    (run / ADDRESS / "file").write_text("something else")


def removed(path: Path) -> bool:
    """Remove what a process may be writing into; whether nothing is left."""
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


HARM: dict[str, Callable[[Path], object]] = {
    "socket removed": lambda run: socket_of(run).unlink(),
    "socket replaced": replace_socket,
    "socket closed to its owner": lambda run: socket_of(run).chmod(0),
    "directory removed": lambda run: shutil.rmtree(socket_of(run).parent),
    "directory renamed": lambda run: socket_of(run).parent.rename(
        socket_of(run).parent.with_name("elsewhere")
    ),
    "directory open to others": loosen,
    "all temporary folders removed": lambda run: shutil.rmtree(socket_of(run).parents[2]),
    "address removed": lambda run: (run / ADDRESS).unlink(),
    "address replaced by a directory": replace_address,
    "address damaged": lambda run: (run / ADDRESS).write_bytes(b"\xff\x00nonsense"),
}


@pytest.mark.parametrize(
    "harm",
    quick_ones(HARM, "all temporary folders removed"),
)
def test_it_is_found_again(harm: Callable[[Path], object], run: Path) -> None:
    before = find_trainer(run)
    assert before is not None and before.socket is not None
    harm(run)
    began = time.monotonic()
    until(lambda: (door := read_address(run)) is not None and listens(door))
    print(f"{harm}: back after {time.monotonic() - began:.2f} s of {REAPPEARS} s")
    found = find_trainer(run)
    assert found is not None and found.socket is not None and found.owner == before.owner
    stopped = run_process("stop", "run")
    assert stopped.returncode == 0 and stopped.stdout.endswith("; saved\n"), stopped.stderr


@pytest.mark.slow
def test_a_viewer_that_is_connected_stays_and_a_new_one_gets_control(run: Path) -> None:
    with dashboard(run.parent, "attach", "run") as first:
        assert first.wait_for("of update"), first.text()
        shutil.rmtree(socket_of(run).parent)
        with dashboard(run.parent, "attach", "run") as second:
            assert second.wait_for("of update"), second.text()
            second.write(" ")
            assert second.wait_for("paused") and first.wait_for("paused"), first.text()
            first.write(" ")
            assert second.wait_until(lambda text: "paused" not in text), second.text()
            for terminal in (first, second):
                terminal.write("d")
                assert terminal.exit_code() == 0


@pytest.mark.slow
def test_a_renamed_run_is_controlled_and_saved_under_its_new_name(run: Path) -> None:
    there = run.with_name("moved")
    run.rename(there)
    (there / ADDRESS).unlink()
    until(lambda: (door := read_address(there)) is not None and listens(door))
    stopped = run_process("stop", "moved")
    assert stopped.returncode == 0 and stopped.stdout.startswith("moved stopped at update ")
    assert list(there.glob("checkpoints/step-*")) and not run.exists()
    kinds = [line["kind"] for line in read_journal(there, EVENTS)[0]]
    assert "end" in kinds and "disk" not in kinds


@pytest.mark.slow
def test_who_leaves_a_moved_run_learns_what_is_saved(run: Path) -> None:
    there = run.with_name("moved")
    with dashboard(run.parent, "attach", "run") as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        run.rename(there)
        terminal.write("q")
        assert terminal.exit_code() == 0, said(terminal)
        status = read_status(there)
        assert status is not None and status.checkpoint == status.step
        assert f"stopped after {status.step:,} updates" in said(terminal)
        assert "resume" not in said(terminal).split("updates")[-1]
        assert status.reason is not None and "SIGTERM" not in status.reason


@pytest.mark.slow
@pytest.mark.parametrize("command", [("attach", "run"), ("train", *FOR_EVER[:-1], "new")])
def test_who_watches_a_run_that_is_removed_is_told(run: Path, command: tuple[str, ...]) -> None:
    run = run.with_name(command[-1])
    with dashboard(run.parent, *command) as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        terminal.pump(0.5)
        until(lambda: removed(run))
        assert terminal.exit_code() == 74, said(terminal)
        assert "failed after" in said(terminal) and "directory is gone" in said(terminal)
        assert "rnntui resume" not in said(terminal)


@pytest.mark.slow
def test_a_paused_run_is_found_again_too(run: Path) -> None:
    with dashboard(run.parent, "attach", "run") as terminal:
        assert terminal.wait_for("of update"), terminal.text()
        terminal.write(" ")
        assert terminal.wait_for("paused"), terminal.text()
        terminal.write("d")
        assert terminal.exit_code() == 0
    shutil.rmtree(socket_of(run).parent)
    until(lambda: (door := read_address(run)) is not None and listens(door))


# ---- directories of others ----------------------------------------------------------------------


def test_a_living_directory_is_left_alone_whatever_its_process_id_says(run: Path) -> None:
    """As in another container, where the id names nobody, or another process."""
    home = socket_of(run).parent
    (home / address.PID).write_text((home / address.PID).read_text().replace(" ", "9999999 ", 1))
    address.remove_abandoned(home.parent, "rnntui-")
    assert home.exists()
    (home / address.PID).write_text("99999999")  # as version 0.1.0 wrote it
    address.remove_abandoned(home.parent, "rnntui-")
    assert home.exists()
    socket_of(run).unlink()
    address.remove_abandoned(home.parent, "rnntui-")
    assert home.exists()


@pytest.mark.slow
def test_a_process_of_another_container_is_not_robbed(run: Path) -> None:
    home = socket_of(run).parent
    other = run_process("train", *FOR_EVER[:-1], "other", "--detach")
    assert other.returncode == 0
    assert home.exists()
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() or subprocess.call([*unshare, "true"]):
        pytest.skip("needs to make a PID namespace")
    inside = f"import sys; sys.path.insert(0, {str(Path(address.__file__).parents[2])!r})\n"
    inside += "from pathlib import Path\nfrom rnntui.engine.address import remove_abandoned\n"
    inside += f"remove_abandoned(Path({str(home.parent)!r}), 'rnntui-')"
    assert subprocess.call([*unshare, sys.executable, "-c", inside]) == 0
    assert home.exists() and listens(socket_of(run))


def test_directories_of_the_dead_go(tmp_path: Path) -> None:
    dead = tmp_path / "rnntui-dead"
    dead.mkdir()
    process = subprocess.Popen(["true"])
    process.wait()
    address.write_owner(dead, process.pid)
    elsewhere = tmp_path / "rnntui-elsewhere"
    elsewhere.mkdir()
    (elsewhere / address.PID).write_text("1 another-boot pid:[1]\n")
    address.remove_abandoned(tmp_path, "rnntui-")
    assert not dead.exists() and elsewhere.exists()
    long_ago = time.time() - 2 * address.FOREIGN
    os.utime(elsewhere, (long_ago, long_ago))
    address.remove_abandoned(tmp_path, "rnntui-")
    assert not elsewhere.exists()


@pytest.mark.slow
def test_a_run_in_the_foreground_says_why_it_cannot_be_controlled(runs: Path) -> None:
    with dashboard(runs, "train", *FOR_EVER, "--plain") as trainer:
        until(lambda: trainer.pump(0.05) is not None and live_lock_owner(runs / "run"))
        until(lambda: trainer.pump(0.05) is not None and (runs / "run" / "metrics.jsonl").exists())
        found = find_trainer(runs / "run")
        assert found is not None and found.socket is None
        assert "in the foreground" in found.why and str(trainer.pid) in found.why
        with dashboard(runs, "attach", "run") as viewer:
            assert viewer.wait_for("in the foreground"), viewer.text()
            viewer.write("q")
            assert viewer.exit_code() == 0
        trainer.signal(signal.SIGTERM)
        assert trainer.exit_code() == 143
