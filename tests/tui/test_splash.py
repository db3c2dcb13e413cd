"""The first frame on the terminal, and what is left of it after an interrupt."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator

import pytest

from rnntui.tui.signals import RESTORE
from rnntui.tui.splash import ENTER, Splash


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of the terminal that is stdin and stderr here."""
    outer, inner = pty.openpty()
    with open(inner, "w", encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "__stdin__", stream)
        monkeypatch.setattr(sys, "__stderr__", stream)
        yield outer
    os.close(outer)


def test_an_interrupt_within_the_first_frame_restores_the_terminal(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, interrupted = os.write, []

    def interrupt(descriptor: int, data: bytes) -> int:
        """Write a part; then a signal comes."""
        if not interrupted and data.startswith(ENTER.encode()):
            interrupted.append(write(descriptor, data[:40]))
            raise SystemExit(130)
        return write(descriptor, data)

    monkeypatch.setattr(os, "get_terminal_size", lambda _: (80, 24))
    monkeypatch.setattr(os, "write", interrupt)
    with pytest.raises(SystemExit), Splash(asks=False) as splash:
        splash.show(lambda columns, rows: "x" * columns * rows)
    sent = b""
    while len(sent) < 40 + len(RESTORE):  # the kernel hands it over bit by bit
        sent += os.read(terminal, 4096)
    assert interrupted and sent.startswith(ENTER.encode() + b"x")
    assert sent.endswith(RESTORE) and len(sent) == 40 + len(RESTORE)
