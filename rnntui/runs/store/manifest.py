"""The manifest of a checkpoint: sizes and checksums of its files, to detect any damage.

It is written last and contains a checksum of its own content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.files import check_directory, read_file, reason
from rnntui.runs.store.json_record import MOST_BYTES, from_bytes

MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """A checkpoint's update and sequence number, and each file's size and SHA-256."""

    format: int
    step: int
    number: int  # from 1
    loss: float | None  # the checkpoint with the lowest loss is the best one
    sizes: dict[str, int]  # bytes
    sha256: dict[str, str]


def to_bytes(manifest: Manifest) -> bytes:
    """Encode the manifest with its own checksum."""
    content = asdict(manifest)
    return _text(content | {"checksum": hashlib.sha256(_text(content)).hexdigest()})


def _text(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a checkpoint. Raises DataError with a reason without a path."""
    path = directory / MANIFEST
    try:
        check_directory(directory)
        data = read_file(path, MOST_BYTES)
    except OSError as error:
        raise DataError(f"{MANIFEST}: {reason(error)}") from None
    try:
        manifest = from_bytes(Manifest, data, path)
        valid = data == to_bytes(manifest)
    except (DataError, ValueError):
        valid = False
    if not valid:
        raise DataError(f"{MANIFEST} is damaged")
    if manifest.format != FORMAT:
        raise DataError(f"{MANIFEST}: format {manifest.format} needs a newer rnntui")
    return manifest


def read_parts(directory: Path, manifest: Manifest, names: tuple[str, ...]) -> list[bytes]:
    """Read and verify the named files. Raises DataError with a reason."""
    parts = []
    for name in names:
        size = manifest.sizes.get(name, -1)
        try:
            data = read_file(directory / name, max(size, MOST_BYTES))
        except OSError as error:
            raise DataError(f"{name}: {reason(error)}") from None
        if len(data) != size:
            raise DataError(f"{name} is damaged: {len(data):,} bytes of {size:,}")
        if hashlib.sha256(data).hexdigest() != manifest.sha256.get(name):
            raise DataError(f"{name} is damaged: its checksum differs")
        parts.append(data)
    return parts
