"""Entry point of `python -m rnntui` and of the installed command."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnntui.engine.early import EarlyProcess

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# Options with which these commands do not open the dashboard.
OTHERWISE = frozenset(("--plain", "--json", "--detach", "--version", "--help", "-h"))


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Until `run` turns an interrupt into an exit code, it ends the process without a traceback.
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # NumPy reads these when it is imported. One thread is faster for small networks; with more, a
    # single core that is busy elsewhere stalls all of them.
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
    gc.disable()  # collecting garbage takes a part of the time to import
    early = start_early(sys.argv[1:])
    from rnntui.cli import run

    gc.enable()
    if raises:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(run(sys.argv[1:], early))
    finally:
        if early is not None:
            early.close()


def start_early(args: Sequence[str]) -> EarlyProcess | None:
    """Start a training process if these arguments seem to open the dashboard.

    If they do not, it ends without having done anything.
    """
    trains = not args or args[0] in ("train", "resume") or args[0].startswith("-")
    streams = (sys.stdin, sys.stdout, sys.stderr)  # a shell that completes words reads stdout
    if os.name != "posix" or not trains or not OTHERWISE.isdisjoint(args):
        return None
    if not all(stream is not None and stream.isatty() for stream in streams):
        return None
    from rnntui.engine.early import EarlyProcess

    try:
        return EarlyProcess()
    except OSError:  # if there really is a job, starting its process says why
        return None


if __name__ == "__main__":
    main()
