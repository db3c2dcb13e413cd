"""How much memory training on a large file takes: python -m tests.long.large_memory [GB] [options].

Makes a text of that size in a temporary directory (which needs twice the room), trains on it twice,
and prints for each run how long it took to begin and the most memory that any of its processes had
resident, pages of mapped files included (VmHWM). More options are handed to `rnntui train`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import command, environment

LOOK_EVERY = 0.02  # seconds


@dataclass(frozen=True)
class Measured:
    """`began`: seconds until the first update; `most`: bytes of the largest process; `updates`."""

    began: float
    most: int
    updates: int
    notes: tuple[str, ...]


def write_text(path: Path, size: int) -> None:
    """About so many bytes of prose, no two parts of it quite the same."""
    tales = (Path(__file__).parents[2] / "corpora" / "tales.txt").read_bytes()
    with path.open("wb") as file:
        for number in range(size // len(tales) + 1):
            file.write(b"%d\n" % number)
            file.write(tales)


def measure(path: Path, folder: Path, *options: str) -> Measured:
    """Train on a file with a cache in a folder."""
    args = ("train", str(path), "--json", "--every", "50", *options)
    began, most, updates = time.perf_counter(), 0, 0
    first: float | None = None
    notes: list[str] = []
    with tempfile.TemporaryFile("w+") as out:
        program = subprocess.Popen(
            command(*args),
            env=environment(RNNTUI_CACHE=str(folder / "cache"), RNNTUI_RUNS=str(folder / "runs")),
            stdin=subprocess.DEVNULL,
            stdout=out,
        )
        while program.poll() is None:
            most = max([most, *map(peak, family(program.pid))])
            if first is None and '"event": "step"' in Path(f"/dev/fd/{out.fileno()}").read_text():
                first = time.perf_counter() - began
            time.sleep(LOOK_EVERY)
        if program.returncode:
            raise RuntimeError(f"rnntui ended with {program.returncode}")
        out.seek(0)
        for line in out:
            event = json.loads(line)
            updates = event.get("steps", updates)
            notes += [event["text"]] if event["event"] == "note" else []
    return Measured(first or time.perf_counter() - began, most, updates, tuple(notes))


def family(pid: int) -> list[int]:
    """A process and those it has started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in family(int(child)))]


def peak(pid: int) -> int:
    """The most bytes a process has had resident so far; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def main(arguments: list[str]) -> None:
    """Measure, print."""
    size = float(arguments[0]) if arguments else 1.0
    options = arguments[1:] or ["--steps", "600"]
    with tempfile.TemporaryDirectory(prefix="rnntui-large-") as name:
        folder = Path(name)
        path = folder / "large.txt"
        write_text(path, int(size * 1e9))
        time.sleep(2.5)  # until the file counts as left alone
        for start in ("first", "second"):
            found = measure(path, folder, *options)
            print(
                f"{start} start, {path.stat().st_size / 1e9:.2f} GB: update 50 after"
                f" {found.began:.1f} s; {found.most / 1e6:.0f} MB resident at most;"
                f" {found.updates} updates"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
