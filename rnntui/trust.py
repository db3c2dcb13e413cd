"""Whom to believe: who is at the other end of a socket, and whether others can reach a directory.

A socket is believed only in a directory that its owner alone may enter, and only where both ends
run as the same user. Where the system does not tell who the peer is, the directory alone guards.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
from pathlib import Path

from rnntui.errors import EngineError
from rnntui.text import fit, safe_text

# Root; and "nobody", as whom the owner of the system's directories shows in a user namespace.
SYSTEM_USERS = (0, 65534)
NOBODY = -1  # what Linux says of a socket without a peer
SHOWN = 80  # cells of a path in a message

_LINUX = struct.Struct("3i")  # struct ucred: process, user, group
_MAC = struct.Struct("=IIh2x16I")  # struct xucred: version, user, number of groups, groups
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1


def peer_user(connection: socket.socket) -> int | None:
    """The user that the other end of a Unix socket runs as; None where the system does not tell.

    NOBODY for a socket that is not connected, or no longer.
    """
    try:
        if hasattr(socket, "SO_PEERCRED"):
            found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX.size)
            return int(_LINUX.unpack(found)[1])
        if sys.platform == "darwin":
            found = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _MAC.size)
            return int(_MAC.unpack(found)[1])
    except (OSError, struct.error):
        return NOBODY
    return None


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end runs as our user, as far as the system tells."""
    return peer_user(connection) in (None, os.geteuid())


def check_private(directory: Path) -> None:
    """Raise EngineError where others could have put something into a directory, or OSError."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise EngineError(f"{_shown(directory)}: not trusted: it is not a directory")
    if found.st_uid != os.geteuid():
        raise EngineError(f"{_shown(directory)}: not trusted: it belongs to another user")
    if found.st_mode & 0o077:
        raise EngineError(f"{_shown(directory)}: not trusted: others may enter it: chmod 700 it")


def why_exposed(directory: Path) -> str:
    """Why another user could replace what is made in a directory, or "".

    That is so where one on the path to it belongs to somebody else, or may be written by others and
    is not sticky, as /tmp is.
    """
    try:
        real = directory.resolve(strict=True)
        for folder in (real, *real.parents):
            found = folder.stat()
            if found.st_uid not in (os.geteuid(), *SYSTEM_USERS):
                return f"{_shown(folder)} belongs to another user"
            if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
                return f"other users may write to {_shown(folder)}"
    except (OSError, RuntimeError):  # RuntimeError: links that lead in a circle
        return f"{_shown(directory)} cannot be looked at"
    return ""


def _shown(path: Path) -> str:
    return fit(safe_text(str(path)), SHOWN)
