"""A training process that starts before its job is known: it imports while a command line is read.

That takes both of them about as long, so the first update comes sooner.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rnntui.processes import one_blas_thread, python_command

WAIT = ""  # in place of the directory: it comes later
_LONGEST_PATH = 4096


class EarlyProcess:
    """A process that waits for a job. It ends if it gets none, however this process ends."""

    def __init__(self) -> None:
        """Start it. Raises OSError."""
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                python_command("rnntui.engine.__main__", WAIT),
                env=one_blas_thread(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def hand_over(
        self, directory: Path, descriptors: Sequence[int]
    ) -> subprocess.Popen[bytes] | None:
        """Let it run the job in a directory and return it; None if it has ended or has a job.

        `descriptors`: of its job, of its log, and of the directory's lock.
        """
        with self._channel:
            try:
                socket.send_fds(self._channel, [os.fsencode(directory)], descriptors)
            except OSError:
                return None
        return self._process

    def close(self) -> None:
        """Let it end if it has no job."""
        self._channel.close()


def receive(meanwhile: Callable[[], None]) -> str | None:
    """Wait for a job, as the process that was started early; return its directory.

    None if there will be none. `meanwhile` is called if the job is not there yet. The job becomes
    standard input, and the log takes what is printed. The directory's lock is kept until the
    process ends.
    """
    with contextlib.closing(socket.socket(fileno=os.dup(0))) as channel:
        if not select.select([channel], [], [], 0)[0]:
            meanwhile()
        path, descriptors, _, _ = socket.recv_fds(channel, _LONGEST_PATH, 3)
    if len(descriptors) < 3:
        return None
    job, log, _lock = descriptors
    for descriptor, standard in ((job, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, standard)
    os.close(job)
    os.close(log)
    return os.fsdecode(path)
