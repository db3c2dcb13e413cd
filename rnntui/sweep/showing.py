"""Print what became of a sweep. Needs no NumPy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rnntui.errors import UsageError
from rnntui.runs.store.files import shown
from rnntui.sweep.board import Row, counts, current_progress, importance_lines, rows_of, table
from rnntui.sweep.space import Settings
from rnntui.sweep.store import Sweep, sweep_names
from rnntui.sweep.tpe import check_optuna, importance
from rnntui.text import safe_json


def newest_or(root: Path, name: str | None) -> str:
    """Return the name that was given, or that of the newest sweep. Raises UsageError."""
    if name is not None:
        return name
    names = sweep_names(root)
    if not names:
        raise UsageError(f"no sweeps in {shown(root)}: rnntui sweep SOURCE --grid KEY=VALUES")
    return names[0]


def show_sweep(sweep: Sweep, as_json: bool, weigh: bool) -> int:
    """Print the table of a sweep; return the exit code.

    `weigh`: also print the importance of each setting.
    """
    if weigh:
        check_optuna("--importance")
    live = sweep.held
    rows = rows_of(sweep, current_progress(sweep), live)
    shares = importance(_results(rows)) if weigh else {}
    if as_json:
        state = "running" if live else "ended" if _is_over(rows) else "interrupted"
        about = {"name": sweep.name, "state": state, "trials": [row.as_json() for row in rows]}
        table_of = {**about, "importance": shares} if weigh else about
        lines = [safe_json(json.dumps(table_of, allow_nan=False))]
    else:
        lines = [f"sweep {sweep.name}: {counts(rows, sweep.info.trials)}", "", *table(rows)]
        lines += ["", *importance_lines(shares)] if weigh else []
    print("\n".join(lines))
    return 0


def _results(rows: Sequence[Row]) -> list[tuple[Settings, float]]:
    finished = [row for row in rows if row.state == "finished"]
    return [(row.settings, row.result.best) for row in finished if row.result.best is not None]


def _is_over(rows: Sequence[Row]) -> bool:
    return not any(row.state == "stopped" and not row.reason for row in rows)
