"""One file for ONNX runtimes, in any language: the network, its vocabulary or scale, its recipe."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import CHECKPOINT, Export, Format


def create(export: Export, target: Path) -> None:
    """Write the file. Raises DataError if the run's numbers do not fit into float32."""
    from rnntui.export.graph import to_onnx
    from rnntui.export.network import load_network

    target.write_bytes(to_onnx(load_network(export.run, export.which), export.run.name))


FORMAT = Format(
    name="onnx",
    about="one file for ONNX runtimes: network, vocabulary or scale, and recipe",
    suffix=".onnx",
    create=create,
    options=(CHECKPOINT,),
    extra="onnx",
    modules=("onnx",),
)
