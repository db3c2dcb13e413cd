"""Sweeps over real SSH, to two names for this machine: kills, sockets, and what is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rnntui.errors import EngineError
from rnntui.sweep.remote.workers import RESUME
from rnntui.sweep.workers import workers_for
from tests.conftest import command, environment, run_process
from tests.support.patience import PATIENCE
from tests.support.real_runs import until
from tests.support.sockets import behind_ssh, listening, parent_of, trials_behind
from tests.support.sshd import HOSTS, hosts_on_loopback, port_of, why_no_sshd
from tests.support.sweeps import TINY

WHY = why_no_sshd() or (
    "" if find_spec("distributed") and find_spec("asyncssh") else "needs rnntui[sweep]"
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WHY), reason=WHY)]
ON = f"ssh:{','.join(HOSTS)}"
TRIALS = (
    "brackets", "--grid", "lr=1e-3,3e-3,1e-2,3e-2", "--jobs", "2", "--steps", "240", "--set",
    "hidden=40", "--set", "eval_every=40", "--set", "checkpoint_every=20", "--name", "s",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose ssh configuration has two names for this machine."""
    (tmp_path / "ssh").mkdir(mode=0o700)
    with hosts_on_loopback(tmp_path / "ssh") as found:
        yield found
        folders = private_folders(port_of(found))
        for pid in behind_ssh(port_of(found)):  # a cluster without its client ends after minutes
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def results(lines: str) -> dict[str, tuple[Any, ...]]:
    """The best loss of each trial, from the last line."""
    done = json.loads(lines.splitlines()[-1])
    keys = ("best", "best_step", "step", "state")
    return {one["run"]: tuple(one[key] for key in keys) for one in done["trials"]}


