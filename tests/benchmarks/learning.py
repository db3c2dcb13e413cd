"""What recipes learn, and how soon: the best validation loss, and the time up to it.

    python -m tests.benchmarks.learning                       the bundled recipes
    python -m tests.benchmarks.learning sums co2              some of them
    python -m tests.benchmarks.learning --text input.txt      those for tiny-shakespeare, too

Each run is a process of its own with one BLAS thread. Its seconds are processor time of the process
that trains and validates (with workers, of the first of them, which has the most to do): on a busy
machine the clock on the wall tells of the neighbours. results/learning.json keeps the newest run of
each name; the README's table is made from it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnntui.processes import one_blas_thread
from tests.benchmarks import results

# 1,115,394 characters, as in karpathy/char-rnn and jcjohnson/torch-rnn.
TINY_SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
MOST_POINTS = 40  # of a curve


@dataclass(frozen=True)
class Case:
    """A run to be measured: a recipe with settings; `text`: on the file given, not its corpus."""

    name: str
    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)
    text: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a case. Losses are in nats per character, or ½ squared error of a series.

    `halves` are the losses of the two halves of the validation part, both with the weights that
    were best on the first one: as validation and test. `yardstick` is the entropy floor or the
    strongest simple model, with its loss. `curve` has seconds, update and validation loss.
    """

    name: str
    recipe: str
    settings: dict[str, Any]
    source: str
    split: str
    network: str
    parameters: int
    workers: int
    updates: int
    seconds: float
    wall_seconds: float
    best: float
    best_at: float
    halves: tuple[float, float]
    yardstick: str
    yardstick_loss: float
    curve: tuple[tuple[float, int, float], ...]
    date: str
    machine: dict[str, Any]


TENSORFLOW_CHAR_RNN = {
    "cell": "lstm",
    "hidden": 128,
    "layers": 2,
    "dropout": 0.0,
    "forget_bias": 0.0,
    "init": "glorot",
    "batch": 20,
    "seq_len": 10,
    "optimizer": "adam",
    "lr": 0.002,
    "schedule": "constant",
    "clip": 5.0,
    "steps": 0,
    "epochs": 20,
    "eval_every": 5019,  # updates of an epoch
}
ONE_MINUTE = {
    "hidden": 128,
    "dropout": 0.0,
    "batch": 16,
    "seq_len": 32,
    "lr": 0.005,
    "steps": 7000,
    "eval_every": 1000,
}
TEN_MINUTES = {"hidden": 384, "dropout": 0.5, "lr": 0.005, "steps": 3400, "workers": 2}
PUBLISHED = {
    "as tensorflow-char-rnn": "published for 90-95 % and 95-100 % of the text: 4.335, 5.388",
}
CASES = (
    Case("60 seconds", "shakespeare-like", ONE_MINUTE, text=True),
    Case("shakespeare-like", "shakespeare-like", {"workers": 2}, text=True),
    Case("10 minutes", "shakespeare-like", TEN_MINUTES, text=True),
    Case("as tensorflow-char-rnn", "tales", TENSORFLOW_CHAR_RNN, text=True),
    Case("sums", "sums"),
    Case("grammar", "grammar"),
    Case("brackets", "brackets"),
    Case("tales", "tales"),
    Case("co2", "co2"),
    Case("sunspots", "sunspots"),
)


