"""Errors shown to users: each has a one-line message (what, where, what to do) and an exit code."""

from __future__ import annotations


class RnntuiError(Exception):
    """Base class: a one-line message; the command exits with `exit_code`.

    `setting` ends the line of a `problem` that a new run avoids with a recipe key. Commands that
    use a run as it is say `fix` instead.
    """

    exit_code = 1

    def __init__(self, problem: str, setting: str = "", fix: str = "") -> None:
        super().__init__(f"{problem}: {setting}" if setting else problem)
        self.problem, self.setting, self.fix = problem, setting, fix


class UsageError(RnntuiError):
    """A wrong option, key or value (exit code 2, as in click)."""

    exit_code = 2


class RunExistsError(UsageError):
    """A new run was to have the name of one that exists."""


class DataError(RnntuiError):
    """A source that cannot be trained on (EX_DATAERR)."""

    exit_code = 65


class OutputError(RnntuiError):
    """Output could not be written (EX_IOERR)."""

    exit_code = 74


class EngineError(RnntuiError):
    """The training process failed or is gone (EX_SOFTWARE)."""

    exit_code = 70


class WorkerError(EngineError):
    """A process that trains with others failed; the message leaves open how to continue."""


class RunError(RnntuiError):
    """A run's files cannot be read or written (EX_IOERR)."""

    exit_code = 74


class RunTakenError(RnntuiError):
    """Another process is training the run (EX_CANTCREAT)."""

    exit_code = 73
