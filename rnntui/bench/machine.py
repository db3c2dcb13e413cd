"""The machine that the figures are measured on."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.training.workers.prestart import usable_cores


@dataclass(frozen=True)
class Machine:
    """The processor and the software that does the arithmetic."""

    cpu: str
    cores: int  # available to this process
    system: str
    python: str
    numpy: str
    blas: str
    vector: str = ""  # the widest vector unit; empty if it is not known


def this_machine() -> Machine:
    """Describe the current machine."""
    return Machine(
        cpu=_cpu(),
        cores=usable_cores(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        numpy=np.__version__,
        blas=_blas(),
        vector=_vector(),
    )


# Flags of the processor, the widest unit first.
_UNITS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sve": "SVE", "asimd": "NEON"}


def _cpu() -> str:
    return _cpu_info("model name") or platform.processor() or platform.machine()


def _vector() -> str:
    flags = (_cpu_info("flags") or _cpu_info("Features")).split()
    return next((unit for flag, unit in _UNITS.items() if flag in flags), "")


def _cpu_info(name: str) -> str:
    """An entry about the first processor; empty where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _blas() -> str:
    found = np.show_config(mode="dicts") or {}
    blas = found.get("Build Dependencies", {}).get("blas", {})
    return " ".join(str(blas[key]) for key in ("name", "version") if blas.get(key)) or "unknown"
