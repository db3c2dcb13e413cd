"""What the tests of drawing share: strategies, and what must hold for every block."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from rich.cells import cell_len

from rnntui.protocol.messages import History, Snapshot
from rnntui.recipe import SamplingSettings
from rnntui.text import safe_text
from rnntui.tui.draw.rows import ROLES, Rows, plain
from rnntui.update_numbers import UpdateNumbers

floats = st.one_of(
    st.none(),
    st.floats(),
    st.floats(0, 10),
    st.sampled_from([0.0, -0.0, 1e-300, 5e-324, 1e300, 1.7e308, -1e300, 1.0, float("nan")]),
)
numbers = st.lists(floats, max_size=40)
widths = st.one_of(st.integers(1, 200), st.sampled_from([1, 2, 20, 24, 40, 72, 80, 120]))
heights = st.integers(1, 60)
glyph_sets = st.sampled_from(["braille", "blocks", "ascii"])
words = st.text(max_size=20).map(safe_text)

SNAPSHOT = Snapshot(
    state="training",
    step=6412,
    epoch=7.21,
    numbers=UpdateNumbers(6412, 7, 1.44, 1.44, 2e-3, 0.83),
    smooth=1.412,
    best=1.398,
    validation=1.501,
    best_validation=1.49,
    lr=2e-3,
    tokens_per_second=412_345.0,
    updates_per_second=515.0,
    elapsed=42.0,
    remaining=148.0,
    pace=None,
    sampling=SamplingSettings(),
    history=History(0, 0, (), (), (), (), ()),
    validations=(),
    events=(),
    event_count=0,
    steps=None,
    generated=None,
    alert=None,
)


def check(rows: Rows, width: int, height: int) -> None:
    """Exactly as large as asked for, with known roles, each run worth its bytes."""
    assert len(rows) == height
    for row in rows:
        assert sum(cell_len(text) for text, _ in row) == width
        assert all(text for text, _ in row)
        assert {role.removesuffix("!") for _, role in row} <= set(ROLES)
        assert all(row[n][1] != row[n + 1][1] for n in range(len(row) - 1))


def picture(rows: Rows) -> list[str]:
    """The rows as text without the spaces at their ends."""
    return [text.rstrip() for text in plain(rows)]


def roles_of(rows: Rows, text: str) -> list[str]:
    """The roles of the runs that contain a text."""
    return [role for row in rows for part, role in row if text in part]


def columns(*lists: Sequence[float | None]) -> list[list[float | None]]:
    """Sequences cut to the length of the shortest."""
    length = min(map(len, lists))
    return [list(values[:length]) for values in lists]
