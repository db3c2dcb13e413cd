"""Entry point of `python -m rnntui` and of the installed command."""

from __future__ import annotations

import gc
import os
import signal
import sys

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


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
    from rnntui.cli import run

    gc.enable()
    if raises:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
