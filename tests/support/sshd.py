"""An sshd on 127.0.0.1 with fresh keys, for tests that need other hosts. No root is needed."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.patience import patiently

HOSTS = ("w1", "w2")  # names for this machine, in the ssh configuration of the test's home
_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PidFile none
"""
_CLIENT = """\
Host {hosts}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user_key
  UserKnownHostsFile {folder}/known_hosts
"""


def sshd_program() -> str | None:
    """sshd insists on an absolute path, and is often in no user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("sshd", path=path)


def why_no_sshd() -> str:
    """Return why there can be no sshd; empty if there can."""
    if sshd_program() is None or shutil.which("ssh-keygen") is None:
        return "OpenSSH's server is not installed (sshd, ssh-keygen)"
    if os.getuid() == 0 and not Path("/run/sshd").exists():  # its folder for separated privileges
        try:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            return f"/run/sshd cannot be made: {error.strerror}"
    return ""


@contextlib.contextmanager
def hosts_on_loopback(folder: Path) -> Iterator[Path]:
    """Start the server in a folder; yield a home directory whose ssh configuration has HOSTS."""
    port = free_port()
    for key in ("host_key", "user_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(command, check=True)
    kind, public, *_ = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {public}\n")
    (folder / "sshd_config").write_text(_SERVER.format(port=port, folder=folder))
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    words = {"hosts": " ".join(HOSTS), "port": port, "user": getpass.getuser(), "folder": folder}
    (home / ".ssh" / "config").write_text(_CLIENT.format(**words))
    program = sshd_program()
    assert program is not None
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    try:
        _wait_for(port, server, folder / "log")
        yield home
    finally:
        server.terminate()
        server.wait()


def port_of(home: Path) -> int:
    """Return the port of the server in the ssh configuration of a home."""
    words = (home / ".ssh" / "config").read_text().split()
    return int(words[words.index("Port") + 1])


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in patiently():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        assert server.poll() is None, f"sshd ended: {log.read_text()}"
        time.sleep(0.05)
    raise AssertionError("sshd does not answer")
