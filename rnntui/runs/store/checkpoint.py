"""Checkpoints: directories that appear atomically and are verified when read.

All files are written and synced under a temporary name, the manifest with their checksums last;
then the directory is renamed, and the rename is synced before `save` returns. Nothing is ever
overwritten.

The last three checkpoints are kept in full and can be resumed. The best one and some older ones are
kept without their optimizer state, which takes most of the space.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import math
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store import manifest as manifests
from rnntui.runs.store import tensors
from rnntui.runs.store.checkpoint_state import read_state, state_bytes
from rnntui.runs.store.contents import UNFINISHED, holds_parts_only
from rnntui.runs.store.files import (
    FILES,
    Files,
    failed,
    remove_tree,
    replace,
    sync_directory,
    write_new,
)
from rnntui.runs.store.manifest import FORMAT, MANIFEST, Manifest, read_manifest, read_parts
from rnntui.runs.store.tensors import Tensors
from rnntui.text import safe_text

MODEL, OPTIMIZER, STATE = "model.safetensors", "optim.safetensors", "state.json"
PARTS = (MODEL, OPTIMIZER, STATE)
KEPT, EVERY = 3, 10
OLDER = 10  # kept besides the last three and the best, by default
_NAME = re.compile(r"step-(\d{8,15})(?:-(\d{1,4}))?")
_BESIDE, _GONE, _DAMAGED = ".tmp-", ".del-", "damaged-"

Fence = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything that a run needs to continue.

    `model` has PyTorch's names and shapes, `optimizer` every other array, `state` JSON values (and
    numbers that are not finite). The checkpoint with the lowest `loss` is the best one.
    """

    step: int
    model: Tensors
    optimizer: Tensors
    state: dict[str, Any]
    loss: float | None = None


@dataclass(frozen=True)
class Rejected:
    """A checkpoint that cannot be used, and the reason as a safe text."""

    path: Path
    reason: str
    damaged: bool = True  # False: only its optimizer state is missing


