"""What a run's exactness depends on: the data, the machine and the versions it began with."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rnntui import __version__
from rnntui.data import Dataset, TokenData
from rnntui.nn.arena import Array

_PIECE = 1 << 24  # numbers that are hashed at a time
_MATTERS = ("python", "numpy", "blas", "cpu", "features", "core")


def fingerprint(data: Dataset) -> tuple[str, int]:
    """SHA-256 of what is trained and validated on, in hexadecimal, and its bytes."""
    whole = data.tokens if isinstance(data, TokenData) else data.values
    found, size = hashlib.sha256(), 0
    parts: tuple[Array, ...] = (whole, data.validation)
    for part in parts:
        found.update(f"{part.dtype.str}{part.shape}".encode())
        for start in range(0, len(part), _PIECE):
            piece = np.ascontiguousarray(part[start : start + _PIECE])
            found.update(piece.view(np.uint8).data)
            size += piece.nbytes
    return found.hexdigest(), size


def versions() -> dict[str, str]:
    """Of the programs whose arithmetic is used."""
    blas: Mapping[str, Any] = {}
    config = getattr(np.__config__, "CONFIG", {})
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return {
        "rnntui": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name', '')} {blas.get('version', '')}".strip(),
    }


def machine() -> dict[str, str]:
    """The processor, and what decides which of its instructions are used."""
    core: Any = sys.modules.get("numpy._core._multiarray_umath")
    features: dict[str, bool] = getattr(core, "__cpu_features__", {})
    used = " ".join(sorted(name for name, has in features.items() if has))
    return {
        "cpu": _processor(),
        "features": hashlib.sha256(used.encode()).hexdigest()[:16],
        "core": os.environ.get("OPENBLAS_CORETYPE", ""),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What has changed of that on which the last bits of a result depend, in words."""
    names = {"features": "cpu", "core": "OPENBLAS_CORETYPE"}
    changed = [names.get(key, key) for key in _MATTERS if before.get(key, "") != now.get(key, "")]
    return list(dict.fromkeys(changed))
