"""Sweeps in jobs of Slurm, of which there is a stand-in here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from rnntui.runs.store.lock_owner import read_lock_owner
from tests.conftest import command, environment, run_process
from tests.support.patience import PATIENCE
from tests.support.real_runs import until
from tests.support.slurm import jobs, lives, lose, stand_in
from tests.support.sockets import parent_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("dask_jobqueue") is None, reason="needs rnntui[slurm]"),
]
TRIALS = (
    "sweep", "brackets", "--grid", "lr=1e-3,3e-3,1e-2,3e-2", "--jobs", "2", "--steps", "480",
    "--set", "hidden=40", "--set", "eval_every=40", "--set", "checkpoint_every=20", "--name", "s",
    "--json",
)  # fmt: skip


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Path]:
    folder = stand_in(tmp_path / "slurm")
    yield folder
    for job in jobs(folder):
        lose(job)


def with_slurm(folder: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return environment(PATH=path, DASK_JOBQUEUE__SLURM__INTERFACE="lo", **more)


def test_trials_of_a_lost_job_continue_in_another_and_nothing_is_left(slurm: Path, tmp_path: Path):
    calm = run_process(*TRIALS, "--runs-dir", str(tmp_path / "a"), timeout=PATIENCE)
    root = tmp_path / "b"
    args = (*TRIALS, "--on", "slurm", "--runs-dir", str(root))
    sweep = subprocess.Popen(
        command(*args), env=with_slurm(slurm), text=True, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        until(lambda: [*root.glob("s-*/checkpoints/step-*/manifest.json")], 120)
        saved = next(root.glob("s-*/checkpoints/step-*/manifest.json"))
        owner = read_lock_owner(saved.parents[2])
        assert owner is not None
        (folder,) = root.glob(".sweep-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        job = os.getpgid(parent_of(owner[0].pid))
        assert job in jobs(slurm)
        lose(job)
        out, err = sweep.communicate(timeout=PATIENCE)
    finally:
        sweep.kill()
    assert sweep.returncode == 0 and "Traceback" not in err, err
    events = [json.loads(line) for line in out.splitlines()]
    notes = [one["text"] for one in events if one["event"] == "note"]
    assert any(": Python 3." in one and "same data" in one for one in notes), notes
    assert any("its worker was lost; it continues" in one for one in notes), notes
    assert events[-1]["trials"] == json.loads(calm.stdout.splitlines()[-1])["trials"]
    until(lambda: not any(map(lives, jobs(slurm))))
    assert not folder.exists() and not [*tmp_path.glob("slurm-*")]


def test_what_slurm_or_the_command_line_lacks_is_said_in_one_line(slurm: Path, tmp_path: Path):
    args = (*TRIALS, "--on", "slurm", "--runs-dir", str(tmp_path / "r"))
    no_jobs = [one for one in args if one not in ("--jobs", "2")]
    ended = run_process(*no_jobs, env=with_slurm(slurm))
    assert ended.returncode == 2 and "--on slurm needs --jobs N" in ended.stderr
    ended = run_process(*args, env=environment(PATH=str(tmp_path)))  # a machine may have Slurm
    assert ended.returncode == 2 and "there is no sbatch" in ended.stderr.splitlines()[-1]
    ended = run_process(*args, env=with_slurm(slurm, DASK_JOBQUEUE__SLURM__ACCOUNT="nobody"))
    assert ended.returncode == 70, ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("rnntui: Slurm refuses the job: sbatch: error: Invalid account"), last
    assert jobs(slurm) == [] and not [*(tmp_path / "r").glob(".sweep-*")]
