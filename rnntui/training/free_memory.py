"""How much memory this process may still use: what the machine has free, and a container's limit.

A container's limit is read from its control groups, version 2 (`memory.max`) or 1
(`memory.limit_in_bytes`), for the group of this process and every group above it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GROUPS = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")
# Limit, use, and the key in memory.stat of cached files, which the kernel gives back when asked.
FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
UNLIMITED = 1 << 60  # version 1 writes a number near 2**63 where there is no limit


def free_memory() -> int | None:
    """Return the bytes available without swapping, or None if unknown."""
    known = [free for free in (_machine(), _container(), _address_space()) if free is not None]
    return min(known, default=None)


def _machine() -> int | None:
    try:
        for line in MEMINFO.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return _available_pages()
    return _available_pages()


def _available_pages() -> int | None:
    """Free memory as BSDs report it. On macOS, "free" excludes most of it."""
    if sys.platform == "darwin":
        return None
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _container() -> int | None:
    """What the control groups leave, or None without a limit."""
    found = [free for group, version in _groups() if (free := _left(group, version)) is not None]
    return min(found, default=None)


def _groups() -> Iterator[tuple[Path, int]]:
    """The memory groups that this process is in, from its own one up to the mounted root.

    Inside a container the path may be that of the host, while the mount shows the container's own
    group as the root: directories that do not exist are passed over.
    """
    try:
        lines = GROUPS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            version, mount = 2, MOUNT
        elif "memory" in controllers.split(","):
            version, mount = 1, MOUNT / "memory"
        else:
            continue
        group = mount / path.lstrip("/")
        while group != mount:
            yield group, version
            group = group.parent
        yield mount, version


def _left(group: Path, version: int) -> int | None:
    limit, use, cached = FILES[version]
    try:
        most = int((group / limit).read_text("ascii"))
        used = int((group / use).read_text("ascii"))
    except (OSError, ValueError):  # no such group here, or "max"
        return None
    if most >= UNLIMITED:
        return None
    return max(0, most - used + min(used, _cached(group, cached)))


def _cached(group: Path, key: str) -> int:
    try:
        for line in (group / "memory.stat").read_text("ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    except (OSError, ValueError):
        return 0
    return 0


def _address_space() -> int | None:
    """What `ulimit -v` leaves, or None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return most
    return max(0, most - pages * resource.getpagesize())
