"""The file in a run's directory with the path of the training process's socket."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from rnntui.errors import DataError
from rnntui.runs.store.files import FILES, read_file, remove_tree, replace

ADDRESS = "door"
_LONGEST = 4096  # bytes
_CONNECTS = 0.2  # seconds for a socket to accept a connection


def write_address(run: Path, address: Path) -> None:
    """Publish the socket's address; a failure is ignored, since training can continue."""
    with contextlib.suppress(OSError):
        if (run / ADDRESS).is_dir() and not (run / ADDRESS).is_symlink():
            remove_tree(FILES, run / ADDRESS)
        replace(FILES, run / ADDRESS, bytes(str(address), "utf-8", "surrogateescape"), sync=False)


def remove_address(run: Path, address: Path) -> None:
    """Remove `address`, but not another process's address."""
    if read_address(run) == address:
        with contextlib.suppress(OSError):
            (run / ADDRESS).unlink()


def read_address(run: Path) -> Path | None:
    """Return the published address of the run's process, if any."""
    try:
        return Path(read_file(run / ADDRESS, _LONGEST).decode("utf-8", "surrogateescape"))
    except (OSError, DataError):
        return None


def listens(address: Path) -> bool | None:
    """Return whether a process listens at a socket, in any container; None if unknown."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECTS)
        try:
            probe.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except OSError:  # no permission, or too busy
            return None
    return True
