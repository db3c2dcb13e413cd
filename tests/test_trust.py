"""What is trusted with a run: sockets, directories, and what this program's own code may call."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui import trust
from rnntui.engine.client import EngineClient
from rnntui.engine.server import Server
from rnntui.engine.spawn import spawn
from rnntui.errors import EngineError
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from tests.conftest import ROOT, environment

if sys.platform == "win32":
    pytest.skip("needs Unix sockets", allow_module_level=True)

SOMEBODY = 54321  # a user without a name
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


# ---- the code ----------------------------------------------------------------------------------

# Modules and functions that run what they read, and those that hand a line to a shell.
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput", "pty.spawn"}
CALLS |= {"subprocess.getstatusoutput", "asyncio.create_subprocess_shell", "__import__"}


def dangers(source: str) -> Iterator[str]:
    """The imports and calls in some code that could run what a file or a peer holds."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            yield from [node.module] if (node.module or "").partition(".")[0] in MODULES else []
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS:
                yield name
            for keyword in node.keywords:
                risky = keyword.arg in ("shell", "allow_pickle")
                if risky and ast.unparse(keyword.value) == "True":
                    yield f"{name}({keyword.arg}=True)"
            if name.rpartition(".")[2] in ("load", "save", "savez") and name.startswith("np."):
                refused = [k for k in node.keywords if k.arg == "allow_pickle"]
                yield from [] if refused else [f"{name} without allow_pickle=False"]


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "eval(x)",
        "os.system(x)",
        "subprocess.run(x, shell=True)",
        "np.load(p, allow_pickle=True)",
        "np.load(p)",
    ],
)
def test_dangers_are_seen(code: str) -> None:
    assert list(dangers(code))


def test_the_code_runs_nothing_that_it_reads() -> None:
    found = {
        str(path.relative_to(ROOT)): list(dangers(path.read_text("utf-8")))
        for path in sorted((ROOT / "rnntui").rglob("*.py"))
    }
    assert len(found) > 50
    # Like the standard library's, our dataclass runs text made of the names that a class declares.
    assert found.pop("rnntui/dataclass.py") == ["exec"]
    assert {path: names for path, names in found.items() if names} == {}


# ---- directories -------------------------------------------------------------------------------


def test_a_private_directory_is_trusted(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    trust.check_private(tmp_path)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o750, 0o710, 0o701])
def test_a_directory_that_others_may_enter_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(EngineError, match="other users may enter it"):
        trust.check_private(tmp_path)
    with pytest.raises(EngineError, match="other users may enter it"):
        Server(tmp_path / "door")
    assert not (tmp_path / "door").exists()


def test_a_link_to_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(EngineError, match="not a directory"):
        trust.check_private(tmp_path / "link")


@as_root
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, SOMEBODY, SOMEBODY)
    with pytest.raises(EngineError, match="belongs to another user"):
        trust.check_private(theirs)
    assert "belongs to another user" in trust.why_exposed(theirs)
    (theirs / "ours").mkdir(mode=0o700)
    assert "belongs to another user" in trust.why_exposed(theirs / "ours")


def test_what_others_could_replace_is_exposed(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True, mode=0o700)
    assert trust.why_exposed(inner) == ""
    (tmp_path / "a").chmod(0o1777)
    assert trust.why_exposed(inner) == "", "sticky, as /tmp is"
    (tmp_path / "a").chmod(0o770)
    assert "other users may write to" in trust.why_exposed(inner)
    link = tmp_path / "link"
    link.symlink_to(inner)
    assert "other users may write to" in trust.why_exposed(link), "the real path counts"
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    assert trust.why_exposed(circle) and trust.why_exposed(tmp_path / "missing")


def test_no_socket_is_put_where_others_could_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_all = tmp_path / "open\x1b[2J"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setattr("rnntui.engine.address._bases", lambda _: [open_to_all])
    with pytest.raises(EngineError, match=r"other users may write to .*; set TMPDIR") as error:
        spawn(Job(Recipe()), tmp_path)
    assert "\x1b" not in str(error.value)
    assert list(open_to_all.iterdir()) == []


