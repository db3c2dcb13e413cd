"""The errors a user may meet. Each carries one line (what, where, what to do) and an exit code."""

from __future__ import annotations


class RnntuiError(Exception):
    """Something to tell the user in one line; the command ends with `exit_code`."""

    exit_code = 1


class UsageError(RnntuiError):
    """A wrong option, key or value (EX_USAGE as click has it)."""

    exit_code = 2


class DataError(RnntuiError):
    """A source that cannot be trained on (EX_DATAERR)."""

    exit_code = 65


class OutputError(RnntuiError):
    """What was printed could not be written (EX_IOERR)."""

    exit_code = 74


class EngineError(RnntuiError):
    """The training process failed or is gone (EX_SOFTWARE)."""

    exit_code = 70


class RunError(RnntuiError):
    """A run's files cannot be read or written (EX_IOERR)."""

    exit_code = 74


class RunTakenError(RnntuiError):
    """Another process trains in that run directory (EX_CANTCREAT)."""

    exit_code = 73
