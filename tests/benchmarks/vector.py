"""AVX2 alone on a processor that has AVX-512: every library is told to leave the latter unused.

So one machine shows what most processors do. Each library reads its variable when it is loaded,
hence the program is started again with them.
"""

from __future__ import annotations

import os
import sys

import numpy as np

AVX2 = "AVX2, AVX-512 switched off"
_CHOSEN = "RNNTUI_BENCHMARK_VECTOR"
_WIDER = ("AVX512", "X86_V4")  # how NumPy's names of the features begin
_VARIABLES = {
    "OPENBLAS_CORETYPE": "Zen",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}


def only_avx2(module: str) -> None:
    """Start `python -m module` again with the same arguments, unless that has been done."""
    if os.environ.get(_CHOSEN):
        return
    config = np.show_config(mode="dicts")
    assert isinstance(config, dict)
    found = config["SIMD Extensions"].get("found", [])
    wider = " ".join(name for name in found if name.startswith(_WIDER))
    variables = {**_VARIABLES, "NPY_DISABLE_CPU_FEATURES": wider, _CHOSEN: AVX2}
    arguments = [sys.executable, "-m", module, *sys.argv[1:]]
    os.execve(sys.executable, arguments, {**os.environ, **variables})


def chosen() -> str:
    """Return the vector unit that this program was started again with; empty if it was not."""
    return os.environ.get(_CHOSEN, "")
