"""Start processes with the same Python and package, and describe how they ended."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_DIGITS = ("OPENBLAS_CORETYPE", "MKL_CBWR", "NPY_DISABLE_CPU_FEATURES")
_TERMINATION_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


def python_command(main: str, argument: str) -> list[str]:
    """Return a command that calls `main` of a module with an argument and exits with its result.

    -P keeps the working directory off the path, so that a numpy.py there is not run. The directory
    of this package is appended instead, at the end of the path, where it shadows nothing. Garbage
    collection is off during imports, where it would take a tenth of the time.
    """
    home = str(Path(__file__).resolve().parents[1])
    program = (
        f"import gc, sys; gc.disable(); sys.path.append({home!r}); "
        f"from {main} import main; sys.exit(main(sys.argv[1]))"
    )
    return [sys.executable, "-P", "-c", program, argument]


def one_blas_thread(force: bool = False) -> dict[str, str]:
    """Return this environment with one BLAS thread; `force` overrides the user's choice.

    With more threads, a single core that is busy elsewhere stalls all of them.
    """
    environment = dict(os.environ)
    for name in BLAS_THREADS:
        if force or name not in environment:
            environment[name] = "1"
    return environment


def digit_settings() -> dict[str, str]:
    """Return the variables of this environment that decide the last digits of a product."""
    return {name: os.environ[name] for name in _DIGITS if name in os.environ}


def how_it_ended(status: int) -> str:
    """Describe an exit status; a negative one is the signal that killed the process."""
    if status < 0:
        return f"was killed by {_signal(-status) or f'signal {-status}'}"
    if asked_to_end(status):
        return f"was stopped by {_signal(status - 128)}"
    return f"ended with status {status}"


def asked_to_end(status: int) -> bool:
    """Whether an exit status means that the process stopped on a termination signal."""
    return _signal(status - 128) in _TERMINATION_SIGNALS


def _signal(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return ""


def processor_ticks(pid: int) -> int | None:
    """Return the CPU time of a process in clock ticks, or None if the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return None


def has_terminal(pid: int) -> bool:
    """Whether a process has a controlling terminal, as far as the system reports it."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[4]) != 0
    except (OSError, IndexError, ValueError):
        return False