def measure(case: Case, text: str) -> Outcome:
    """Run a case in this process."""
    from rnntui.cli.options import recipe_of
    from rnntui.data import TokenData, load
    from rnntui.data.baseline import baselines
    from rnntui.nn.evaluate import Evaluator
    from rnntui.training.loop import start, train

    recipe = recipe_of(text if case.text else None, {}, case.recipe)[0]
    recipe = recipe.replace(**{"workers": 1, **case.settings, "sample_every": 0})
    data, model = load(recipe), recipe.model
    source = data.tokens if isinstance(data, TokenData) else data.values
    middle = len(data.validation) // 2
    first, second = data.validation[:middle], data.validation[middle:]
    clocks = time.process_time(), time.perf_counter()
    state = start(recipe, data)
    judges = (
        Evaluator(state.parameters, first, before=source),
        Evaluator(state.parameters, second, before=first),
    )
    curve: list[tuple[float, int, float]] = []
    halves, aside = (math.inf, math.inf), 0.0
    try:
        for chunk in train(recipe, data, state):
            if chunk.validation is not None:
                now = time.process_time()
                curve.append((round(now - clocks[0] - aside, 2), chunk.step, chunk.validation))
                loss = judges[0].loss()
                if loss < halves[0]:
                    halves = loss, judges[1].loss()
                aside += time.process_time() - now
    finally:
        state.close()
    seconds = time.process_time() - clocks[0] - aside
    best = min(curve, key=lambda point: point[2])
    lines = dict(baselines(data))
    floor = data.floor if isinstance(data, TokenData) else None
    strongest = min(lines, key=lambda name: lines[name])
    return Outcome(
        name=case.name,
        recipe=case.recipe,
        settings=case.settings,
        source=data.name,
        split=data.split,
        network=f"{model.layers} x {model.cell} {model.hidden}",
        parameters=state.parameters.count,
        workers=state.workers,
        updates=state.step,
        seconds=round(seconds, 2),
        wall_seconds=round(time.perf_counter() - clocks[1], 2),
        best=best[2],
        best_at=best[0],
        halves=halves,
        yardstick="floor" if floor else strongest,
        yardstick_loss=floor or lines[strongest],
        curve=tuple(curve[:: -(-len(curve) // MOST_POINTS)]),
        **results.circumstances(),
    )


def table() -> str:
    """The results kept, as the README shows them."""
    kept = results.read(results.LEARNING)
    found = [kept[case.name] for case in CASES if case.name in kept]
    places = sorted({results.told(one) for one in found})
    rows = [
        "| run | network | best validation loss | after | compared with |",
        "|---|---|---|---|---|",
    ]
    rows += [row(one) for one in found]
    return "\n".join([f"On {'; '.join(places)}.", "", *rows, ""])


def row(found: dict[str, Any]) -> str:
    """A line of the table."""
    workers = found["workers"]
    seconds = found["best_at"]
    after = f"{seconds:.{0 if seconds >= 10 else 1}f} s" + (
        f" on {workers} cores" if workers > 1 else ""
    )
    beside = f"{found['yardstick']} {found['yardstick_loss']:.4g}"
    if found["name"] in PUBLISHED:
        valid, test = map(math.exp, found["halves"])
        beside = f"perplexity {valid:.3f}, {test:.3f}; {PUBLISHED[found['name']]}"
    cells = found["name"], found["network"], f"{found['best']:.4f}", after, beside
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure the cases asked for, one after the other, and keep what comes out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of cases; without any, all")
    parser.add_argument("--text", default="", help="the file of tiny-shakespeare")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.text and hashlib.sha256(Path(asked.text).read_bytes()).hexdigest() != TINY_SHAKESPEARE:
        sys.exit(f"{asked.text}: is not tiny-shakespeare")
    cases = [case for case in CASES if not asked.names or case.name in asked.names]
    if asked.one:
        print(json.dumps(asdict(measure(cases[0], asked.text))))
        return
    for case in cases:
        if case.text and not asked.text:
            continue
        command = [sys.executable, "-m", "tests.benchmarks.learning", "--one", case.name]
        command += ["--text", asked.text] if asked.text else []
        run = subprocess.run(
            command, env=one_blas_thread(force=True), stdout=subprocess.PIPE, text=True, check=True
        )
        found = results.read(results.LEARNING) | {case.name: json.loads(run.stdout)}
        results.write(results.LEARNING, found)
        print(row(found[case.name]), flush=True)


if __name__ == "__main__":
    main()
