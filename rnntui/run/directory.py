"""A run's own directory, and what was written there once. It is checked before it is trusted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnntui.errors import DataError
from rnntui.run.files import check_directory, failed, read_file, shown
from rnntui.run.record import MOST_BYTES, parse_object, read_record

FORMAT = 1
INFO, RECIPE, VOCABULARY, CHECKPOINTS = "run.json", "recipe.toml", "vocab.json", "checkpoints"
_MOST_VOCABULARY = 1 << 28  # bytes


@dataclass(frozen=True)
class RunInfo:
    """What is written once, in `run.json`. `machine` is what exactness depends on."""

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
    """The directory of one run, and what was written there when it was made."""

    path: Path
    info: RunInfo

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints are."""
        return self.path / CHECKPOINTS

    def recipe_text(self) -> str:
        """The recipe as TOML. Raises DataError or RunError."""
        return read_text(self.path / RECIPE, MOST_BYTES)

    def vocabulary(self) -> dict[str, Any]:
        """What the tokens mean. Raises DataError (also for another one) or RunError."""
        path = self.path / VOCABULARY
        try:
            data = read_file(path, _MOST_VOCABULARY)
        except OSError as error:
            raise failed("read", path, error) from None
        if hashlib.sha256(data).hexdigest() != self.info.vocabulary_sha256:
            raise DataError(f"{shown(path)} has changed since the run began")
        return parse_object(data, path)


def vocabulary_bytes(vocabulary: dict[str, Any]) -> bytes:
    """A vocabulary as it stands in its file: equal ones give equal bytes."""
    return json.dumps(vocabulary, sort_keys=True, allow_nan=False).encode() + b"\n"


def read_text(path: Path, most: int) -> str:
    """A file of UTF-8. Raises DataError or RunError."""
    try:
        return read_file(path, most).decode()
    except OSError as error:
        raise failed("read", path, error) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown(path)}: not UTF-8 at byte {error.start}") from None


def open_run(path: Path) -> RunDirectory:
    """A run that is there. Raises DataError or RunError."""
    try:
        check_directory(path)
        info = read_record(RunInfo, path / INFO)
    except OSError as error:
        raise failed("open", path / INFO, error) from None
    if info.format > FORMAT:
        raise DataError(f"{shown(path)}: written by a newer rnntui, in format {info.format}")
    return RunDirectory(path, info)
