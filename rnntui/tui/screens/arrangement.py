"""How many rows each part of the screen gets. Pure, so that every size can be tested."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

LEAST_WIDTH, LEAST_HEIGHT = 60, 16


@dataclass(frozen=True)
class Arrangement:
    """Rows of each part from top to bottom; together the height of the screen."""

    header: int = 1
    status: int = 1
    banner: int = 0
    notice: int = 0  # a line of its own, empty most of the time
    plot: int = 4
    gap_steps: int = 0
    steps: int = 3
    gap_writing: int = 0
    writing: int = 2
    prompt: int = 1
    gap_footer: int = 0
    footer: int = 1

    @property
    def total(self) -> int:
        """Rows of all parts."""
        return sum(asdict(self).values())


# Read downwards: who grows to how many rows when there are more. Read upwards: who shrinks first.
TOKENS = (
    ("plot", 6), ("steps", 6), ("writing", 4), ("status", 2), ("notice", 1), ("plot", 8),
    ("gap_steps", 1), ("gap_writing", 1), ("plot", 12), ("writing", 7), ("plot", 15),
    ("gap_footer", 1), ("writing", 9), ("plot", 18), ("writing", 14),
)  # fmt: skip
VALUES = (
    ("plot", 5), ("steps", 6), ("status", 2), ("notice", 1), ("steps", 8), ("plot", 7),
    ("gap_steps", 1), ("gap_writing", 1), ("steps", 11), ("plot", 10), ("writing", 3),
    ("steps", 14), ("gap_footer", 1), ("plot", 13), ("steps", 18), ("plot", 16),
)  # fmt: skip


def fits(width: int, height: int) -> bool:
    """Whether the dashboard can be shown at this size."""
    return width >= LEAST_WIDTH and height >= LEAST_HEIGHT


def arrange(height: int, *, values: bool = False, banner: int = 0) -> Arrangement:
    """The rows of each part in `height` rows (at least LEAST_HEIGHT) with a banner of some rows."""
    banner = min(banner, max(0, height - Arrangement().total))
    parts = Arrangement(banner=banner)
    spare = height - parts.total
    for name, rows in VALUES if values else TOKENS:
        more = min(spare, max(0, rows - getattr(parts, name)))
        parts = replace(parts, **{name: getattr(parts, name) + more})
        spare -= more
    return replace(parts, plot=parts.plot + spare)
