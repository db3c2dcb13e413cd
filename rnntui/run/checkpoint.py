"""Checkpoints: directories that are there as a whole or not at all, and checked when read.

Each file is written beside, and on the disk, before the manifest that names their checksums; then
the directory gets its name, and the name is on the disk when `save` returns. Nothing is ever
overwritten. What is kept: the last three, the best one, every tenth.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnntui.errors import DataError
from rnntui.run import manifest as manifests
from rnntui.run import tensors
from rnntui.run.files import FILES, Files, failed, remove_tree, sync_directory, write_new
from rnntui.run.manifest import FORMAT, MANIFEST, Manifest, read_manifest, read_parts
from rnntui.run.state import read_state, state_bytes
from rnntui.run.tensors import Tensors
from rnntui.text import safe_text

MODEL, OPTIMIZER, STATE = "model.safetensors", "optim.safetensors", "state.json"
PARTS = (MODEL, OPTIMIZER, STATE)
KEPT, EVERY = 3, 10
_NAME = re.compile(r"step-(\d{8,15})(?:-(\d{1,4}))?")
_BESIDE, _GONE, _DAMAGED = ".tmp-", ".del-", "damaged-"

Fence = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All that a run needs to go on.

    `model` has PyTorch's names and shapes, `optimizer` every other array, `state` what JSON holds
    (and numbers that are not finite). `loss` is what the best one is chosen by; lower is better.
    """

    step: int
    model: Tensors
    optimizer: Tensors
    state: dict[str, Any]
    loss: float | None = None


@dataclass(frozen=True)
class Rejected:
    """A checkpoint that cannot be used, and why, in words that are safe to show."""

    path: Path
    reason: str


