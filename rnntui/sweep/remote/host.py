"""What a host has for a sweep: run there, with a JSON object on standard input and on output."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rnntui.data import load
from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError
from rnntui.recipe import from_dict
from rnntui.runs.fingerprint import fingerprint
from rnntui.runs.store.machine import this_machine, versions
from rnntui.training.workers.prestart import usable_cores

CREDENTIALS = ("certificate.pem", "key.pem")


@dataclass(frozen=True)
class Facts:
    """What a host has. `data`: the fingerprint, or empty with a `problem`; `free`: bytes.

    `address`: where SSH reached it. `shares`: it sees this sweep's directory of runs. `folder`: a
    private directory that was made for the sweep; empty if none was asked for.
    """

    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    cores: int = 1
    free: int = 0
    address: str = ""
    shares: bool = False
    data: str = ""
    folder: str = ""
    problem: str = ""


def facts_of(recipe: Mapping[str, Any], root: str, mark: str) -> Facts:
    """Return what this machine has. `mark`: a file in `root` whose name nobody can guess."""
    data, problem = "", ""
    try:
        data = fingerprint(load(from_dict(recipe)))[0]
    except RnntuiError as error:
        problem = str(error)
    connection = os.environ.get("SSH_CONNECTION", "").split()
    shares = bool(mark) and (Path(root) / mark).exists()
    return Facts(
        versions={**versions(), "distributed": _dask()},
        machine=this_machine(),
        cores=usable_cores(),
        free=_free(Path(root if shares else tempfile.gettempdir())),
        address=connection[2] if len(connection) == 4 else "",
        shares=shares,
        data=data,
        problem=problem,
    )


def _dask() -> str:
    try:
        return version("distributed")
    except PackageNotFoundError:
        return ""


def _free(root: Path) -> int:
    """Return the bytes that are free where a directory is, or would be made."""
    there = next(path for path in (root, *root.parents) if path.exists())
    return shutil.disk_usage(there).free


def private_folder(credentials: Mapping[str, str], where: Path | None = None) -> str:
    """Make a directory that only this user can read, with the certificate and the key.

    `where`: in which directory; in the one for temporary files if omitted.
    """
    prefix = "rnntui-sweep-" if where is None else ".sweep-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    for name in CREDENTIALS:
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(credentials[name])
    return str(folder)


def main(action: str) -> int:
    """Print what the host has, or remove what was made on it; return the exit status."""
    asked = json.load(sys.stdin)
    if action == "leave":
        for folder in asked["folders"]:
            shutil.rmtree(folder, ignore_errors=True)
        return 0
    table = asdict(facts_of(asked["recipe"], asked["root"], asked["mark"]))
    if asked["credentials"]:
        table["folder"] = private_folder(asked["credentials"])
    print(json.dumps(table))
    return 0
