"""Which cell solves which task that needs memory, and at which distance.

    python -m tests.benchmarks.memory                  every task with every cell
    python -m tests.benchmarks.memory copy recall      some of the tasks
    python -m tests.benchmarks.memory --only lstm      one of the cells, or cut
    python -m tests.benchmarks.memory --seeds 1        fewer runs

Each task is trained as its recipe says, but with each cell: at two learning rates with seed 0, and
at the better of them, by validation loss, with more seeds. For "cut", the recipe's cell is
trained on as many tokens, but gradients are truncated to one time step. What counts is the share of
places that need memory at which the network was right on held-out data, by distance.
results/memory.json keeps the newest runs of each task; the guide's table is made from it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from rnntui.data import Dataset, TokenData, load
from rnntui.data.generated import tasks
from rnntui.data.generated.task import Probe, SeriesTask, Share, by_distance
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network
from rnntui.recipe import Recipe, load_recipe
from rnntui.training.loop import start, train
from tests.benchmarks import results

CELLS = ("rnn", "gru", "lstm")
RATES = (0.01, 0.003)
SEEDS = 3
CUT, CUT_RATE = "cut", 0.003  # gradients truncated to one time step, at this learning rate
LANES = (*CELLS, CUT)
MOST = 16_384  # characters or rows of the held-out part that are read
WARM_UP = 100  # of them are not counted: by then the state is that of a longer text
FEW = 30  # places; ranges of distances with fewer are not shown
SETTINGS = ("cell", "hidden", "seq_len", "batch", "steps")  # of the recipe, kept with the results

Found = dict[str, Any]


def names() -> tuple[str, ...]:
    """The tasks that know which of their places need memory."""
    return tuple(name for name, task in tasks().items() if task.probes)


def shares(data: Dataset, parameters: Parameters) -> tuple[Share, ...]:
    """How often the network is right on the held-out part, by distance."""
    sequence = np.asarray(data.validation[:MOST])
    network = Network(parameters, len(sequence) - 1, 1)
    network.refresh()
    network.forward(sequence[:-1, None], parameters.shape.hidden_state(1))
    return judged(data, sequence, network.output.outputs(slice(None)))


def judged(data: Dataset, sequence: Any, outputs: Any) -> tuple[Share, ...]:
    """Compare outputs (M - 1, width) with a sequence (M,): row i is for what follows entry i."""
    task = tasks()[data.name]
    if isinstance(data, TokenData):
        assert not isinstance(task, SeriesTask) and task.probes
        tokenizer = data.tokenizer

        def chosen(probe: Probe) -> bool:
            ids = tokenizer.encode(probe.candidates)
            best = ids[outputs[probe.at - 1, ids].argmax()]
            return bool(best == sequence[probe.at])

        return _counted(task.probes(tokenizer.decode(sequence)), chosen)
    assert isinstance(task, SeriesTask) and task.probes
    rows, predicted = data.unscale(sequence, 0), data.unscale(outputs, 0)
    return _counted(
        task.probes(list(map(tuple, rows.tolist()))),
        lambda p: abs(predicted[p.at - 1, p.column] - rows[p.at, p.column]) < p.tolerance,
    )


def _counted(probes: Sequence[Any], is_right: Callable[[Any], bool]) -> tuple[Share, ...]:
    kept = [probe for probe in probes if probe.at > WARM_UP]
    return by_distance(kept, [bool(is_right(probe)) for probe in kept])


def measure(recipe: Recipe) -> Found:
    """Train in this process and return losses and shares. Seconds are processor time."""
    recipe = recipe.replace(workers=1, sample_every=0, eval_every=recipe.train.steps)
    data = load(recipe)
    state = start(recipe, data)
    began = process_time()
    try:
        losses = [c.validation for c in train(recipe, data, state) if c.validation is not None]
        return {
            "seed": recipe.train.seed,
            "lr": recipe.train.lr,
            "loss": losses[-1],
            "floor": data.floor,
            "updates": state.step,
            "seconds": round(process_time() - began, 1),
            "shares": [list(share) for share in shares(data, state.parameters)],
        }
    finally:
        state.close()


def measure_lane(recipe: Recipe, lane: str, seeds: int) -> list[Found]:
    """The runs of a cell at the better of the rates, or the run with truncated gradients."""
    if lane == CUT:
        steps = recipe.train.steps * int(recipe.train.seq_len)
        return [measure(recipe.replace(seq_len=1, steps=steps, lr=CUT_RATE))]
    recipe = recipe.replace(cell=lane)
    first = [measure(recipe.replace(lr=rate, seed=0)) for rate in RATES]
    best = min(first, key=lambda found: found["loss"])
    return [best, *(measure(recipe.replace(lr=best["lr"], seed=n)) for n in range(1, seeds))]


def settings(recipe: Recipe) -> Found:
    """What is kept of a recipe, to see whether the results are still those of it."""
    return {key: recipe.get(key) for key in SETTINGS}


def what_they_show() -> str:
    """The tasks, for the guide: what each looks like, what it shows, and its floor."""
    rows = ["| corpus | looks like | what it shows | floor |", "|---|---|---|---|"]
    for name in names():
        task, data = tasks()[name], load(load_recipe(name))
        floor = f"{data.floor:.3f}" if data.floor is not None else "–"
        rows.append(f"| `{name}` | {task.description} | {task.shows} | {floor} |")
    return "\n".join(rows) + "\n"


def table() -> str:
    """The results kept, as the guide shows them."""
    kept = results.read(results.MEMORY)
    found = {name: kept[name] for name in names() if name in kept}
    places = sorted({results.told(one) for one in found.values()})
    head = ["task", "network", "distance", *CELLS, "truncated"]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, one in found.items():
        rows += _rows(name, one)
    return "\n".join([f"On {'; '.join(places)}.", "", *rows, ""])


def _rows(name: str, found: Found) -> Iterator[str]:
    """The lines of a task, a dash for what was not measured; its name is only in the first."""
    used, runs = found["settings"], found["runs"]
    label = f"`{name}`", f"{used['cell']} {used['hidden']}, window of {used['seq_len']}"
    for at, share in enumerate(_shown(runs[CELLS[0]][0])):
        cells = [_percent(runs[lane], at) if lane in runs else "–" for lane in LANES]
        yield f"| {' | '.join([*label, share.label, *cells])} |"
        label = "", ""


def _shown(run: Found) -> list[Share]:
    return [share for share in (Share(*one) for one in run["shares"]) if share.total >= FEW]


def _percent(runs: list[Found], at: int) -> str:
    """The median over the seeds."""
    values = (_shown(run)[at] for run in runs)
    return f"{100 * median(share.right / share.total for share in values):.0f} %"


def main() -> None:
    """Measure the tasks asked for, one after the other, and keep what comes out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of tasks; without any, all")
    parser.add_argument("--only", choices=LANES, help="a cell, or cut; without it, all")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of each cell")
    asked = parser.parse_args()
    for name in asked.names or names():
        recipe = load_recipe(name)
        for lane in [asked.only] if asked.only else LANES:
            keep(name, recipe, lane, measure_lane(recipe, lane, asked.seeds))


def keep(name: str, recipe: Recipe, lane: str, runs: list[Found]) -> None:
    """Write runs to the results; those of other settings are dropped."""
    kept = results.read(results.MEMORY)
    before = kept.get(name, {})
    others = before["runs"] if before.get("settings") == settings(recipe) else {}
    found = {"settings": settings(recipe), "runs": {**others, lane: runs}}
    results.write(results.MEMORY, kept | {name: {**found, **results.circumstances()}})
    counts = (f"{share.label}: {share.right} of {share.total}" for share in _shown(runs[0]))
    print(name, lane, *counts, sep="  ", flush=True)


if __name__ == "__main__":
    main()
