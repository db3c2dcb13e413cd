"""What was tried to learn more per second, each at the CPU time of the same run without it.

    python -m tests.benchmarks.means --text input.txt                all that are settings
    python -m tests.benchmarks.means --text input.txt "3 x gru 104"  some of them
    python -m tests.benchmarks.means --text input.txt --seeds 0,1,2  each with several seeds

The run is that of one minute on one core, with the settings of `CONTROL`. The cost of an update is
its CPU time, measured in turn with the control's. Where it costs more, fewer updates are made; the
cost of a case that has been measured before is not measured again. Most were only screened, with
half of the updates and one seed, beside a control with half of them: that of `CONTROL`, or the one
with the schedule that won.

Means that needed code that rnntui does not have are recorded as prototypes, and what was tried
before, on another processor, as earlier: this module cannot repeat them. results/means.json keeps
everything; the guide's table is made from it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

from rnntui.cli.options import recipe_of
from rnntui.data import TokenData, load
from rnntui.nn.evaluate import Evaluator
from rnntui.processes import one_blas_thread
from rnntui.training.loop import Chunk, TrainState, start, train
from tests.benchmarks import results
from tests.benchmarks.learning import check_text

CONTROL: dict[str, Any] = {
    "hidden": 128,
    "suffix": 0,
    "dropout": 0.0,
    "batch": 16,
    "turns": 32,
    "seq_len": 32,
    "optimizer": "adamw",
    "weight_decay": 0.05,
    "lr": 0.006,
    "schedule": "cosine",
    "workers": 1,
    "eval_every": 0,
    "sample_every": 0,
}
UPDATES = 7000  # of the control; of a screening half as many
SETTLED = 250  # updates after which the trials of kernels are over
FREE = {"schedule", "cooldown", "lr", "beta1", "beta2", "weight_decay", "clip", "warmup"}
WHOLE, HALF, LINEAR = "control", "control, half", "linear, cooldown 0.3, half"
SECTIONS = {  # of the table, by what its runs are compared with
    WHOLE: "all updates",
    HALF: "half of the updates",
    LINEAR: "half of the updates, `schedule = linear`",
}
TIMED, ROUNDS = 60, 6  # updates in a row of one network, and how often each has its turn


@dataclass(frozen=True)
class Tried:
    """A change of `CONTROL`. `against`: the run that it is compared with, of as many updates."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    against: str = HALF


CASES = (
    Tried(WHOLE, {}, WHOLE),
    Tried("linear, cooldown 0.3", {"schedule": "linear", "cooldown": 0.3}, WHOLE),
    Tried("linear, cooldown 0.5", {"schedule": "linear", "cooldown": 0.5}, WHOLE),
    Tried("linear, cooldown 0.2", {"schedule": "linear", "cooldown": 0.2}, WHOLE),
    Tried("linear, cooldown 1", {"schedule": "linear", "cooldown": 1.0}, WHOLE),
    Tried("linear, lr 0.008", {"schedule": "linear", "lr": 0.008}, WHOLE),
    Tried("linear, average 0.998", {"schedule": "linear", "average": 0.998}, WHOLE),
    Tried(
        "constant lr 0.003, average 0.998",
        {"schedule": "constant", "lr": 0.003, "average": 0.998},
        WHOLE,
    ),
    Tried("beta2 0.95", {"beta2": 0.95}, WHOLE),
    Tried("beta2 0.999", {"beta2": 0.999}, WHOLE),
    Tried("beta1 0.8", {"beta1": 0.8}, WHOLE),
    Tried("beta1 0.95", {"beta1": 0.95}, WHOLE),
    Tried(HALF),
    Tried(LINEAR, {"schedule": "linear", "cooldown": 0.3}),
    Tried("2 x gru 144", {"hidden": 144}),
    Tried("2 x lstm 112", {"cell": "lstm", "hidden": 112}),
    Tried("seq_len 24", {"seq_len": 24}),
    Tried("3 x gru 104", {"schedule": "linear", "layers": 3, "hidden": 104}, LINEAR),
)


@dataclass(frozen=True, eq=False)
class Run:
    """A run that makes an update whenever the next chunk is taken."""

    state: TrainState
    data: TokenData
    chunks: Iterator[Chunk]


def begun(case: Tried, text: str, steps: int, seed: int = 0) -> Run:
    """A run of a case, before its first update."""
    recipe = recipe_of(text, {}, "shakespeare-like")[0]
    recipe = recipe.replace(**{**CONTROL, **case.settings, "steps": steps, "seed": seed})
    data = load(recipe)
    assert isinstance(data, TokenData)
    state = start(recipe, data)
    return Run(state, data, train(recipe, data, state))


