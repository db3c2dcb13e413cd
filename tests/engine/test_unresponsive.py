"""Training processes that do not answer, are not understood or take long: waits are bounded."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui.runs.store.journal import METRICS, read_journal
from rnntui.runs.store.lock_owner import live_lock_owner
from tests.conftest import command, environment, run_process
from tests.support.patience import PATIENCE
from tests.support.processes import children, gone
from tests.support.real_runs import FOX, dashboard, kill_trainers, said, until

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc and pseudo-terminals", allow_module_level=True)

FOR_EVER = ("--steps", "100000000", "--name", "run")
ONE_WORKER = (*FOX, "--set", "workers=1", *FOR_EVER)


@pytest.fixture
def run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a run; whatever trains there in the end is killed."""
    monkeypatch.setenv("TMPDIR", str(runs.parent))
    yield runs / "run"
    kill_trainers(runs)


def trainer(run: Path) -> int:
    found = live_lock_owner(run)
    assert found is not None
    return found[0].pid


def status(run: Path) -> dict[str, object]:
    return json.loads((run / "status.json").read_text())


def begin(run: Path, *args: str) -> int:
    """Train in the background; the process id, once updates are made."""
    started = run_process("train", *args, "--detach")
    assert started.returncode == 0, started.stderr
    until(lambda: (run / "status.json").exists() and status(run)["step"])
    return trainer(run)


# ---- suspended ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_viewer_of_a_suspended_process_says_so_and_can_be_left(run: Path) -> None:
    pid = begin(run, *ONE_WORKER)
    os.kill(pid, signal.SIGSTOP)
    try:
        with dashboard(run.parent, "attach", "run") as viewer:
            assert viewer.wait_for("the training process is suspended"), viewer.text()
            viewer.write("q")
            assert viewer.exit_code() == 70
            assert f"process {pid} is suspended" in said(viewer) and "-CONT" in said(viewer)
        stopped = run_process("stop", "run")
        assert stopped.returncode == 70 and "is suspended" in stopped.stderr
    finally:
        os.kill(pid, signal.SIGCONT)
    assert gone([pid])
    assert str(status(run)["reason"]).startswith("stopped from pts/")


@pytest.mark.slow
def test_a_suspended_worker_is_resumed_for_the_end(run: Path) -> None:
    pid = begin(run, *FOX, "--set", "workers=2", *FOR_EVER)
    (worker,) = children(pid)
    os.kill(worker, signal.SIGSTOP)
    with dashboard(run.parent, "attach", "run") as viewer:
        assert viewer.wait_for(f"waiting for worker 2 of 2 (pid {worker})"), viewer.text()
        viewer.write("d")
        assert viewer.exit_code() == 0
    os.kill(pid, signal.SIGTERM)
    assert gone([pid, worker])
    last = status(run)
    assert (last["state"], last["exit_code"]) == ("stopped", 143)
    assert last["checkpoint"] == last["step"] and last["step"]


@pytest.mark.slow
def test_a_worker_that_cannot_be_resumed_does_not_keep_it(run: Path) -> None:
    pid = begin(run, *FOX, "--set", "workers=2", *FOR_EVER)
    (worker,) = children(pid)
    until(lambda: list(run.glob("checkpoints/step-*")))
    stop = [sys.executable, "-c", STAYS_STOPPED, str(worker)]
    with subprocess.Popen(stop) as stopper:
        time.sleep(0.3)
        stopped = run_process("stop", "run")
        stopper.kill()
    assert gone([pid, worker])
    last = status(run)
    if last["checkpoint"] == last["step"]:  # the update could be finished between two signals
        assert stopped.returncode == 0
    else:
        assert stopped.returncode == 74, stopped.stderr
        # As the process tells it, or as its files do if it has ended first.
        told = (
            f"only {last['checkpoint']} of {last['step']} updates are saved: ",
            f"update {last['step']:,}, but only update {last['checkpoint']:,} is saved",
        )
        assert any(words in stopped.stderr for words in told), stopped.stderr
        assert f"worker 2 of 2 (pid {worker}) did not answer" in str(last["reason"])
        assert last["exit_code"] == 74


STAYS_STOPPED = """
import os, signal, sys
while True:
    try:
        os.kill(int(sys.argv[1]), signal.SIGSTOP)
    except ProcessLookupError:
        break
"""


