"""What an update costs as one size grows and the others stay: a figure for the guide.

    python -m tests.benchmarks.scaling                 measure what results/scaling.json lacks
    python -m tests.benchmarks.scaling --again         measure everything again
    python -m tests.benchmarks.scaling batch --again   one size
    python -m tests.benchmarks.scaling --draw          draw screenshots/scaling.png

The network is a GRU with 1 x 128 units, batch 32, 50 time steps, 65 tokens, unless a size says
otherwise. Each point is a process of its own with one BLAS thread, which is measured by its CPU
time: the median of some updates. What was measured is kept at once, so that the benchmark can be
interrupted and continued. Drawing needs rsvg-convert and Pillow.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from rnntui.bench.workload import Workload
from rnntui.data import load
from rnntui.data.dataset import TokenData
from rnntui.data.tokenizer import CharTokenizer, smallest
from rnntui.processes import one_blas_thread
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from tests.benchmarks import results

UPDATES, SECONDS = (3, 40), 0.4  # of a point: least and most updates, and CPU time between
BASE = {"cell": "gru", "hidden": 128, "layers": 1, "batch": 32, "steps": 50, "vocab": 65}


@dataclass(frozen=True)
class Axis:
    """A size that grows: its title, its values and the lines, each with what it changes."""

    title: str
    values: tuple[int, ...]
    lines: dict[str, dict[str, Any]] = field(default_factory=lambda: {"gru 128": {}})


AXES = {
    "hidden": Axis(
        "hidden units",
        (32, 64, 128, 256, 512, 1024),
        {cell: {"cell": cell} for cell in ("rnn", "gru", "lstm")},
    ),
    "batch": Axis(
        "batch",
        (1, 2, 3, 4, 8, 16, 32, 64, 128),
        {f"gru {hidden}": {"hidden": hidden} for hidden in (128, 512)},
    ),
    "steps": Axis("time steps", (1, 4, 16, 64, 256)),
    "layers": Axis("layers", (1, 2, 3, 4)),
    "vocab": Axis(
        "vocabulary",
        (65, 1000, 5000, 10_000, 20_000, 50_000),
        {f"output {output}": {"output": output} for output in ("full", "adaptive")},
    ),
    "corpus": Axis(
        "characters of the corpus",
        (100_000, 1_000_000, 10_000_000, 30_000_000),
        {"an update": {"what": "update"}, "reading the file": {"what": "reading"}},
    ),
    "length": Axis(
        "updates made before", (500, 2000, 8000, 20_000), {"rnn 32, in a recorded run": {}}
    ),
}


def measure(axis: str, value: int, changes: dict[str, Any]) -> dict[str, float]:
    """A point: CPU microseconds a token, and the most memory (bytes) that its process had."""
    if axis == "corpus":
        seconds = _of_corpus(value, changes["what"])
    elif axis == "length":
        seconds = _of_length(value)
    else:
        sizes = {**BASE, **changes, axis: value}
        data = _text(sizes.pop("vocab"))
        output = sizes.pop("output", "full")
        work = Workload(**sizes)
        seconds = _of_update(work.recipe(workers=1).replace(output=output), data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return results.rounded({"microseconds": 1e6 * seconds, "memory": float(peak)}, 3)


def _of_update(recipe: Recipe, data: TokenData) -> float:
    """CPU seconds a token of an update."""
    updates, times = train(recipe, data, start(recipe, data)), []
    tokens = next(updates).tokens
    began = time.process_time()
    least, most = UPDATES
    while len(times) < least or (len(times) < most and time.process_time() - began < SECONDS):
        before = time.process_time()
        next(updates)
        times.append(time.process_time() - before)
    return median(times) / tokens


def _text(vocab: int, length: int = 400_000) -> TokenData:
    """Independent tokens with frequencies like those of words (Zipf's law)."""
    shares = 1 / np.arange(1, vocab + 1)
    tokens = np.random.RandomState(0).choice(vocab, length, p=shares / shares.sum())
    symbols = tuple(chr(0x100 + n if n < 0xD000 else 0x10000 + n) for n in range(vocab))
    tokens = tokens.astype(smallest(vocab))
    return TokenData("made-up text", "character", tokens, tokens[:0], CharTokenizer(symbols), "")


def _of_corpus(characters: int, what: str) -> float:
    """CPU seconds a character of reading a file for the first time, or of an update with it."""
    recipe = Workload("gru", 32, 128, 50).recipe(workers=1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RNNTUI_CACHE"] = folder
        path = Path(folder) / "text.txt"
        letters = np.frombuffer(b"the quick brown fox jumps over a lazy dog.\n", np.uint8)
        random = np.random.RandomState(0)
        with path.open("wb") as file:
            for _ in range(characters // 100_000):
                file.write(letters[random.randint(0, len(letters), 100_000)].tobytes())
        before = time.process_time()
        data = load(recipe.replace(source=str(path)))
        seconds = (time.process_time() - before) / characters
        assert isinstance(data, TokenData)
        return seconds if what == "reading" else _of_update(recipe, data)


def _of_length(updates: int) -> float:
    """CPU seconds a token of the updates after so many, in a run that is recorded."""
    batch, steps, more = 4, 16, updates // 2
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"batch={batch}", f"seq_len={steps}", "workers=1", "eval_every=0", "cell=rnn"]
        settings += ["hidden=32", "sample_length=1", "final_length=0", "schedule=constant"]
        command = [sys.executable, "-m", "rnntui", "train", "corpus:tales", "--plain"]
        command += [word for setting in settings for word in ("--set", setting)]
        command += ["--runs-dir", folder, "--steps"]
        first, second = (_cpu([*command, str(n)]) for n in (updates, updates + more))
    return (second - first) / (more * batch * steps)


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def points(only: list[str]) -> Iterator[tuple[str, str, int]]:
    """Axis, line and value of every point, of the axes named or of all."""
    for name, axis in AXES.items():
        if name in only or not only:
            for line in axis.lines:
                for value in axis.values:
                    yield name, line, value


def key_of(axis: str, line: str, value: int) -> str:
    """The name of a point in the results."""
    return f"{axis}: {line}, {value}"


# ---- the figure ------------------------------------------------------------------------------

WIDTH, PANEL, HEIGHT, COLUMNS = 1440, 340, 270, 4
COLOURS = ("#2a6f97", "#c05621", "#4a7c3f")
INK, FAINT = "#333333", "#d5d5d5"


def figure(found: dict[str, Any]) -> str:
    """The results as an SVG: a panel for each size, both axes logarithmic."""
    rows = -(-len(AXES) // COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {rows * HEIGHT + 70}" '
        f'font-family="DejaVu Sans, sans-serif" font-size="13" fill="{INK}">',
        '<rect width="100%" height="100%" fill="white"/>',
        _label(20, 26, "CPU time of one core for each token, in µs, as one size grows", size=17),
        _label(20, 48, f"gru 1 x 128, batch 32, 50 time steps, 65 tokens. {results.told(found)}"),
    ]
    for n, name in enumerate(AXES):
        x, y = 20 + n % COLUMNS * (PANEL + 15), 70 + n // COLUMNS * HEIGHT
        parts += _panel(name, found["points"], x, y)
    return "\n".join([*parts, "</svg>"])


def _panel(name: str, found: dict[str, Any], left: int, top: int) -> list[str]:
    """One panel: the title, the scales, and the lines with their names at the right end."""
    axis = AXES[name]
    lines = {
        line: [
            (value, found[key]["microseconds"])
            for value in axis.values
            if (key := key_of(name, line, value)) in found
        ]
        for line in axis.lines
    }
    costs = [cost for line in lines.values() for _, cost in line]
    if not costs:
        return []
    low, high = np.floor(np.log10(min(costs))), np.ceil(np.log10(max(costs)))
    high = max(high, low + 1)
    first, last = np.log10(axis.values[0]), np.log10(axis.values[-1])
    x0, x1, y0, y1 = left + 52, left + PANEL - 22, top + HEIGHT - 58, top + 34

    def at(value: float, cost: float) -> tuple[float, float]:
        return (
            x0 + (x1 - x0) * (np.log10(value) - first) / (last - first),
            y0 + (y1 - y0) * (np.log10(cost) - low) / (high - low),
        )

    parts = [_label(left, top + 14, axis.title, size=15)]
    for power in range(int(low), int(high) + 1):
        y = at(axis.values[0], 10.0**power)[1]
        parts.append(f'<path d="M{x0} {y:.1f}H{x1}" stroke="{FAINT}"/>')
        parts.append(_label(x0 - 8, y + 5, f"{10.0**power:g}", anchor="end"))
    shown = -1e9
    for value in axis.values:
        x = at(value, 1)[0]
        if x - shown > 38:
            shown = x
            parts.append(_label(x, y0 + 19, _short(value), anchor="middle"))
    for drawn, colour in zip(lines.values(), COLOURS, strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in drawn))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
            for x, y in (at(*point) for point in drawn)
        ]
    x = float(x0)
    for line, colour in zip(lines, COLOURS, strict=False):
        parts.append(f'<circle cx="{x + 4:.1f}" cy="{y0 + 35}" r="4" fill="{colour}"/>')
        parts.append(_label(x + 13, y0 + 40, line))
        x += 36 + 7.6 * len(line)
    return parts


