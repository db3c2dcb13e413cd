"""Write what the user sees to a new file in the working directory."""

from __future__ import annotations

import re
from pathlib import Path

from rnntui.numbers import count

MOST_FILES = 1000  # with the same name and a number


def write_new(directory: Path, stem: str, suffix: str, text: str) -> Path:
    """Write text to a new file and return its path; an existing file is never replaced.

    `stem` may contain anything: only letters, digits, ".", "_" and "-" are kept. Raises OSError.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-") or "rnntui"
    for number in range(1, MOST_FILES):
        path = directory / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with path.open("x", encoding="utf-8", errors="replace", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise OSError(f"there are {count(MOST_FILES)} files called {stem}{suffix}")
