"""What recipes learn, and how soon: the best validation loss, and the time up to it.

    python -m tests.benchmarks.learning                       the bundled recipes
    python -m tests.benchmarks.learning sums co2              some of them
    python -m tests.benchmarks.learning --text input.txt      those for tiny-shakespeare, too
    python -m tests.benchmarks.learning --seeds 0,1,2 sums    each with several seeds

Each run is a process of its own with one BLAS thread. Its seconds are processor time of the process
that trains and validates (with workers, of the first of them, which has the most to do): on a busy
machine the clock on the wall tells of the neighbours. Text is judged by two protocols: with the
hidden state carried along, as validations do, and cold, by windows that each start from the zero
state. results/learning.json keeps the newest run of each name, with the losses of every seed; the
README's table is made from it.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import subprocess
import sys
import textwrap
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from rnntui.data.generated import tasks
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
    were best on the first one: as validation and test. `cold`, of text, is the loss of random
    windows, with its standard error, by the weights of the best validation. `yardstick` is the
    entropy floor or the strongest simple model, with its loss. `curve` has seconds, update and
    validation loss.
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
    cold: tuple[float, float] | None
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
    "suffix": 5,
    "dropout": 0.0,
    "batch": 16,
    "turns": 32,
    "seq_len": 32,
    "optimizer": "adamw",
    "weight_decay": 0.05,
    "lr": 0.006,
    "schedule": "linear",
    "cooldown": 0.3,
    "steps": 6720,
    "eval_every": 960,
}
TEN_MINUTES = {"dropout": 0.45, "steps": 6800, "workers": 2}
PUBLISHED = {
    "as tensorflow-char-rnn": "published for 90-95 % and 95-100 % of the text: 4.335, 5.388",
}
CASES = (
    Case("60 seconds", "shakespeare-like", ONE_MINUTE, text=True),
    Case("shakespeare-like", "shakespeare-like", {"workers": 2}, text=True),
    Case("10 minutes", "shakespeare-like", TEN_MINUTES, text=True),
    Case("as tensorflow-char-rnn", "tales", TENSORFLOW_CHAR_RNN, text=True),
    *(Case(name, name) for name, task in tasks().items() if task.floor()),
    Case("tales", "tales"),
    Case("co2", "co2"),
    Case("sunspots", "sunspots"),
)


def check_text(path: str) -> None:
    """End the program with a line if the file is not tiny-shakespeare."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != TINY_SHAKESPEARE:
        sys.exit(f"{path}: is not tiny-shakespeare")


def measure(case: Case, text: str, seed: int = 0) -> Outcome:
    """Run a case in this process."""
    from rnntui.cli.options import recipe_of
    from rnntui.data import TokenData, load
    from rnntui.data.baseline import baselines
    from rnntui.nn.evaluate import Evaluator, cold_pass
    from rnntui.nn.model import Parameters
    from rnntui.training.loop import start, train

    recipe = recipe_of(text if case.text else None, {}, case.recipe)[0]
    recipe = recipe.replace(**{"workers": 1, **case.settings, "sample_every": 0, "seed": seed})
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
    lowest, weights = math.inf, Parameters(state.parameters.shape)
    try:
        for chunk in train(recipe, data, state):
            if chunk.validation is not None:
                now = time.process_time()
                curve.append((round(now - clocks[0] - aside, 2), chunk.step, chunk.validation))
                loss = judges[0].loss()
                if loss < halves[0]:
                    halves = loss, judges[1].loss()
                if chunk.validation < lowest:
                    lowest = chunk.validation
                    np.copyto(weights.flat, state.parameters.flat)
                aside += time.process_time() - now
    finally:
        state.close()
    seconds = time.process_time() - clocks[0] - aside
    best = min(curve, key=lambda point: point[2])
    cold = cold_pass(weights, data.validation) if isinstance(data, TokenData) else None
    lines = dict(baselines(data))
    floor = data.floor
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
        cold=None if cold is None or cold.error is None else (cold.loss, cold.error),
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
        "| run | network | best validation loss | cold | after | compared with |",
        "|---|---|---|---|---|---|",
    ]
    rows += [row(one) for one in found]
    return "\n".join([f"On {'; '.join(places)}.", "", *rows, ""])


