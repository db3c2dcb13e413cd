"""Who trains in a run directory: on this machine, after a restart of it, on another one."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.errors import DataError, RunError, RunTakenError
from rnntui.runs.store import lock as locks
from rnntui.runs.store.files import FILES
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.lock import RunLock, take
from rnntui.runs.store.lock_owner import (
    OWNER_FILE,
    Host,
    LockOwner,
    life_of,
    live_lock_owner,
    process_started,
    read_lock_owner,
    this_host,
)
from tests.conftest import environment
from tests.support.patience import PATIENCE

HERE = this_host()
ELSEWHERE = Host("far-away", "another-machine", "another-boot", HERE.namespace)


def assert_one_line(error: BaseException) -> None:
    text = str(error)
    assert 0 < len(text) <= 200
    assert text.isprintable()


def held_by(directory: Path, host: Host, silence: float = 0.0, **changes) -> LockOwner:
    """Write a lock.json as another process left it so many seconds ago."""
    own = os.getpid()
    owner = LockOwner(
        "other", host.name, host.machine, host.boot, host.namespace, own, "1", "", time.time()
    )
    owner = replace(owner, **changes)
    path = directory / OWNER_FILE
    replace_file(FILES, path, to_bytes(owner))
    then = time.time() - silence
    os.utime(path, (then, then))
    return owner


def test_a_held_run_is_refused_and_its_holder_named(tmp_path: Path):
    lock = take(tmp_path, "mine", terminal="/dev/pts/3")
    with pytest.raises(RunTakenError) as error:
        take(tmp_path, "mine")
    assert_one_line(error.value)
    assert error.value.exit_code == 73
    for part in ("run mine ", f"process {os.getpid()} ", HERE.name, "/dev/pts/3"):
        assert part in str(error.value)
    lock.check()
    lock.beat()
    lock.release()
    lock.release()
    assert not (tmp_path / OWNER_FILE).exists()
    take(tmp_path).release()


def test_the_line_is_short_whatever_the_names(tmp_path: Path):
    lock = take(tmp_path, "x" * 99, terminal="\x1b[31m" * 99, host=replace(HERE, name="ö" * 300))
    with pytest.raises(RunTakenError) as error:
        take(tmp_path, "\x1b]52;" + "x" * 300)
    assert_one_line(error.value)
    lock.release()


PROGRAM = """
import sys, time
from pathlib import Path
from rnntui.errors import RnntuiError
from rnntui.runs.store.lock import take
directory, go = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.002)
try:
    lock = take(directory, "contested")
except RnntuiError as error:
    print(error)
    sys.exit(error.exit_code)
print("won", flush=True)
sys.stdin.read()
"""


def start(*args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, args)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("count", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_of_many_that_start_at_once_one_wins(tmp_path: Path, count: int):
    directory, go = tmp_path / "run", tmp_path / "go"
    directory.mkdir(0o700)
    # Somebody was here before, and was killed.
    held_by(directory, HERE, pid=2**22 + 5)
    processes = [start(directory, go) for _ in range(count)]
    try:
        assert {process.stdout.readline() for process in processes} == {"ready\n"}
        go.touch()
        lines = [process.stdout.readline().strip() for process in processes]
        winners = [p for p, line in zip(processes, lines, strict=True) if line == "won"]
        assert len(winners) == 1
        for process, line in zip(processes, lines, strict=True):
            if process is not winners[0]:
                assert process.wait(PATIENCE) == 73
                assert f"process {winners[0].pid} on" in line
                assert len(line) <= 200
        # A kill frees it at once, though nobody tidied up.
        winners[0].kill()
        winners[0].wait()
        assert (directory / OWNER_FILE).exists()
        take(directory).release()
    finally:
        for process in processes:
            process.kill()
            process.communicate()


PARENT = """
import os, subprocess, sys, time
from pathlib import Path
from rnntui.runs.store.lock import take
lock = take(Path(sys.argv[1]))
spawned = subprocess.Popen(["sleep", "60"], close_fds=False)
read, write = os.pipe()
forked = os.fork()
if not forked:
    os.write(write, b"x")
    time.sleep(60)
    os._exit(0)