def _short(value: int) -> str:
    """1000 as 1k, 10 000 000 as 10M."""
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if value >= size and not value % (size // 10):
            return f"{value / size:g}{unit}"
    return str(value)


def _label(x: float, y: float, text: str, size: int = 13, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{text}</text>'


def draw() -> None:
    """Draw the figure from the results."""
    from tests.support.pictures import PICTURES, to_png

    to_png(figure(results.read(results.SCALING)), PICTURES / "scaling.png", WIDTH)


def main() -> None:
    """Measure, or draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", help=f"of {', '.join(AXES)}; without any, all")
    parser.add_argument("--again", action="store_true", help="also what was measured before")
    parser.add_argument("--draw", action="store_true", help="draw the figure")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        axis, line, value = asked.one
        print(json.dumps(measure(axis, int(value), AXES[axis].lines[line])))
        return
    if asked.draw:
        draw()
        return
    for axis, line, value in points(asked.sizes):
        kept = results.read(results.SCALING).get("points", {})
        key = key_of(axis, line, value)
        if key in kept and not asked.again:
            continue
        command = [sys.executable, "-m", "tests.benchmarks.scaling", "--one", axis, line]
        run = subprocess.run(
            [*command, str(value)],
            env=one_blas_thread(force=True), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        kept[key] = json.loads(run.stdout)
        results.write(results.SCALING, {**results.circumstances(), "points": kept})
        print(key, kept[key], flush=True)


if __name__ == "__main__":
    main()
