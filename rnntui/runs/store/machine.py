"""What bit-exact arithmetic depends on: processor, BLAS, NumPy. Needs NumPy."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rnntui import __version__
from rnntui.text import fit, safe_text

Facts = dict[str, str]

# Names of the differences. The Python version does not affect training.
_DECIDING = {
    "rnntui": "rnntui",
    "numpy": "NumPy",
    "system": "system",
    "libc": "C library",
    "cpu": "CPU",
    "simd": "CPU features",
    "blas": "BLAS",
    "blas_core": "BLAS core",
    "blas_threads": "BLAS threads",
}
# Symbol names in NumPy's wheels, conda and distributions.
_PREFIXES = ("scipy_openblas_", "openblas_")
_SUFFIXES = ("64_", "")


def versions() -> Facts:
    """Return the versions of rnntui, Python and NumPy."""
    return {
        "rnntui": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def this_machine() -> Facts:
    """Describe processor and libraries of this process; unknown values are empty."""
    config = _numpy_config()
    blas = config.get("Build Dependencies", {}).get("blas", {})
    core, threads = _openblas()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu": _cpu(),
        "simd": " ".join(config.get("SIMD Extensions", {}).get("found", [])),
        "blas": f"{blas.get('name', '')} {blas.get('version', '')}".strip(),
        "blas_core": core,
        "blas_threads": threads,
    }


def _numpy_config() -> dict[str, Any]:
    show: Any = np.show_config
    config: dict[str, Any] = show(mode="dicts")
    return config


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()


def _openblas() -> tuple[str, str]:
    """Return OpenBLAS's kernels for this processor and its threads; empty without OpenBLAS."""
    for path in _loaded_libraries("blas"):
        try:
            library = ctypes.CDLL(path, os.RTLD_NOLOAD if hasattr(os, "RTLD_NOLOAD") else 0)
        except OSError:
            continue
        core = _function(library, "get_corename")
        threads = _function(library, "get_num_threads")
        if core is not None and threads is not None:
            core.restype = ctypes.c_char_p
            return (core() or b"").decode("ascii", "replace"), str(threads())
    return "", ""


def _loaded_libraries(part: str) -> list[str]:
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    paths = {line.partition("/")[1] + line.partition("/")[2] for line in lines if "/" in line}
    return sorted(path for path in paths if part in Path(path).name.lower())


def _function(library: ctypes.CDLL, name: str) -> Any:
    for prefix in _PREFIXES:
        for suffix in _SUFFIXES:
            try:
                return library[f"{prefix}{name}{suffix}"]
            except AttributeError:
                continue
    return None


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Describe the differences that prevent a bit-exact continuation, as safe texts.

    Empty if there are none.
    """
    return tuple(
        f"{title} {_short(then.get(key, ''))}, now {_short(now.get(key, ''))}"
        for key, title in _DECIDING.items()
        if then.get(key, "") != now.get(key, "")
    )


def _short(text: str) -> str:
    return fit(safe_text(text) or "unknown", 40)