# ---- long updates -------------------------------------------------------------------------------

LONG_UPDATES = (
    "text:hello world, ", "--set", "repeat=20000", "--hidden", "64", "--batch", "1", "--layers",
    "1", "--seq-len", "full", "--set", "dropout=0", "--set", "split=0", "--set", "eval_every=0",
    "--set", "workers=1",
)  # fmt: skip


@pytest.mark.slow
def test_a_stop_says_that_it_waits_for_a_long_update_and_a_second_signal_does_not(
    run: Path,
) -> None:
    started = run_process("train", *LONG_UPDATES, *FOR_EVER, "--detach")
    assert started.returncode == 0, started.stderr
    pid = trainer(run)
    time.sleep(0.5)
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(
            command("stop", "run"), env=environment(), stdout=pipe, stderr=pipe, text=True
        ) as stop,
        contextlib.ExitStack() as at_the_end,
    ):
        at_the_end.callback(stop.kill)
        assert stop.stderr is not None
        assert stop.stderr.readline().startswith("waiting for the current update to finish")
        before = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.2)
        os.kill(pid, signal.SIGTERM)
        assert gone([pid])  # a long update, longer still on a busy machine
        print(f"ended {time.monotonic() - before:.2f} s after the second signal")
        stop.communicate()
    last = status(run)
    assert last["state"] == "stopped" and str(last["reason"]).startswith("stopped by rnntui stop")
    updates = sum(line["updates"] for line in read_journal(run, METRICS)[0])
    assert last["step"] == updates
    saved = not updates or last["checkpoint"] == updates
    assert stop.returncode == (0 if saved else 74)


# ---- other versions -----------------------------------------------------------------------------

FOREIGN = """
import json, signal, socket, sys
from pathlib import Path
from rnntui.runs.store.socket_address import write_address
from rnntui.runs.store.lock import take

run, reply = Path(sys.argv[1]), sys.argv[2].encode()
lock = take(run)

def end(*_):
    status = json.loads((run / "status.json").read_text())
    import os
    status |= {"state": "stopped", "reason": "stopped by SIGTERM", "pid": os.getpid()}
    (run / "status.json").write_text(json.dumps(status))
    lock.release()
    sys.exit(143)

signal.signal(signal.SIGTERM, end)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[3])
listener.listen()
write_address(run, Path(sys.argv[3]))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    if connection.recv(16384):
        connection.sendall(reply + b"\\n")
"""
REPLIES = {
    "older": '{"kind":"Refused","reason":"this training process speaks version 0"}',
    "newer": '{"kind":"Welcome","version":99,"colour":"blue"}',
    "unknown": '{"kind":"Greeting"}',
    "nothing of the kind": "HTTP/1.1 400 Bad Request",
}


@pytest.mark.slow
@pytest.mark.parametrize("reply", list(REPLIES.values()), ids=list(REPLIES))
def test_a_process_of_another_version_is_shown_from_its_files_and_stopped(
    reply: str, run: Path, rnntui
) -> None:
    assert rnntui("train", *FOX, "--steps", "20", "--plain", "--name", "run").code == 0
    place = Path("/tmp") / f"rv{os.getpid()}-{time.monotonic_ns() % 10**6}"
    place.mkdir(mode=0o700)
    args = [sys.executable, "-c", FOREIGN, str(run), reply, str(place / "door")]
    foreign = subprocess.Popen(
        args, env=environment(), stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert foreign.stdout is not None and foreign.stdout.readline() == b"ready\n"
        with dashboard(run.parent, "attach", "run") as viewer:
            assert viewer.wait_for("shown from its files"), viewer.text()
            assert viewer.wait_for("cannot be controlled from here"), viewer.text()
            viewer.write("q")
            assert viewer.exit_code() == 0
        assert foreign.poll() is None
        stopped = run_process("stop", "run")
        assert stopped.returncode == 0, stopped.stderr
        assert stopped.stdout == "run stopped at update 20; saved\n"
        assert foreign.wait(PATIENCE) == 143
    finally:
        foreign.kill()
        foreign.communicate()
        (place / "door").unlink(missing_ok=True)
        place.rmdir()
