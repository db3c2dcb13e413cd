"""rnntui as it trains, and as it writes where the problem has nothing to train."""

from __future__ import annotations

from itertools import islice

import numpy as np

from rnntui import __version__
from rnntui.bench.workload import random_text
from rnntui.nn.sampling import Chooser, Stepper
from rnntui.recipe.sampling import SamplingSettings
from rnntui.training.loop import start, train, use_kernels
from rnntui.training.planning import trial_of
from tests.benchmarks.peers.problem import Problem
from tests.benchmarks.peers.serving import problem, serve, threads
from tests.benchmarks.problems import recipe_of


def main() -> None:
    """Serve."""
    given = problem()
    run, agreement = writing(given) if len(given.logits) else _training(given)
    serve(run, f"rnntui {__version__}, numpy {np.__version__}", agreement)


def _training(given: Problem):
    recipe, data = recipe_of(given.sizes, threads()), random_text()
    state = start(recipe, data)
    if state.kernel_trial is not None:  # as a run has them after its first second
        use_kernels(state, trial_of(state.updater.plan).finish())
    updates = train(recipe, data, state)

    def run(n: int) -> float:
        for chunk in islice(updates, n):
            loss = chunk.loss
        return loss

    return run, abs(run(1) - given.loss) / given.loss


def writing(given: Problem):
    """What writes so many tokens, and how far its outputs are from the given ones."""
    recipe, data = recipe_of(given.sizes), random_text()
    stepper = Stepper(start(recipe, data).parameters, fixed=True)  # as a finished network
    ours = []
    for token in given.rows[: len(given.logits), 0]:
        stepper.advance(int(token))
        ours.append(stepper.predict().copy())
    chooser, last = Chooser(given.sizes.vocab, np.random.RandomState(1)), [0]
    settings = SamplingSettings()  # one record for a whole text, as in a run

    def run(n: int) -> float:
        token = last[0]
        for _ in range(n):
            stepper.advance(token)
            token = chooser.choose(stepper.predict(), settings)
        last[0] = token
        return float(token)

    return run, float(np.abs(np.stack(ours) - given.logits).max() / np.abs(given.logits).max())


if __name__ == "__main__":
    main()
