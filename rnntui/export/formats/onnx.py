"""One file for ONNX runtimes, in any language: the network, its vocabulary or scale, its recipe."""

from __future__ import annotations

from pathlib import Path

from rnntui.errors import UsageError
from rnntui.export.format import CHECKPOINT, Export, Format


def create(export: Export, target: Path) -> None:
    """Write the file.

    Raises DataError if the run's numbers do not fit into float32, UsageError for a suffix table.
    """
    from rnntui.export.graph import to_onnx
    from rnntui.export.network import load_network

    network = load_network(export.run, export.which)
    if network.suffixes is not None:
        raise UsageError("onnx has no place for a suffix table: export --to torch, which has")
    target.write_bytes(to_onnx(network, export.run.name))


FORMAT = Format(
    name="onnx",
    about="one file for ONNX runtimes: network, vocabulary or scale, and recipe",
    suffix=".onnx",
    create=create,
    options=(CHECKPOINT,),
    extra="onnx",
    modules=("onnx",),
)
