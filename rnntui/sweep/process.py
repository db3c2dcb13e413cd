"""A child process that trains a task: how it is started, followed and described."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Any, get_args

from rnntui.errors import EngineError
from rnntui.processes import how_it_ended, one_blas_thread, python_command
from rnntui.sweep.task import End, Task, TaskEnded, task_to_json
from rnntui.text import safe_text

SAVES = 60.0  # seconds that a trial has to finish an update and save it
_LONGEST = 160  # characters of an error


class TrialProcess:
    """A child that trains a task, in a session of its own: Ctrl-C reaches only the sweep."""

    def __init__(self, task: Task, settings: Mapping[str, str] | None = None) -> None:
        """Start the child; `settings` are added to its environment. Raises EngineError."""
        self._task = task
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed by `follow`
        try:
            self.child = subprocess.Popen(
                python_command("rnntui.sweep.child", ""),
                env={**one_blas_thread(), **(settings or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise EngineError(f"cannot start a trial: {safe_text(error.strerror or '')}") from None

    def follow(self, say: Callable[[Mapping[str, Any]], None]) -> TaskEnded:
        """Pass on the objects that the child prints; return how it ended."""
        child, trial = self.child, self._task.trial
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(OSError), child.stdin:  # then it has ended already
            child.stdin.write(task_to_json(self._task).encode() + b"\n")
        ended = None
        with child.stdout:
            for line in child.stdout:
                event = _parsed(line)
                if event.get("event") == "ended":
                    ended = _ended(trial, event)
                elif event:
                    say(event)
        status = child.wait()
        with self._errors:
            return ended or TaskEnded(trial, "lost", _why(status, self._errors))


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
