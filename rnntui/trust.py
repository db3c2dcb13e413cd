"""Checks of trust: the user at the other end of a socket, and access of others to a directory.

A socket is trusted only in a directory that only its owner may enter, and only if both ends run as
the same user. If the system does not report the peer, the directory is the only protection.
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

# Root; and "nobody", which owns the system's directories as seen in a user namespace.
SYSTEM_USERS = (0, 65534)
NOBODY = -1  # reported by Linux for a socket without a peer
PATH_CELLS = 80  # width of a path in a message

_LINUX = struct.Struct("3i")  # struct ucred: process, user, group
_MAC = struct.Struct("=IIh2x16I")  # struct xucred: version, user, number of groups, groups
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1


def peer_user(connection: socket.socket) -> int | None:
    """Return the user at the other end of a Unix socket, or None if the system does not report it.

    Returns NOBODY for a socket that is not connected.
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
    """Whether the other end runs as the same user, as far as the system reports it."""
    return peer_user(connection) in (None, os.geteuid())


def check_private(directory: Path) -> None:
    """Raise EngineError if other users could have created files in a directory. Raises OSError."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise EngineError(f"{_shown(directory)}: not trusted: not a directory")
    if found.st_uid != os.geteuid():
        raise EngineError(f"{_shown(directory)}: not trusted: it belongs to another user")
    if found.st_mode & 0o077:
        raise EngineError(
            f"{_shown(directory)}: not trusted: other users may enter it; run chmod 700 on it"
        )


def why_exposed(directory: Path) -> str:
    """Return why another user could replace files in a directory, or "" if none could.

    That is possible if a directory on its path belongs to another user, or is writable for others
    and not sticky (as /tmp is).
    """
    try:
        real = directory.resolve(strict=True)
        for folder in (real, *real.parents):
            found = folder.stat()
            if found.st_uid not in (os.geteuid(), *SYSTEM_USERS):
                return f"{_shown(folder)} belongs to another user"
            if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
                return f"other users may write to {_shown(folder)}"
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return f"{_shown(directory)} cannot be inspected"
    return ""


def _shown(path: Path) -> str:
    return fit(safe_text(str(path)), PATH_CELLS)
