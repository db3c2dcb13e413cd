"""A Dask cluster on hosts that SSH reaches: the first also has the scheduler.

All connections are encrypted, and both ends of each show the certificate that was made for this
cluster: whoever has no copy of its key is refused.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError
from rnntui.recipe import Recipe, to_dict
from rnntui.sweep.remote.check import Check
from rnntui.sweep.remote.dask import LOOPBACK, NO_PAGES, new_certificate, silence, tls_files
from rnntui.sweep.remote.host import Facts, facts_of
from rnntui.sweep.remote.judge import description, objection
from rnntui.sweep.remote.ssh import ask_hosts, connect_options
from rnntui.text import safe_text

IDLE = "2 minutes"  # without a task, until a cluster whose client was killed ends
STARTS = 60.0  # seconds in which a worker has to find the scheduler, or it ends

Note = Callable[[str], None]


@dataclass(frozen=True)
class HostOf:
    """A host of a sweep: its name for SSH, its Python, and what it has."""

    name: str
    python: str
    facts: Facts


def survey(
    hosts: tuple[str, ...],
    recipe: Recipe,
    root: Path,
    note: Note,
    credentials: Mapping[str, str] | None = None,
) -> list[HostOf]:
    """Check every host, and note a line about each. Raises EngineError if one can't be used.

    `credentials`: what is put into a private folder on each; nothing if omitted.
    """
    with _marked(root) as mark:
        asked: dict[str, Any] = {"recipe": to_dict(recipe), "root": str(root), "mark": mark}
        answers = ask_hosts(hosts, "check", [{**asked, "credentials": credentials}] * len(hosts))
        here = facts_of(**asked)
    good: list[HostOf] = []
    bad: list[str] = []
    for name, answer in zip(hosts, answers, strict=True):
        if isinstance(answer, EngineError):
            bad.append(str(answer))
            continue
        python, facts = answer
        good.append(HostOf(name, python, facts))
        if why := objection(facts, here):
            bad.append(f"{name}: {safe_text(why)}")
        else:
            note(f"{name}: {description(facts, here)}")
    if bad:
        leave(good)
        for line in bad[1:]:
            note(line)
        raise EngineError(bad[0])
    return good


def leave(hosts: list[HostOf]) -> None:
    """Remove what was made on hosts, as far as they can be reached."""
    made = [host for host in hosts if host.facts.folder]
    asked = [{"folders": [host.facts.folder]} for host in made]
    ask_hosts([host.name for host in made], "leave", asked)


@contextlib.contextmanager
def _marked(root: Path) -> Iterator[str]:
    """Make a file by which a host recognizes the directory of runs; yield its name."""
    from rnntui.runs.store.root import make_root

    make_root(root)
    mark = f".mark-{secrets.token_hex(16)}"
    path = root / mark
    path.touch(0o600)
    try:
        yield mark
    finally:
        path.unlink(missing_ok=True)


class SshCluster:
    """Dask on hosts, started over SSH."""

    patient = False
    check: Check | None = None  # was made before

    def __init__(self, hosts: tuple[str, ...], recipe: Recipe, root: Path, jobs: int) -> None:
        """Check the hosts and start the cluster. Raises EngineError."""
        self.security, pem = new_certificate()
        self._hosts = survey(hosts, recipe, root, lambda _line: None, pem)
        self.shares = all(host.facts.shares for host in self._hosts)
        self.names = ", ".join(hosts)
        each = math.ceil(jobs / len(hosts))
        self._threads = [max(host.facts.cores, each) for host in self._hosts]
        self.places = sum(self._threads)
        try:
            self._cluster = self._start()
        except BaseException:
            leave(self._hosts)
            raise
        self.address: str = self._cluster.scheduler_address

    def _start(self) -> Any:
        import dask
        from distributed import SpecCluster
        from distributed.deploy import ssh

        silence()
        first = self._hosts[0]
        scheduler = {"cls": ssh.Scheduler, "options": self._options(first, {
            "allowed_failures": 0,  # the sweep decides what becomes of a trial
            "dashboard": False, "idle_timeout": IDLE, "port": 0,
        })}  # fmt: skip
        workers = {
            number: {"cls": ssh.Worker, "options": self._options(host, {
                "dashboard": False, "death_timeout": STARTS, "memory_limit": 0,
                "local_directory": host.facts.folder, "nthreads": threads,
            })}
            for number, (host, threads) in enumerate(zip(self._hosts, self._threads, strict=True))
        }  # fmt: skip
        try:
            with dask.config.set(NO_PAGES):
                return SpecCluster(workers, scheduler, security=self.security, name="rnntui")
        except Exception as error:  # of any kind: from asyncssh, Dask or the network
            reason = error.__cause__ or error  # which may have no words of its own
            why = safe_text(str(reason).strip() or type(reason).__name__)
            raise EngineError(f"Dask did not start on {self.names}: {why}") from None

    def _options(self, host: HostOf, kwargs: dict[str, Any]) -> dict[str, Any]:
        connect = connect_options(host.name)
        return {
            "address": connect.pop("host"),
            "connect_options": connect,
            "remote_python": shlex.quote(host.python),
            "kwargs": {
                **kwargs,
                "host": host.facts.address,
                "protocol": "tls",
                "dashboard_address": LOOPBACK,
                "security": tls_files(host.facts.folder),
            },
        }

    def close(self) -> None:
        """End Dask on the hosts, and remove the certificates."""
        with contextlib.suppress(Exception):  # what is left of it ends by itself once idle
            self._cluster.close()
        leave(self._hosts)
