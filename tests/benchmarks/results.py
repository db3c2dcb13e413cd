"""What benchmarks have measured, in files that the README's tables are made from."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rnntui.bench.machine import this_machine
from tests.benchmarks.vector import chosen

COMPARISON, PROFILE, DASHBOARD, LEARNING = "comparison", "profile", "dashboard", "learning"
KILLS, KEYS, STOPPED, SOAK, MEMORY = "kills", "keys", "stopped", "soak", "memory"
INSIGHT, SCALING, SIZES, MEANS = "insight", "scaling", "sizes", "means"
FOLDER = Path(__file__).parent / "results"


def path_of(name: str) -> Path:
    """The file of a benchmark's results."""
    return FOLDER / f"{name}.json"


def read(name: str) -> dict[str, Any]:
    """The results as they were last written; nothing where there are none."""
    path = path_of(name)
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write(name: str, results: dict[str, Any]) -> None:
    """Replace the results."""
    FOLDER.mkdir(exist_ok=True)
    path_of(name).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


def circumstances() -> dict[str, Any]:
    """Where and when: for every file of results."""
    machine = asdict(this_machine())
    if unit := chosen():
        machine["vector"] = unit
    return {"date": datetime.date.today().isoformat(), "machine": machine}


def told(results: dict[str, Any]) -> str:
    """Where and when, in words."""
    machine = results["machine"]
    software = f"{machine['system']}, Python {machine['python']}, NumPy {machine['numpy']}"
    vector = f", {machine['vector']}" if machine.get("vector") else ""
    return f"{machine['cpu']}{vector}, {machine['cores']} cores, {software}, on {results['date']}"


def ratios(rounds: dict[str, list[float]], name: str) -> list[float]:
    """The time of a program over ours, round by round; nothing where it was not timed."""
    if name not in rounds:
        return []
    return [theirs / ours for theirs, ours in zip(rounds[name], rounds["ours"], strict=True)]


def spread(values: list[float], digits: int = 3) -> str:
    """Median and, in brackets, the least and the most; a dash for nothing."""
    if not values:
        return "–"
    least, most = f"{min(values):.{digits}g}", f"{max(values):.{digits}g}"
    return f"{median(values):.{digits}g} ({least} … {most})"


def rounded(numbers: Any, digits: int = 4) -> Any:
    """Numbers, or dictionaries and lists of them, in so many digits: all that a timing is worth."""
    if isinstance(numbers, dict):
        return {name: rounded(value, digits) for name, value in numbers.items()}
    if isinstance(numbers, list):
        return [rounded(value, digits) for value in numbers]
    return numbers if isinstance(numbers, int) else float(f"{numbers:.{digits}g}")