def cost(case: Tried, text: str) -> float:
    """CPU time of an update, as a multiple of the control's: 1 if only keys of `FREE` change."""
    if case.settings.keys() <= FREE:
        return 1.0
    runs = [begun(one, text, 100 * UPDATES).chunks for one in (CASES[0], case)]
    for run in runs:
        for _ in range(SETTLED):
            next(run)
    ratios = []
    for _ in range(ROUNDS):
        took = []
        for run in runs:
            began = time.process_time()
            for _ in range(TIMED):
                next(run)
            took.append(time.process_time() - began)
        ratios.append(took[1] / took[0])
    return median(ratios)


def measure(case: Tried, text: str, seed: int, found: float) -> dict[str, Any]:
    """Train as many updates as cost what the control's do; the row of the results, of one seed."""
    count = round(UPDATES / (1 if case.against == WHOLE else 2) / found)
    run = begun(case, text, count, seed)
    for _ in run.chunks:
        pass
    data = run.data
    loss = Evaluator(run.state.parameters, data.validation, before=data.tokens).loss()
    return {
        "settings": case.settings,
        "against": case.against,
        "cost": round(found, 3),
        "updates": count,
        "losses": {str(seed): round(loss, 5)},
    }


def keep(case: Tried, text: str, seeds: list[int]) -> None:
    """Measure a case with those seeds, and keep what comes out beside that of other seeds."""
    before = results.read(results.MEANS).get("rows", {}).get(case.name)
    known = before is not None and before["settings"] == case.settings
    ratio = before["cost"] if known and before else cost(case, text)
    for seed in seeds:
        new = measure(case, text, seed, ratio)
        found = results.read(results.MEANS)
        rows = found.setdefault("rows", {})
        same = known or seed != seeds[0]
        losses = {**(rows[case.name]["losses"] if same else {}), **new["losses"]}
        rows[case.name] = {**new, "losses": dict(sorted(losses.items()))}
        results.write(results.MEANS, {**found, **results.circumstances()})
        print(json.dumps({case.name: rows[case.name]}), flush=True)


def table() -> str:
    """The results kept, as the guide shows them."""
    found = results.read(results.MEANS)
    rows, earlier = found["rows"], found["earlier"]
    lines = [
        f"On {results.told(found)}.",
        "",
        "| tried | an update costs | updates | loss | difference |",
        "|---|---|---|---|---|",
    ]
    for against, title in SECTIONS.items():
        lines.append(f"| **{title}** | | | | |")
        lines += [
            _row(name, row, rows[against])
            for name, row in rows.items()
            if row["against"] == against
        ]
    lines += ["", f"Earlier, {earlier['where']}:", ""]
    lines += ["| tried | loss | without it |", "|---|---|---|"]
    lines += [f"| {row['name']} | {row['loss']} | {row['without']} |" for row in earlier["rows"]]
    return "\n".join([*lines, ""])


def _row(name: str, row: dict[str, Any], control: dict[str, Any]) -> str:
    """A line of the table: a loss of several seeds is their mean, with the least and the most."""
    losses = row["losses"]
    shown = f"{mean(losses.values()):.4f}"
    if len(losses) > 1:
        shown += f" ({min(losses.values()):.4f} … {max(losses.values()):.4f}, {len(losses)} seeds)"
    against = mean(loss - control["losses"][seed] for seed, loss in losses.items())
    cells = [
        f"{name} *" if row.get("prototype") else name,
        f"× {row['cost']:.2f}",
        f"{row['updates']:,}",
        shown,
        "" if row is control else f"{against:+.4f}",
    ]
    return f"| {' | '.join(cells)} |"


def suffix_table() -> str:
    """What a suffix table adds to the same run without one, as the guide says it."""
    row = results.read(results.MEANS)["rows"]["linear, cooldown 0.3"]
    best = results.read(results.LEARNING)["60 seconds"]
    with_table = [best["seeds"][seed]["best"] for seed in row["losses"]]
    return (
        "On Tiny Shakespeare, with two GRU layers of 128 and 512 streams, the validation loss falls"
        f" from {mean(row['losses'].values()):.3f} to {mean(with_table):.3f} (means of"
        f" {len(with_table)} seeds), though {best['updates']:,} updates are made instead of"
        f" {row['updates']:,}, for the time that the table takes.\n"
    )


def main() -> None:
    """Measure the cases asked for, one after the other, and keep what comes out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of cases; without any, all")
    parser.add_argument("--text", required=True, help="the file of tiny-shakespeare")
    parser.add_argument("--seeds", default="0", help="to train each case with: 0,1,2")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    check_text(asked.text)
    if not asked.one:
        command = [sys.executable, "-m", "tests.benchmarks.means", "--one", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=one_blas_thread(force=True)).returncode)
    for case in CASES:
        if not asked.names or case.name in asked.names:
            keep(case, asked.text, [int(seed) for seed in asked.seeds.split(",")])


if __name__ == "__main__":
    main()
