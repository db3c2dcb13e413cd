"""The server by itself: raw sockets on one side, scripted answers on the other."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui.engine.server import MOST_VIEWERS, REQUESTS_PER_ROUND, Server, Viewer
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import (
    MAX_REQUEST,
    Accepted,
    Ended,
    Failed,
    Look,
    Pause,
    Refused,
    Reply,
    Request,
    Step,
)


class Bench:
    """A server, and what it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.server = Server(path)
        self.asked: list[Request] = []
        self.reply: Reply = Accepted()

    def answer(self, request: Request, _viewer: Viewer) -> Reply:
        self.asked.append(request)
        if isinstance(request, Step):
            return Refused(str(request.count))
        return self.reply

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            self.server.poll(0.0, self.answer)

    def viewer(self) -> socket.socket:
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(5)
        peer.connect(str(self.path))
        self.turn()
        return peer


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "door")
    with contextlib.closing(made.server):
        yield made


def replies(peer: socket.socket, count: int) -> list[Reply]:
    data = b""
    while data.count(b"\n") < count:
        part = peer.recv(65536)
        if not part:
            break
        data += part
    return [decode_reply(line) for line in data.splitlines()]


def test_each_request_gets_one_reply_in_order(bench: Bench) -> None:
    with bench.viewer() as peer:
        peer.sendall(b"".join(encode(Step(n)) for n in range(1, 21)))
        bench.turn(20 // REQUESTS_PER_ROUND + 1)
        assert replies(peer, 20) == [Refused(str(n)) for n in range(1, 21)]


def test_a_flood_is_answered_a_few_requests_a_turn(bench: Bench) -> None:
    with bench.viewer() as peer:
        peer.sendall(encode(Pause()) * 100)
        bench.turn()
        assert len(bench.asked) == REQUESTS_PER_ROUND


def test_requests_in_pieces(bench: Bench) -> None:
    with bench.viewer() as peer:
        for byte in encode(Step(7)):
            peer.sendall(bytes([byte]))
            bench.turn()
        assert replies(peer, 1) == [Refused("7")]


def test_rubbish_is_refused_and_the_connection_stays(bench: Bench) -> None:
    with bench.viewer() as peer:
        peer.sendall(b'\xff\xfe\x00\n{"kind":"Launch"}\n\n' + encode(Step(1)))
        bench.turn(5)
        found = replies(peer, 4)
        assert [type(reply) for reply in found] == [Refused] * 4
        assert found[-1] == Refused("1")
        assert bench.asked == [Step(1)]
        assert bench.server.viewers == 1


def test_an_endless_line_ends_the_connection(bench: Bench) -> None:
    with bench.viewer() as peer:
        peer.sendall(b"x" * (MAX_REQUEST + 100))
        bench.turn(5)
        (reply,) = replies(peer, 1)
        assert isinstance(reply, Refused) and "longer" in reply.reason
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(1) == b""
        assert bench.server.viewers == 0


def test_a_long_line_with_an_end_is_refused(bench: Bench) -> None:
    with bench.viewer() as peer:
        line = b" " * (MAX_REQUEST - 5) + encode(Pause())
        peer.sendall(line[: MAX_REQUEST - 1])
        bench.turn()
        peer.sendall(line[MAX_REQUEST - 1 :] + encode(Step(2)))
        bench.turn(5)
        assert [type(r) for r in replies(peer, 2)] == [Refused, Refused]
        assert bench.asked == [Step(2)]


def test_a_viewer_that_does_not_read_is_dropped_and_others_are_served(bench: Bench) -> None:
    bench.reply = Failed("x" * 60_000, 1)
    with bench.viewer() as deaf, bench.viewer() as other:
        deaf.setblocking(False)
        for _ in range(200):
            if bench.server.viewers == 1:
                break
            with contextlib.suppress(BlockingIOError):
                deaf.send(encode(Look()))
            bench.turn()
        assert bench.server.viewers == 1
        bench.reply = Accepted()
        other.sendall(encode(Pause()))
        bench.turn()
        assert replies(other, 1) == [Accepted()]


def test_a_slow_viewer_gets_everything(bench: Bench) -> None:
    bench.reply = Failed("y" * 60_000, 1)
    with bench.viewer() as peer:
        peer.sendall(encode(Look()) * 4)
        bench.turn(4)
        assert bench.server.unsent
        data = b""
        while data.count(b"\n") < 4:
            data += peer.recv(1000)
            bench.turn()
        assert [decode_reply(line) for line in data.splitlines()] == [bench.reply] * 4
        assert not bench.server.unsent


def test_viewers_come_and_go(bench: Bench) -> None:
    for _ in range(50):
        peer = bench.viewer()
        assert bench.server.viewers == 1
        peer.close()
        bench.turn()
        assert bench.server.viewers == 0


def test_a_viewer_that_leaves_before_its_reply(bench: Bench) -> None:
    peer = bench.viewer()
    peer.sendall(encode(Pause()) * 9)
    peer.close()
    bench.turn(4)
    assert bench.server.viewers == 0


def test_two_viewers_are_both_answered(bench: Bench) -> None:
    with bench.viewer() as one, bench.viewer() as two:
        one.sendall(encode(Step(1)))
        two.sendall(encode(Step(2)))
        bench.turn()
        assert replies(one, 1) == [Refused("1")]
        assert replies(two, 1) == [Refused("2")]


def test_there_is_a_most_of_viewers(bench: Bench) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_VIEWERS):
            stack.enter_context(bench.viewer())
        last = stack.enter_context(bench.viewer())
        (reply,) = replies(last, 1)
        assert isinstance(reply, Refused)
        assert bench.server.viewers == MOST_VIEWERS


