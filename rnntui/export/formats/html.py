"""A page about a run for a browser: one file, no network."""

from __future__ import annotations

from pathlib import Path

from rnntui.export.format import Export, Format


def create(export: Export, target: Path) -> None:
    """Write the page."""
    from rnntui.export.page.content import read_page
    from rnntui.export.page.document import to_html

    target.write_bytes(to_html(read_page(export.run)).encode("utf-8", "replace"))


FORMAT = Format(
    name="html",
    about="one page about the run for any browser: curves, samples, findings, settings",
    suffix=".html",
    create=create,
)
