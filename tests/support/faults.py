"""Disks that fail at a chosen call, processes that die there, machines that lose power there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from rnntui.runs.store.files import Files


class Crash(BaseException):
    """The process ends here, whatever it would like to tidy up."""


class Counted(Files):
    """Counts the calls that change something; a subclass decides what becomes of each."""

    def __init__(self) -> None:
        self.calls = 0
        self.names: list[str] = []

    def call(self, name: str, action: Callable[[], int | None]) -> int | None:
        self.calls += 1
        self.names.append(name)
        return self.act(name, action)

    def act(self, name: str, action: Callable[[], int | None]) -> int | None:
        return action()

    def open(self, path, flags):
        if not flags & os.O_CREAT:
            return super().open(path, flags)
        return self.call("create", lambda: Files.open(self, path, flags))

    def write(self, descriptor, data):
        return self.call("write", lambda: Files.write(self, descriptor, data))

    def fsync(self, descriptor):
        self.call("fsync", lambda: None)  # what the disk itself does with it is not tested here

    def close(self, descriptor):
        self.call("close", lambda: Files.close(self, descriptor))

    def rename(self, source, target):
        self.call("rename", lambda: Files.rename(self, source, target))

    def mkdir(self, path):
        self.call("mkdir", lambda: Files.mkdir(self, path))

    def unlink(self, path):
        self.call("unlink", lambda: Files.unlink(self, path))

    def rmdir(self, path):
        self.call("rmdir", lambda: Files.rmdir(self, path))


class Failing(Counted):
    """The k-th call fails with that error, and `lasting` all after it."""

    def __init__(self, k: int, error: int, lasting: bool = False) -> None:
        super().__init__()
        self.k, self.error, self.lasting = k, error, lasting

    def act(self, name, action):
        if self.calls == self.k or (self.lasting and self.calls > self.k):
            if name == "close":
                action()
            raise OSError(self.error, os.strerror(self.error))
        return action()


class Short(Counted):
    """Takes one byte of the k-th call if that writes, and fails at the next one."""

    def __init__(self, k: int, error: int) -> None:
        super().__init__()
        self.k, self.error = k, error

    def write(self, descriptor, data):
        if self.calls + 1 == self.k:
            data = data[:1]
        return super().write(descriptor, data)

    def act(self, name, action):
        if self.calls == self.k + 1 and self.names[-2] == "write":
            if name == "close":
                action()
            raise OSError(self.error, os.strerror(self.error))
        return action()


class Dying(Counted):
    """The process dies before, at or after the k-th call; nothing it does later reaches the disk.

    A write that it dies at is half done.
    """

    def __init__(self, k: int, when: str) -> None:
        super().__init__()
        self.k, self.when, self.dead = k, when, False

    def write(self, descriptor, data):
        if self.calls + 1 == self.k and self.when == "at" and not self.dead:
            Files.write(self, descriptor, data[: len(data) // 2])
        return super().write(descriptor, data)

    def act(self, name, action):
        if self.dead:
            raise Crash
        if self.calls == self.k:
            self.dead = True
            if self.when == "after":
                action()
            raise Crash
        return action()


class PowerLoss(Files):
    """Power fails after the k-th call: of what was not synced, chance decides what is there.

    Without fsync of a file, its bytes may be there, missing or zero; without fsync of a directory,
    its new names, removed names and renamings may be there or not, in any combination.
    """

    def __init__(self, k: int, chance: Random) -> None:
        self.k, self.chance, self.calls, self.dead = k, chance, 0, False
        self._descriptors: dict[int, tuple[int, int]] = {}
        self._unsynced: dict[tuple[int, int], int] = {}  # inode to the bytes that are safe
        self._names: list[tuple[Path, Callable[[], None]]] = []  # directory, how to undo
        self._paths: dict[tuple[int, int], Path] = {}

    def _tick(self) -> None:
        if self.dead:
            raise Crash
        self.calls += 1

    def _tock(self) -> None:
        if self.calls == self.k:
            self._fail()
            raise Crash

    def _fail(self) -> None:
        self.dead = True
        for inode, safe in self._unsynced.items():
            path = self._find(inode)
            fate = self.chance.choice(("there", "missing", "zero", "half"))
            if path is None or fate == "there":
                continue
            size = path.stat().st_size
            os.truncate(path, safe if fate != "half" else (safe + size) // 2)
            if fate == "zero":
                os.truncate(path, size)
        for _, undo in reversed(self._names):
            if self.chance.random() < 0.5:
                try:
                    undo()
                except OSError:  # another undone change has taken the place
                    continue

    def _find(self, inode: tuple[int, int]) -> Path | None:
        path = self._paths[inode]
        for root, _, names in os.walk(path.parents[1]):
            for name in names:
                found = Path(root) / name
                status = found.lstat()
                if (status.st_dev, status.st_ino) == inode:
                    return found
        return None

    def open(self, path, flags):
        new = flags & os.O_CREAT and not path.exists()
        if new:
            self._tick()
        descriptor = super().open(path, flags)
        status = os.fstat(descriptor)
        inode = (status.st_dev, status.st_ino)
        self._descriptors[descriptor] = inode
        self._paths[inode] = path
        if new:
            self._unsynced.setdefault(inode, 0)
            self._names.append((path.parent, lambda: path.unlink()))
            self._tock()
        return descriptor

    def write(self, descriptor, data):
        self._tick()
        self._unsynced.setdefault(self._descriptors[descriptor], os.fstat(descriptor).st_size)
        taken = super().write(descriptor, data)
        self._tock()
        return taken

    def fsync(self, descriptor):
        self._tick()
        inode = self._descriptors[descriptor]
        self._unsynced.pop(inode, None)
        path = self._paths[inode]
        if path.is_dir():
            self._names = [(place, undo) for place, undo in self._names if place != path]
        self._tock()

    def close(self, descriptor):
        self._descriptors.pop(descriptor)
        super().close(descriptor)

    def rename(self, source, target):
        self._tick()
        replaced = target.read_bytes() if target.is_file() else None
        super().rename(source, target)

        def undo() -> None:
            target.rename(source)
            if replaced is not None:  # readers find the old file or the new one
                target.write_bytes(replaced)
                target.chmod(0o600)

        self._names.append((target.parent, undo))
        self._tock()

    def mkdir(self, path):
        self._tick()
        super().mkdir(path)
        self._names.append((path.parent, lambda: remove_all(path)))
        self._tock()

    def unlink(self, path):
        self._tick()
        data, mode = path.read_bytes(), path.stat().st_mode
        super().unlink(path)

        def undo() -> None:
            path.write_bytes(data)
            path.chmod(mode)

        self._names.append((path.parent, undo))
        self._tock()

    def rmdir(self, path):
        self._tick()
        super().rmdir(path)
        self._names.append((path.parent, lambda: path.mkdir(0o700)))
        self._tock()


def remove_all(path: Path) -> None:
    """A directory that was never there holds nothing."""
    for inner in path.iterdir():
        if inner.is_dir():
            remove_all(inner)
        else:
            inner.unlink()
    path.rmdir()
