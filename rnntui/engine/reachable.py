"""Keep the training process reachable: its socket, and the file with the socket's address."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from rnntui.engine.address import SOCKET, make_directory, touch, write_owner
from rnntui.engine.server import Server
from rnntui.errors import DataError, EngineError
from rnntui.runs.store.lock_owner import OWNER_FILE, is_this_process, read_lock_owner
from rnntui.runs.store.socket_address import read_address, remove_address, write_address

CHECK_EVERY = 0.5  # seconds
TOUCH_EVERY = 600.0  # seconds: cleaners remove what was not used for days


class Reachable:
    """Recreates the socket if it is removed, replaced or closed, and publishes its address.

    `check` is called between updates. Existing connections are not affected.
    """

    def __init__(self, server: Server, run: Path | None, lasting: bool) -> None:
        """`run`: the run directory in which to publish the address, once known."""
        self._server, self._lasting = server, lasting
        self.run = run
        self._ours = False  # the run's lock names this process
        self._made: list[tuple[Path, int]] = []  # directories created here, and their locks
        self._due = 0.0
        self._touch_due = monotonic() + TOUCH_EVERY

    def check(self, now: float) -> bool:
        """Repair what is missing; return False if the last check was a moment ago."""
        if now < self._due:
            return False
        self._due = now + CHECK_EVERY
        if not self._server.reachable:
            with contextlib.suppress(EngineError):  # no place for it now: retried soon
                self._move()
        if now >= self._touch_due:
            self._touch_due = now + TOUCH_EVERY
            touch(self._server.path.parent)
        self.publish()
        return True

    @property
    def run_is_gone(self) -> bool:
        """Whether the run that this process owned has been removed."""
        if not self._ours or self.run is None:
            return False
        try:
            (self.run / OWNER_FILE).lstat()
        except FileNotFoundError:
            return True
        except OSError:  # no permission, or the disk is gone: it may come back
            return False
        return False

    def publish(self) -> None:
        """Publish the address in a run that this process owns."""
        run, path = self.run, self._server.path
        if run is not None and self._owns(run) and read_address(run) != path:
            write_address(run, path)

    def close(self) -> None:
        """Remove the address and the directories created here."""
        if self.run is not None and self._ours:
            remove_address(self.run, self._server.path)
        while self._made:
            self._remove(*self._made.pop())

    def _owns(self, run: Path) -> bool:
        if not self._ours:
            with contextlib.suppress(OSError, DataError):
                found = read_lock_owner(run)
                self._ours = found is not None and is_this_process(found[0])
        return self._ours

    def _move(self) -> None:
        """Listen again in the same directory, or else in a new one. Raises EngineError."""
        path = self._server.path
        with contextlib.suppress(OSError, EngineError):
            path.unlink(missing_ok=True)
            self._server.move(path)
            return
        claimed = make_directory(self._lasting, self._last_resort())
        try:
            write_owner(claimed.directory, os.getpid())
            self._server.move(claimed.directory / SOCKET)
        except (OSError, EngineError) as error:
            self._remove(claimed.directory, claimed.descriptor)
            raise EngineError(str(error)) from None
        while self._made:
            self._remove(*self._made.pop())
        self._made.append((claimed.directory, claimed.descriptor))

    def _last_resort(self) -> Iterator[Path]:
        """Yield places for a socket if there is no folder for temporary files."""
        from platformdirs import user_cache_path

        place = os.environ.get("RNNTUI_CACHE") or user_cache_path("rnntui", appauthor=False)
        with contextlib.suppress(OSError):
            Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
            yield Path(place).absolute()
        if self.run is not None:
            yield self.run.resolve()

    def _remove(self, directory: Path, descriptor: int) -> None:
        import shutil

        shutil.rmtree(directory, ignore_errors=True)
        os.close(descriptor)