def test_a_reply_that_is_too_long_is_refused_instead(bench: Bench) -> None:
    bench.reply = Failed("z" * 100_000, 1)
    with bench.viewer() as peer:
        peer.sendall(encode(Pause()))
        bench.turn()
        (reply,) = replies(peer, 1)
        assert isinstance(reply, Refused) and "too long" in reply.reason


def test_only_its_owner_may_connect(bench: Bench) -> None:
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell the peer")
def test_another_user_is_sent_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: user + 1)
    with bench.viewer() as peer:
        assert bench.server.viewers == 0
        assert peer.recv(1) == b""


def test_closing_removes_the_socket(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "door")
    with bench.viewer() as peer:
        bench.server.close()
        assert peer.recv(1) == b""
    assert not bench.path.exists()


def test_a_poll_waits_no_longer_than_it_must(bench: Bench) -> None:
    with bench.viewer() as peer:
        peer.sendall(encode(Pause()) * (REQUESTS_PER_ROUND + 1))
        bench.server.poll(60.0, bench.answer)
        bench.server.poll(60.0, bench.answer)  # what was put off is not waited for
        assert len(bench.asked) == REQUESTS_PER_ROUND + 1


def test_it_moves_without_losing_its_viewers(bench: Bench, tmp_path: Path) -> None:
    first = bench.viewer()
    assert bench.server.reachable
    bench.path.unlink()
    assert not bench.server.reachable
    bench.path = tmp_path / "another"
    bench.server.move(bench.path)
    assert bench.server.reachable
    second = bench.viewer()
    for peer in (first, second):
        peer.sendall(encode(Look()))
    bench.turn(3)
    assert len(bench.asked) == 2 and bench.server.viewers == 2
    for peer in (first, second):
        assert decode_reply(peer.recv(1000)) == Accepted()
        peer.close()


def test_what_nobody_asked_for_reaches_those_who_read_and_waits_for_nobody(bench: Bench) -> None:
    ended = Ended("stopped", "stopped from pts/2", 942, 942, "")
    reader, deaf = bench.viewer(), bench.viewer()
    for viewer in bench.server._viewers:
        viewer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    for _ in range(200):
        bench.server.announce(ended, 0.0)
    bench.server.announce(ended, 0.1)
    bench.server.close()
    assert decode_reply(reader.recv(10_000).split(b"\n")[0] + b"\n") == ended
    reader.close()
    deaf.close()
