"""The files of a run as others get them: without anyone's directories, locks and terminals."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rnntui.data.source import parse_source
from rnntui.errors import DataError, RunError
from rnntui.export.portable import without_paths
from rnntui.recipe import to_toml
from rnntui.runs.store import checkpoint
from rnntui.runs.store.contents import bundled_files
from rnntui.runs.store.directory import INFO, RECIPE, VOCABULARY, open_run
from rnntui.runs.store.files import failed, open_to_read, read_file
from rnntui.runs.store.manifest import MANIFEST, read_manifest, read_parts
from rnntui.runs.store.status import ENDED, STATUS
from rnntui.runs.stored_recipe import stored_recipe

STOPPED = "stopped"
ELSEWHERE = "…"  # stands for a directory of whoever trained


def run_files(run: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of each file of a run that a bundle has.

    The checkpoints come before the journals: a run that trains meanwhile then has journals that
    reach at least as far. Raises DataError or RunError.
    """
    directory, recipe = open_run(run), stored_recipe(run, exact=True)
    private = _private_directories(run, recipe.data.source)
    yield RECIPE, to_toml(without_paths(recipe)).encode()
    yield INFO, _changed(_read(run / INFO), {"argv": []})
    yield VOCABULARY, _read(run / VOCABULARY)
    try:
        checkpoints = checkpoint.paths(directory.checkpoints)
    except OSError as error:
        raise failed("read", directory.checkpoints, error) from None
    for path in checkpoints:
        yield from _checkpoint(run, path)
    for name in bundled_files(run):
        content = _read(run / name)
        if name == STATUS:
            content = _ended(content)
        elif name.endswith(".jsonl"):
            content = _lines(content)
        yield name, _without(content, private)


def _checkpoint(run: Path, path: Path) -> list[tuple[str, bytes]]:
    """Return the files of a checkpoint; none if it is damaged, or removed meanwhile."""
    with contextlib.suppress(DataError):
        manifest = read_manifest(path)
        names = tuple(manifest.sha256)
        parts = read_parts(path, manifest, names)
        parts.append(read_file(path / MANIFEST, 1 << 20))
        inner = path.relative_to(run).as_posix()
        return [
            (f"{inner}/{name}", content)
            for name, content in zip((*names, MANIFEST), parts, strict=True)
        ]
    return []


def _read(path: Path) -> bytes:
    try:
        descriptor = open_to_read(path)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()
    except OSError as error:
        raise failed("read", path, error) from None


def _lines(content: bytes) -> bytes:
    """Return the complete lines: the last one may be being written."""
    return content[: content.rfind(b"\n") + 1]


def _changed(content: bytes, changes: dict[str, Any]) -> bytes:
    """Return a JSON object with some fields changed."""
    return json.dumps({**json.loads(content), **changes}, indent=1).encode() + b"\n"


def _ended(content: bytes) -> bytes:
    """Return the status of a run that nobody trains: a live one counts as stopped here."""
    try:
        state = json.loads(content).get("state")
    except (ValueError, AttributeError, RecursionError):
        raise RunError(f"{STATUS} cannot be read") from None
    changes: dict[str, Any] = {"pid": 0}
    if state not in ENDED:
        changes |= {"state": STOPPED, "reason": "exported while it was being trained"}
    return _changed(content, changes)


def _private_directories(run: Path, source: str) -> list[bytes]:
    """Return the directories that texts of a run may name, the longest first, as JSON has them."""
    found = {str(run.parent), str(run.parent.resolve()), str(Path.home()), str(Path.cwd())}
    parsed = parse_source(source)
    if parsed.kind == "file":
        found.add(str(Path(parsed.rest).parent))
    found -= {"/", ".", ""}
    return [json.dumps(path)[1:-1].encode() for path in sorted(found, key=len, reverse=True)]


def _without(content: bytes, private: Iterable[bytes]) -> bytes:
    for path in private:
        content = content.replace(path, ELSEWHERE.encode())
    return content
