"""A run that is about to begin, for tests of where runs are kept."""

from __future__ import annotations

from rnntui.runs.store.create import NewRun

NEW = NewRun(
    recipe="tales",
    recipe_toml="[data]\n",
    vocabulary={"kind": "char", "symbols": "añ☃"},
    source="corpus:tales",
    source_size=3,
    source_sha256="a" * 64,
    parameters=12,
    argv=("rnntui", "train"),
    versions={"numpy": "2"},
    machine={"cpu": "x"},
)
