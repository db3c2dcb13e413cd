"""Ask hosts over SSH what they have, and leave them again. Names are those of ~/.ssh/config."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rnntui.errors import EngineError
from rnntui.processes import digit_settings
from rnntui.sweep.remote.host import Facts
from rnntui.text import fit, safe_text

CONNECTS = 30.0  # seconds to reach a host
_LOOKS, _MISSED = 10.0, 3  # seconds between looks whether it is still there, and how many may fail
_ANSWERS = 300.0  # seconds to load the data there
_LONGEST = 160  # characters of an error
_PROGRAM = "import sys; from rnntui.sweep.remote.host import main; sys.exit(main(sys.argv[1]))"


def connect_options(host: str) -> dict[str, Any]:
    """Return what asyncssh needs to connect to HOST or USER@HOST."""
    user, _, name = host.rpartition("@")
    found = {"host": name, "connect_timeout": CONNECTS, **({"username": user} if user else {})}
    return {**found, "keepalive_interval": _LOOKS, "keepalive_count_max": _MISSED}


def ask_hosts(
    hosts: Sequence[str], action: str, asked: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Facts] | EngineError]:
    """Run an action of `host.main` on every host; return its Python and the answer, or an error.

    `asked`: what each of the hosts is given.
    """

    async def ask_all() -> list[tuple[str, Facts] | EngineError]:
        questions = zip(hosts, asked, strict=True)
        return await asyncio.gather(*(_ask(host, action, what) for host, what in questions))

    return asyncio.run(ask_all())


async def _ask(host: str, action: str, asked: Mapping[str, Any]) -> tuple[str, Facts] | EngineError:
    import asyncssh

    try:
        async with asyncssh.connect(**connect_options(host)) as connection:
            python = await _python_of(connection)
            if not python:
                return EngineError(f"{host}: no Python there, at {sys.executable} or as python3")
            settings = [f"{name}={value}" for name, value in digit_settings().items()]
            command = shlex.join(["env", *settings, python, "-c", _PROGRAM, action])
            ended = await connection.run(command, input=json.dumps(asked), timeout=_ANSWERS)
    except asyncssh.PermissionDenied:
        return EngineError(f"{host}: SSH refuses: let ssh {host} work without a password")
    except (OSError, asyncssh.Error) as error:
        return EngineError(f"{host}: SSH failed: {_short(str(error) or type(error).__name__)}")
    if ended.exit_status is None:
        return EngineError(f"{host}: SSH failed: the connection was lost")
    if ended.exit_status != 0:
        return EngineError(f"{host}: {_failure(str(ended.stderr))}")
    lines = str(ended.stdout).splitlines() or [""]
    try:
        return python, Facts(**json.loads(lines[-1] or "{}"))
    except (ValueError, TypeError):  # something of the host's own, or another version
        return EngineError(f"{host}: the check answered {_short(lines[-1])!r}")


async def _python_of(connection: Any) -> str:
    """Return the Python on a host: at the same path as here, or else its python3."""
    same = shlex.quote(sys.executable)
    found = await connection.run(f"command -v {same} || command -v python3", timeout=CONNECTS)
    lines = str(found.stdout).splitlines()
    return lines[0].strip() if lines else ""


def _failure(errors: str) -> str:
    """Describe why the program failed on a host, by its last error."""
    lines = [line for line in errors.splitlines() if line.strip()]
    last = lines[-1] if lines else "nothing was printed"
    if "No module named" in last:
        return f"{_short(last)}: install the same rnntui there, with the extra sweep"
    return f"the check failed: {_short(last)}"


def _short(text: str) -> str:
    return fit(safe_text(" ".join(text.split())), _LONGEST)
