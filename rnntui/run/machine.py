"""What arithmetic depends on to the last bit: processor, BLAS, NumPy. Needs NumPy."""

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

# What a difference is called. Python itself computes nothing that training depends on.
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
# As NumPy's wheels, conda and distributions call it.
_PREFIXES = ("scipy_openblas_", "openblas_")
_SUFFIXES = ("64_", "")


def versions() -> Facts:
    """Those of this program and what it runs on."""
    return {
        "rnntui": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def this_machine() -> Facts:
    """Processor and libraries as this process uses them; empty texts for what is not told."""
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
    """The kernels that OpenBLAS chose for this processor and its threads; empty without it."""
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
    """What keeps a run from going on to the last bit: machine and versions of both, in words.

    Empty where it does go on so. The words are safe to show.
    """
    return tuple(
        f"{title} {_short(then.get(key, ''))}, now {_short(now.get(key, ''))}"
        for key, title in _DECIDING.items()
        if then.get(key, "") != now.get(key, "")
    )


def _short(text: str) -> str:
    return fit(safe_text(text) or "unknown", 40)
