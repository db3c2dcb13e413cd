"""Numbers in filters, with units: `10k`, `500kB`, `7d`."""

from __future__ import annotations

import math
import re

from rnntui.errors import UsageError
from rnntui.runs.filtering.keys import FilterKey
from rnntui.text import fit, safe_text

_NUMBER = re.compile(r"([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-z]*)")
_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_SIZES = {**_COUNTS, "t": 1e12, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
_TIMES = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_UNITS = {"number": _COUNTS, "size": _SIZES, "time": _TIMES}
_EXAMPLES = {"number": "0.001 or 10k", "size": "500kB or 10MB", "time": "30min, 12h or 7d"}


def quantity(key: FilterKey, text: str) -> float:
    """Return a number, in bytes for a size and seconds for a time. Raises UsageError."""
    found = _NUMBER.fullmatch(text.strip().lower())
    unit = _UNITS[key.kind].get(found[2]) if found else None
    if found is None or unit is None:
        shown = fit(safe_text(text.strip()), 40)
        words = f" or {' or '.join(key.words)}" if key.words else ""
        raise UsageError(
            f"{key.name} '{shown}' in the filter: takes a number such as "
            f"{_EXAMPLES[key.kind]}{words}"
        )
    number = float(found[1])
    # A number as it is, so that it equals the one in a recipe.
    return number if unit == 1.0 or math.isinf(number) else number * unit