@dataclass(frozen=True, eq=False)
class Found:
    """The newest valid checkpoint, if any, and newer ones that are not valid."""

    checkpoint: Checkpoint | None = None
    path: Path | None = None
    rejected: tuple[Rejected, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return a line for the user about each rejected checkpoint."""
        then = f"went back to {self.path.name}" if self.path else "there is no other"
        return tuple([f"checkpoint {r.path.name}: {r.reason}; {then}" for r in self.rejected])


# ---- writing ------------------------------------------------------------------------------------


def save(
    directory: Path, checkpoint: Checkpoint, fence: Fence | None = None, files: Files = FILES
) -> Path:
    """Write a checkpoint and sync it to disk.

    `fence` is called right before the rename and may raise, as when the run was taken over. After
    an OSError there is either no checkpoint, and possibly leftovers for `tidy`, or a complete one
    whose name may not survive a power cut.
    """
    there = _readable(paths(directory))
    beside = directory / f"{_BESIDE}{checkpoint.step:08d}-{uuid.uuid4()}"
    files.mkdir(beside)
    try:
        number = max((manifest.number for _, manifest in there), default=0) + 1
        manifest = _write_parts(beside, checkpoint, number, files)
        final = _twin(there, manifest)
        if final is not None:
            remove_tree(files, beside)
        else:
            write_new(files, beside / MANIFEST, manifests.to_bytes(manifest))
            sync_directory(files, beside)
            if fence is not None:
                fence()
            final = _free_name(directory, checkpoint.step)
            files.rename(beside, final)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_tree(files, beside)
        raise
    sync_directory(files, directory)
    return final


def _write_parts(directory: Path, checkpoint: Checkpoint, number: int, files: Files) -> Manifest:
    """Write all files except the manifest, and return the manifest."""
    makers: dict[str, Callable[[], bytes]] = {
        MODEL: lambda: tensors.to_bytes(checkpoint.model),
        OPTIMIZER: lambda: tensors.to_bytes(checkpoint.optimizer),
        STATE: lambda: state_bytes(checkpoint.state),
    }
    loss = checkpoint.loss
    loss = loss if loss is not None and math.isfinite(loss) else None
    manifest = Manifest(FORMAT, checkpoint.step, number, loss, {}, {})
    for name, make in makers.items():
        data = make()  # one at a time, to limit memory
        manifest.sizes[name] = len(data)
        manifest.sha256[name] = hashlib.sha256(data).hexdigest()
        write_new(files, directory / name, data)
    return manifest


def _twin(there: list[tuple[Path, Manifest]], wanted: Manifest) -> Path | None:
    """Find a valid checkpoint with the same content, as after a failed directory sync."""
    for path, manifest in there:
        if (manifest.step, manifest.sha256) == (wanted.step, wanted.sha256):
            with contextlib.suppress(DataError):
                read_parts(path, manifest, PARTS)
                return path
    return None


def _free_name(directory: Path, step: int) -> Path:
    """Return an unused name; an update may be saved again with another learning rate."""
    path, again = directory / f"step-{step:08d}", 0
    while path.exists():
        again += 1
        path = directory / f"step-{step:08d}-{again}"
    return path


# ---- reading ------------------------------------------------------------------------------------


def paths(directory: Path) -> list[Path]:
    """List every checkpoint, valid or not, the newest last. Raises OSError."""
    found = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=_job)


def _job(path: Path) -> tuple[int, int]:
    match = _NAME.fullmatch(path.name)
    return (int(match[1]), int(match[2] or 0)) if match else (-1, 0)


def _readable(there: list[Path]) -> list[tuple[Path, Manifest]]:
    found = []
    for path in there:
        with contextlib.suppress(DataError):
            found.append((path, read_manifest(path)))
    return found


class NoOptimizerError(DataError):
    """The checkpoint works for generation and evaluation, but training cannot resume from it."""


def load(path: Path, resumable: bool = True) -> Checkpoint:
    """Load and verify a checkpoint; not `resumable`: skip the optimizer state.

    Raises DataError with a reason without a path, NoOptimizerError if that state is missing.
    """
    manifest = read_manifest(path)
    if manifest.step != _job(path)[0]:
        raise DataError(f"{MANIFEST} belongs to update {manifest.step}")
    if resumable and OPTIMIZER not in manifest.sha256:
        raise NoOptimizerError(f"no optimizer state (only the last {KEPT} checkpoints have one)")
    model_data, state_data = read_parts(path, manifest, (MODEL, STATE))
    try:
        model, state = tensors.from_bytes(model_data), read_state(state_data)
        optimizer: Tensors = {}
        if resumable:
            optimizer = tensors.from_bytes(*read_parts(path, manifest, (OPTIMIZER,)))
    except ValueError as error:
        raise DataError(f"unreadable: {safe_text(str(error))[:80]}") from None
    if name := tensors.not_finite(model):
        raise DataError(f"its {safe_text(name)[:40]} contains NaN or infinity")
    return Checkpoint(manifest.step, model, optimizer, state, manifest.loss)


def newest(
    directory: Path,
    accept: Callable[[Checkpoint], str | None] | None = None,
    resumable: bool = True,
) -> Found:
    """Find the newest valid checkpoint for which `accept` returns no objection.

    `resumable`: as for `load`. Raises RunError if the directory cannot be read.
    """
    try:
        there = paths(directory)
    except OSError as error:
        raise failed("read", directory, error) from None
    rejected: list[Rejected] = []
    for path in reversed(there):
        damaged = True
        try:
            checkpoint = load(path, resumable)
            why = accept(checkpoint) if accept else None
        except DataError as error:
            why, damaged = str(error), not isinstance(error, NoOptimizerError)
        if why is None:
            return Found(checkpoint, path, tuple(rejected))
        rejected.append(Rejected(path, why, damaged))
    return Found(rejected=tuple(rejected))


# ---- pruning, only by the lock's owner -----------------------------------------------------------


def save_and_prune(
    directory: Path,
    checkpoint: Checkpoint,
    fence: Fence | None = None,
    files: Files = FILES,
    older: int = OLDER,
) -> Path:
    """Save, then prune as far as the disk allows. Raises OSError if saving fails."""
    with contextlib.suppress(OSError):
        tidy(directory, files)
    path = save(directory, checkpoint, fence, files)
    with contextlib.suppress(OSError):
        prune(directory, files, older)
    return path


def prune(directory: Path, files: Files = FILES, older: int = OLDER) -> None:
    """Keep the last three checkpoints in full, and the best and `older` ones without optimizer.

    A failure to remove one does not stop the others; OSError is raised at the end.
    """
    there = paths(directory)
    manifests_by_path = dict(_readable(there))
    last = list(manifests_by_path)[-KEPT:]
    if len(last) < KEPT:  # damaged ones stay until there are three newer ones
        return
    wanted = _wanted(manifests_by_path, last, older)
    failure: OSError | None = None
    for path in there:
        if _job(path) >= _job(last[0]):
            continue
        try:
            if path in wanted:
                _drop_optimizer(path, manifests_by_path[path], files)
            elif holds_parts_only(path):
                _remove(path, files)
        except OSError as error:
            failure = error
    if failure is not None:
        raise failure


def _wanted(there: dict[Path, Manifest], last: list[Path], older: int) -> set[Path]:
    """Return the best checkpoint and at most `older` others, spread over the run."""
    scored = [(m.loss, -m.number, path) for path, m in there.items() if m.loss is not None]
    best = {min(scored)[2]} if scored else set()
    before = {path: m.number for path, m in there.items() if path not in last}
    spacing = EVERY
    while True:
        kept = {path for path, number in before.items() if number % spacing == 0}
        if len(kept) <= older:
            return kept | best
        spacing *= 2


def _remove(path: Path, files: Files) -> None:
    gone = path.with_name(f"{_GONE}{path.name}-{uuid.uuid4()}")
    files.rename(path, gone)  # a partly deleted one must not look like a checkpoint
    remove_tree(files, gone)


def _drop_optimizer(path: Path, manifest: Manifest, files: Files) -> None:
    """Remove a checkpoint's optimizer state; the checkpoint stays valid throughout."""
    if OPTIMIZER in manifest.sha256:
        sizes = {name: size for name, size in manifest.sizes.items() if name != OPTIMIZER}
        sha256 = {name: sha for name, sha in manifest.sha256.items() if name != OPTIMIZER}
        lighter = dataclasses.replace(manifest, sizes=sizes, sha256=sha256)
        replace(files, path / MANIFEST, manifests.to_bytes(lighter))
    if (path / OPTIMIZER).exists():  # also after a killed process left it behind
        files.unlink(path / OPTIMIZER)


def tidy(directory: Path, files: Files = FILES) -> None:
    """Remove what a killed process left behind. Raises OSError."""
    for path in directory.iterdir():
        if UNFINISHED.fullmatch(path.name) and holds_parts_only(path):
            remove_tree(files, path)


def set_aside(rejected: tuple[Rejected, ...], files: Files = FILES) -> None:
    """Rename damaged checkpoints, so that they are not tried again. Raises RunError."""
    for one in rejected:
        if not one.damaged:
            continue
        path = one.path.with_name(f"{_DAMAGED}{one.path.name}-{uuid.uuid4().hex[:8]}")
        try:
            files.rename(one.path, path)
        except OSError as error:
            raise failed("rename", one.path, error) from None
