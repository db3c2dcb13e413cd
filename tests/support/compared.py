"""Runs to compare: directories with falling losses, written in milliseconds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from rnntui.recipe import Recipe, Value, to_toml
from rnntui.runs.compared.following import FixedList, FollowedRuns
from rnntui.runs.store.create import create_run
from rnntui.runs.store.files import FILES
from rnntui.runs.store.files import replace as replace_file
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.status import STATUS, Status
from tests.support.new_run import NEW

STATUS_NOW = Status("finished", 0, None, 0.5, None, None, None, 0.0, 1, 2.0, 3.0)


def losses(updates: int, floor: float, every: int = 20) -> list[dict[str, object]]:
    """Return lines of the metrics: a loss that falls to `floor`, validated `every` updates."""
    lines: list[dict[str, object]] = []
    for step in range(10, updates + 1, 10):
        loss = floor + 2.0 * math.exp(-3.0 * step / 400)
        line = {"step": step, "updates": 10, "loss": loss, "seconds": step / 50}
        if step % every == 0:
            line["validation"] = loss + 0.05 + 0.1 * math.exp(step / 400 - 1)
        lines.append(line)
    return lines


def add_lines(path: Path, lines: list[dict[str, object]]) -> None:
    """Append lines to a run's metrics."""
    with (path / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def set_status(path: Path, **changes: object) -> None:
    """Write a run's status."""
    replace_file(FILES, path / STATUS, to_bytes(replace(STATUS_NOW, **changes)))  # type: ignore[arg-type]


def make_run(
    root: Path,
    name: str,
    floor: float = 1.0,
    updates: int = 400,
    every: int = 20,
    source: str = "corpus:tales",
    sha256: str = "a" * 64,
    **settings: Value,
) -> Path:
    """Make a finished run and return its directory."""
    text = to_toml(Recipe().replace(source=source, **settings))
    new = replace(NEW, recipe_toml=text, source=source.removeprefix("corpus:"))
    run, lock = create_run(root, replace(new, source_sha256=sha256, parameters=1200), name)
    lock.release()
    found = losses(updates, floor, every)
    add_lines(run.path, found)
    checks = [line["validation"] for line in found if "validation" in line]
    set_status(run.path, step=updates, total=updates, best=min(checks, default=None))  # type: ignore[type-var]
    return run.path


def follow(*paths: Path) -> FollowedRuns:
    """Return runs that have been read completely."""
    found = FollowedRuns(FixedList(paths))
    found.read()
    return found


def some_runs(root: Path) -> FollowedRuns:
    """Return four runs that differ in two settings, and in their seeds."""
    return follow(
        *(
            make_run(root, f"tales-{hidden}-{lr}", floor, hidden=hidden, lr=lr, batch=4, seq_len=8)
            for hidden, lr, floor in (
                (32, 0.001, 1.6),
                (32, 0.01, 1.2),
                (64, 0.001, 1.4),
                (64, 0.01, 1.1),
            )
        )
    )