@dataclass(frozen=True, eq=False)
class Found:
    """The newest sound checkpoint, if there is one, and the newer ones that are not."""

    checkpoint: Checkpoint | None = None
    path: Path | None = None
    rejected: tuple[Rejected, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """A line for the user about each that was passed over."""
        then = f"went back to {self.path.name}" if self.path else "there is no other"
        return tuple([f"checkpoint {r.path.name}: {r.reason}; {then}" for r in self.rejected])


# ---- writing ------------------------------------------------------------------------------------


def save(
    directory: Path, checkpoint: Checkpoint, fence: Fence | None = None, files: Files = FILES
) -> Path:
    """Write a checkpoint; when this returns, it is on the disk.

    `fence` is called right before it appears and may raise, as when the run was taken over. Raises
    OSError: then nothing has changed but perhaps the leftovers that `tidy` removes, or it is there
    as a whole and only its name may not outlast a loss of power.
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
    """Write all files but the manifest, which is returned."""
    makers: dict[str, Callable[[], bytes]] = {
        MODEL: lambda: tensors.to_bytes(checkpoint.model),
        OPTIMIZER: lambda: tensors.to_bytes(checkpoint.optimizer),
        STATE: lambda: state_bytes(checkpoint.state),
    }
    loss = checkpoint.loss
    loss = loss if loss is not None and math.isfinite(loss) else None
    manifest = Manifest(FORMAT, checkpoint.step, number, loss, {}, {})
    for name, make in makers.items():
        data = make()  # one at a time: it is as large as what it holds
        manifest.sizes[name] = len(data)
        manifest.sha256[name] = hashlib.sha256(data).hexdigest()
        write_new(files, directory / name, data)
    return manifest


def _twin(there: list[tuple[Path, Manifest]], wanted: Manifest) -> Path | None:
    """A sound checkpoint with that content, as when only its directory could not be synced."""
    for path, manifest in there:
        if (manifest.step, manifest.sha256) == (wanted.step, wanted.sha256):
            with contextlib.suppress(DataError):
                read_parts(path, manifest, PARTS)
                return path
    return None


def _free_name(directory: Path, step: int) -> Path:
    """A name no checkpoint has: the same update may be saved again with another learning rate."""
    path, again = directory / f"step-{step:08d}", 0
    while path.exists():
        again += 1
        path = directory / f"step-{step:08d}-{again}"
    return path


# ---- reading ------------------------------------------------------------------------------------


def paths(directory: Path) -> list[Path]:
    """Every checkpoint, sound or not, the newest last. Raises OSError."""
    found = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[int, int]:
    match = _NAME.fullmatch(path.name)
    return (int(match[1]), int(match[2] or 0)) if match else (-1, 0)


def _readable(there: list[Path]) -> list[tuple[Path, Manifest]]:
    found = []
    for path in there:
        with contextlib.suppress(DataError):
            found.append((path, read_manifest(path)))
    return found


def load(path: Path) -> Checkpoint:
    """A checkpoint, every byte of it checked. Raises DataError with a reason that needs no path."""
    manifest = read_manifest(path)
    if manifest.step != _order(path)[0]:
        raise DataError(f"{MANIFEST} is of update {manifest.step}")
    model_data, optimizer_data, state_data = read_parts(path, manifest, PARTS)
    try:
        model, optimizer = tensors.from_bytes(model_data), tensors.from_bytes(optimizer_data)
        state = read_state(state_data)
    except ValueError as error:
        raise DataError(f"unreadable: {safe_text(str(error))[:80]}") from None
    if name := tensors.not_finite(model):
        raise DataError(f"its {safe_text(name)[:40]} holds numbers that are not finite")
    return Checkpoint(manifest.step, model, optimizer, state, manifest.loss)


def newest(directory: Path, accept: Callable[[Checkpoint], str | None] | None = None) -> Found:
    """The newest checkpoint that is sound and that `accept` gives no reason against.

    Raises RunError where the directory cannot be read.
    """
    try:
        there = paths(directory)
    except OSError as error:
        raise failed("read", directory, error) from None
    rejected: list[Rejected] = []
    for path in reversed(there):
        try:
            checkpoint = load(path)
            why = accept(checkpoint) if accept else None
        except DataError as error:
            why = str(error)
        if why is None:
            return Found(checkpoint, path, tuple(rejected))
        rejected.append(Rejected(path, why))
    return Found(rejected=tuple(rejected))


# ---- keeping order, only for who holds the run ---------------------------------------------------


def save_and_prune(
    directory: Path, checkpoint: Checkpoint, fence: Fence | None = None, files: Files = FILES
) -> Path:
    """`save`, and remove what is no longer wanted as far as the disk lets it. Raises OSError."""
    with contextlib.suppress(OSError):
        tidy(directory, files)
    path = save(directory, checkpoint, fence, files)
    with contextlib.suppress(OSError):
        prune(directory, files)
    return path


def prune(directory: Path, files: Files = FILES) -> None:
    """Remove all but the last three, the best and every tenth. Raises OSError."""
    there = paths(directory)
    manifests_by_path = dict(_readable(there))
    scored = [(m.loss, -m.number, p) for p, m in manifests_by_path.items() if m.loss is not None]
    wanted = {path for path, manifest in manifests_by_path.items() if manifest.number % EVERY == 0}
    wanted |= {min(scored)[2]} if scored else set()
    last = list(manifests_by_path)[-KEPT:]
    for path in there:
        # Damaged ones stay until there are three that are newer and have a manifest.
        if len(last) == KEPT and _order(path) < _order(last[0]) and path not in wanted:
            gone = path.with_name(f"{_GONE}{path.name}-{uuid.uuid4()}")
            files.rename(path, gone)  # one that is half deleted never looks like a checkpoint
            remove_tree(files, gone)


def tidy(directory: Path, files: Files = FILES) -> None:
    """Remove what a killed process left unfinished. Raises OSError."""
    for path in directory.iterdir():
        if path.name.startswith((_BESIDE, _GONE)):
            remove_tree(files, path)


def set_aside(rejected: tuple[Rejected, ...], files: Files = FILES) -> None:
    """Rename checkpoints that cannot be used, so that they are not asked again. Raises RunError."""
    for one in rejected:
        path = one.path.with_name(f"{_DAMAGED}{one.path.name}-{uuid.uuid4().hex[:8]}")
        try:
            files.rename(one.path, path)
        except OSError as error:
            raise failed("rename", one.path, error) from None
