"""A real pseudo-terminal for tests and benchmarks: runs a program, records what it sends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

from tests.support.patience import PATIENCE

SYNC_QUERY = b"\x1b[?2026$p"  # "do you support synchronized output?"
BACKGROUND_QUERY = b"\x1b]11;?\x07"
SYNC_REPLY = b"\x1b[?2026;2$y"
FRAME = b"\x1b[?2026h"  # begins one synchronized frame
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def cpu_seconds(pid: int) -> float:
    """User and system CPU seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


class Terminal:
    """One program on a pseudo-terminal that answers as a modern terminal does.

    `link` bounds how many bytes per second the terminal reads; 0 is unbounded. `background` is its
    reply to the query of its background colour; empty: it knows no such query. While it is not
    `answering`, nothing comes between the pieces of what is typed.
    """

    def __init__(
        self,
        argv: Sequence[str],
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        link: int = 0,
        cwd: str | None = None,
        background: bytes = b"",
    ) -> None:
        self.columns, self.rows, self.link = columns, rows, link
        self.background = background
        self.answering = True
        self.log: list[tuple[float, bytes]] = []
        self.closed = False
        self.status: int | None = None
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # A shell's "command &" hands down ignored signals; a terminal does not.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            self._set_size(0)
            if cwd:
                os.chdir(cwd)
            os.execvpe(argv[0], list(argv), {**os.environ, **ENVIRONMENT, **(environment or {})})

    def _set_size(self, fd: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size as a window manager does."""
        self.columns, self.rows = columns, rows
        self.screen()
        self._screen.resize(rows, columns)
        self._set_size(self.fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGWINCH)

    def write(self, data: bytes | str) -> None:
        """Type."""
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def read(self, timeout: float) -> bytes:
        """What the program sent, or b"" at the timeout or the end."""
        size = 65536
        if self.link:  # a slow link: a fixed budget every 20 ms
            time.sleep(0.02)
            size, timeout = max(1, int(self.link * 0.02)), 0.0
        if self.closed or not select.select([self.fd], [], [], max(0.0, timeout))[0]:
            return b""
        try:
            data = os.read(self.fd, size)
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return b""
        tail = self.log[-1][1][-8:] if self.log else b""
        self.log.append((time.perf_counter(), data))
        if self.answering and SYNC_QUERY in tail + data:
            for _ in range((tail + data).count(SYNC_QUERY)):
                self.write(SYNC_REPLY)
        if self.background and BACKGROUND_QUERY in tail + data:
            self.write(self.background)
        return data

    def pump(self, seconds: float) -> bytes:
        """Read for so long; what came."""
        end, parts = time.perf_counter() + seconds, []
        while not self.closed and (left := end - time.perf_counter()) > 0:
            parts.append(self.read(left))
        return b"".join(parts)

    def screen(self) -> list[str]:
        """The rows as they stand now."""
        for _, data in self.log[self._fed :]:
            self._stream.feed(data)
        self._fed = len(self.log)
        # Not `display`: it fails where the first half of a wide character was overwritten.
        return [
            "".join(self._screen.buffer[y][x].data for x in range(self._screen.columns))
            for y in range(self._screen.lines)
        ]

    def text(self) -> str:
        """The whole screen as one string."""
        return "\n".join(self.screen())

    def forget(self) -> None:
        """Let go of what was sent so far, but for the screen it made: for long runs."""
        self.screen()
        self.log.clear()
        self._fed = 0

    def raw(self) -> bytes:
        """Every byte the program sent."""
        return b"".join(data for _, data in self.log)

    def wait_until(self, met: Callable[[str], bool], timeout: float = PATIENCE) -> bool:
        """Read until the screen meets a condition."""
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            if met(self.text()):
                return True
            if self.closed:
                return met(self.text())
            self.read(0.02)
        return False

    def wait_for(self, text: str, timeout: float = PATIENCE) -> bool:
        """Read until the screen shows `text`."""
        return self.wait_until(lambda screen: text in screen, timeout)

    def wait_for_bytes(self, marker: bytes, timeout: float = PATIENCE) -> float | None:
        """Read until `marker` is in what newly comes; when it came, or None."""
        end, window = time.perf_counter() + timeout, b""
        while not self.closed and time.perf_counter() < end:
            window = window[-200:] + self.read(end - time.perf_counter())
            if marker in window:
                return time.perf_counter()
        return None

    def first_time(self, met: Callable[[str], bool]) -> float | None:
        """Seconds from the start until the screen first met a condition, found afterwards."""
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.ByteStream(screen)
        for at, data in self.log:
            stream.feed(data)
            if met("\n".join(screen.display)):
                return at - self.started
        return None

    def signal(self, number: int) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    def alive(self) -> bool:
        """Whether the program still runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is None

    def exit_code(self, timeout: float = PATIENCE) -> int | None:
        """Read until the program has ended; its code, negative for a signal, None if it goes on."""
        end = time.perf_counter() + timeout
        while self.alive() and time.perf_counter() < end:
            self.read(0.02) if not self.closed else time.sleep(0.01)
        if self.status is None:
            return None
        while not self.closed and self.read(0.05):
            pass
        return os.waitstatus_to_exitcode(self.status)

    def hang_up(self) -> None:
        """Close the terminal, as when its window or the connection is closed."""
        os.close(self.fd)
        self.closed = True
        self.fd = -1

    def close(self) -> None:
        """End whatever still runs."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        self.closed = True

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