def in_short() -> str:
    """What is learned of tiny Shakespeare by both protocols, as the README shows it."""
    kept = results.read(results.LEARNING)
    found = [kept[case.name] for case in CASES if case.text and case.name not in PUBLISHED]
    rows = ["| network | CPU time | state carried | cold |", "|---|---|---|---|"]
    rows += [f"| {one['network']} | {_after(one)} | {_best(one)} | {_cold(one)} |" for one in found]
    places = "; ".join(sorted({results.told(one) for one in found}))
    return "\n".join([*rows, "", *textwrap.wrap(f"On {places}.", 100), ""])


def row(found: dict[str, Any]) -> str:
    """A line of the table."""
    beside = f"{found['yardstick']} {found['yardstick_loss']:.4g}"
    if found["name"] in PUBLISHED:
        valid, test = map(math.exp, found["halves"])
        beside = f"perplexity {valid:.3f}, {test:.3f}; {PUBLISHED[found['name']]}"
    cells = found["name"], found["network"], _best(found), _cold(found), _after(found), beside
    return "| " + " | ".join(cells) + " |"


def _after(found: dict[str, Any]) -> str:
    """The time up to the best loss."""
    seconds, workers = found["best_at"], found["workers"]
    cores = f" on {workers} cores" if workers > 1 else ""
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s{cores}"


def _best(found: dict[str, Any]) -> str:
    """The best validation loss; of several seeds the mean, with the least and the most."""
    losses = [one["best"] for one in found.get("seeds", {}).values()] or [found["best"]]
    if len(losses) == 1:
        return f"{losses[0]:.4f}"
    return f"{mean(losses):.4f} ({min(losses):.4f} … {max(losses):.4f}, {len(losses)} seeds)"


def _cold(found: dict[str, Any]) -> str:
    """The loss of windows read cold, with its standard error; a dash where it was not measured."""
    losses = [one["cold"] for one in found.get("seeds", {}).values()] or [found.get("cold")]
    known = [one for one in losses if one is not None]
    if not known:
        return "–"
    return f"{mean(loss for loss, _ in known):.3f} ± {max(error for _, error in known):.3f}"


def merged(before: dict[str, Any] | None, seed: int, new: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a case: its run with the lowest seed, and the losses of every seed.

    Earlier seeds stay if they had the same settings and the same machine.
    """
    same = before is not None and all(
        before[key] == new[key] for key in ("recipe", "settings", "source", "machine")
    )
    seeds = dict(before.get("seeds", {})) if same and before else {}
    seeds[str(seed)] = {key: new[key] for key in ("best", "best_at", "cold", "seconds")}
    lowest = seed == min(map(int, seeds))
    run = new if lowest or before is None else before
    return {**run, "seeds": {key: seeds[key] for key in sorted(seeds, key=int)}}


def main() -> None:
    """Measure the cases asked for, one after the other, and keep what comes out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of cases; without any, all")
    parser.add_argument("--text", default="", help="the file of tiny-shakespeare")
    parser.add_argument("--seeds", default="0", help="to train each case with: 0,1,2")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.text:
        check_text(asked.text)
    cases = [case for case in CASES if not asked.names or case.name in asked.names]
    if asked.one:
        print(json.dumps(asdict(measure(cases[0], asked.text, int(asked.seeds)))))
        return
    wanted = [case for case in cases if asked.text or not case.text]
    for case, seed in itertools.product(wanted, map(int, asked.seeds.split(","))):
        command = [sys.executable, "-m", "tests.benchmarks.learning", "--one", case.name]
        command += ["--seeds", str(seed)]
        command += ["--text", asked.text] if asked.text else []
        run = subprocess.run(
            command, env=one_blas_thread(force=True), stdout=subprocess.PIPE, text=True, check=True
        )
        kept = results.read(results.LEARNING)
        kept[case.name] = merged(kept.get(case.name), seed, json.loads(run.stdout))
        results.write(results.LEARNING, kept)
        print(row(kept[case.name]), flush=True)


if __name__ == "__main__":
    main()
