"""Trials as child processes on this machine."""

from __future__ import annotations

import queue
import subprocess
import threading

from rnntui.sweep.process import SAVES, TrialProcess
from rnntui.sweep.task import Report, Said, Task, TaskEnded


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
        """Start a child. Raises EngineError."""
        process = TrialProcess(task)
        self._children[task.trial] = process.child
        threading.Thread(target=self._follow, args=(task.trial, process), daemon=True).start()

    def _follow(self, trial: int, process: TrialProcess) -> None:
        """Report what a child prints, and its end."""
        put = self._reports.put
        put(process.follow(lambda event: put(Said(trial, event))))

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

    def close(self) -> None:
        """Do nothing: a child is gone when its task has ended."""