def undisturbed(root: Path) -> subprocess.CompletedProcess[str]:
    """The same trials on this machine."""
    args = ("sweep", *TRIALS, "--json", "--runs-dir", str(root))
    ended = run_process(*args, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr
    return ended


def worker_that_trains(port: int) -> int | None:
    """A Dask worker whose child trains a trial."""
    return next((parent_of(pid) for pid in trials_behind(port)), None)


def gone(port: int) -> Callable[[], bool]:
    return lambda: not [what for what in behind_ssh(port).values() if "distributed" in what]


def test_a_killed_worker_changes_no_loss_and_nothing_is_left(home: Path, tmp_path: Path):
    port = port_of(home)
    calm = undisturbed(tmp_path / "a")
    args = ("sweep", *TRIALS, "--on", ON, "--json", "--runs-dir", str(tmp_path / "b"))
    sweep = subprocess.Popen(
        command(*args), env=environment(HOME=str(home)), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        until(lambda: [*(tmp_path / "b").glob("s-*/checkpoints/step-*/manifest.json")], 120)
        until(lambda: worker_that_trains(port))
        pids = [pid for pid, what in behind_ssh(port).items() if "sshd" not in what]
        check_sockets(listening([*pids, sweep.pid]))
        folders = private_folders(port)
        assert len(folders) == 2 and all(one.stat().st_mode & 0o777 == 0o700 for one in folders)
        victim = worker_that_trains(port)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        out, err = sweep.communicate(timeout=PATIENCE)
    finally:
        sweep.kill()
    assert sweep.returncode == 0 and "Traceback" not in err, err
    for name in HOSTS:
        assert sum(line.startswith(f"rnntui: note: {name}: Python") for line in err.splitlines())
    events = [json.loads(line) for line in out.splitlines()]
    assert any("its worker was lost; it continues" in one.get("text", "") for one in events)
    assert "resumed" in {one["state"] for one in events if one["event"] == "trial"}
    assert results(out) == results(calm.stdout)
    until(gone(port))
    assert not any(one.exists() for one in folders)


def private_folders(port: int) -> list[Path]:
    """Where the hosts keep the certificate, from the commands of Dask's processes."""
    words = " ".join(behind_ssh(port).values()).replace('"', " ").split()
    return sorted({Path(w).parent for w in words if w.endswith("/certificate.pem")})


def check_sockets(found: set[tuple[str, int]]) -> None:
    """All are on the address that SSH reached; each wants the certificate, or shows nothing."""
    assert len(found) == 8, found  # of scheduler and workers a pair each, and of their nannies one
    assert {address for address, _ in found} == {"127.0.0.1"}
    kinds = [kind_of(*one) for one in found]
    assert sorted(kinds) == ["pages"] * 3 + ["refused"] * 5


def kind_of(address: str, port: int) -> str:
    """What someone gets who has no certificate: refused, or a web server without pages."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, port), 10) as raw:
        raw.sendall(b"GET /info/main/workers.html HTTP/1.0\r\n\r\n")
        raw.settimeout(PATIENCE)
        try:
            answer = raw.recv(1000)
        except ConnectionError:
            answer = b""
    if answer.startswith(b"HTTP/1"):
        assert b" 404 " in answer.splitlines()[0], answer
        return "pages"
    raw = socket.create_connection((address, port), 10)
    with pytest.raises(OSError), context.wrap_socket(raw) as encrypted:
        encrypted.sendall(b"x" * 100)
        assert encrypted.recv(100) == b"never"  # TLS 1.3 refuses at the first read
    return "refused"


def test_a_sweep_whose_client_is_killed_ends_on_the_hosts_and_is_resumed(
    home: Path, tmp_path: Path
):
    port, root = port_of(home), tmp_path / "runs"
    args = ("sweep", *TRIALS, "--on", ON, "--json", "--runs-dir", str(root))
    with subprocess.Popen(
        command(*args), env=environment(HOME=str(home)), stdout=subprocess.DEVNULL
    ) as sweep:
        until(lambda: [*root.glob("s-*/checkpoints/step-*/manifest.json")], 120)
        sweep.kill()
    until(lambda: not [one for one in behind_ssh(port).values() if "sweep.child" in one])
    ended = run_process(
        "sweep", "resume", "s", "--json", "--runs-dir", str(root), timeout=PATIENCE,
        env=environment(HOME=str(home)),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert {one[-1] for one in results(ended.stdout).values()} == {"finished"}


# The hosts' answers are changed as if their disk were another: they train in directories of theirs.
OWN_DISKS = """
from dataclasses import replace
from rnntui.__main__ import main
from rnntui.sweep.remote import ssh_cluster, workers
ask = ssh_cluster.ask_hosts
def changed(*args):
    return [(python, replace(facts, shares=False)) for python, facts in ask(*args)]
ssh_cluster.ask_hosts = changed
main()
"""
TOO_LARGE = OWN_DISKS.replace("main()\n", "workers.MOST_BYTES = 1000\nmain()\n")


def test_without_a_shared_disk_runs_are_copied_and_a_killed_worker_changes_nothing(
    home: Path, tmp_path: Path
):
    port, here = port_of(home), tmp_path / "b"
    calm = undisturbed(tmp_path / "a")
    args = ("sweep", *TRIALS, "--on", ON, "--json", "--runs-dir", str(here))
    sweep = subprocess.Popen(
        [sys.executable, "-c", OWN_DISKS, *args], env=environment(HOME=str(home)), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        until(lambda: [*here.glob("s-*/checkpoints/step-*/manifest.json")], 120)
        assert not [*here.glob("s-*/lock")]
        until(lambda: worker_that_trains(port))
        os.kill(worker_that_trains(port) or 0, signal.SIGKILL)
        out, err = sweep.communicate(timeout=PATIENCE)
    finally:
        sweep.kill()
    assert sweep.returncode == 0 and "Traceback" not in err, err
    assert "checkpoints are copied" in err
    events = [json.loads(line) for line in out.splitlines()]
    assert any("its worker was lost; it continues" in one.get("text", "") for one in events)
    assert results(out) == results(calm.stdout)
    for number in (1, 2, 3, 4):
        last = f"s-{number}/checkpoints/step-00000240/model.safetensors"
        assert (here / last).read_bytes() == (tmp_path / "a" / last).read_bytes()


def test_a_trial_begins_again_if_its_checkpoints_are_too_large_to_be_copied(
    home: Path, tmp_path: Path
):
    port, here = port_of(home), tmp_path / "runs"
    steps = "2400"  # longer than the time from one copy to the next, on a fast machine, too
    args = ("sweep", *TRIALS, "--steps", steps, "--on", ON, "--json", "--runs-dir", str(here))
    sweep = subprocess.Popen(
        [sys.executable, "-c", TOO_LARGE, *args], env=environment(HOME=str(home)), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert sweep.stdout is not None
    killed, states, lines = False, [], []
    with sweep:
        for line in sweep.stdout:
            lines.append(line)
            event = json.loads(line)
            if not killed and "are copied only at the end" in event.get("text", ""):
                assert "the trial begins again" in event["text"]
                os.kill(worker_that_trains(port) or 0, signal.SIGKILL)
                killed = True
            states += [event["state"]] if event["event"] == "trial" else []
    assert killed and "resumed" not in states
    assert {one[-1] for one in results(lines[-1]).values()} == {"finished"}
    assert len([*here.glob(f"s-*/checkpoints/step-{int(steps):08}/manifest.json")]) == 4


def test_a_host_that_cannot_be_used_is_named_in_one_line(home: Path, tmp_path: Path):
    args = ("sweep", *TRIALS, "--on", "ssh:w1,nowhere.invalid", "--runs-dir", str(tmp_path / "r"))
    ended = run_process(*args, env=environment(HOME=str(home)))
    assert ended.returncode == 70
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("rnntui: nowhere.invalid: SSH failed: ") and "Traceback" not in last
    assert not (tmp_path / "r" / ".sweeps").exists()


def test_a_stored_sweep_whose_hosts_are_gone_says_how_to_continue(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def gone(*_: object) -> None:
        raise EngineError("w1: SSH failed: the connection was lost")

    monkeypatch.setattr("rnntui.sweep.remote.ssh_cluster.survey", gone)
    info = SimpleNamespace(on="ssh:w1", jobs=1)
    sweep: Any = SimpleNamespace(info=info, recipe=TINY, root=tmp_path)
    with pytest.raises(EngineError, match=f"the connection was lost: {RESUME}"):
        workers_for(sweep)
