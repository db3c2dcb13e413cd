"""The first frame on the terminal, and what is left of it after an interrupt."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
from collections.abc import Iterator

import pytest

from rnntui.tui.signals import RESTORE
from rnntui.tui.splash import ENTER, Splash
from tests.support.real_runs import until


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of the terminal that is stdin and stderr here."""
    outer, inner = pty.openpty()
    with open(inner, "w", encoding="utf-8") as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "__stdin__", stream)
        monkeypatch.setattr(sys, "__stderr__", stream)
        yield outer
    os.close(outer)


def typed_while_watching(terminal: int, keys: bytes) -> bytes:
    with Splash(asks=False) as splash:
        splash.watch(("q", "Q"))
        os.write(terminal, keys)
        until(lambda: splash._typed == keys)
        return splash.hand_over().typed


@pytest.mark.parametrize("keys", [b"q", b"Qx"])
def test_a_key_that_quits_ends_the_wait_for_the_dashboard(terminal: int, keys: bytes) -> None:
    with pytest.raises(SystemExit) as left:
        typed_while_watching(terminal, keys)
    assert left.value.code == 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("keys", [b"gq", b" q", b"\x1b[Aq", "äq".encode()])
def test_after_another_key_it_may_be_text_and_is_passed_on(terminal: int, keys: bytes) -> None:
    handler = signal.getsignal(signal.SIGALRM)
    assert typed_while_watching(terminal, keys) == keys
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == handler


def test_the_terminal_keeps_quiet_until_the_dashboard_has_ended(terminal: int) -> None:
    before = termios.tcgetattr(terminal)
    with Splash(asks=False) as splash:
        begun = splash.hand_over()
        assert not termios.tcgetattr(terminal)[3] & termios.ECHO
    assert begun.modes == before == termios.tcgetattr(terminal)


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

    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((80, 24)))
    monkeypatch.setattr(os, "write", interrupt)
    with pytest.raises(SystemExit), Splash(asks=False) as splash:
        splash.show(lambda columns, rows: "x" * columns * rows)
    sent = b""
    while len(sent) < 40 + len(RESTORE):  # the kernel hands it over bit by bit
        sent += os.read(terminal, 4096)
    assert interrupted and sent.startswith(ENTER.encode() + b"x")
    assert sent.endswith(RESTORE) and len(sent) == 40 + len(RESTORE)