os.read(read, 1)
print(spawned.pid, forked, flush=True)
time.sleep(60)
"""


def test_children_do_not_keep_the_lock_of_a_killed_process(tmp_path: Path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], env=environment(), stdout=subprocess.PIPE
    )
    children = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert all(process_started(pid) for pid in children)
        take(tmp_path).release()
    finally:
        for pid in children:
            os.kill(pid, 9)


def test_a_holder_of_before_the_restart_is_gone(tmp_path: Path):
    before = replace(HERE, boot="the-boot-before")
    held_by(tmp_path, before)
    assert live_lock_owner(tmp_path) is None
    take(tmp_path).release()


@pytest.mark.parametrize(
    ("silence", "takeover", "free"),
    [
        (0.0, False, False),
        (0.0, True, False),
        (100.0, True, False),
        (130.0, False, False),
        (130.0, True, True),
        (-500.0, True, False),
    ],
)
def test_another_host_keeps_it_until_it_is_silent_and_one_asks(
    tmp_path: Path, silence: float, takeover: bool, free: bool
):
    owner = held_by(tmp_path, ELSEWHERE, silence)
    if free:
        lock = take(tmp_path, takeover=takeover)
        found = read_lock_owner(tmp_path)
        assert found
        assert found[0] == lock.owner
        lock.release()
        return
    with pytest.raises(RunTakenError, match="far-away") as error:
        take(tmp_path, takeover=takeover)
    assert_one_line(error.value)
    assert ("--takeover" in str(error.value)) == (silence == 130.0)
    found = read_lock_owner(tmp_path)
    assert found
    assert found[0] == owner


def test_whoever_was_taken_over_commits_nothing_more(tmp_path: Path):
    """Two hosts whose file system does not tell one of the other's flock."""
    lost = take(tmp_path, "mine", host=ELSEWHERE)
    fcntl.flock(lost._descriptor, fcntl.LOCK_UN)
    then = time.time() - 130
    os.utime(tmp_path / OWNER_FILE, (then, then))
    lock = take(tmp_path, "mine", takeover=True)
    for act in (lost.check, lost.beat):
        with pytest.raises(RunTakenError, match="taken over") as error:
            act()
        assert_one_line(error.value)
    assert lost.lost
    lost.release()
    lock.check()
    lock.release()


def test_without_flock_the_process_id_decides(tmp_path: Path, monkeypatch):
    def unsupported(descriptor: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks.fcntl, "flock", unsupported)
    lock = take(tmp_path)
    with pytest.raises(RunTakenError):
        take(tmp_path)
    lock.release()
    held_by(tmp_path, HERE)  # this process's id, but it began at another time
    take(tmp_path).release()


def test_lives():
    own = os.getpid()
    began = process_started(own)
    assert began
    owner = LockOwner("u", *vars(HERE).values(), own, began, "", 0.0)
    assert life_of(owner, 1e9) == "alive"
    assert life_of(replace(owner, pid_started="17"), 0.0) == "dead"
    assert life_of(replace(owner, pid=2**22 + 5), 0.0) == "dead"
    assert life_of(replace(owner, boot="before"), 0.0) == "dead"
    for other in ({"namespace": "container"}, {"host": "h", "boot": "b"}):
        assert life_of(replace(owner, **other), 119.0) == "alive"
        assert life_of(replace(owner, **other), 121.0) == "silent"
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert process_started(zombie.pid) is None
    zombie.wait()


def test_the_heart_beats_until_the_release(tmp_path: Path):
    told: list[tuple[str, str | None]] = []
    lock = take(tmp_path)
    os.utime(tmp_path / OWNER_FILE, (0, 0))
    lock.keep(lambda *report: told.append(report), interval=0.01)
    end = time.monotonic() + 60
    while (tmp_path / OWNER_FILE).stat().st_mtime < 1 and time.monotonic() < end:
        time.sleep(0.01)
    assert (tmp_path / OWNER_FILE).stat().st_mtime > 1
    held_by(tmp_path, ELSEWHERE)
    while not told and time.monotonic() < end:
        time.sleep(0.01)
    assert told[0][0] == "lock"
    assert "far-away" in told[0][1]
    lock.release()
    assert (tmp_path / OWNER_FILE).exists()  # it is another's


def test_a_lock_that_is_gone_is_noticed(tmp_path: Path):
    lock = take(tmp_path)
    (tmp_path / OWNER_FILE).unlink()
    with pytest.raises(RunTakenError, match="gone"):
        lock.check()
    lock.release()


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b"\0" * 50])
def test_a_damaged_lock_is_another_holders_while_flock_says_so(tmp_path: Path, data: bytes):
    (tmp_path / OWNER_FILE).write_bytes(data)
    lock = take(tmp_path)
    (tmp_path / OWNER_FILE).write_bytes(data)
    with pytest.raises(OSError, match="json"):
        lock.check()
    lock.release()


def test_a_run_that_cannot_be_locked(tmp_path: Path):
    with pytest.raises(RunError) as error:
        take(tmp_path / "missing")
    assert_one_line(error.value)
    (tmp_path / "lock").write_bytes(b"")
    (tmp_path / "lock").chmod(0o666)
    with pytest.raises(DataError, match="chmod"):
        take(tmp_path)
    (tmp_path / "lock").unlink()
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError):
        take(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_run_removed_while_its_lock_is_taken(tmp_path: Path, monkeypatch):
    def remove(descriptor: int, how: int) -> None:
        (tmp_path / "lock").unlink()

    monkeypatch.setattr(locks.fcntl, "flock", remove)
    with pytest.raises(RunError, match="removed"):
        take(tmp_path)


def test_a_lock_is_one_objects(tmp_path: Path):
    lock = take(tmp_path)
    assert isinstance(lock, RunLock)
    lock.forget()
    take(tmp_path).release()
