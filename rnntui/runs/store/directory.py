"""A run's directory and the files written once at its start, checked before use."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RunError
from rnntui.runs.store.files import DESCRIPTORS, check_directory, failed, read_file, shown
from rnntui.runs.store.json_record import MOST_BYTES, from_bytes, parse_object, salvage, whole

FORMAT = 1
INFO, RECIPE, VOCABULARY, CHECKPOINTS = "run.json", "recipe.toml", "vocab.json", "checkpoints"
_MOST_VOCABULARY = 1 << 28  # bytes
# A run without these is damaged; any other field may be missing or wrong.
_ESSENTIAL = ("recipe", "source", "source_sha256", "vocabulary_sha256")


class NewerError(DataError):
    """A newer version of rnntui wrote the run, in an unknown format."""

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{shown(path)}: written by a newer version of rnntui (format {version}): update "
            "rnntui to use it"
        )
        self.format = version


@dataclass(frozen=True)
class RunInfo:
    """The content of `run.json`. `machine`: what bit-exact results depend on."""

    uuid: str
    started: float  # seconds since 1970
    recipe: str
    source: str
    source_size: int  # bytes
    source_sha256: str
    vocabulary_sha256: str
    parameters: int
    argv: tuple[str, ...]
    versions: dict[str, str]
    machine: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class RunDirectory:
    """The directory of a run and the content of its `run.json`."""

    path: Path
    info: RunInfo

    @property
    def name(self) -> str:
        """The current name of the directory."""
        if self.path.parent == DESCRIPTORS:
            with contextlib.suppress(OSError):
                return self.path.readlink().name
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """The directory of its checkpoints."""
        return self.path / CHECKPOINTS

    def recipe_text(self) -> str:
        """Read the recipe as TOML. Raises DataError or RunError."""
        return read_text(self.path / RECIPE, MOST_BYTES)

    def vocabulary(self) -> dict[str, Any]:
        """Read the vocabulary. Raises DataError (including for a changed one) or RunError."""
        path = self.path / VOCABULARY
        try:
            data = read_file(path, _MOST_VOCABULARY)
        except OSError as error:
            raise failed("read", path, error) from None
        if hashlib.sha256(data).hexdigest() != self.info.vocabulary_sha256:
            raise DataError(f"{shown(path)} has changed since the run started")
        return parse_object(data, path)


def vocabulary_bytes(vocabulary: dict[str, Any]) -> bytes:
    """Encode a vocabulary; equal ones give equal bytes."""
    return json.dumps(vocabulary, sort_keys=True, allow_nan=False).encode() + b"\n"


def read_text(path: Path, most: int) -> str:
    """Read a UTF-8 file. Raises DataError or RunError."""
    try:
        return read_file(path, most).decode()
    except OSError as error:
        raise failed("read", path, error) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown(path)}: not UTF-8 at byte {error.start}") from None


def open_run(path: Path) -> RunDirectory:
    """Open a run's directory. Raises NewerError, DataError or RunError."""
    info, _ = read_info(path)
    if info.format > FORMAT:
        raise NewerError(path, info.format)
    return RunDirectory(path, info)


def read_info(path: Path) -> tuple[RunInfo, tuple[str, ...]]:
    """Read `run.json` of any version; return it and the names of unreadable fields.

    Raises NewerError for an incompatible newer version, DataError or RunError.
    """
    data = _info_bytes(path)
    try:
        return salvage(RunInfo, data, path / INFO, _ESSENTIAL)
    except DataError:
        version = whole(parse_object(data, path / INFO).get("format"))
        if version is not None and version > FORMAT:
            raise NewerError(path, version) from None
        raise


def prove_run(path: Path) -> None:
    """Raise DataError or RunError unless the files prove that rnntui created this directory.

    `run.json` must be complete and match `vocab.json`.
    """
    run = open_run(path)
    from_bytes(RunInfo, _info_bytes(path), path / INFO)
    run.vocabulary()


def briefly(path: Path, reason: str) -> str:
    """Shorten an error about a run by the path of its directory."""
    for name in (INFO, RECIPE, VOCABULARY, "status.json", "labels.json", "lock.json", "lock"):
        reason = reason.replace(shown(path / name), name)
    return reason.replace(f"{shown(path)} ", "").replace(f"{shown(path)}: ", "")


def _info_bytes(path: Path) -> bytes:
    try:
        check_directory(path)
        return read_file(path / INFO, MOST_BYTES)
    except FileNotFoundError:
        raise RunError(f"{shown(path / INFO)} is missing") from None
    except OSError as error:
        raise failed("open", path / INFO, error) from None
