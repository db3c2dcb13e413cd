"""Trials as child processes on this machine."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
from typing import IO, get_args

from rnntui.errors import EngineError
from rnntui.processes import how_it_ended, one_blas_thread, python_command
from rnntui.sweep.task import End, Report, Said, Task, TaskEnded, task_to_json
from rnntui.text import safe_text

SAVES = 60.0  # seconds that a trial has to finish an update and save it
_LONGEST = 160  # characters of an error


class LocalWorkers:
    """Trains up to `jobs` tasks at a time, each in a child process with a session of its own."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()

    @property
    def free(self) -> int:
        """Return how many more tasks it takes now."""
        return self._jobs - len(self._children)

    @property
    def pids(self) -> dict[int, int]:
        """The process of each trial in training."""
        return {trial: child.pid for trial, child in self._children.items()}

    def start(self, task: Task) -> None:
        """Start a child, in a session of its own: Ctrl-C reaches only the sweep, which stops it.

        Raises EngineError.
        """
        errors = tempfile.TemporaryFile()  # noqa: SIM115, closed by the thread
        try:
            child = subprocess.Popen(
                python_command("rnntui.sweep.child", ""),
                env=one_blas_thread(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            errors.close()
            raise EngineError(f"cannot start a trial: {safe_text(error.strerror or '')}") from None
        self._children[task.trial] = child
        arguments = (task, child, errors)
        threading.Thread(target=self._follow, args=arguments, daemon=True).start()

    def _follow(self, task: Task, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        """Report what a child prints, and its end."""
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(OSError), child.stdin:  # then it has ended already
            child.stdin.write(task_to_json(task).encode() + b"\n")
        ended = None
        with child.stdout:
            for line in child.stdout:
                event = _parsed(line)
                if event.get("event") == "ended":
                    ended = _ended(task.trial, event)
                elif event:
                    self._reports.put(Said(task.trial, event))
        status = child.wait()
        with errors:
            self._reports.put(ended or TaskEnded(task.trial, "lost", _why(status, errors)))

    def cut(self, trial: int) -> None:
        """Ask the child that trains a trial to save and end."""
        if (child := self._children.get(trial)) is not None:
            child.terminate()

    def next(self, seconds: float) -> Report | None:
        """Return the next report, after waiting at most `seconds` for one."""
        try:
            report = self._reports.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(report, TaskEnded):
            self._children.pop(report.trial, None)
        return report

    def stop(self) -> None:
        """Stop all children and wait for them; one that does not end in time is killed."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(SAVES)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _parsed(line: bytes) -> dict[str, object]:
    """Return the object that a child printed; empty for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _ended(trial: int, event: dict[str, object]) -> TaskEnded:
    end, text = event.get("end"), event.get("text")
    known = end if end in get_args(End) else "lost"
    return TaskEnded(trial, known, text if isinstance(text, str) else "")  # type: ignore[arg-type]


def _why(status: int, errors: IO[bytes]) -> str:
    """Describe the end of a child that did not say how it ended, with its last error."""
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").splitlines()
    last = next((safe_text(line)[:_LONGEST] for line in reversed(lines) if line.strip()), "")
    return f"its process {how_it_ended(status)}" + (f": {last}" if last else "")
