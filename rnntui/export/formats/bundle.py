"""A whole run in one file, for a colleague or another machine."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import Export, Format


def create(export: Export, target: Path) -> None:
    """Write the archive."""
    from tempfile import TemporaryFile

    from rnntui.export.archive import Writer
    from rnntui.export.bundle import run_files

    with TemporaryFile(dir=target.parent) as scratch:
        writer = Writer(target, scratch, export.run.name)
        for path, content in run_files(export.run):
            writer.add(path, content)
        writer.close()


FORMAT = Format(
    name="bundle",
    about="the whole run in one file, for rnntui import on another machine",
    suffix=".tar.gz",
    create=create,
)