@as_root
def test_what_another_user_made_in_tmp_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as ours would be, stale, and a link to something of ours among it."""
    tmp_path.chmod(0o1777)
    monkeypatch.setattr("rnntui.engine.address._bases", lambda _: [tmp_path])
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "pid").write_text("999999999")
    theirs = tmp_path / f"rnntui-{os.getuid()}-theirs"
    theirs.mkdir()
    (theirs / "pid").write_text("999999999")
    os.chown(theirs, SOMEBODY, SOMEBODY)
    (tmp_path / f"rnntui-{os.getuid()}-link").symlink_to(precious)
    ours = tmp_path / f"rnntui-{os.getuid()}-stale"
    ours.mkdir()
    (ours / "pid").write_text("999999999")
    handle = spawn(Job(Recipe()), tmp_path)
    handle.kill()
    assert theirs.exists() and (precious / "pid").exists()
    assert not ours.exists()


# ---- peers -------------------------------------------------------------------------------------


def test_the_other_end_of_a_pair_is_ours() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert trust.peer_user(one) == os.geteuid()
        assert trust.is_ours(one)


class Peer:
    """A connection whose system answers as given."""

    def __init__(self, answer: bytes | OSError) -> None:
        self.answer = answer

    def getsockopt(self, *_: int) -> bytes:
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


def test_a_peer_that_the_system_says_nothing_of_is_not_ours() -> None:
    for answer in (OSError(), b"", b"\x00"):
        assert not trust.is_ours(Peer(answer))  # type: ignore[arg-type]


def test_peers_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    told = struct.pack("=IIh2x16I", 0, os.geteuid(), 1, *range(16))
    assert len(told) == 76
    assert trust.is_ours(Peer(told))  # type: ignore[arg-type]
    told = struct.pack("=IIh2x16I", 0, os.geteuid() + 1, 1, *range(16))
    assert not trust.is_ours(Peer(told))  # type: ignore[arg-type]


def test_elsewhere_the_directory_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    monkeypatch.setattr(sys, "platform", "plan9")
    assert trust.is_ours(Peer(b""))  # type: ignore[arg-type]


AS_SOMEBODY = """
import os, socket, sys
os.setgroups([])
os.setgid({user}); os.setuid({user})
peer = socket.socket(socket.AF_UNIX)
{what}
"""


def as_somebody(what: str) -> subprocess.Popen[str]:
    """Some code run by another user in a process of its own."""
    program = AS_SOMEBODY.format(user=SOMEBODY, what=what)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.fixture
def passable() -> Iterator[Path]:
    """A directory that any user can get to, as a mistaken chmod could make it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@as_root
def test_another_user_cannot_get_to_the_socket_and_is_sent_away_if_he_could(
    passable: Path,
) -> None:
    home = passable / "home"
    home.mkdir(mode=0o700)
    server = Server(home / "door")
    try:
        connect = f"print(peer.connect_ex({str(home / 'door')!r}))"
        with as_somebody(connect) as other:
            assert other.communicate()[0].strip() == "13", "EACCES"
        home.chmod(0o755)
        (home / "door").chmod(0o666)
        connect += "; peer.settimeout(5); print(len(peer.recv(1)))"
        with as_somebody(connect) as other:
            while other.poll() is None:
                server.poll(0.05, lambda request, viewer: pytest.fail("answered another user"))
            assert other.stdout and other.stdout.read().split() == ["0", "0"]
        assert server.viewers == 0
    finally:
        server.close()


@as_root
async def test_a_process_of_another_user_is_not_talked_to(
    passable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = passable / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    door = shared / "door"
    listening = f"peer.bind({str(door)!r}); os.chmod({str(door)!r}, 0o777); peer.listen()"
    listening += "; print('ready', flush=True); c, _ = peer.accept(); print(len(c.recv(100)))"
    with as_somebody(listening) as other:
        assert other.stdout and other.stdout.readline() == "ready\n"
        with pytest.raises(EngineError, match="other users may enter it"):
            await EngineClient.connect(door)
        monkeypatch.setattr("rnntui.engine.client.check_private", lambda directory: None)
        with pytest.raises(EngineError, match="belongs to another user"):
            await EngineClient.connect(door)
        heard = await asyncio.to_thread(other.stdout.readline)
        assert heard == "0\n", "nothing was said to it"


async def test_one_who_cannot_get_in_yet_is_not_taken_for_another_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as door, contextlib.ExitStack() as stack:
        door.bind(str(tmp_path / "door"))
        door.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
            waiting.setblocking(False)
            waiting.connect_ex(str(tmp_path / "door"))
        with pytest.raises(EngineError, match="not listening"):
            await EngineClient.connect(tmp_path / "door", timeout=0.1)
