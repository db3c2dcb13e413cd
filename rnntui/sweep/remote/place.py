"""Where the trials of a sweep are trained: `local`, `ssh:host1,host2` or `slurm`."""

from __future__ import annotations

import re
from importlib.util import find_spec

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.text import fit, safe_text

LOCAL, SSH, SLURM = "local", "ssh", "slurm"
_HOST = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*\Z", re.ASCII)
_EXTRA = {SSH: "sweep", SLURM: "slurm"}
_NEEDED = {
    SSH: ("distributed", "asyncssh", "cryptography"),
    SLURM: ("distributed", "dask_jobqueue", "cryptography"),
}


@dataclass(frozen=True)
class Place:
    """`kind`: local, ssh or slurm. `hosts`: names for SSH, as in ~/.ssh/config."""

    kind: str
    hosts: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the trials are child processes on this machine."""
        return self.kind == LOCAL

    @property
    def text(self) -> str:
        """The place as --on takes it."""
        return f"{self.kind}:{','.join(self.hosts)}" if self.hosts else self.kind


def parse_place(text: str) -> Place:
    """Read what --on takes. Raises UsageError, also if an extra package is missing."""
    place = read_place(text, "--on")
    if not place.is_local:
        _check_installed(place.kind)
    return place


def read_place(text: str, what: str) -> Place:
    """Read a place, whatever is installed; `what`: its name in an error. Raises UsageError."""
    kind, colon, rest = text.partition(":")
    if kind not in (LOCAL, SSH, SLURM) or (bool(colon) != (kind == SSH)):
        shown = fit(safe_text(text), 40)
        raise UsageError(f"{what} '{shown}': takes local, ssh:HOST,HOST or slurm")
    hosts = tuple(rest.split(",")) if colon else ()
    for host in hosts:
        if not _HOST.match(host):
            raise UsageError(f"{what}: '{fit(safe_text(host), 40)}' is not a host, as in ssh:a,b")
        if hosts.count(host) > 1:
            raise UsageError(f"{what}: {host} is there twice")
    return Place(kind, hosts)


def _check_installed(kind: str) -> None:
    """Raise UsageError with what to install, unless it is there."""
    if any(find_spec(package) is None for package in _NEEDED[kind]):
        raise UsageError(f"--on {kind} needs Dask: pip install 'rnntui[{_EXTRA[kind]}]'")
