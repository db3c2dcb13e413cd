"""A training process among peers that send rubbish, too much, too little, or never read."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc", allow_module_level=True)

from rnntui.engine.server import MOST_VIEWERS
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import Hello, Look, Pace, Pause, Refused, Reply, Request, Snapshot
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.training.loop import train
from tests.support.fuzz import lines, requests
from tests.support.patience import PATIENCE, patiently
from tests.support.terminal import cpu_seconds

RECIPE = Recipe().replace(
    source="text:hello world\n", repeat=200, hidden=48, batch=4, seq_len=20, split=0.0, eval_every=0
)
MIB = 1 << 20
PACE = Pace(20.0)  # the last test makes every update again


class Peer:
    """A connection that says whatever it is told to."""

    def __init__(self, path: Path) -> None:
        self._data = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        for _ in patiently():
            try:
                self.socket.connect(str(path))
                return
            except BlockingIOError:  # as many as can wait at the door do
                time.sleep(0.002)
            except OSError:
                self.socket.close()
                raise

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> Reply:
        """The next reply. Raises EOFError at the end."""
        while b"\n" not in self._data:
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError
            self._data += part
        line, _, self._data = self._data.partition(b"\n")
        return decode_reply(line)

    def ask(self, request: Request) -> Reply:
        self.send(encode(request))
        return self.reply()

    def look(self) -> Snapshot:
        reply = self.ask(Look())
        assert isinstance(reply, Snapshot)
        return reply

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHandle]:
    """A training process that keeps nothing, for all tests of this file."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnntui.engine.address._bases", lambda _: [folder])
        handle = spawn(Job(RECIPE), folder)
    try:
        with first_peer(handle) as watcher:  # without a viewer it would end
            watcher.ask(Hello())
            watcher.ask(PACE)
            yield handle
            assert handle.exited() is None, handle.ending()
    finally:
        handle.kill()


def first_peer(handle: EngineHandle) -> Peer:
    """Connect to a process that is starting."""
    while handle.exited() is None:
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            return Peer(handle.socket)
        time.sleep(0.01)
    raise AssertionError(handle.ending())


def seat(engine: EngineHandle) -> Peer:
    """A connection that has been let in: those of the test before may just be leaving."""
    for _ in patiently():
        peer = Peer(engine.socket)
        with contextlib.suppress(EOFError, ConnectionError):
            if isinstance(peer.ask(Look()), Snapshot):
                return peer
        peer.close()
        time.sleep(0.01)
    raise AssertionError("no room")


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def check_rubbish(engine: EngineHandle, count: int, seed: int) -> None:
    """Each line gets one reply, and what is no request a refusal that can be shown."""
    random_ = random.Random(seed)
    before = resident(engine.pid)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(seat(engine)) for _ in range(8)]
        sent = lines(count, seed)
        while turn := list(itertools.islice(sent, len(peers))):
            cuts = [random_.randrange(len(line)) for line in turn]
            for peer, line, cut in zip(peers, turn, cuts, strict=False):
                peer.send(line[:cut])
            for peer, line, cut in zip(peers, turn, cuts, strict=False):
                peer.send(line[cut:])
            for peer, _ in zip(peers, turn, strict=False):
                reply = peer.reply()
                if isinstance(reply, Refused):
                    assert reply.reason.isprintable() and len(reply.reason) < 300
        step = peers[0].look().step
        end = time.monotonic() + PATIENCE
        while peers[0].look().step == step:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert resident(engine.pid) < before + 16 * MIB


def test_rubbish_is_refused_line_by_line(engine: EngineHandle) -> None:
    check_rubbish(engine, 1500, 1)


@pytest.mark.slow
def test_a_lot_of_rubbish_is_refused_line_by_line(engine: EngineHandle) -> None:
    check_rubbish(engine, 10_000, 2)


def test_looks_with_any_marks_are_answered(engine: EngineHandle) -> None:
    with seat(engine) as peer:
        for request in requests(50, 3):
            assert isinstance(peer.ask(request), Snapshot)


@pytest.mark.slow
def test_there_may_be_many_and_they_may_leave_in_the_middle(engine: EngineHandle) -> None:
    before = descriptors(engine.pid)
    for round_ in range(4):
        peers = [Peer(engine.socket) for _ in range(60)]
        for n, peer in enumerate(peers):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.send(b'{"kind":"Look"'[: 1 + n % 14] + b"\n" * (n % 3 == round_ % 3))
        for peer in peers:
            peer.close()
    with seat(engine) as peer:
        assert peer.look().step > 0
    assert descriptors(engine.pid) <= before + 1
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_VIEWERS - 1):
            stack.enter_context(seat(engine))
        with pytest.raises((EOFError, ConnectionError, AssertionError)):
            stack.enter_context(Peer(engine.socket)).look()


