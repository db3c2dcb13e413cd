"""Where files are kept that save work the next time. All of them may be removed at any time."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "RNNTUI_CACHE"


def cache_folder() -> Path:
    """$RNNTUI_CACHE, or the place the system has for such things."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("rnntui", appauthor=False)
