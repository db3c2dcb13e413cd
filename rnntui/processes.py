"""How processes of our own are started, with the same Python and package, and how they ended."""

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
_ASKED_TO_END = ("SIGTERM", "SIGINT", "SIGHUP")


def python_command(main: str, argument: str) -> list[str]:
    """Call `main` of a module, "package.module", with an argument and exit with what it returns.

    -P keeps the working directory off the path: a numpy.py lying there is not ours to run. Without
    it the package may have to be told where it is; at the end of the path it hides nothing.
    Looking for garbage would be a tenth of the time that importing takes: it waits until then.
    """
    home = str(Path(__file__).resolve().parents[1])
    program = (
        f"import gc, sys; gc.disable(); sys.path.append({home!r}); "
        f"from {main} import main; sys.exit(main(sys.argv[1]))"
    )
    return [sys.executable, "-P", "-c", program, argument]


def one_blas_thread(force: bool = False) -> dict[str, str]:
    """This environment with one BLAS thread, unless the user chose and it is not forced.

    With more, one busy neighbour stops everything.
    """
    environment = dict(os.environ)
    for name in BLAS_THREADS:
        if force or name not in environment:
            environment[name] = "1"
    return environment


def how_it_ended(status: int) -> str:
    """What an exit status (negative: the signal that killed it) says of a process."""
    if status < 0:
        return f"was killed by {_signal(-status) or f'signal {-status}'}"
    if asked_to_end(status):
        return f"was stopped by {_signal(status - 128)}"
    return f"ended with status {status}"


def asked_to_end(status: int) -> bool:
    """Whether an exit status says that a signal asked for the end, and was obeyed."""
    return _signal(status - 128) in _ASKED_TO_END


def _signal(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return ""
