"""Start a training process: detached from the terminal, with a private directory for its socket.

Neither this module nor anything it imports needs NumPy: the dashboard's process uses it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rnntui.engine.ending import Ending
from rnntui.errors import EngineError, RunError
from rnntui.order import Order, order_to_dict
from rnntui.processes import asked_to_end, how_it_ended, one_blas_thread, python_command
from rnntui.text import safe_text
from rnntui.trust import why_exposed

SOCKET, PID, LOG, ORDER = "door", "pid", "log", "order.json"
LONGEST_PATH = 100  # bytes: Unix sockets take little more (104 on macOS)
UNCLAIMED = 60.0  # seconds after which a directory without a process is nobody's


@dataclass(frozen=True, eq=False)
class EngineHandle:
    """A training process that was started here."""

    process: subprocess.Popen[bytes]
    directory: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def socket(self) -> Path:
        """Where it listens, or will."""
        return self.directory / SOCKET

    def exited(self) -> int | None:
        """Its exit status once it has ended (negative: the signal that killed it), else None."""
        return self.process.poll()

    def wait(self, seconds: float) -> int | None:
        """Its exit status, waiting for its end at most so long."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        status = self.exited()
        if status is None:
            return None
        if status == 0:
            return Ending("stopped", "the training process has ended")
        last = self._last_words()
        text = f"the training process {how_it_ended(status)}" + (f": {last}" if last else "")
        if asked_to_end(status):
            return Ending("stopped", text)
        return Ending("crashed" if status < 0 else "failed", text)

    def unsaved(self) -> str:
        """In one safe line, what of a run that has ended is not on the disk."""
        return self._last_words() if self.exited() == RunError.exit_code else ""

    def _last_words(self) -> str:
        try:
            lines = (self.directory / LOG).read_text("utf-8", "replace").split("\n")
        except OSError:
            lines = []
        return next((safe_text(line)[:160] for line in reversed(lines) if line.strip()), "")

    def terminate(self) -> None:
        """Ask it to end; a run that is kept is saved before that."""
        if self.exited() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End it now, whatever it does, and remove what it leaves behind."""
        if self.exited() is None:
            self.process.kill()
            self.process.wait()
        self.clean()

    def clean(self) -> None:
        """Remove its directory if it has ended without doing that."""
        if self.exited() is not None:
            shutil.rmtree(self.directory, ignore_errors=True)


def spawn(order: Order, cwd: Path) -> EngineHandle:
    """Start a process that carries out an order; takes a few ms and does not wait for it.

    `cwd` is where relative sources are looked for. Raises EngineError if no process can be made.
    """
    directory = _make_directory()
    try:
        process = _start(order, cwd, directory)
        (directory / PID).write_text(str(process.pid), "ascii")
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        reason = safe_text(error.strerror or str(error))
        raise EngineError(f"cannot start the training process: {reason}") from None
    return EngineHandle(process, directory)


def _start(order: Order, cwd: Path, directory: Path) -> subprocess.Popen[bytes]:
    # A file, not a pipe: a recipe may carry a long text, and nobody waits for the reader.
    path = directory / ORDER
    path.write_text(json.dumps(order_to_dict(order)), "utf-8")
    with path.open("rb") as order_file, (directory / LOG).open("wb") as log:
        return subprocess.Popen(
            python_command("rnntui.engine.__main__", str(directory)),
            cwd=cwd,
            env=one_blas_thread(),
            stdin=order_file,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


# ---- directories --------------------------------------------------------------------------------


def _make_directory() -> Path:
    """A new private directory with a short path; those of dead processes are removed."""
    prefix = f"rnntui-{os.getuid()}-"
    reason = "no directory for its socket"
    for base in _bases():
        if exposed := why_exposed(base):
            reason = f"no safe directory for its socket: {exposed}"
        elif len(os.fsencode(base / f"{prefix}12345678" / SOCKET)) <= LONGEST_PATH:
            _remove_stale(base, prefix)
            try:
                return Path(tempfile.mkdtemp(prefix=prefix, dir=base))
            except OSError:
                continue
    raise EngineError(f"cannot start the training process: {reason}; set TMPDIR")


def _bases() -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    own = [Path(runtime)] if runtime.startswith("/") and Path(runtime).is_dir() else []
    return [*own, Path(tempfile.gettempdir()), Path("/tmp")]


def _remove_stale(base: Path, prefix: str) -> None:
    try:
        found = [entry for entry in os.scandir(base) if entry.name.startswith(prefix)]
    except OSError:
        return
    for entry in found:
        try:
            ours = entry.stat(follow_symlinks=False).st_uid == os.getuid()
            if ours and entry.is_dir(follow_symlinks=False) and _abandoned(Path(entry.path)):
                shutil.rmtree(entry.path, ignore_errors=True)
        except OSError:  # it went away meanwhile
            continue


def _abandoned(directory: Path) -> bool:
    try:
        pid = int((directory / PID).read_text("ascii"))
    except (OSError, ValueError):
        return time.time() - directory.stat().st_mtime > UNCLAIMED
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
