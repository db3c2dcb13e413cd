"""Start a training process: detached from the terminal, with a private directory for its socket.

Neither this module nor anything it imports needs NumPy: the dashboard's process uses it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.engine.address import SOCKET, make_directory, write_owner
from rnntui.engine.early import EarlyProcess
from rnntui.engine.ending import Ending
from rnntui.errors import EngineError, RunError
from rnntui.processes import asked_to_end, how_it_ended, one_blas_thread, python_command
from rnntui.runs.job import Job, job_to_dict
from rnntui.runs.store.lock_owner import suspended
from rnntui.text import safe_text

LOG, JOB = "log", "order.json"


@dataclass(frozen=True, eq=False)
class EngineHandle:
    """A training process that was started by this process."""

    process: subprocess.Popen[bytes]
    directory: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def socket(self) -> Path:
        """Where it listens, or will."""
        return self.directory / SOCKET

    def exited(self) -> int | None:
        """Return the exit status (negative for a signal), or None while running."""
        return self.process.poll()

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, after waiting at most `seconds` for the end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def suspended(self) -> bool:
        """Return whether a signal has suspended it, so that it cannot answer."""
        return self.exited() is None and suspended(self.pid)

    def ending(self) -> Ending | None:
        """Describe how it ended; None while it runs."""
        status = self.exited()
        if status is None:
            return None
        if status == 0:
            return Ending("stopped", "the training process has ended")
        last = self._last_log_line()
        text = f"the training process {how_it_ended(status)}" + (f": {last}" if last else "")
        if asked_to_end(status):
            return Ending("stopped", text)
        return Ending("crashed" if status < 0 else "failed", text)

    def unsaved(self) -> str:
        """Describe in one safe line what an ended run could not save, or return an empty string."""
        return self._last_log_line() if self.exited() == RunError.exit_code else ""

    def moved(self) -> bool:
        """Unknown here: the process that was started says so when it ends."""
        return False

    def _last_log_line(self) -> str:
        try:
            lines = (self.directory / LOG).read_text("utf-8", "replace").split("\n")
        except OSError:
            lines = []
        return next((safe_text(line)[:160] for line in reversed(lines) if line.strip()), "")

    def terminate(self, how: str = "") -> None:
        """Ask it to end; it saves its run first."""
        if self.exited() is None:
            self.process.terminate()

    def kill(self) -> None:
        """Kill it and remove its directory."""
        if self.exited() is None:
            self.process.kill()
            self.process.wait()
        self.clean()

    def clean(self) -> None:
        """Remove its directory if it has ended."""
        if self.exited() is not None:
            shutil.rmtree(self.directory, ignore_errors=True)


def spawn(job: Job, cwd: Path, early: EarlyProcess | None = None) -> EngineHandle:
    """Start a process for a job; takes a few ms and does not wait for it.

    `cwd`: where relative sources are found. A process that was started `early`, in that directory,
    gets the job if it still runs. Raises EngineError if no process can be started.
    """
    claimed = make_directory(lasting=job.kept)
    directory = claimed.directory
    try:
        process = _start(job, cwd, directory, claimed.descriptor, early)
        write_owner(directory, process.pid)
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        reason = safe_text(error.strerror or str(error))
        raise EngineError(f"cannot start the training process: {reason}") from None
    finally:
        os.close(claimed.descriptor)
    return EngineHandle(process, directory)


def _start(
    job: Job, cwd: Path, directory: Path, lock: int, early: EarlyProcess | None
) -> subprocess.Popen[bytes]:
    """Start the process, which inherits its directory's lock and keeps it until it ends."""
    # A file, not a pipe: a recipe may contain a long text, and nothing waits for the reader.
    path = directory / JOB
    path.write_text(json.dumps(job_to_dict(job)), "utf-8")
    with path.open("rb") as job_file, (directory / LOG).open("wb") as log:
        if early is not None:
            descriptors = (job_file.fileno(), log.fileno(), lock)
            if (process := early.hand_over(directory, descriptors)) is not None:
                return process
        return subprocess.Popen(
            python_command("rnntui.engine.__main__", str(directory)),
            cwd=cwd,
            env=one_blas_thread(),
            stdin=job_file,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
        )