@pytest.mark.slow
def test_those_who_never_end_a_line_or_never_read_are_left_behind(engine: EngineHandle) -> None:
    before = resident(engine.pid)
    with contextlib.ExitStack() as stack:
        endless = [stack.enter_context(seat(engine)) for _ in range(4)]
        deaf = [stack.enter_context(seat(engine)) for _ in range(4)]
        halves = [stack.enter_context(seat(engine)) for _ in range(4)]
        for peer in (*endless, *deaf, *halves):
            peer.socket.setblocking(False)
        halfway = encode(Look())[:-5]
        dropped = set()
        for turn in range(5000):
            if len(dropped) == len(deaf) and turn > len(halfway):
                break
            for peer in endless:
                with contextlib.suppress(BlockingIOError, OSError):
                    peer.socket.send(b"x" * 4096)
            for peer in deaf:
                try:
                    peer.socket.send(encode(Look(steps=True)) * 4)
                except BlockingIOError:
                    continue
                except OSError:
                    dropped.add(peer)
            for peer in halves:
                peer.socket.send(halfway[turn : turn + 1])
            time.sleep(0.002)
        for peer in halves:
            peer.socket.settimeout(PATIENCE)
            peer.send(encode(Look())[-5:])
            assert isinstance(peer.reply(), Snapshot)
        assert len(dropped) == len(deaf), "a peer that never reads is hung up on"
    with seat(engine) as peer:
        assert peer.look().step
    assert resident(engine.pid) < before + 16 * MIB


def spent(engine: EngineHandle, peer: Peer) -> tuple[int, float, float]:
    """Updates, CPU seconds and seconds that pass until the process had enough CPU to be measured.

    That it gets so much CPU in a certain time can't be expected of a busy machine.
    """
    step, cpu, began = peer.look().step, cpu_seconds(engine.pid), time.monotonic()
    while cpu_seconds(engine.pid) < cpu + 0.25:
        time.sleep(0.01)
    updates = peer.look().step - step
    return updates, cpu_seconds(engine.pid) - cpu, time.monotonic() - began


def flood(path: Path, content: bytes, over: threading.Event) -> None:
    """Say it again and again, on another connection when one is closed."""
    while not over.is_set():
        with contextlib.suppress(OSError), Peer(path) as peer:
            peer.socket.setblocking(False)
            while not over.is_set():
                with contextlib.suppress(BlockingIOError):
                    peer.socket.send(content)
                with contextlib.suppress(BlockingIOError):
                    peer.socket.recv(1 << 16)
                time.sleep(0.001)


@pytest.mark.slow
def test_a_flood_takes_a_tenth_of_the_time_and_no_more(engine: EngineHandle) -> None:
    over = threading.Event()
    rubbish = [line for line in lines(200, 4) if len(line) < 2000]
    contents = [encode(Look(steps=True)) * 8, b"".join(rubbish[:20]), b'{"kind":"x"}\n' * 50]
    floods = [
        threading.Thread(target=flood, args=(engine.socket, content, over))
        for content in contents * 2
    ]
    shares = []
    with seat(engine) as peer:
        peer.ask(Pace())
        # Before the first of them: what floods have sent is still answered when they pause.
        alone = [cpu / updates for updates, cpu, _ in (spent(engine, peer) for _ in range(3))]
        for thread in floods:
            thread.start()
        try:
            for _ in range(4):
                updates, cpu, seconds = spent(engine, peer)
                # What isn't spent on updates is spent on answers. They may take a share of the
                # time, not of the CPU time: on a busy machine the process has less of that.
                shares.append((cpu - updates * median(alone)) / seconds)
        finally:
            over.set()
            for thread in floods:
                thread.join()
        peer.ask(PACE)
    # On a busy machine some windows say little: others spoil the caches meanwhile.
    assert sorted(shares)[1] < 0.4, shares


@pytest.mark.slow
def test_nothing_of_it_has_touched_the_training(engine: EngineHandle) -> None:
    """The last test of this file: the loss is what it would be, update by update."""
    with seat(engine) as peer:
        peer.ask(Pause())
        seen = peer.look()
    again = next(chunk for chunk in train(RECIPE) if chunk.step == seen.step)
    assert seen.numbers is not None and again.loss_per_token == seen.numbers.loss_per_token
