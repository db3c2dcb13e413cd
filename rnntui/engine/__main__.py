"""The training process that `spawn` starts: runs the job on standard input.

It listens in the given directory and writes nothing to a terminal; messages go to the viewers.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import signal
import sys
from pathlib import Path

from rnntui.engine.address import SOCKET
from rnntui.engine.early import WAIT, receive
from rnntui.engine.loop import SIGNALS, Engine
from rnntui.errors import EngineError, RunError
from rnntui.runs.job import job_from_dict


def main(directory: str) -> int:
    """Train until the run ends, remove the directory, and return the exit status.

    `directory`: `early.WAIT` waits for it, and for the job.

    After an exception, if the run could not be saved, or if it failed and nobody was to see that,
    the directory stays with its log for the process that created it.
    """
    # Whoever sees the socket may send a signal, and until the directory is removed as well: only
    # the engine lets one through.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    found = receive(_import_the_rest) if directory == WAIT else directory
    if found is None:
        return 0
    home = Path(found)
    job = job_from_dict(json.load(sys.stdin.buffer))
    try:
        engine = Engine(job, home / SOCKET)
    except EngineError as error:
        print(error, file=sys.stderr)  # to the log, whose last line the parent reports
        return error.exit_code
    status = engine.run()
    if engine.unsaved:
        print(engine.unsaved, file=sys.stderr)
        return status or RunError.exit_code
    if engine.unreported and not job.awaited:
        print(engine.unreported, file=sys.stderr)
        return status
    import shutil

    shutil.rmtree(home, ignore_errors=True)
    return status


def _import_the_rest() -> None:
    """Import what a run needs; whatever is wrong with it, loading the run reports."""
    with contextlib.suppress(ImportError):
        importlib.import_module("rnntui.session.session")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
