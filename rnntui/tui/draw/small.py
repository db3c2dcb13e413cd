"""What replaces the dashboard on a terminal that is too small."""

from __future__ import annotations

from rnntui.tui.draw.rows import Rows, block

LEAST_WIDTH, LEAST_HEIGHT = 60, 16


def fits(width: int, height: int) -> bool:
    """Return whether the dashboard can be shown at this size."""
    return width >= LEAST_WIDTH and height >= LEAST_HEIGHT


def too_small(width: int, height: int, quit_key: str, training: bool = False) -> Rows:
    """Draw the actual and required size, whether training continues, and the key that quits."""
    have, need = f"{width}x{height}", f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
    sizes = [f"have {have}, need {need}"]
    if len(sizes[0]) > width:
        sizes = [f"have {have},", f"need {need}"]
    words = ["terminal too small:", *sizes]
    words += ["training continues"] if training and len(words) < height - 1 else []
    words += [f"{quit_key} quits"]
    top = max(0, (height - len(words)) // 2)
    rows: Rows = [[] for _ in range(top)]
    rows += [[(word.center(width), "warning" if not i else "")] for i, word in enumerate(words)]
    return block(rows, width, height)
