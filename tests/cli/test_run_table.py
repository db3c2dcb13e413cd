"""The table of runs: whole at 80 columns, one line each where there is room."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from rnntui.cli.run_list import SORTS
from rnntui.cli.run_table import run_lines
from rnntui.recipe import Recipe
from rnntui.runs import listing
from rnntui.runs.listing import ListedRun, settings_of
from rnntui.runs.store.summary import RunSummary
from rnntui.text import cell_width

NOW = time.mktime((2026, 11, 30, 12, 0, 0, 0, 0, -1))
ROOT = Path("runs")
SUMMARY = RunSummary(
    name="tales-calm-heron",
    path=ROOT / "tales-calm-heron",
    state="finished",
    started=NOW - 90_000,
    updated=NOW - 68_400,
    size=3_400_000,
    recipe="tales",
    step=20_000,
    total=20_000,
    loss=1.2011,
    best=1.30874,
    best_step=8_250,
    baseline=1.4476,
)


def listed(name: str, more: RunSummary = SUMMARY, **settings: str | int | float) -> ListedRun:
    return ListedRun(replace(more, name=name), settings_of(Recipe().replace(**settings)))


RUNS = (
    listed("tales-calm-heron", lr=0.01, cell="gru"),
    listed(
        "tales-lr0.002",
        replace(SUMMARY, state="training", step=4000, tags=("keep",), note="as before", live=True),
        lr=0.002,
    ),
    ListedRun(replace(SUMMARY, name="old", best_step=None, baseline=None), None),
)


def test_a_wide_terminal_has_one_line_for_each_run():
    assert run_lines(RUNS, ROOT, 160, NOW) == [
        "RUN               STATE           UPDATE    LOSS  BEST VAL     AT  BASELINE"
        "  CHANGED            AGE    SIZE  DIFFERS",
        "tales-calm-heron  finished        20,000  1.2011    1.3087  8,250    1.4476"
        "  2026-11-29 17:00  19 h  3.4 MB  cell=gru lr=0.01",
        "tales-lr0.002     training  4,000 of 20k  1.2011    1.3087  8,250    1.4476"
        "  2026-11-29 17:00  19 h  3.4 MB  cell=rnn lr=0.002  #keep  “as before”",
        "old               finished        20,000  1.2011    1.3087      –         –"
        "  2026-11-29 17:00  19 h  3.4 MB",
    ]
    assert run_lines(RUNS, ROOT, None, NOW) == run_lines(RUNS, ROOT, 160, NOW)


def test_eighty_columns_show_everything():
    assert run_lines(RUNS, ROOT, 80, NOW) == [
        "RUN               STATE           UPDATE    LOSS  BEST VAL     AT  BASELINE",
        "tales-calm-heron  finished        20,000  1.2011    1.3087  8,250    1.4476",
        "  2026-11-29 17:00, 19 h ago  3.4 MB  cell=gru lr=0.01",
        "tales-lr0.002     training  4,000 of 20k  1.2011    1.3087  8,250    1.4476",
        "  2026-11-29 17:00, 19 h ago  3.4 MB  cell=rnn lr=0.002  #keep  “as before”",
        "old               finished        20,000  1.2011    1.3087      –         –",
        "  2026-11-29 17:00, 19 h ago  3.4 MB",
    ]


def test_long_names_problems_and_notes_are_whole_at_eighty_columns():
    name, words = "x" * 64, [f"word{n}" for n in range(40)]
    run = replace(RUNS[1].summary, name=name, note=" ".join(words), problem="trouble " * 20)
    lines = run_lines([RUNS[0], ListedRun(run, RUNS[1].settings)], ROOT, 80, NOW)
    assert all(cell_width(line) <= 80 for line in lines)
    assert name in lines and "…" not in "".join(lines)
    assert [word for word in " ".join(lines).replace("“", "").replace("”", "").split()
            if word.startswith("word")] == words  # fmt: skip


def test_remarks_without_room_stand_below_their_run():
    run = replace(RUNS[0].summary, problem="trouble" + " trouble" * 11)
    lines = run_lines([ListedRun(run, RUNS[0].settings), *RUNS[1:]], ROOT, 160, NOW)
    assert lines[1].endswith("cell=gru lr=0.01") and lines[2] == f"  {run.problem}"
    assert len(lines) == 5


def test_a_column_of_which_nothing_is_known_is_left_out():
    bare = replace(SUMMARY, loss=None, best=None, best_step=None, baseline=None)
    heading = run_lines([ListedRun(bare, {})], ROOT, 160, NOW)[0]
    assert heading.split() == ["RUN", "STATE", "UPDATE", "CHANGED", "AGE", "SIZE"]


@pytest.mark.parametrize("width", [1, 20, 40, 60])
def test_a_terminal_that_is_too_narrow_still_gets_every_run(width: int):
    lines = run_lines(RUNS, ROOT, width, NOW)
    assert {"tales-calm-heron", "tales-lr0.002", "old"} <= {line.strip() for line in lines}


def test_a_list_of_nothing_says_how_to_start():
    assert run_lines([], ROOT) == ["no runs in runs: start one with rnntui train"]


def test_the_orders_that_are_offered_are_those_there_are():
    assert tuple(listing.SORTS) == SORTS
