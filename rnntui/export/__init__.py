"""Take a run elsewhere: models, tables, pictures, a page, a bundle.

A module in `formats` that assigns a `Format` to `FORMAT` has added a format; there is no other
list. Reading the list is cheap: formats import what they need when they write.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from rnntui.errors import UsageError
from rnntui.export import formats
from rnntui.export.format import Format
from rnntui.suggestions import nearest


@cache
def all_formats() -> dict[str, Format]:
    """Return every format by its name, in alphabetical order."""
    found: dict[str, Format] = {}
    for module in iter_modules(formats.__path__):
        declared = getattr(import_module(f"{formats.__name__}.{module.name}"), "FORMAT", None)
        if isinstance(declared, Format):
            found[declared.name] = declared
    return dict(sorted(found.items()))


def find_format(name: str) -> Format:
    """Return the format of that name. Raises UsageError that suggests the closest one."""
    if name in all_formats():
        return all_formats()[name]
    hint = nearest(name, all_formats(), "rnntui export --list explains each")
    raise UsageError(f"unknown format '{name[:40]}'{hint}")
