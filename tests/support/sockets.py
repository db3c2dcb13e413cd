"""Processes that came in through an sshd, and the sockets on which they listen (Linux)."""

from __future__ import annotations

import contextlib
import ipaddress
from pathlib import Path

LISTENS = "0A"  # in /proc/net/tcp


def behind_ssh(port: int) -> dict[int, str]:
    """Return the command of each process, and of its children, that came in through that port."""
    mark, found = f" 127.0.0.1 {port}", {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (path / "environ").read_bytes().decode("utf-8", "replace").split("\0")
            if any(v.startswith("SSH_CONNECTION=") and v.endswith(mark) for v in variables):
                command = (path / "cmdline").read_bytes().decode("utf-8", "replace")
                found[int(path.name)] = command.replace("\0", " ")
    return found


def trials_behind(port: int) -> list[int]:
    """Return the processes of trials that came in through that port, as children of workers."""
    found = behind_ssh(port)
    return [
        pid
        for pid, what in found.items()
        if "rnntui.sweep.child" in what and "spawn_main" in found.get(parent_of(pid), "")
    ]


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 if it is gone."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[1])
    return 0


def listening(pids: list[int]) -> set[tuple[str, int]]:
    """Return the addresses and ports of TCP on which the processes listen."""
    theirs = {inode for pid in pids for inode in _sockets(pid)}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and fields[9] in theirs:
                address, _, port = fields[1].partition(":")
                found.add((_address(address), int(port, 16)))
    return found


def _sockets(pid: int) -> list[str]:
    inodes = []
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(link.readlink())
                if target.startswith("socket:["):
                    inodes.append(target[8:-1])
    return inodes


def _address(text: str) -> str:
    """Decode an address, whose words of 32 bits are in this machine's order."""
    words = [bytes.fromhex(text[n : n + 8])[::-1] for n in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
