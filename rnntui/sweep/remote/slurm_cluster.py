"""A Dask cluster whose workers are jobs of Slurm; its scheduler is in this process.

All connections are encrypted, and both ends of each show the certificate that was made for this
cluster. Workers read it from a private directory beside the runs, which all machines share.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rnntui.errors import EngineError, UsageError
from rnntui.recipe import Recipe, to_dict
from rnntui.runs.store.root import make_root
from rnntui.sweep.remote.check import Check
from rnntui.sweep.remote.dask import LOOPBACK, NO_PAGES, new_certificate, silence, tls_files
from rnntui.sweep.remote.host import facts_of, private_folder
from rnntui.text import fit, safe_text

_SUBMITS = 60.0  # seconds
_LONGEST = 160  # characters of an error
_CONFIG = "jobqueue.slurm"  # where a user sets account, partition, time and so on


def check_slurm() -> None:
    """Raise UsageError unless jobs can be submitted here."""
    if shutil.which("sbatch") is None:
        raise UsageError("--on slurm: there is no sbatch: start the sweep where you submit jobs")


class SlurmCluster:
    """Dask in jobs of Slurm, each with one trial at a time. Lost jobs are submitted again."""

    names = "Slurm"
    shares = True
    patient = True  # a job may wait in the queue for as long as it takes

    def __init__(self, recipe: Recipe, root: Path, jobs: int) -> None:
        """Submit the jobs. Raises EngineError."""
        from distributed import Security

        make_root(root)
        self._folder = Path(private_folder(new_certificate()[1], root))
        self.security, self.places = Security(**tls_files(str(self._folder))), jobs
        table = to_dict(recipe)
        here = facts_of(table, str(root), self._folder.name)
        self.check: Check | None = Check(table, str(root), self._folder.name, here)
        try:
            self._cluster = self._start()
            self._submit_test()
            self._cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        except BaseException as error:
            self._remove()
            if isinstance(error, EngineError) or not isinstance(error, Exception):
                raise
            raise EngineError(f"Dask did not start: {_short(str(error))}") from None
        self.address: str = self._cluster.scheduler_address

    def _start(self) -> Any:
        import dask
        import dask_jobqueue
        from distributed.utils import get_ip

        silence()
        dask.config.set(NO_PAGES)
        config = dask.config.get(_CONFIG)
        address = {} if config["interface"] else {"host": get_ip()}
        no_pages = "export DASK_DISTRIBUTED__WORKER__HTTP__ROUTES='[]'"
        return dask_jobqueue.SLURMCluster(
            cores=config["cores"] or 1,
            job_script_prologue=[*config["job-script-prologue"], no_pages],
            local_directory=config["local-directory"] or str(self._folder),
            log_directory=config["log-directory"] or str(self._folder),
            memory=config["memory"] or "2 GB",
            processes=1,
            python=config["python"] or sys.executable,
            scheduler_options={
                "allowed_failures": 0,  # the sweep decides what becomes of a trial
                "dashboard": False,
                "dashboard_address": LOOPBACK,
                **address,
            },
            security=self.security,
            worker_extra_args=[
                *config["worker-extra-args"], "--no-dashboard", "--dashboard-address", LOOPBACK,
            ],
        )  # fmt: skip

    def _submit_test(self) -> None:
        """Let Slurm look at the job without submitting it. Raises EngineError."""
        script = self._folder / "job.sh"
        script.write_text(self._cluster.job_script(), "utf-8")
        ended = subprocess.run(
            ["sbatch", "--test-only", str(script)],
            capture_output=True,
            check=False,
            text=True,
            timeout=_SUBMITS,
        )
        if ended.returncode != 0:
            why = ended.stderr or ended.stdout or f"exit status {ended.returncode}"
            raise EngineError(f"Slurm refuses the job: {_short(why)}")

    def close(self) -> None:
        """Cancel the jobs, end the scheduler, and remove the certificate."""
        self._remove()

    def _remove(self) -> None:
        if hasattr(self, "_cluster"):
            with contextlib.suppress(Exception):  # workers without a scheduler end by themselves
                self._cluster.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _short(text: str) -> str:
    return fit(safe_text(" ".join(text.split())), _LONGEST)
