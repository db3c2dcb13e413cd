"""The configuration of all Dask processes, and how their output is kept off the terminal."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from rnntui.sweep.remote.host import CREDENTIALS

# Dask's web server has no authentication: it shows nothing, and only the host itself reaches it.
NO_PAGES: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
LOOPBACK = "127.0.0.1:0"


def silence() -> None:
    """Let Dask print no log on the terminal: what matters of it is in an error."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "dask_jobqueue"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def new_certificate() -> tuple[Any, dict[str, str]]:
    """Make a certificate with its key; return them for Dask in this process, and as files' texts.

    Whoever shows the certificate and has its key is let in, and nobody else.
    """
    from distributed import Security

    security = Security.temporary()
    own = security.get_tls_config_for_role("client")
    return security, dict(zip(CREDENTIALS, (own["cert"], own["key"]), strict=True))


def tls_files(folder: str) -> dict[str, Any]:
    """Return what Dask is given about encryption: files on that host."""
    certificate, key = (str(Path(folder) / name) for name in CREDENTIALS)
    found: dict[str, Any] = {"require_encryption": True, "tls_ca_file": certificate}
    for role in ("client", "scheduler", "worker"):
        found |= {f"tls_{role}_cert": certificate, f"tls_{role}_key": key}
    return found
