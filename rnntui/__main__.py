"""Entry point of `python -m rnntui` and of the installed command."""

from __future__ import annotations

import os
import sys

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # NumPy reads these when it is imported. One thread is faster for small networks; with more, a
    # single core that is busy elsewhere stalls all of them.
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
    try:
        from rnntui.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
