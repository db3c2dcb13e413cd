"""The configuration file: where it is, how it is read, and how it is changed."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rnntui.errors import RunError, UsageError
from rnntui.runs.store.files import failed, reason, shown
from rnntui.settings.edit import Scalar, changed

VARIABLE = "RNNTUI_CONFIG"
LARGEST = 1 << 16  # bytes


def config_path(environment: Mapping[str, str]) -> Path:
    """Return the path of the file: $RNNTUI_CONFIG, or in the user's configuration directory."""
    if given := environment.get(VARIABLE):
        return Path(os.path.expanduser(given)).absolute()  # noqa: PTH111 - unlike pathlib's, it never raises
    from platformdirs import user_config_path  # slow to import, so only if needed

    return user_config_path("rnntui", appauthor=False) / "config.toml"


def read_text(path: Path) -> str:
    """Read the file; a missing one is empty. Raises UsageError if it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(path)}: {_why(error)}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError(f"{shown(path)}: not a file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise UsageError(f"{shown(path)}: too large for a configuration (over 64 KiB)")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(path)}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise UsageError(f"{shown(path)}: {reason(error)}") from None
    finally:
        os.close(descriptor)


def change_file(path: Path, changes: Mapping[str, Scalar | None]) -> bool:
    """Set or remove (None) values; return whether the file has changed.

    Readers see the old file or the new one, also if several processes write at once; the last one
    wins. Raises UsageError for a file that cannot be read or edited, and RunError if it cannot be
    written.
    """
    before = read_text(path)
    try:
        after = changed(before, changes)
    except UsageError as error:
        raise UsageError(f"{shown(path)}: {error}") from None
    if after == before:
        return False
    try:
        _replace(Path(os.path.realpath(path)), after.encode("utf-8"))  # links are kept
    except (OSError, ValueError) as error:
        error = error if isinstance(error, OSError) else OSError(22, "Invalid text")
        raise failed("write", path, error) from None
    return True


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first failure is the one to report
            Path(beside).unlink()
        raise


def remember(path: Path, choices: Mapping[str, str | bool | None]) -> None:
    """Store what the user chose in the dashboard, if the file can be changed.

    A failure is not reported: the choice holds for this dashboard, and a start with a damaged file
    says so.
    """
    with contextlib.suppress(UsageError, RunError):
        change_file(path, choices)


def _why(error: OSError | ValueError) -> str:
    return reason(error) if isinstance(error, OSError) else "not a valid file name"
